//! Accounts: the first owner, and what owners and people themselves may change.

mod fields;
pub(crate) mod first;
mod password_links;
#[cfg(test)]
mod tests;
mod update;

use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::ids::UserId;
use sdk::permissions::Permission;
use sdk::users::{CreateUser, ListUsers, Role, User, UserStatus};
use store::dialect::{Decision, lock_decision};
use store::users::UserRow;
use store::{Notice, StoreError, organizations, users};

pub(crate) use fields::{can_be_email, normalize_email};

use crate::actor::Via;
use crate::audit_log::Change;
use crate::failure::Fault;
use crate::sessions::SessionError;
use crate::{Actor, Failure, FailureKind, Platform};

const MAX_PAGE: i64 = 1000;

/// Why something about users failed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The user name is taken.
    #[error("The user name is taken. Choose another one.")]
    UsernameTaken,
    /// The address is taken.
    #[error("An account with this e-mail address exists already.")]
    EmailTaken,
    /// Somebody set this deployment up already.
    #[error("This deployment has its first user already. Sign in instead.")]
    FirstUserExists,
    /// No such user for the caller.
    #[error("There is no such user.")]
    NotFound,
    /// Their role does not allow it.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// Only owners decide about owners.
    #[error(
        "Only an owner may make somebody an owner or change an owner's account. Ask one of this deployment's owners."
    )]
    OwnersOnly,
    /// A link to one's own password.
    #[error("Change your own password under Settings → Profile.")]
    OwnPassword,
    /// No link that holds.
    #[error(
        "This link does not hold any more, or never did. Ask an owner or administrator of this deployment for a new one."
    )]
    NoSuchLink,
    /// Nobody could administer the deployment any more.
    #[error("This is the last active owner. Make another user an owner first.")]
    LastOwner,
    /// They still have workspaces.
    #[error("The user still has {0} workspaces. Delete those first, or suspend the user instead.")]
    HasWorkspaces(i64),
    /// The old password was wrong too often.
    #[error(transparent)]
    TooManyAttempts(#[from] SessionError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Failure for UserError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NotFound | Self::NoSuchLink => FailureKind::NotFound,
            Self::TooManyAttempts(error) => error.kind(),
            Self::Forbidden | Self::OwnersOnly => FailureKind::Forbidden,
            Self::UsernameTaken
            | Self::EmailTaken
            | Self::FirstUserExists
            | Self::LastOwner
            | Self::OwnPassword
            | Self::HasWorkspaces(_) => FailureKind::Conflict,
            Self::Store(error) => error.kind(),
            Self::Fault(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        let taken = |field: &str| {
            vec![Validation {
                field: field.to_owned(),
                detail: "This is taken. Choose another one.".to_owned(),
            }]
        };
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::UsernameTaken => taken("username"),
            Self::EmailTaken => taken("email"),
            _ => Vec::new(),
        }
    }
}

impl UserError {
    /// A write that ran into a unique index names the field that is taken.
    fn from_write(error: StoreError) -> Self {
        match error.unique_violation() {
            Some(index) if index.contains("username") => Self::UsernameTaken,
            Some(index) if index.contains("email") => Self::EmailTaken,
            _ => Self::Store(error),
        }
    }
}

impl Platform {
    /// A user by id, user name or `me`. Others than oneself need [`Permission::ReadUsers`].
    pub async fn get_user(&self, actor: &Actor, user: &str) -> Result<User, UserError> {
        Ok(self.find_user(actor, user).await?.to_user())
    }

    /// All users, oldest first, in pages. Needs [`Permission::ReadUsers`].
    pub async fn list_users(
        &self,
        actor: &Actor,
        query: ListUsers,
    ) -> Result<Vec<User>, UserError> {
        actor.require(Permission::ReadUsers, UserError::NotFound)?;
        let limit = query.limit.unwrap_or(MAX_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(invalid("limit", "Use a number between 1 and 1,000."));
        }
        let rows = users::list(&self.0.db, query.after_id, limit).await?;
        Ok(rows.iter().map(UserRow::to_user).collect())
    }

    /// A new account. Needs [`Permission::ManageUsers`], and an owner's [`Permission::ManageOwners`].
    pub async fn create_user(&self, actor: &Actor, request: CreateUser) -> Result<User, UserError> {
        let role = request.role.unwrap_or(Role::Member);
        require_management(actor, role)?;
        check_agents_access(role, request.agents_access)?;
        let account = fields::check_account(
            &request.email,
            &request.username,
            request.name.as_deref(),
            request.password.as_deref(),
        )?;
        let row = UserRow {
            agents_access: request.agents_access.unwrap_or(true),
            ..self.new_row(account, role).await?
        };
        let mut tx = self.0.db.begin().await?;
        // A first owner who is being made at the same time must not find the table half filled.
        lock_decision(&mut tx, Decision::FirstUser).await?;
        users::insert(&mut tx, &row)
            .await
            .map_err(UserError::from_write)?;
        let change = Change::created(AuditAction::UserCreate, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        tracing::info!(user_id = %row.id, by = %actor.user_id, "user created");
        Ok(row.to_user())
    }

    /// Removes an account with its chats, never the last owner's; workspaces must be deleted before. Needs
    /// [`Permission::ManageUsers`], for owners' accounts [`Permission::ManageOwners`].
    pub async fn delete_user(&self, actor: &Actor, user: &str) -> Result<(), UserError> {
        let id = self.find_user(actor, user).await?.id;
        actor.require(Permission::ManageUsers, UserError::Forbidden)?;
        let mut tx = self.0.db.begin().await?;
        let owners = users::lock_active_owners(&mut tx).await?;
        let row = users::lock(&mut tx, id).await?.ok_or(UserError::NotFound)?;
        require_management(actor, row.role)?;
        if owners == [id] {
            return Err(UserError::LastOwner);
        }
        let workspaces = users::count_workspaces(&mut tx, id).await?;
        if workspaces > 0 {
            return Err(UserError::HasWorkspaces(workspaces));
        }
        // Before, so that those who delete themselves still have a name.
        let change = Change::deleted(AuditAction::UserDelete, &row);
        self.record(&mut tx, actor, change).await?;
        users::delete(&mut tx, id).await?;
        tx.commit().await?;
        self.0.notices.publish(Notice::UserChanged { user_id: id });
        tracing::info!(user_id = %id, by = %actor.user_id, "user deleted");
        Ok(())
    }

    /// The row of a user that the actor may see.
    pub(crate) async fn find_user(&self, actor: &Actor, user: &str) -> Result<UserRow, UserError> {
        // PostgreSQL refuses to compare such text.
        if user.contains('\0') {
            return Err(UserError::NotFound);
        }
        let found = match (user, user.parse::<UserId>()) {
            ("me", _) => users::get(&self.0.db, actor.user_id).await?,
            (_, Ok(id)) => users::get(&self.0.db, id).await?,
            (name, Err(_)) => users::get_by_username(&self.0.db, &name.to_lowercase()).await?,
        };
        let sees_all = actor.may(Permission::ReadUsers);
        let is_visible = |row: &UserRow| sees_all || row.id == actor.user_id;
        found.filter(is_visible).ok_or(UserError::NotFound)
    }

    /// The actor of a command on the server's own machine: whoever can run it can read the database anyway.
    pub async fn command_line_actor(&self) -> Result<Actor, UserError> {
        let organization = organizations::get_default(&self.0.db).await?;
        let organization =
            organization.ok_or_else(|| Fault::new("users", &"no default organization"))?;
        Ok(Actor {
            user_id: UserId(uuid::Uuid::nil()),
            organization_id: organization.id,
            role: Role::Owner,
            agents_access: true,
            via: Via::CommandLine,
            address: None,
        })
    }

    async fn new_row(&self, account: fields::Account, role: Role) -> Result<UserRow, UserError> {
        let organization = organizations::get_default(&self.0.db).await?;
        let organization =
            organization.ok_or_else(|| Fault::new("users", &"no default organization"))?;
        // No password fits an empty hash.
        let password_hash = match account.password {
            Some(password) => self.0.passwords.hash(password).await?,
            None => String::new(),
        };
        let now = self.0.clock.now();
        Ok(UserRow {
            id: UserId::generate(),
            organization_id: organization.id,
            username: account.username,
            name: account.name,
            email: account.email,
            role,
            status: UserStatus::Active,
            agents_access: true,
            password_hash,
            created_at: now,
            updated_at: now,
        })
    }
}

/// Refuses those who may not manage accounts of this role.
pub(crate) fn require_management(actor: &Actor, role: Role) -> Result<(), UserError> {
    actor.require(Permission::ManageUsers, UserError::Forbidden)?;
    if role == Role::Owner {
        actor.require(Permission::ManageOwners, UserError::OwnersOnly)?;
    }
    Ok(())
}

/// Owners always may use agents, so nobody is told that one was kept from it.
fn check_agents_access(role: Role, wanted: Option<bool>) -> Result<(), UserError> {
    if role == Role::Owner && wanted == Some(false) {
        return Err(invalid(
            "agents_access",
            "Owners may always use agents. Give them another role first.",
        ));
    }
    Ok(())
}

fn invalid(field: &str, detail: &str) -> UserError {
    UserError::Invalid(vec![Validation {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }])
}
