//! Links with which people set their own password, once, so that nobody else ever knows it: an invitation, or the way back in.
//!
//! A link is as good as the account, so it is made by those who may set the password anyhow, and holds no more as soon as
//! role, status or password of the account change: a link to a member's account must not become one to an owner's.

use chrono::TimeDelta;
use sdk::audit_log::AuditAction;
use sdk::password_links::{PasswordLink, RedeemPasswordLink};
use sdk::users::UserStatus;
use store::{Notice, password_links, sessions, users};

use super::{UserError, fields, require_management};
use crate::audit_log::{By, Change};
use crate::failure::Checks;
use crate::{Actor, ClientInfo, Platform, credentials};

/// How long a link holds.
const LIFETIME: TimeDelta = TimeDelta::days(7);

impl Platform {
    /// A link with which somebody else sets their own password; the one before holds no more. Needs
    /// [`Permission::ManageUsers`], for owners' accounts [`Permission::ManageOwners`].
    ///
    /// [`Permission::ManageUsers`]: sdk::permissions::Permission::ManageUsers
    /// [`Permission::ManageOwners`]: sdk::permissions::Permission::ManageOwners
    pub async fn create_password_link(
        &self,
        actor: &Actor,
        user: &str,
    ) -> Result<PasswordLink, UserError> {
        let id = self.find_user(actor, user).await?.id;
        let token = credentials::generate();
        let options = &self.0.options;
        // The address of the page; `access_url` is where agents of this machine find the server.
        let page = options.public_url.as_ref().unwrap_or(&options.access_url);
        let mut url = page.clone();
        url.set_path("/set-password");
        url.set_query(Some(&format!("token={token}")));
        let now = self.0.clock.now();
        let expires_at = now + LIFETIME;
        let mut tx = self.0.db.begin().await?;
        let row = users::lock(&mut tx, id).await?.ok_or(UserError::NotFound)?;
        require_management(actor, row.role)?;
        if id == actor.user_id {
            return Err(UserError::OwnPassword);
        }
        password_links::put(&mut tx, id, &credentials::hash(&token), now, expires_at).await?;
        let deed = Change::deed(AuditAction::UserCreatePasswordLink, &row);
        self.record(&mut tx, actor, deed).await?;
        tx.commit().await?;
        Ok(PasswordLink {
            url: url.into(),
            token,
            expires_at,
        })
    }

    /// Sets the password of whose link it is, and ends their sessions. Links that never were, that were used, that are too old
    /// and those of suspended people are answered alike.
    pub async fn redeem_password_link(
        &self,
        request: RedeemPasswordLink,
        client: &ClientInfo,
    ) -> Result<(), UserError> {
        let mut checks = Checks::default();
        checks.take("password", fields::check_password(&request.password));
        checks.finish().map_err(UserError::Invalid)?;
        let token_hash = credentials::hash(&request.token);
        let now = self.0.clock.now();
        // Asked again below; here it keeps strangers from having passwords hashed.
        let id = password_links::find(&self.0.db, &token_hash, now).await?;
        let id = id.ok_or(UserError::NoSuchLink)?;
        let password_hash = self.0.passwords.hash(request.password).await?;
        let mut tx = self.0.db.begin().await?;
        // The person first, as everywhere: in another order two changes would wait for each other.
        let row = users::lock(&mut tx, id).await?;
        let before = row.filter(|row| row.status == UserStatus::Active);
        let before = before.ok_or(UserError::NoSuchLink)?;
        if !password_links::take(&mut tx, &token_hash, now).await? {
            return Err(UserError::NoSuchLink);
        }
        let after = store::users::UserRow {
            password_hash,
            updated_at: now,
            ..before.clone()
        };
        users::save(&mut tx, &after).await?;
        sessions::delete_of_user(&mut tx, id, None).await?;
        let by = By::holder_of_link(id, client.address);
        let change = Change::updated(AuditAction::UserSetPassword, &before, &after);
        self.record(&mut tx, by, change).await?;
        tx.commit().await?;
        self.0.notices.publish(Notice::UserChanged { user_id: id });
        Ok(())
    }
}
