//! Signing in and out, and finding out who sends a request.
//!
//! A session or token is looked up by its hash on every request, with its user's role and status: what is revoked,
//! expired or suspended is out at once. Wrong passwords are slowed down by account and address (`attempts`).

pub(crate) mod attempts;
mod browsers;
mod own;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sdk::audit_log::AuditAction;
use sdk::ids::{SessionId, TokenId};
use sdk::users::{LoggedIn, Login, UserStatus};
use store::sessions::{Credential, NewSession};
use store::users::UserRow;
use store::{Notice, StoreError, sessions, tokens, users};

use crate::actor::Via;
use crate::audit_log::Change;
use crate::credentials::{self, API_TOKEN_PREFIX};
use crate::failure::Fault;
use crate::users::{can_be_email, normalize_email};
use crate::{Actor, Failure, FailureKind, Platform};

/// How long a session lives after its last use.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How exact `last_used_at` is: a write per request would cost more than the request.
const USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);
const MAX_USER_AGENT_CHARACTERS: usize = 256;

/// Where a sign-in comes from.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// The client's address, as far as it is known.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: String,
}

/// Why signing in or out failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Wrong address, wrong password or suspended: which, only the owner may know.
    #[error("Incorrect e-mail address or password.")]
    WrongCredentials,
    /// Too many wrong attempts.
    #[error("Too many attempts to sign in. Wait {retry_after_s} seconds and try again.")]
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        retry_after_s: u64,
    },
    /// No such session of the caller's.
    #[error("There is no such session. It may have ended already.")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Failure for SessionError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::WrongCredentials => FailureKind::Unauthenticated,
            Self::TooManyAttempts { retry_after_s } => FailureKind::TooMany {
                retry_after_s: *retry_after_s,
            },
            Self::NotFound => FailureKind::NotFound,
            Self::Store(error) => error.kind(),
            Self::Fault(error) => error.kind(),
        }
    }
}

impl Platform {
    /// Signs in. The token is shown here and never again.
    pub async fn login(&self, login: Login, client: &ClientInfo) -> Result<LoggedIn, SessionError> {
        let user = self.check_login(login, client).await?;
        self.begin_session(&user, client).await
    }

    /// Whose address and password these are.
    async fn check_login(
        &self,
        login: Login,
        client: &ClientInfo,
    ) -> Result<UserRow, SessionError> {
        let email = normalize_email(&login.email);
        if !can_be_email(&email) {
            return Err(SessionError::WrongCredentials);
        }
        let attempt = self.0.attempts.begin(&email, client.address)?;
        let user = users::get_by_email(&self.0.db, &email).await?;
        let turn = self.0.passwords.turn().await?;
        // Many attempts may have waited for their turn together.
        attempt.check()?;
        let hash = user.as_ref().and_then(UserRow::password_hash);
        let is_right = turn.verify(login.password, hash).await?;
        let user = user.filter(|user| is_right && user.status == UserStatus::Active);
        let Some(user) = user else {
            tracing::info!(address = ?client.address, "sign-in refused");
            return Err(attempt.failed());
        };
        Ok(user)
    }

    /// A session of a person whose password was right when `checked` was read. Looking at a password takes its time: one that was
    /// replaced meanwhile, as whoever lost it to somebody does, opens nothing, or its session would outlive it.
    async fn begin_session(
        &self,
        checked: &UserRow,
        client: &ClientInfo,
    ) -> Result<LoggedIn, SessionError> {
        let now = self.0.clock.now();
        sessions::delete_expired(&self.0.db, now).await?;
        let token = credentials::generate();
        let session = NewSession {
            id: SessionId::generate(),
            user_id: checked.id,
            token_hash: &credentials::hash(&token),
            user_agent: &client
                .user_agent
                .chars()
                .take(MAX_USER_AGENT_CHARACTERS)
                .collect::<String>(),
            created_at: now,
            expires_at: now + SESSION_LIFETIME,
        };
        let mut tx = self.0.db.begin().await?;
        let user = users::lock(&mut tx, checked.id).await?;
        let is_unchanged = user.is_some_and(|user| {
            user.status == UserStatus::Active && user.password_hash == checked.password_hash
        });
        if !is_unchanged {
            return Err(SessionError::WrongCredentials);
        }
        sessions::insert(&mut tx, session).await?;
        tx.commit().await?;
        Ok(LoggedIn {
            session_token: token,
        })
    }

    /// Ends the session that the request came with; a request with an API token ends nothing.
    pub async fn logout(&self, actor: &Actor) -> Result<(), SessionError> {
        if let Via::Session(id) = actor.via {
            sessions::delete(&self.0.db, id).await?;
            self.0.notices.publish(Notice::UserChanged {
                user_id: actor.user_id,
            });
        }
        Ok(())
    }

    /// Ends all of the caller's sessions, this one too. API tokens go on.
    pub async fn sign_out_everywhere(&self, actor: &Actor) -> Result<(), SessionError> {
        let mut tx = self.0.db.begin().await?;
        // The person first, as everywhere: in another order two changes would wait for each other.
        let user = users::lock(&mut tx, actor.user_id).await?;
        sessions::delete_of_user(&mut tx, actor.user_id, None).await?;
        if let Some(user) = user {
            let deed = Change::deed(AuditAction::UserSignOutEverywhere, &user);
            self.record(&mut tx, actor, deed).await?;
        }
        tx.commit().await?;
        self.0.notices.publish(Notice::UserChanged {
            user_id: actor.user_id,
        });
        Ok(())
    }

    /// Who holds this session token or API token; `None` when it does not hold.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Actor>, SessionError> {
        let hash = credentials::hash(token);
        let now = self.0.clock.now();
        if token.starts_with(API_TOKEN_PREFIX) {
            let found = tokens::find(&self.0.db, &hash).await?;
            let Some(token) = found.filter(|found| is_valid(found, now)) else {
                return Ok(None);
            };
            self.note_token_use(&token, now).await;
            return Ok(Some(actor(&token, Via::Token(token.id))));
        }
        let found = sessions::find(&self.0.db, &hash).await?;
        let Some(session) = found.filter(|found| is_valid(found, now)) else {
            return Ok(None);
        };
        self.note_session_use(&session, now).await;
        Ok(Some(actor(&session, Via::Session(session.id))))
    }

    /// Whether the actor of a long-lived connection may go on: their credential holds and their role is the same.
    pub async fn is_still_valid(&self, actor: &Actor) -> Result<bool, SessionError> {
        let Some(user) = users::get(&self.0.db, actor.user_id).await? else {
            return Ok(false);
        };
        if user.status != UserStatus::Active || user.role != actor.role {
            return Ok(false);
        }
        let now = self.0.clock.now();
        Ok(match actor.via {
            Via::Session(id) => sessions::get(&self.0.db, id)
                .await?
                .is_some_and(|found| is_valid(&found, now)),
            Via::Token(id) => tokens::get(&self.0.db, id)
                .await?
                .is_some_and(|found| is_valid(&found, now)),
            Via::CommandLine | Via::Agent => true,
        })
    }

    /// A failed note must not fail the request.
    async fn note_session_use(&self, session: &Credential<SessionId>, now: DateTime<Utc>) {
        if !is_use_due(session.last_used_at, now) {
            return;
        }
        let noted = sessions::touch(&self.0.db, session.id, now, now + SESSION_LIFETIME).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a session was not noted");
        }
    }

    async fn note_token_use(&self, token: &Credential<TokenId>, now: DateTime<Utc>) {
        if !is_use_due(token.last_used_at, now) {
            return;
        }
        if let Err(error) = tokens::touch(&self.0.db, token.id, now).await {
            tracing::warn!(%error, "the use of a token was not noted");
        }
    }
}

fn is_valid<Id>(credential: &Credential<Id>, now: DateTime<Utc>) -> bool {
    let is_alive = credential
        .expires_at
        .is_none_or(|expires_at| now < expires_at);
    is_alive && credential.status == UserStatus::Active
}

fn is_use_due(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|last_used_at| now - last_used_at >= USE_INTERVAL)
}

fn actor<Id>(credential: &Credential<Id>, via: Via) -> Actor {
    Actor {
        user_id: credential.user_id,
        organization_id: credential.organization_id,
        role: credential.role,
        agents_access: credential.agents_access,
        via,
        address: None,
    }
}
