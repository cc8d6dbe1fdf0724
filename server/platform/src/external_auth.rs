//! External auth: what people sign in to git hosts with. Each has their own; nobody, owners of the deployment neither,
//! sees or uses those of others, and a secret that went in comes out for git and the host's own API alone (`credential`).

mod credential;
#[cfg(test)]
mod tests;

use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::external_auth::{ExternalAuth, ExternalAuthKind, ExternalAuthLink, PutExternalAuth};
use sdk::ids::ExternalAuthLinkId;
use store::external_auth::{self, NewLink};
use store::{StoreError, users};
use workspace::git_host::GitHost;

pub(crate) use self::credential::{for_clone, for_host};
use crate::audit_log::Change;
use crate::failure::{Checks, sentence_case};
use crate::secrets::{Place, UnsealError};
use crate::{Actor, Failure, FailureKind, Platform};

/// Hosts that look at the token alone take any name; this is the one that GitHub documents.
const USUAL_USERNAME: &str = "x-access-token";
const MAX_LINKS: i64 = 50;
const MAX_USERNAME_CHARACTERS: usize = 255;
/// Shorter ones are a mistake, and would be found in every other output that they are kept out of.
const TOKEN_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=4096;

/// Why something about external auth failed.
#[derive(Debug, thiserror::Error)]
pub enum ExternalAuthError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// As many as there may be.
    #[error("There are tokens for {MAX_LINKS} hosts already. Remove one that is not needed.")]
    TooMany,
    /// The caller has none for this host.
    #[error("You have no token for this host.")]
    NotFound,
    /// An agent asks and gets nothing; why, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The agent's token holds no longer.
    #[error("The workspace was stopped or started anew; this agent is no longer needed.")]
    AgentGone,
    /// The token does not open.
    #[error("The token for {host} cannot be read: {error}.")]
    Unseal {
        /// The host.
        host: String,
        /// Why.
        error: UnsealError,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ExternalAuthError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::TooMany => FailureKind::Conflict,
            Self::NotFound | Self::Refused(_) => FailureKind::NotFound,
            Self::AgentGone => FailureKind::Unauthenticated,
            Self::Unseal { .. } => FailureKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// The caller's links, by host.
    pub async fn list_external_auth(
        &self,
        actor: &Actor,
    ) -> Result<ExternalAuth, ExternalAuthError> {
        let rows = external_auth::list(&self.0.db, actor.user_id, MAX_LINKS).await?;
        Ok(ExternalAuth {
            links: rows.into_iter().map(|row| row.link).collect(),
        })
    }

    /// Adds the caller's token for a host, or replaces it.
    pub async fn put_external_auth(
        &self,
        actor: &Actor,
        host: &str,
        request: PutExternalAuth,
    ) -> Result<ExternalAuthLink, ExternalAuthError> {
        let checked = check(host, &request)?;
        let mut tx = self.0.db.begin().await?;
        // The lock keeps two requests from both being the first for a host, or the last that there is room for.
        users::lock(&mut tx, actor.user_id)
            .await?
            .ok_or(ExternalAuthError::NotFound)?;
        let known = external_auth::get_in(&mut tx, actor.user_id, &checked.host).await?;
        let id = known
            .as_ref()
            .map_or_else(ExternalAuthLinkId::generate, |row| row.id);
        let sealed = self.0.secrets.seal(place(id), &checked.token);
        let sealed = sealed.map_err(|error| ExternalAuthError::Unseal {
            host: checked.host.clone(),
            error,
        })?;
        let link = NewLink {
            id,
            user_id: actor.user_id,
            host: &checked.host,
            kind: ExternalAuthKind::Token,
            username: &checked.username,
            token_sealed: &sealed,
            now: self.0.clock.now(),
        };
        if known.is_some() {
            external_auth::update(&mut tx, link).await?;
        } else {
            if external_auth::count(&mut tx, actor.user_id).await? >= MAX_LINKS {
                return Err(ExternalAuthError::TooMany);
            }
            external_auth::insert(&mut tx, link).await?;
        }
        let row = external_auth::get_in(&mut tx, actor.user_id, &checked.host).await?;
        let row = row.ok_or(ExternalAuthError::NotFound)?;
        let change = match &known {
            Some(known) => Change::updated(AuditAction::ExternalAuthUpdate, known, &row),
            None => Change::created(AuditAction::ExternalAuthCreate, &row),
        };
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.hurry_diff_statuses(actor.user_id).await;
        Ok(row.link)
    }

    /// Forgets the caller's token for a host.
    pub async fn delete_external_auth(
        &self,
        actor: &Actor,
        host: &str,
    ) -> Result<(), ExternalAuthError> {
        let host = GitHost::of_entry(host).map_err(|_| ExternalAuthError::NotFound)?;
        let mut tx = self.0.db.begin().await?;
        let row = external_auth::get_in(&mut tx, actor.user_id, host.name()).await?;
        let row = row.ok_or(ExternalAuthError::NotFound)?;
        if !external_auth::delete(&mut tx, actor.user_id, host.name()).await? {
            return Err(ExternalAuthError::NotFound);
        }
        let change = Change::deleted(AuditAction::ExternalAuthDelete, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Where a link's token is sealed for.
fn place(id: ExternalAuthLinkId) -> Place {
    Place {
        table: "external_auth_links",
        column: "token_sealed",
        row: id.0,
    }
}

struct Checked {
    host: String,
    token: String,
    username: String,
}

fn check(host: &str, request: &PutExternalAuth) -> Result<Checked, ExternalAuthError> {
    let mut checks = Checks::default();
    let host = GitHost::of_entry(host).map_err(|error| sentence_case(&error.to_string()));
    let host = checks.take("host", host);
    let token = request.token.trim();
    let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if !TOKEN_CHARACTERS.contains(&token.len()) || !is_visible(token) {
        checks.refuse(
            "token",
            "Enter the token as the host showed it: 8 to 4,096 letters, digits and signs, without spaces.",
        );
    }
    let username = request.username.as_deref().unwrap_or_default().trim();
    if username.len() > MAX_USERNAME_CHARACTERS || !is_visible(username) || username.contains(':') {
        checks.refuse(
            "username",
            "Enter at most 255 letters, digits and signs, without spaces and colons, or leave it empty.",
        );
    }
    checks.finish().map_err(ExternalAuthError::Invalid)?;
    let username = if username.is_empty() {
        USUAL_USERNAME
    } else {
        username
    };
    Ok(Checked {
        host: host.map(|host| host.name().to_owned()).unwrap_or_default(),
        token: token.to_owned(),
        username: username.to_owned(),
    })
}
