//! Tokens that end are refreshed before they are used, by one process at a time: hosts take a refresh token once, so two
//! at a time would lose the link.
//!
//! Who refreshes claims the row; the others wait for the outcome. The work goes on when the request that wanted it is gone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use forge::{OauthError, OauthTokens};
use sdk::ids::UserId;
use secrecy::ExposeSecret as _;
use store::dialect::to_micros;
use store::external_auth::{self, LinkRow, Refreshed};
use tokio::time::Instant;

use super::links::Links;
use super::{ExternalAuthError, place, refresh_place};

/// A token that ends sooner is not handed out any more: git has to arrive with it.
const MARGIN: TimeDelta = TimeDelta::minutes(2);
/// How long a claim holds when its process is gone: longer than the host is asked.
const CLAIM: TimeDelta = TimeDelta::seconds(40);
/// How long somebody waits for another's refresh.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
/// How long a database that does not take a new token is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(1);

impl Links {
    /// The link with a token that holds yet, or why there is none.
    pub(super) async fn fresh(
        &self,
        user: UserId,
        mut row: LinkRow,
    ) -> Result<LinkRow, ExternalAuthError> {
        let deadline = Instant::now() + PATIENCE;
        // A token that lives no longer than the margin is taken as it is, or it would be refreshed for ever.
        let mut is_refreshed = false;
        loop {
            if let Some(problem) = row.link.problem {
                return Err(ExternalAuthError::Broken(problem));
            }
            let now = self.clock.now();
            if row.expires_at.is_none_or(|at| at > now + MARGIN) {
                return Ok(row);
            }
            let holds_yet = row.expires_at.is_some_and(|at| at > now);
            if holds_yet && (is_refreshed || row.refresh_token_sealed.is_none()) {
                return Ok(row);
            }
            let host = row.link.host.clone();
            let until = to_micros(now + CLAIM);
            let ends_by = now + MARGIN;
            if external_auth::claim_refresh(&self.db, row.id, ends_by, (now, until)).await? {
                let (links, claimed) = (self.clone(), row.clone());
                let work = async move { links.refresh(claimed, until).await };
                let refreshed = self.refreshes.spawn(work).await;
                match refreshed {
                    Ok(Err(error)) if holds_yet => {
                        tracing::warn!(%error, host, "the token that ends soon is used once more");
                        return Ok(row);
                    }
                    Ok(outcome) => {
                        outcome?;
                        is_refreshed = true;
                    }
                    Err(_) => return Err(ExternalAuthError::NotRefreshed(host)),
                }
            } else if Instant::now() < deadline {
                tokio::time::sleep(PAUSE).await;
            } else if holds_yet {
                return Ok(row);
            } else {
                return Err(ExternalAuthError::NotRefreshed(host));
            }
            let now_there = external_auth::get(&self.db, user, &host).await?;
            row = now_there.ok_or(ExternalAuthError::NotFound)?;
        }
    }

    /// Of a link that is claimed. What came of it stands in its row.
    async fn refresh(&self, row: LinkRow, until: DateTime<Utc>) -> Result<(), ExternalAuthError> {
        let host = row.link.host.as_str();
        let outcome = self.ask_for_tokens(&row).await;
        let problem = match outcome {
            Ok(tokens) => return self.keep_tokens(&row, until, &tokens).await,
            Err(Refusal::Dead(problem)) => problem,
            Err(Refusal::Passing(error)) => {
                external_auth::end_refresh(&self.db, row.id, until, None).await?;
                return Err(error);
            }
        };
        tracing::info!(host, problem, link_id = %row.id, "a link to a git host works no more");
        external_auth::end_refresh(&self.db, row.id, until, Some(&problem)).await?;
        Ok(())
    }

    async fn ask_for_tokens(&self, row: &LinkRow) -> Result<OauthTokens, Refusal> {
        let host = &row.link.host;
        let sealed = row.refresh_token_sealed.as_deref().unwrap_or_default();
        let token = self.secrets.unseal(refresh_place(row.id), sealed);
        let token = token.map_err(|error| {
            Refusal::Passing(ExternalAuthError::Unseal {
                host: host.clone(),
                error,
            })
        })?;
        let Some(token) = token else {
            return Err(Refusal::Dead(format!(
                "The sign-in at {host} has ended, and the host gave nothing to renew it with."
            )));
        };
        let config = self.config(row.link.config.as_deref().unwrap_or_default());
        let config = config
            .await
            .map_err(|error| Refusal::Passing(error.into()))?;
        // A refresh token goes to the host that gave it, whatever the name means now.
        let config = config.filter(|config| config.host.name() == *host);
        let Some(config) = config else {
            // It may come back while the token holds.
            let holds_yet = row.expires_at.is_some_and(|at| at > self.clock.now());
            return Err(if holds_yet {
                Refusal::Passing(ExternalAuthError::NotRefreshed(host.clone()))
            } else {
                Refusal::Dead(format!(
                    "The sign-in at {host} can no longer be renewed: an owner removed its configuration."
                ))
            });
        };
        let oauth = self.oauth(&config).map_err(Refusal::Passing)?;
        match oauth.refresh(token.expose_secret()).await {
            Ok(tokens) => Ok(tokens),
            Err(error) if error.is_dead_refresh_token() => Err(Refusal::Dead(format!(
                "The sign-in at {host} was revoked there or has ended: {}.",
                words_of(&error)
            ))),
            Err(error) => Err(Refusal::Passing(error.into())),
        }
    }

    async fn keep_tokens(
        &self,
        row: &LinkRow,
        until: DateTime<Utc>,
        tokens: &OauthTokens,
    ) -> Result<(), ExternalAuthError> {
        let failed = |error| ExternalAuthError::Unseal {
            host: row.link.host.clone(),
            error,
        };
        let token = tokens.access_token.expose_secret();
        let token_sealed = self.secrets.seal(place(row.id), token).map_err(failed)?;
        // Hosts that do not name another one go on with the one that there is.
        let refresh_token_sealed = match &tokens.refresh_token {
            Some(token) => {
                let sealed = self
                    .secrets
                    .seal(refresh_place(row.id), token.expose_secret());
                Some(sealed.map_err(failed)?)
            }
            None => row.refresh_token_sealed.clone(),
        };
        let refreshed = Refreshed {
            token_sealed: &token_sealed,
            refresh_token_sealed: refresh_token_sealed.as_deref(),
            expires_at: ends_at(self.clock.now(), tokens),
        };
        // They are nowhere else, and the host takes the old ones no more: tried as long as the claim holds.
        loop {
            match external_auth::finish_refresh(&self.db, row.id, until, refreshed).await {
                Ok(_) => return Ok(()),
                Err(error) if self.clock.now() >= until => return Err(error.into()),
                Err(error) => tracing::warn!(%error, "a refreshed token could not be stored yet"),
            }
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

enum Refusal {
    /// Nothing but linking again helps.
    Dead(String),
    /// It may work later.
    Passing(ExternalAuthError),
}

/// When a token ends.
pub(super) fn ends_at(now: DateTime<Utc>, tokens: &OauthTokens) -> Option<DateTime<Utc>> {
    let lives = TimeDelta::from_std(tokens.expires_in?).ok()?;
    now.checked_add_signed(lives).map(to_micros)
}

fn words_of(error: &OauthError) -> String {
    match error {
        OauthError::Refused { words, .. } => words.clone(),
        OauthError::Host(error) => error.to_string(),
    }
}
