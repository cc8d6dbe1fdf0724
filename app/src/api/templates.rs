//! Server functions of templates, for owners. Whoever starts a chat finds templates in its form's options.

mod form;

use leptos::prelude::*;
use sdk::ids::TemplateId;
use sdk::templates::{Template, TemplateParameter};
use serde::{Deserialize, Serialize};

pub use form::{ParameterForm, Source, TemplateForm};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Where a plain form leads after a good answer.
#[cfg(feature = "ssr")]
const LIST: &str = "/settings/templates";

/// What the form of a new chat tells of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferedTemplate {
    /// Its id.
    pub id: TemplateId,
    /// What people read.
    pub title: String,
    /// An emoji.
    pub icon: String,
    /// What its workspaces are for.
    pub description: String,
    /// What whoever makes a workspace says.
    pub parameters: Vec<TemplateParameter>,
}

impl OfferedTemplate {
    /// Nothing of a template that is not to be used any more.
    pub fn of(template: Template) -> Option<Self> {
        (!template.deprecated).then(|| Self {
            id: template.id,
            title: template.title().to_owned(),
            icon: template.icon,
            description: template.description,
            parameters: template.parameters,
        })
    }
}

/// All templates by name, also those that are not to be used any more.
#[server(name = ListTemplates, prefix = "/api/page", endpoint = "list_templates", protocol = Page)]
pub async fn list_templates() -> Result<Vec<Template>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform.list_templates(&actor).await.map_err(super::failed)
}

/// One template.
#[server(name = GetTemplate, prefix = "/api/page", endpoint = "get_template", protocol = Page)]
pub async fn get_template(id: TemplateId) -> Result<Template, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .get_template(&actor, id)
        .await
        .map_err(super::failed)
}

/// Makes a template.
#[server(name = AddTemplate, prefix = "/api/page", endpoint = "create_template", output = PageJson)]
pub async fn create_template(#[server(default)] form: TemplateForm) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let template = form.read().map_err(super::refused)?;
    platform
        .create_template(&actor, template)
        .await
        .map_err(super::failed)?;
    super::redirect_plain_form(LIST);
    Ok(())
}

/// Changes a template to what the form says.
#[server(name = ChangeTemplate, prefix = "/api/page", endpoint = "update_template", output = PageJson)]
pub async fn update_template(
    id: TemplateId,
    #[server(default)] form: TemplateForm,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = form.read_change().map_err(super::refused)?;
    platform
        .update_template(&actor, id, change)
        .await
        .map_err(super::failed)?;
    super::redirect_plain_form(LIST);
    Ok(())
}

/// Deletes a template; its workspaces stay.
#[server(name = RemoveTemplate, prefix = "/api/page", endpoint = "delete_template", output = PageJson)]
pub async fn delete_template(id: TemplateId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_template(&actor, id)
        .await
        .map_err(super::failed)
}
