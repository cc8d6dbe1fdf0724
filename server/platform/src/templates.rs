//! Templates: what workspaces are made from. Owners of the deployment write them, everybody chooses from them.

mod error;
mod fields;
pub(crate) mod parameters;
#[cfg(test)]
mod tests;

use sdk::audit_log::AuditAction;
use sdk::ids::TemplateId;
use sdk::permissions::Permission;
use sdk::templates::{CreateTemplate, Template, UpdateTemplate};
use store::Notice;
use store::notices::ConfigKind;
use store::templates::{self, TemplateRow};

pub use self::error::TemplateError;
use crate::audit_log::Change;
use crate::{Actor, Platform};

/// As many templates as an organization may have.
pub(crate) const MAX_TEMPLATES: i64 = 500;

impl Platform {
    /// The organization's templates by name; those that are not to be used any more only for those who see the settings.
    pub async fn list_templates(&self, actor: &Actor) -> Result<Vec<Template>, TemplateError> {
        let db = &self.0.db;
        let rows = templates::list(db, actor.organization_id, MAX_TEMPLATES).await?;
        let developers = templates::developers(db, actor.organization_id).await?;
        Ok(rows
            .into_iter()
            .filter(|row| actor.may(Permission::ReadSettings) || !row.deprecated)
            .map(|row| {
                let count = developers.get(&row.id).copied().unwrap_or_default();
                describe(row, count)
            })
            .collect())
    }

    /// A template of the organization.
    pub async fn get_template(
        &self,
        actor: &Actor,
        id: TemplateId,
    ) -> Result<Template, TemplateError> {
        let row = self.visible_template(actor, id).await?;
        let developers = templates::developers(&self.0.db, actor.organization_id).await?;
        Ok(describe(
            row,
            developers.get(&id).copied().unwrap_or_default(),
        ))
    }

    /// A new template. Needs [`Permission::ManageSettings`].
    pub async fn create_template(
        &self,
        actor: &Actor,
        request: CreateTemplate,
    ) -> Result<Template, TemplateError> {
        actor.require(Permission::ManageSettings, TemplateError::Forbidden)?;
        let db = &self.0.db;
        let known = templates::list(db, actor.organization_id, MAX_TEMPLATES).await?;
        if i64::try_from(known.len()).is_ok_and(|known| known >= MAX_TEMPLATES) {
            return Err(TemplateError::TooMany);
        }
        let now = self.0.clock.now();
        let row = TemplateRow {
            id: TemplateId::generate(),
            organization_id: actor.organization_id,
            name: request.name,
            display_name: request.display_name,
            description: request.description,
            icon: request.icon,
            backend: request.backend,
            folder: request.folder,
            repository_url: request.repository_url,
            branch: request.branch,
            setup_script: request.setup_script,
            environment: request.environment,
            parameters: request.parameters,
            idle_stop_seconds: request.idle_stop_seconds,
            deprecated: request.deprecated,
            deleted: false,
            created_at: now,
            updated_at: now,
        };
        let row = fields::check(db, self.0.workspaces.backend(), row).await?;
        let mut tx = db.begin().await?;
        templates::insert(&mut tx, &row)
            .await
            .map_err(TemplateError::from_write)?;
        let change = Change::created(AuditAction::TemplateCreate, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.publish_templates(row.id);
        Ok(describe(row, 0))
    }

    /// Changes a template; workspaces that exist find it changed when they start next. Needs [`Permission::ManageSettings`].
    pub async fn update_template(
        &self,
        actor: &Actor,
        id: TemplateId,
        change: UpdateTemplate,
    ) -> Result<Template, TemplateError> {
        actor.require(Permission::ManageSettings, TemplateError::Forbidden)?;
        let row = self.visible_template(actor, id).await?;
        let changed = fields::check(
            &self.0.db,
            self.0.workspaces.backend(),
            fields::changed(row, change),
        )
        .await?;
        self.write_template(actor, changed).await?;
        self.get_template(actor, id).await
    }

    /// Deletes a template; its workspaces stay. Needs [`Permission::ManageSettings`].
    pub async fn delete_template(
        &self,
        actor: &Actor,
        id: TemplateId,
    ) -> Result<(), TemplateError> {
        actor.require(Permission::ManageSettings, TemplateError::Forbidden)?;
        let row = self.visible_template(actor, id).await?;
        let deleted = TemplateRow {
            deleted: true,
            ..row
        };
        self.write_template(actor, deleted).await
    }

    async fn write_template(&self, actor: &Actor, row: TemplateRow) -> Result<(), TemplateError> {
        let row = TemplateRow {
            updated_at: self.0.clock.now(),
            ..row
        };
        let mut tx = self.0.db.begin().await?;
        // Another owner may have deleted it meanwhile; that stands.
        let before = templates::get_in(&mut tx, row.id).await?;
        let before = before.filter(|current| !current.deleted);
        let before = before.ok_or(TemplateError::NotFound)?;
        templates::update(&mut tx, &row)
            .await
            .map_err(TemplateError::from_write)?;
        let change = if row.deleted {
            Change::deleted(AuditAction::TemplateDelete, &before)
        } else {
            Change::updated(AuditAction::TemplateUpdate, &before, &row)
        };
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.publish_templates(row.id);
        Ok(())
    }

    async fn visible_template(
        &self,
        actor: &Actor,
        id: TemplateId,
    ) -> Result<TemplateRow, TemplateError> {
        let row = templates::get(&self.0.db, id).await?;
        row.filter(|row| {
            row.organization_id == actor.organization_id
                && !row.deleted
                && (actor.may(Permission::ReadSettings) || !row.deprecated)
        })
        .ok_or(TemplateError::NotFound)
    }

    fn publish_templates(&self, id: TemplateId) {
        self.0.notices.publish(Notice::ConfigChanged {
            config: ConfigKind::Templates,
            id: Some(id.0),
        });
    }
}

fn describe(row: TemplateRow, active_developers: u32) -> Template {
    Template {
        id: row.id,
        organization_id: row.organization_id,
        name: row.name,
        display_name: row.display_name,
        description: row.description,
        icon: row.icon,
        backend: row.backend,
        folder: row.folder,
        repository_url: row.repository_url,
        branch: row.branch,
        setup_script: row.setup_script,
        environment: row.environment,
        parameters: row.parameters,
        idle_stop_seconds: row.idle_stop_seconds,
        deprecated: row.deprecated,
        active_developers,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
