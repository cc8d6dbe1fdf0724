//! Which templates agents may use, and when workspaces are stopped whose template does not say.

use sdk::chat_config::{
    MAX_WORKSPACE_TTL_MS, MIN_WORKSPACE_TTL_MS, TemplateAllowlist, WorkspaceTtl,
};
use sdk::ids::TemplateId;
use sdk::permissions::Permission;
use serde_json::json;
use store::{chat_config, templates};

use super::ChatConfigError;
use crate::templates::MAX_TEMPLATES;
use crate::{Actor, Platform};

impl Platform {
    /// The templates that agents may use; all when there are none. Needs [`Permission::ReadSettings`].
    pub async fn get_template_allowlist(
        &self,
        actor: &Actor,
    ) -> Result<TemplateAllowlist, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        Ok(TemplateAllowlist {
            template_ids: chat_config::get_template_allowlist(&self.0.db).await?,
        })
    }

    /// Succeeds for those who may change the list; for some others there is none. Asked before a body is read, so that
    /// others learn nothing else.
    pub fn require_template_allowlist_change(&self, actor: &Actor) -> Result<(), ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)
    }

    /// Sets the templates that agents may use. Needs [`Permission::ManageSettings`].
    pub async fn update_template_allowlist(
        &self,
        actor: &Actor,
        change: TemplateAllowlist,
    ) -> Result<(), ChatConfigError> {
        self.require_template_allowlist_change(actor)?;
        let known = templates::list(&self.0.db, actor.organization_id, MAX_TEMPLATES).await?;
        let is_usable = |id: TemplateId| {
            known
                .iter()
                .any(|template| template.id == id && !template.deprecated)
        };
        let mut listed: Vec<TemplateId> = Vec::new();
        for id in change.template_ids {
            if !is_usable(id) {
                let detail =
                    format!("There is no template {id}, or it is not to be used any more.");
                return Err(ChatConfigError::field("template_ids", &detail));
            }
            if !listed.contains(&id) {
                listed.push(id);
            }
        }
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_template_allowlist_in(&mut tx).await?;
        chat_config::put_template_allowlist(&mut tx, &listed, self.0.clock.now()).await?;
        self.record_setting(
            &mut tx,
            actor,
            "template_allowlist",
            [json!(before), json!(listed)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// When workspaces are stopped whose template does not say. For everybody who uses them.
    pub async fn get_workspace_ttl(&self, _actor: &Actor) -> Result<WorkspaceTtl, ChatConfigError> {
        Ok(WorkspaceTtl {
            workspace_ttl_ms: chat_config::get_workspace_ttl_ms(&self.0.db).await?,
        })
    }

    /// Sets when workspaces are stopped whose template does not say. Needs [`Permission::ManageSettings`].
    pub async fn update_workspace_ttl(
        &self,
        actor: &Actor,
        change: WorkspaceTtl,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let ttl_ms = change.workspace_ttl_ms;
        let is_right =
            ttl_ms == 0 || (MIN_WORKSPACE_TTL_MS..=MAX_WORKSPACE_TTL_MS).contains(&ttl_ms);
        if !is_right {
            let detail = "Use 60,000 (a minute) to 2,592,000,000 (30 days), or 0 for never.";
            return Err(ChatConfigError::field("workspace_ttl_ms", detail));
        }
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_workspace_ttl_ms_in(&mut tx).await?;
        chat_config::put_workspace_ttl_ms(&mut tx, ttl_ms, self.0.clock.now()).await?;
        self.record_setting(
            &mut tx,
            actor,
            "workspace_ttl_ms",
            [json!(before), json!(ttl_ms)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
