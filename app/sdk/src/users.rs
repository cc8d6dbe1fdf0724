//! Users, their roles, and signing in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, UserId};
use crate::secrets::shows_only;

/// What a user is in the deployment. What each may do stands in [`crate::permissions`].
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything, and alone decides who is an owner.
    Owner,
    /// Administers the deployment and all accounts but owners'.
    Admin,
    /// Sees how the deployment is set up, what it costs and who changed it; changes nothing.
    Auditor,
    /// Uses agents; sees only what is their own.
    Member,
}

impl Role {
    /// All of them, the one that may do most first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Auditor, Self::Member];

    /// The role's name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Member => "member",
        }
    }

    /// Parses a role's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Administrator",
            Self::Auditor => "Auditor",
            Self::Member => "Member",
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
    /// Whether they may have agents work. Owners always may.
    #[serde(default = "yes")]
    pub agents_access: bool,
    /// Organizations they belong to.
    pub organization_ids: Vec<OrganizationId>,
    /// Whether the account can be used.
    pub status: UserStatus,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

/// What servers mean that do not know the permission.
const fn yes() -> bool {
    true
}

impl User {
    /// Whether the user is an owner of the deployment.
    pub fn is_owner(&self) -> bool {
        self.roles.contains(&Role::Owner)
    }

    /// Their role; what may do least when there is none.
    pub fn role(&self) -> Role {
        self.roles.iter().copied().min().unwrap_or(Role::Member)
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
#[derive(Clone, Serialize, Deserialize)]
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
#[derive(Clone, Serialize, Deserialize)]
pub struct CreateUser {
    /// E-mail address to sign in with.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// At least 8 characters. Without one nobody can sign in until a password is set, as with a link to set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// `member` when absent. Only owners may make owners.
    #[serde(default)]
    pub role: Option<Role>,
    /// Whether they may have agents work; `true` when absent. Owners always may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents_access: Option<bool>,
}

/// Body of `PATCH /users/{user}`; an absent field is left as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Default, Serialize, Deserialize)]
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
    /// New role, by those who manage users; only owners make and change owners, and one always remains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Suspend or re-activate, by those who manage users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// Whether they may have agents work, by those who manage users. Without effect on what runs already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents_access: Option<bool>,
    /// New password. For one's own account the old one is given too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The password in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_password: Option<String>,
}

/// Body of `POST /users/login`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Answer of `POST /users/login`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The session's token; also set as a cookie.
    pub session_token: String,
}

shows_only! {
    CreateFirstUser { email, username }
    CreateUser { email, username, role, agents_access }
    UpdateUser { name, username, email, role, status, agents_access }
    Login { email }
    LoggedIn {}
}
