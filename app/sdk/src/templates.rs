//! Templates: what workspaces are made from. An owner of the deployment writes them, everybody chooses from them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, TemplateId};

/// What kind of workspace a template makes.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemplateBackend {
    /// A folder on the server's own machine, in a sandbox where there is one.
    #[default]
    Local,
}

impl TemplateBackend {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
        }
    }

    /// Parses a name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        (name == Self::Local.as_str()).then_some(Self::Local)
    }
}

/// What a parameter's value is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterType {
    /// Any text.
    #[default]
    #[serde(rename = "string")]
    String,
    /// A number, as text.
    #[serde(rename = "number")]
    Number,
    /// `true` or `false`.
    #[serde(rename = "bool")]
    Bool,
    /// A JSON array of texts.
    #[serde(rename = "list(string)")]
    ListOfStrings,
}

impl ParameterType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::String, Self::Number, Self::Bool, Self::ListOfStrings];

    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::ListOfStrings => "list(string)",
        }
    }
}

/// One of the values that a parameter may have.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterOption {
    /// What people read.
    pub name: String,
    /// The value.
    pub value: String,
    /// What choosing it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What a parameter's value must fulfil besides its type.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ParameterValidation {
    /// A regular expression that must match somewhere in a text; with `^` and `$` in the whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What people are told of a value that is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What whoever makes a workspace may or must say. The value is in the workspace's environment as
/// `SWITCHYARD_PARAMETER_<NAME>`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateParameter {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// What its value is.
    #[serde(default, rename = "type")]
    pub kind: ParameterType,
    /// What it decides.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The value when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The values to choose from; any value when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ParameterOption>,
    /// Whether a value must be given where there is no default.
    #[serde(default)]
    pub required: bool,
    /// What the value must fulfil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ParameterValidation>,
}

/// A template as the API shows it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// Its name in URLs and commands, unique in its organization.
    pub name: String,
    /// What people read in its place; the name when empty.
    #[serde(default)]
    pub display_name: String,
    /// What its workspaces are for.
    #[serde(default)]
    pub description: String,
    /// An emoji.
    #[serde(default)]
    pub icon: String,
    /// What kind of workspace it makes.
    pub backend: TemplateBackend,
    /// A git repository on the server's machine; each workspace gets a worktree of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// A git repository that each workspace clones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// The branch or tag to clone; the repository's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Shell script that runs in the workspace once, after its folder was made.
    #[serde(default)]
    pub setup_script: String,
    /// Environment of every command in the workspace. Not for secrets: who uses the workspace can read it.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What whoever makes a workspace may or must say.
    #[serde(default)]
    pub parameters: Vec<TemplateParameter>,
    /// A workspace that nobody used for so long is stopped, in seconds; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_stop_seconds: Option<u32>,
    /// No new workspaces are to be made from it.
    #[serde(default)]
    pub deprecated: bool,
    /// How many people have a workspace of it.
    #[serde(default)]
    pub active_developers: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Template {
    /// What people read.
    pub fn title(&self) -> &str {
        if self.display_name.is_empty() {
            &self.name
        } else {
            &self.display_name
        }
    }
}

/// Body of `POST /templates`. Without a folder and without a repository its workspaces begin empty.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CreateTemplate {
    /// Its name: letters, digits, hyphens, dots, underscores.
    pub name: String,
    /// What people read in its place.
    #[serde(default)]
    pub display_name: String,
    /// What its workspaces are for.
    #[serde(default)]
    pub description: String,
    /// An emoji.
    #[serde(default)]
    pub icon: String,
    /// What kind of workspace it makes.
    #[serde(default)]
    pub backend: TemplateBackend,
    /// Absolute path below an allowed folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// `https://`, `http://`, `ssh://`, `git@host:path` or an absolute path below an allowed folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// The branch or tag to clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Shell script that runs in the workspace once, after its folder was made.
    #[serde(default)]
    pub setup_script: String,
    /// Environment of every command in the workspace.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What whoever makes a workspace may or must say.
    #[serde(default)]
    pub parameters: Vec<TemplateParameter>,
    /// Seconds without use after which a workspace is stopped; absent or 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_stop_seconds: Option<u32>,
    /// No new workspaces are to be made from it.
    #[serde(default)]
    pub deprecated: bool,
}

/// Body of `PATCH /templates/{template}`: what is absent stays as it is; an empty text takes an optional value away.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateTemplate {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What people read in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What its workspaces are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A git repository on the server's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// A git repository that each workspace clones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// The branch or tag to clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Shell script that runs in the workspace once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_script: Option<String>,
    /// Environment of every command in the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<BTreeMap<String, String>>,
    /// What whoever makes a workspace may or must say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<TemplateParameter>>,
    /// Seconds without use after which a workspace is stopped; 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_stop_seconds: Option<u32>,
    /// No new workspaces are to be made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}
