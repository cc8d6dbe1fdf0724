//! Changing an account: what people change of their own, and what owners change of others.

use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::users::{Role, UpdateUser, User, UserStatus};
use store::users::UserRow;
use store::{Notice, Tx, password_links, sessions, tokens, users};

use super::{UserError, check_agents_access, fields, require_management};
use crate::actor::Via;
use crate::audit_log;
use crate::failure::Checks;
use crate::{Actor, Platform};

/// The checked fields of a change, in the form they are stored in.
struct Change {
    name: Option<String>,
    username: Option<String>,
    email: Option<String>,
    role: Option<Role>,
    status: Option<UserStatus>,
    agents_access: Option<bool>,
    password_hash: Option<String>,
}

impl Change {
    /// Whether it is more than what people may change of themselves.
    const fn is_management(&self) -> bool {
        self.role.is_some() || self.status.is_some() || self.agents_access.is_some()
    }
}

impl Platform {
    /// Changes an account. All fields apply or none does. A new password or a suspension ends the user's other
    /// sessions; becoming an owner ends all of them and revokes the API tokens. Role, status, agents access and whatever is another's need [`Permission::ManageUsers`], and
    /// [`Permission::ManageOwners`] where an owner was or would be one.
    ///
    /// [`Permission::ManageUsers`]: sdk::permissions::Permission::ManageUsers
    /// [`Permission::ManageOwners`]: sdk::permissions::Permission::ManageOwners
    pub async fn update_user(
        &self,
        actor: &Actor,
        user: &str,
        request: UpdateUser,
    ) -> Result<User, UserError> {
        let found = self.find_user(actor, user).await?;
        // Asked again below; here it keeps those who may not from what checks and hashing tell.
        require_change(actor, &found, &request)?;
        let change = self.check_change(actor, &found, request).await?;
        self.make_change(actor, &found, change).await
    }

    /// `found` is the account as `change` was checked against it.
    async fn make_change(
        &self,
        actor: &Actor,
        found: &UserRow,
        change: Change,
    ) -> Result<User, UserError> {
        let mut tx = self.0.db.begin().await?;
        // Owners first, in this order everywhere, so that two changes never wait for each other.
        let owners = users::lock_active_owners(&mut tx).await?;
        let mut row = users::lock(&mut tx, found.id)
            .await?
            .ok_or(UserError::NotFound)?;
        // Looking at a password takes its time. One that was replaced meanwhile proves nothing any more.
        let is_own_password = row.id == actor.user_id && change.password_hash.is_some();
        if is_own_password && row.password_hash != found.password_hash {
            return Err(wrong_old_password());
        }
        let ends_sessions =
            change.password_hash.is_some() || change.status == Some(UserStatus::Suspended);
        // What was given for the account as it was must not open what it becomes.
        let ends_link = change.is_management() || change.password_hash.is_some();
        let action = match change.password_hash {
            Some(_) => AuditAction::UserSetPassword,
            None => AuditAction::UserUpdate,
        };
        let before = row.clone();
        // Somebody may have become an owner since.
        if change.is_management() || row.id != actor.user_id {
            require_management(actor, row.role)?;
        }
        check_agents_access(change.role.unwrap_or(row.role), change.agents_access)?;
        apply(&mut row, change);
        let is_active_owner = row.role == Role::Owner && row.status == UserStatus::Active;
        if owners == [row.id] && !is_active_owner {
            return Err(UserError::LastOwner);
        }
        row.updated_at = self.0.clock.now();
        users::save(&mut tx, &row)
            .await
            .map_err(UserError::from_write)?;
        if ends_link {
            password_links::delete_of_user(&mut tx, row.id).await?;
        }
        if ends_sessions {
            end_sessions(&mut tx, actor, &row).await?;
        }
        if before.role != Role::Owner && row.role == Role::Owner {
            // Whoever managed the account until now may have made them, or know them.
            sessions::delete_of_user(&mut tx, row.id, None).await?;
            tokens::delete_of_user(&mut tx, row.id).await?;
        }
        let change = audit_log::Change::updated(action, &before, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.0
            .notices
            .publish(Notice::UserChanged { user_id: row.id });
        Ok(row.to_user())
    }

    async fn check_change(
        &self,
        actor: &Actor,
        row: &UserRow,
        request: UpdateUser,
    ) -> Result<Change, UserError> {
        let mut checks = Checks::default();
        let name = request
            .name
            .map(|name| checks.take("name", fields::check_name(&name)));
        let username = request
            .username
            .map(|username| checks.take("username", fields::check_username(&username)));
        let email = request
            .email
            .map(|email| checks.take("email", fields::check_email(&email)));
        if let Some(password) = &request.password {
            checks.take("password", fields::check_password(password));
        }
        checks.finish().map_err(UserError::Invalid)?;
        let password_hash = match request.password {
            Some(password) => {
                self.check_old_password(actor, row, request.old_password)
                    .await?;
                Some(self.0.passwords.hash(password).await?)
            }
            None => None,
        };
        Ok(Change {
            name: name.flatten(),
            username: username.flatten(),
            email: email.flatten(),
            role: request.role,
            status: request.status,
            agents_access: request.agents_access,
            password_hash,
        })
    }

    /// People prove that it is them; who manages an account may set its password.
    async fn check_old_password(
        &self,
        actor: &Actor,
        row: &UserRow,
        old_password: Option<String>,
    ) -> Result<(), UserError> {
        if row.id != actor.user_id {
            return Ok(());
        }
        // A stolen session must not be a way to guess the password.
        let attempt = self.0.attempts.begin(&row.email, None)?;
        let turn = self.0.passwords.turn().await?;
        attempt.check()?;
        let is_right = turn
            .verify(old_password.unwrap_or_default(), row.password_hash())
            .await?;
        if is_right {
            return Ok(());
        }
        let _ = attempt.failed();
        Err(wrong_old_password())
    }
}

fn wrong_old_password() -> UserError {
    UserError::Invalid(vec![Validation {
        field: "old_password".to_owned(),
        detail: "This is not your present password. Enter it again.".to_owned(),
    }])
}

/// Refuses those who may not make this change of this account.
fn require_change(actor: &Actor, row: &UserRow, request: &UpdateUser) -> Result<(), UserError> {
    let is_management =
        request.role.is_some() || request.status.is_some() || request.agents_access.is_some();
    if is_management || row.id != actor.user_id {
        require_management(actor, row.role)?;
    }
    if let Some(role) = request.role {
        require_management(actor, role)?;
    }
    Ok(())
}

fn apply(row: &mut UserRow, change: Change) {
    row.name = change.name.unwrap_or_else(|| std::mem::take(&mut row.name));
    row.username = change
        .username
        .unwrap_or_else(|| std::mem::take(&mut row.username));
    row.email = change
        .email
        .unwrap_or_else(|| std::mem::take(&mut row.email));
    row.role = change.role.unwrap_or(row.role);
    row.status = change.status.unwrap_or(row.status);
    row.agents_access = change.agents_access.unwrap_or(row.agents_access);
    row.password_hash = change
        .password_hash
        .unwrap_or_else(|| std::mem::take(&mut row.password_hash));
}

/// The session that changes its own user's password goes on.
async fn end_sessions(tx: &mut Tx, actor: &Actor, row: &UserRow) -> Result<(), UserError> {
    let keep = match actor.via {
        Via::Session(id) if actor.user_id == row.id && row.status == UserStatus::Active => Some(id),
        _ => None,
    };
    sessions::delete_of_user(tx, row.id, keep).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::testing::{PASSWORD, on_both};
    use crate::{ClientInfo, Failure as _};
    use sdk::password_links::RedeemPasswordLink;

    #[tokio::test]
    async fn an_old_password_that_a_link_replaced_while_it_was_looked_at_sets_no_new_one() {
        on_both(async |test| {
            let owner = test.owner().await;
            let member = test.member(&owner).await;
            let platform = &test.platform;
            let request = UpdateUser {
                password: Some("of whoever knew the old one".to_owned()),
                old_password: Some(PASSWORD.to_owned()),
                ..UpdateUser::default()
            };
            let found = platform.find_user(&member, "me").await.unwrap();
            let change = platform.check_change(&member, &found, request).await;
            let link = platform.create_password_link(&owner, "member").await;
            let redeem = RedeemPasswordLink {
                token: link.unwrap().token,
                password: "of the person".to_owned(),
            };
            let client = ClientInfo::default();
            platform
                .redeem_password_link(redeem, &client)
                .await
                .unwrap();
            let late = platform.make_change(&member, &found, change.unwrap()).await;
            let refused = late.unwrap_err();
            assert_eq!(refused.validations()[0].field, "old_password");
            let login = sdk::users::Login {
                email: "member@example.com".to_owned(),
                password: "of the person".to_owned(),
            };
            platform.login(login, &client).await.unwrap();
        })
        .await;
    }
}
