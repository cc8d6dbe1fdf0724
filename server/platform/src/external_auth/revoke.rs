//! What a host gave is taken back there when its link is removed here. Best effort: the link is gone before the host is asked,
//! and what was in the way is told.

use std::time::Duration;

use sdk::external_auth::{ExternalAuthDeleted, ExternalAuthKind};
use secrecy::ExposeSecret as _;
use store::external_auth::LinkRow;

use super::links::Links;
use super::{ExternalAuthError, place, refresh_place};
use crate::Failure as _;

/// For the host, with all that it is asked.
const DEADLINE: Duration = Duration::from_secs(10);

impl Links {
    /// Of a link that is gone here. What a person entered is theirs, and what works no more needs nobody to end it. Goes on when
    /// the request that removed the link is gone.
    pub(super) async fn revoke(&self, row: LinkRow) -> ExternalAuthDeleted {
        if row.link.kind != ExternalAuthKind::Oauth || row.link.problem.is_some() {
            return ExternalAuthDeleted::default();
        }
        let (links, host) = (self.clone(), row.link.host.clone());
        let work = async move {
            let asked = tokio::time::timeout(DEADLINE, links.take_back(&row)).await;
            let seconds = DEADLINE.as_secs();
            let host = &row.link.host;
            let outcome = asked.unwrap_or_else(|_| {
                Err(format!("{host} did not answer within {seconds} seconds."))
            });
            if let Err(problem) = &outcome {
                tracing::info!(host, problem, link_id = %row.id, "a token was not revoked at its git host");
            }
            outcome
        };
        let asked = self.refreshes.spawn(work).await;
        let outcome = asked.unwrap_or_else(|_| Err("The server could not ask for it.".to_owned()));
        match outcome {
            Ok(token_revoked) => ExternalAuthDeleted {
                token_revoked,
                token_revocation_error: None,
            },
            Err(problem) => ExternalAuthDeleted {
                token_revoked: false,
                token_revocation_error: Some(format!(
                    "{problem} Here it is forgotten; to end it there, revoke the application in your settings at {host}."
                )),
            },
        }
    }

    /// Whether there was anything to take back, or why the host did not, in a sentence.
    async fn take_back(&self, row: &LinkRow) -> Result<bool, String> {
        let host = &row.link.host;
        let told = |error: ExternalAuthError| error.message();
        let config = self.config(row.link.config.as_deref().unwrap_or_default());
        let config = config.await.map_err(|error| told(error.into()))?;
        // A token goes to the host that gave it, whatever the name means now.
        let config = config.filter(|config| config.host.name() == *host);
        let config = config.ok_or_else(|| {
            format!("{host} can no longer be asked: an owner removed its configuration.")
        })?;
        if !config.has_secret() {
            return Err(format!(
                "{host} takes tokens back only from an application with a client secret, and there is none here."
            ));
        }
        let oauth = self.oauth(&config).map_err(told)?;
        let is_over = row.expires_at.is_some_and(|at| at <= self.clock.now());
        let (at, sealed) = if is_over {
            let sealed = row.refresh_token_sealed.as_deref().unwrap_or_default();
            (refresh_place(row.id), sealed)
        } else {
            (place(row.id), &row.token_sealed[..])
        };
        let token = self.secrets.unseal(at, sealed).map_err(|error| {
            told(ExternalAuthError::Unseal {
                host: host.clone(),
                error,
            })
        })?;
        let Some(mut token) = token else {
            return Ok(false);
        };
        if is_over {
            // What has ended cannot be shown to the host; what it could be renewed with becomes one that can.
            match oauth.refresh(token.expose_secret()).await {
                Ok(tokens) => token = tokens.access_token,
                Err(error) if error.is_dead_refresh_token() => return Ok(false),
                Err(error) => return Err(told(error.into())),
            }
        }
        let revoked = oauth.revoke(token.expose_secret()).await;
        revoked.map_err(|error| told(error.into()))?;
        Ok(true)
    }
}
