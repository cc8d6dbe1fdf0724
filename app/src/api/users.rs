//! The reader's own account, and everyone's for those who may see or manage them.

use leptos::prelude::*;
use sdk::ids::UserId;
use sdk::password_links::PasswordLink;
use sdk::users::{Role, User, UserStatus};
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Changes the reader's own name and address.
#[server(name = UpdateProfile, prefix = "/api/page", endpoint = "update_profile", output = PageJson)]
pub async fn update_profile(
    name: String,
    username: String,
    email: String,
) -> Result<User, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::users::UpdateUser {
        name: Some(name),
        username: Some(username),
        email: Some(email),
        ..sdk::users::UpdateUser::default()
    };
    platform
        .update_user(&actor, "me", change)
        .await
        .map_err(super::failed)
}

/// Changes the reader's own password.
#[server(name = UpdatePassword, prefix = "/api/page", endpoint = "update_password", output = PageJson)]
pub async fn update_password(old_password: String, password: String) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::users::UpdateUser {
        password: Some(password),
        old_password: Some(old_password),
        ..sdk::users::UpdateUser::default()
    };
    platform
        .update_user(&actor, "me", change)
        .await
        .map_err(super::failed)?;
    Ok(())
}

/// Accounts of a page.
pub const USERS_PER_PAGE: usize = 50;

/// A page of accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserPage {
    /// The accounts, oldest first.
    pub users: Vec<User>,
    /// The next page begins after this one; nothing when this is the last page.
    pub next_after_id: Option<UserId>,
}

/// A page of accounts, oldest first, for those who may see them.
#[server(name = ListUsers, prefix = "/api/page", endpoint = "list_users", protocol = Page)]
pub async fn list_users(after_id: Option<UserId>) -> Result<UserPage, AppError> {
    let (platform, actor) = super::signed_in()?;
    let query = sdk::users::ListUsers {
        after_id,
        limit: i64::try_from(USERS_PER_PAGE + 1).ok(),
    };
    let mut users = platform
        .list_users(&actor, query)
        .await
        .map_err(super::failed)?;
    let has_more = users.len() > USERS_PER_PAGE;
    users.truncate(USERS_PER_PAGE);
    let last = users.last().map(|user| user.id);
    Ok(UserPage {
        next_after_id: last.filter(|_| has_more),
        users,
    })
}

/// A new account, and with what its person can sign in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreatedAccount {
    /// The account.
    pub user: User,
    /// The invitation, when the account has no password yet.
    pub invitation: Option<PasswordLink>,
}

/// Creates an account, for those who manage them. Without a password it comes with an invitation.
#[server(name = CreateAccount, prefix = "/api/page", endpoint = "create_user", output = PageJson)]
pub async fn create_user(
    name: String,
    email: String,
    username: String,
    #[server(default)] password: String,
    role: Role,
    #[server(default)] agents_access: bool,
) -> Result<CreatedAccount, AppError> {
    let (platform, actor) = super::signed_in()?;
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let user = sdk::users::CreateUser {
        email,
        username,
        name,
        password: Some(password).filter(|password| !password.is_empty()),
        role: Some(role),
        // For owners it cannot be another.
        agents_access: Some(agents_access || role == Role::Owner),
    };
    let is_invited = user.password.is_none();
    let user = platform.create_user(&actor, user).await;
    let user = user.map_err(super::failed)?;
    let invitation = if is_invited {
        let id = user.id.to_string();
        let link = platform.create_password_link(&actor, &id).await;
        Some(link.map_err(super::failed)?)
    } else {
        None
    };
    Ok(CreatedAccount { user, invitation })
}

/// Makes a link with which the person of an account sets their own password, for those who manage it.
#[server(name = CreatePasswordLink, prefix = "/api/page", endpoint = "create_password_link", output = PageJson)]
pub async fn create_password_link(id: UserId) -> Result<PasswordLink, AppError> {
    let (platform, actor) = super::signed_in()?;
    let link = platform.create_password_link(&actor, &id.to_string()).await;
    link.map_err(super::failed)
}

/// Changes role, status or agents access of an account, for those who manage it.
#[server(name = UpdateAccount, prefix = "/api/page", endpoint = "update_user", output = PageJson)]
pub async fn update_user(
    id: UserId,
    role: Option<Role>,
    status: Option<UserStatus>,
    agents_access: Option<bool>,
) -> Result<User, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::users::UpdateUser {
        role,
        status,
        agents_access,
        ..sdk::users::UpdateUser::default()
    };
    platform
        .update_user(&actor, &id.to_string(), change)
        .await
        .map_err(super::failed)
}

/// Sets a new password for an account, for those who manage it.
#[server(name = ResetPassword, prefix = "/api/page", endpoint = "reset_password", output = PageJson)]
pub async fn reset_password(id: UserId, password: String) -> Result<User, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::users::UpdateUser {
        password: Some(password),
        ..sdk::users::UpdateUser::default()
    };
    platform
        .update_user(&actor, &id.to_string(), change)
        .await
        .map_err(super::failed)
}

/// Deletes an account, for those who manage it.
#[server(name = DeleteAccount, prefix = "/api/page", endpoint = "delete_user", output = PageJson)]
pub async fn delete_user(id: UserId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_user(&actor, &id.to_string())
        .await
        .map_err(super::failed)
}
