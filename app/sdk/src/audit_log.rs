//! The audit log: who changed what of the deployment, from where, and what it was before. For those who administer it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{AuditEntryId, UserId};

/// Entries of a page when the query does not say.
pub const USUAL_PAGE: i64 = 50;
/// Most entries of a page.
pub const MAX_PAGE: i64 = 200;

/// An enum of stable words: each variant with its name on the wire and in the database.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Parses a name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == name)
            }
        }
    };
}

words! {
    /// What was done.
    AuditAction {
        /// An account was made.
        UserCreate = "user.create",
        /// An account's name, address, role or status changed.
        UserUpdate = "user.update",
        /// An account got another password.
        UserSetPassword = "user.set_password",
        /// Somebody was given a link to set their own password.
        UserCreatePasswordLink = "user.create_password_link",
        /// Somebody ended all of their sessions.
        UserSignOutEverywhere = "user.sign_out_everywhere",
        /// Somebody ended all of their sessions but the one that they did it in.
        UserSignOutElsewhere = "user.sign_out_elsewhere",
        /// An account was deleted.
        UserDelete = "user.delete",
        /// Somebody ended one of their sessions.
        SessionDelete = "session.delete",
        /// An API token was made.
        TokenCreate = "token.create",
        /// An API token was revoked.
        TokenDelete = "token.delete",
        /// A token for a git host was added.
        ExternalAuthCreate = "external_auth.create",
        /// A token for a git host was replaced.
        ExternalAuthUpdate = "external_auth.update",
        /// A token for a git host was removed.
        ExternalAuthDelete = "external_auth.delete",
        /// A sign-in at a git host was set up.
        ExternalAuthConfigCreate = "external_auth_config.create",
        /// A sign-in at a git host was changed.
        ExternalAuthConfigUpdate = "external_auth_config.update",
        /// A sign-in at a git host was removed.
        ExternalAuthConfigDelete = "external_auth_config.delete",
        /// A provider was added.
        ProviderCreate = "provider.create",
        /// A provider changed.
        ProviderUpdate = "provider.update",
        /// A provider was deleted with its models.
        ProviderDelete = "provider.delete",
        /// Somebody brought a key of their own for a provider.
        ProviderKeyCreate = "provider_key.create",
        /// Somebody replaced their own key for a provider.
        ProviderKeyUpdate = "provider_key.update",
        /// Somebody removed their own key for a provider.
        ProviderKeyDelete = "provider_key.delete",
        /// A model was added.
        ModelCreate = "model.create",
        /// A model or its prices changed.
        ModelUpdate = "model.update",
        /// A model was deleted.
        ModelDelete = "model.delete",
        /// Calls of a model that had no price were to get one.
        ModelBackfillCosts = "model.backfill_costs",
        /// Instructions for agents changed.
        PromptUpdate = "prompt.update",
        /// Another setting of the deployment changed.
        SettingUpdate = "setting.update",
        /// A template was made.
        TemplateCreate = "template.create",
        /// A template changed.
        TemplateUpdate = "template.update",
        /// A template was deleted.
        TemplateDelete = "template.delete",
        /// A folder was allowed.
        AllowedFolderCreate = "allowed_folder.create",
        /// A folder is no longer allowed.
        AllowedFolderDelete = "allowed_folder.delete",
    }
}

words! {
    /// What kind of thing it was done to.
    AuditTargetKind {
        /// An account.
        User = "user",
        /// Where somebody is signed in.
        Session = "session",
        /// An API token.
        Token = "token",
        /// A person's token for a git host.
        ExternalAuth = "external_auth",
        /// A sign-in at a git host.
        ExternalAuthConfig = "external_auth_config",
        /// A provider of models.
        Provider = "provider",
        /// A person's own key for a provider.
        ProviderKey = "provider_key",
        /// A model.
        Model = "model",
        /// Instructions for agents; the id says which.
        Prompt = "prompt",
        /// A setting of the deployment; the id says which.
        Setting = "setting",
        /// A template of workspaces.
        Template = "template",
        /// A folder that workspaces may use.
        AllowedFolder = "allowed_folder",
    }
}

words! {
    /// How the actor came.
    AuditVia {
        /// Signed in on the page.
        Session = "session",
        /// With an API token.
        Token = "token",
        /// With a command on the server's own machine.
        CommandLine = "command_line",
        /// Through an agent in one of their chats.
        Agent = "agent",
        /// With a link to set their password, before they could sign in.
        PasswordLink = "password_link",
        /// Setting up the deployment, before anybody could sign in.
        Setup = "setup",
    }
}

/// Who did it, as they were called then.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditActor {
    /// The account; absent for the command line. It may be gone by now.
    pub id: Option<UserId>,
    /// The user name; empty for the command line.
    pub username: String,
    /// How they came.
    pub via: AuditVia,
    /// Name of the API token; empty when they came otherwise.
    pub token_name: String,
    /// Address of the client; empty when it is not known, and for the command line.
    pub address: String,
}

/// What it was done to, as it was called then.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTarget {
    /// What kind of thing.
    pub kind: AuditTargetKind,
    /// Its id. Settings and prompts are named, everything else has a UUID.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Fields by name; those inside of others are named with dots. A secret is `{"secret": "set" | "replaced" | "removed"}`.
pub type AuditFields = BTreeMap<String, Value>;

/// One change.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id; later entries have greater ones.
    pub id: AuditEntryId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, and from where.
    pub actor: AuditActor,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub target: AuditTarget,
    /// The changed fields as they were; one that is missing was not there.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub before: AuditFields,
    /// The changed fields as they are since; one that is missing is gone.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub after: AuditFields,
}

/// A page of the log, newest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AuditLog {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// `before_id` of the next page; absent when this is the last one.
    pub next_before_id: Option<AuditEntryId>,
}

/// Query of `GET /api/v2/audit-log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListAuditLog {
    /// Entries of a page: 1 to [`MAX_PAGE`], [`USUAL_PAGE`] when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Only entries older than this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_id: Option<AuditEntryId>,
    /// Only what this person did: an id, or the user name they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<AuditAction>,
    /// Only what was done to things of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_kind: Option<AuditTargetKind>,
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
}
