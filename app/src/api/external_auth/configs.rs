//! As whom git hosts know this deployment, for owners. Secrets go in and never come out.

use std::fmt;

use leptos::prelude::*;
use sdk::external_auth::ExternalAuthConfig;
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Where a plain form leads after a good answer.
#[cfg(feature = "ssr")]
const PAGE: &str = "/settings/git-hosts";

/// The form of a configuration: lines of text, as a plain HTML form sends them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthConfigForm {
    /// Its short name.
    pub id: String,
    /// What people are shown.
    pub display_name: String,
    /// The address of the host.
    pub base_url: String,
    /// The address of its API.
    pub api_base_url: String,
    /// The application's id there.
    pub client_id: String,
    /// Its secret; empty in a change = as it is.
    pub client_secret: String,
    /// What the host signs its webhooks with; empty in a change = as it is.
    pub webhook_secret: String,
    /// By spaces.
    pub scopes: String,
    /// Whether device codes are allowed.
    pub device_flow: bool,
}

impl fmt::Debug for AuthConfigForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthConfigForm")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "ssr")]
impl AuthConfigForm {
    fn scopes(&self) -> Vec<String> {
        self.scopes.split_whitespace().map(str::to_owned).collect()
    }
}

/// All configurations.
#[server(name = ListAuthConfigs, prefix = "/api/page", endpoint = "list_external_auth_configs", protocol = Page)]
pub async fn list_external_auth_configs() -> Result<Vec<ExternalAuthConfig>, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    platform
        .list_external_auth_configs(&actor)
        .await
        .map_err(crate::api::failed)
}

/// Sets up signing in at a host.
#[server(name = AddAuthConfig, prefix = "/api/page", endpoint = "create_external_auth_config", output = PageJson)]
pub async fn create_external_auth_config(
    #[server(default)] form: AuthConfigForm,
) -> Result<(), AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let config = sdk::external_auth::CreateExternalAuthConfig {
        scopes: form.scopes(),
        id: Some(form.id),
        kind: sdk::external_auth::GitHostKind::Github,
        display_name: Some(form.display_name),
        base_url: form.base_url,
        api_base_url: Some(form.api_base_url),
        client_id: form.client_id,
        client_secret: Some(form.client_secret),
        webhook_secret: Some(form.webhook_secret),
        device_flow: form.device_flow,
    };
    platform
        .create_external_auth_config(&actor, config)
        .await
        .map_err(crate::api::failed)?;
    crate::api::redirect_plain_form(PAGE);
    Ok(())
}

/// Changes a configuration to what the form says. Empty secrets leave the stored ones.
#[server(name = ChangeAuthConfig, prefix = "/api/page", endpoint = "update_external_auth_config", output = PageJson)]
pub async fn update_external_auth_config(
    config: String,
    #[server(default)] form: AuthConfigForm,
) -> Result<(), AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let change = sdk::external_auth::UpdateExternalAuthConfig {
        scopes: Some(form.scopes()),
        display_name: Some(form.display_name),
        api_base_url: Some(form.api_base_url),
        client_id: Some(form.client_id),
        client_secret: Some(form.client_secret).filter(|secret| !secret.trim().is_empty()),
        webhook_secret: Some(form.webhook_secret).filter(|secret| !secret.trim().is_empty()),
        device_flow: Some(form.device_flow),
    };
    platform
        .update_external_auth_config(&actor, &config, change)
        .await
        .map_err(crate::api::failed)?;
    crate::api::redirect_plain_form(PAGE);
    Ok(())
}

/// Removes a configuration.
#[server(name = RemoveAuthConfig, prefix = "/api/page", endpoint = "delete_external_auth_config", output = PageJson)]
pub async fn delete_external_auth_config(config: String) -> Result<(), AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    platform
        .delete_external_auth_config(&actor, &config)
        .await
        .map_err(crate::api::failed)
}

#[cfg(test)]
mod tests {
    use super::AuthConfigForm;

    #[test]
    fn the_form_does_not_show_its_secret() {
        let form = AuthConfigForm {
            client_secret: "hunter2-hunter2".to_owned(),
            ..AuthConfigForm::default()
        };
        let shown = format!("{form:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
