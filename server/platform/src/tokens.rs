//! API tokens: for programs that act as their owner. The key is shown once.

#[cfg(test)]
mod tests;

use chrono::TimeDelta;
use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::ids::TokenId;
use sdk::tokens::{CreateToken, CreatedToken, Token};
use store::tokens::NewToken;
use store::{Notice, StoreError, tokens, users};

use crate::actor::Via;
use crate::audit_log::{Change, TokenOf};
use crate::credentials::{self, API_TOKEN_PREFIX};
use crate::failure::Checks;
use crate::users::{UserError, require_management};
use crate::{Actor, Failure, FailureKind, Platform};

const MAX_NAME_CHARACTERS: usize = 64;
const MAX_TOKENS: i64 = 100;
/// A hundred years; longer ones are meant to be endless.
const MAX_LIFETIME: TimeDelta = TimeDelta::days(36_500);

/// Why something about tokens failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The name is taken.
    #[error("You have a token with this name already. Choose another name.")]
    NameTaken,
    /// As many as there may be.
    #[error("There are {MAX_TOKENS} tokens already. Delete one that is not needed.")]
    TooMany,
    /// No such token or user for the caller.
    #[error("There is no such token.")]
    NotFound,
    /// Tokens of others.
    #[error("Tokens can be made only by the person they act for.")]
    Forbidden,
    /// The user cannot be found.
    #[error(transparent)]
    User(#[from] UserError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for TokenError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NameTaken | Self::TooMany => FailureKind::Conflict,
            Self::NotFound => FailureKind::NotFound,
            Self::Forbidden => FailureKind::Forbidden,
            Self::User(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::NameTaken => {
                vec![Validation {
                    field: "token_name".to_owned(),
                    detail: "This name is taken. Choose another one.".to_owned(),
                }]
            }
            Self::User(error) => error.validations(),
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// A user's tokens, oldest first. People see their own; who sees the users sees which tokens they hold, never a key.
    pub async fn list_tokens(&self, actor: &Actor, user: &str) -> Result<Vec<Token>, TokenError> {
        let user = self.find_user(actor, user).await?;
        Ok(tokens::list(&self.0.db, user.id, MAX_TOKENS).await?)
    }

    /// A new token. Only for oneself: an owner who could make tokens for others could act as them.
    pub async fn create_token(
        &self,
        actor: &Actor,
        user: &str,
        request: CreateToken,
    ) -> Result<CreatedToken, TokenError> {
        let user = self.find_user(actor, user).await?;
        if user.id != actor.user_id && actor.via != Via::CommandLine {
            return Err(TokenError::Forbidden);
        }
        let (name, lifetime) = check(&request)?;
        let key = format!("{API_TOKEN_PREFIX}{}", credentials::generate());
        let now = self.0.clock.now();
        let token = NewToken {
            id: TokenId::generate(),
            user_id: user.id,
            name: &name,
            key_hash: &credentials::hash(&key),
            created_at: now,
            expires_at: lifetime.map(|lifetime| now + lifetime),
        };
        let mut tx = self.0.db.begin().await?;
        // The lock keeps two requests from both being the hundredth.
        users::lock(&mut tx, user.id)
            .await?
            .ok_or(TokenError::NotFound)?;
        if tokens::count(&mut tx, user.id).await? >= MAX_TOKENS {
            return Err(TokenError::TooMany);
        }
        tokens::insert(&mut tx, token).await.map_err(from_write)?;
        let thing = TokenOf {
            id: token.id,
            name: &name,
            username: &user.username,
        };
        let change = Change::created(AuditAction::TokenCreate, &thing);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(CreatedToken { id: token.id, key })
    }

    /// Revokes a token at once. Others' by those who manage their accounts.
    pub async fn delete_token(
        &self,
        actor: &Actor,
        user: &str,
        id: TokenId,
    ) -> Result<(), TokenError> {
        let user = self.find_user(actor, user).await?;
        if user.id != actor.user_id {
            require_management(actor, user.role)?;
        }
        let mut tx = self.0.db.begin().await?;
        // A token that revokes itself still has a name then.
        let name = tokens::get_name(&mut tx, user.id, id).await?;
        let thing = TokenOf {
            id,
            name: &name.ok_or(TokenError::NotFound)?,
            username: &user.username,
        };
        let change = Change::deleted(AuditAction::TokenDelete, &thing);
        self.record(&mut tx, actor, change).await?;
        // Somebody else was faster, and told it.
        if !tokens::delete(&mut tx, user.id, id).await? {
            return Err(TokenError::NotFound);
        }
        tx.commit().await?;
        self.0
            .notices
            .publish(Notice::UserChanged { user_id: user.id });
        Ok(())
    }
}

fn check(request: &CreateToken) -> Result<(String, Option<TimeDelta>), TokenError> {
    let mut checks = Checks::default();
    let name = request.token_name.trim();
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME_CHARACTERS || name.chars().any(char::is_control) {
        checks.refuse(
            "token_name",
            "Enter 1 to 64 characters, without control characters.",
        );
    }
    let lifetime = request.lifetime_seconds.map(|seconds| {
        let lifetime = TimeDelta::try_seconds(seconds);
        lifetime.filter(|lifetime| *lifetime > TimeDelta::zero() && *lifetime <= MAX_LIFETIME)
    });
    if lifetime == Some(None) {
        checks.refuse(
            "lifetime_seconds",
            "Use more than 0 and at most a hundred years of seconds, or leave it out for no end.",
        );
    }
    checks.finish().map_err(TokenError::Invalid)?;
    Ok((name.to_owned(), lifetime.flatten()))
}

fn from_write(error: StoreError) -> TokenError {
    match error.unique_violation() {
        Some(index) if index.contains("name") => TokenError::NameTaken,
        _ => TokenError::Store(error),
    }
}
