//! A user's row and its reading.

use chrono::{DateTime, Utc};
use sdk::ids::{OrganizationId, UserId};
use sdk::permissions::Permission;
use sdk::users::{Role, User, UserStatus};
use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;

/// A user with their password's hash; never leaves the server as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Id.
    pub id: UserId,
    /// Organization.
    pub organization_id: OrganizationId,
    /// Unique name, lower case.
    pub username: String,
    /// Display name, possibly empty.
    pub name: String,
    /// Unique address, lower case.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// Whether the account may use agents; owners may with and without it.
    pub agents_access: bool,
    /// PHC string; empty as long as no password was set.
    pub password_hash: String,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl UserRow {
    /// The hash of their password, once one was set.
    pub fn password_hash(&self) -> Option<&str> {
        Some(self.password_hash.as_str()).filter(|hash| !hash.is_empty())
    }

    /// As the API shows them.
    pub fn to_user(&self) -> User {
        User {
            id: self.id,
            username: self.username.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            roles: vec![self.role],
            agents_access: Permission::UseAgents.is_held(self.role, self.agents_access),
            organization_ids: vec![self.organization_id],
            status: self.status,
            created_at: self.created_at,
        }
    }
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UserRow")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
pub(super) struct RawUser {
    id: Uuid,
    organization_id: Uuid,
    username: String,
    name: String,
    email: String,
    role: String,
    status: String,
    agents_access: bool,
    password_hash: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<RawUser> for UserRow {
    type Error = StoreError;

    fn try_from(raw: RawUser) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId(raw.id),
            organization_id: OrganizationId(raw.organization_id),
            role: read_role(&raw.role)?,
            status: read_status(&raw.status)?,
            agents_access: raw.agents_access,
            username: raw.username,
            name: raw.name,
            email: raw.email,
            password_hash: raw.password_hash,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        })
    }
}

pub(crate) fn read_role(name: &str) -> Result<Role, StoreError> {
    Role::parse(name).ok_or_else(|| corrupt("role", name))
}

pub(crate) fn read_status(name: &str) -> Result<UserStatus, StoreError> {
    [UserStatus::Active, UserStatus::Suspended]
        .into_iter()
        .find(|status| status_name(*status) == name)
        .ok_or_else(|| corrupt("status", name))
}

pub(super) const fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Suspended => "suspended",
    }
}

fn corrupt(column: &str, found: &str) -> StoreError {
    StoreError::Corrupt {
        table: "users",
        detail: format!("{column} {found:?}"),
    }
}
