//! The first owner, made by whoever opens a new deployment first.

use sdk::audit_log::AuditAction;
use sdk::ids::OrganizationId;
use sdk::organizations::Organization;
use sdk::users::{CreateFirstUser, FirstUserCreated, Role};
use store::dialect::{Decision, lock_decision};
use store::{Clock, Db, StoreError, organizations, users};

use super::{UserError, fields};
use crate::audit_log::{By, Change};
use crate::{ClientInfo, Platform};

impl Platform {
    /// Whether anybody has an account.
    pub async fn has_first_user(&self) -> Result<bool, UserError> {
        Ok(users::any_exists(&self.0.db).await?)
    }

    /// The first account, an owner. Of two requests at once, one succeeds.
    pub async fn create_first_user(
        &self,
        request: CreateFirstUser,
        client: &ClientInfo,
    ) -> Result<FirstUserCreated, UserError> {
        // Asked again below; here it saves the hashing.
        if users::any_exists(&self.0.db).await? {
            return Err(UserError::FirstUserExists);
        }
        let account = fields::check_account(
            &request.email,
            &request.username,
            request.name.as_deref(),
            Some(&request.password),
        )?;
        let row = self.new_row(account, Role::Owner).await?;
        let mut tx = self.0.db.begin().await?;
        lock_decision(&mut tx, Decision::FirstUser).await?;
        if users::any_exists_in(&mut tx).await? {
            return Err(UserError::FirstUserExists);
        }
        users::insert(&mut tx, &row)
            .await
            .map_err(UserError::from_write)?;
        let by = By::first_user(row.id, client.address);
        let change = Change::created(AuditAction::UserCreate, &row);
        self.record(&mut tx, by, change).await?;
        tx.commit().await?;
        tracing::info!(user_id = %row.id, "first user created");
        Ok(FirstUserCreated {
            user_id: row.id,
            organization_id: row.organization_id,
        })
    }
}

/// Makes the default organization unless there is one.
pub(crate) async fn ensure_default_organization(db: &Db, clock: &Clock) -> Result<(), StoreError> {
    if organizations::get_default(db).await?.is_some() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    lock_decision(&mut tx, Decision::FirstUser).await?;
    if organizations::get_default_in(&mut tx).await?.is_none() {
        let organization = Organization {
            id: OrganizationId::generate(),
            name: "Default".to_owned(),
            is_default: true,
            created_at: clock.now(),
        };
        organizations::insert(&mut tx, &organization).await?;
    }
    tx.commit().await
}
