//! Users, their roles, and signing in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, UserId};

/// What a user may do. An `owner` administers the deployment.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Administers users, providers, models and folders.
    Owner,
    /// Uses agents; sees only what is their own.
    Member,
}

impl Role {
    /// The role's name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// Parses a role's name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "owner" => Some(Self::Owner),
            "member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// Whether an account can be used.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not sign in; what they made stays.
    Suspended,
}

/// A user as the API shows them.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Unique name, used in URLs.
    pub username: String,
    /// Display name; empty when not given.
    pub name: String,
    /// Unique e-mail address, lower case.
    pub email: String,
    /// Roles held.
    pub roles: Vec<Role>,
    /// Organizations they belong to.
    pub organization_ids: Vec<OrganizationId>,
    /// Whether the account can be used.
    pub status: UserStatus,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

impl User {
    /// Whether the user administers the deployment.
    pub fn is_owner(&self) -> bool {
        self.roles.contains(&Role::Owner)
    }

    /// The name to show: the display name, or the user name when there is none.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            &self.username
        } else {
            &self.name
        }
    }
}

/// Body of `POST /users/first`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateFirstUser {
    /// E-mail address to sign in with.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// At least 8 characters.
    pub password: String,
}

/// Answer of `POST /users/first`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstUserCreated {
    /// The new owner.
    pub user_id: UserId,
    /// The default organization.
    pub organization_id: OrganizationId,
}

/// Query of `GET /users`: oldest first; ask again with the last id until fewer than `limit` come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ListUsers {
    /// Only users made after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<UserId>,
    /// 1 to 1,000; 1,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// Body of `POST /users`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateUser {
    /// E-mail address to sign in with.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// At least 8 characters.
    pub password: String,
    /// `member` when absent.
    #[serde(default)]
    pub role: Option<Role>,
}

/// Body of `PATCH /users/{user}`; an absent field is left as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateUser {
    /// New display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// New e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// New role; admins only, never the last owner's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Suspend or re-activate; admins only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// New password. Everyone but an admin acting on another account gives the old one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The password in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_password: Option<String>,
}

/// Body of `POST /users/login`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Answer of `POST /users/login`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The session's token; also set as a cookie.
    pub session_token: String,
}
