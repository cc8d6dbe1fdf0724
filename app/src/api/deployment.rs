//! Where the deployment's settings come from, for those who may see them.

use leptos::prelude::*;
use sdk::deployment::DeploymentSettings;

use crate::api::codec::Page;
use crate::error::AppError;

/// The options of the server and the settings in its database.
#[server(name = GetDeploymentSettings, prefix = "/api/page", endpoint = "get_deployment_settings", protocol = Page)]
pub async fn get_deployment_settings() -> Result<DeploymentSettings, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .get_deployment_settings(&actor)
        .await
        .map_err(super::failed)
}
