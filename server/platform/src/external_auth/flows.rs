//! How somebody signs in at a git host: they go there and come back with a code, or they enter a code there.
//!
//! What comes back is believed only with the state that was sent along, once, from the person and the session that began, within
//! ten minutes; the code is good only with the PKCE verifier, which never left the server. What was in the way stands in the
//! row of the flow, so that the page tells it to its own person alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use forge::{Access, OauthError, OauthTokens};
use sdk::external_auth::{
    ExternalAuthDevice, ExternalAuthFlow, ExternalAuthFlowStatus, ExternalAuthKind,
};
use sdk::ids::{ExternalAuthFlowId, SessionId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::dialect::to_micros;
use store::external_auth::flows::{self, FlowKind, FlowRow};
use store::users;
use url::Url;

use super::links::Config;
use super::refresh::ends_at;
use super::{ExternalAuthError, Given, USUAL_USERNAME, flow_place};
use crate::actor::Via;
use crate::{Actor, Failure as _, Platform, credentials};

pub(super) const FLOW_MINUTES: i64 = 10;
/// How long what became of a flow can be looked up.
const KEPT: TimeDelta = TimeDelta::hours(1);
const MOST_FLOWS: i64 = 20;
const LONGEST_CODE_BYTES: usize = 2048;
/// RFC 8628, 3.5.
const SLOWER_SECONDS: i64 = 5;
const SLOWEST_SECONDS: i64 = 300;
/// What stands there while a code is exchanged, and stays when the server ends meanwhile.
const CUT_OFF: &str = "The sign-in was cut off. Begin again.";

/// What somebody comes back with, in the query of the callback URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Returned {
    /// What was sent along.
    pub state: String,
    /// What tokens are given for.
    pub code: String,
    /// Why there is no code.
    pub error: String,
    /// The same in words.
    pub error_description: String,
}

impl std::fmt::Debug for Returned {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Returned")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Platform {
    /// Sends the caller to a host: the address to go to. They have to come back in the same session.
    pub async fn start_external_auth(
        &self,
        actor: &Actor,
        config: &str,
    ) -> Result<Url, ExternalAuthError> {
        let config = self.config(config).await?;
        if !config.has_secret() {
            return Err(ExternalAuthError::OtherWay);
        }
        let session = session_of(actor).ok_or(ExternalAuthError::NeedsBrowser)?;
        let (state, verifier) = (credentials::generate(), credentials::generate());
        let redirect_uri = self.callback_url(&config.name);
        let flow = FlowRow {
            session_id: Some(session),
            kind: FlowKind::Code,
            state_hash: Some(credentials::hash(&state).to_vec()),
            redirect_uri: redirect_uri.to_string(),
            ..self.new_flow(actor, &config)
        };
        let url = self
            .0
            .links
            .oauth(&config)?
            .authorize_url(&state, &verifier, &redirect_uri);
        self.keep_flow(flow, &verifier.into()).await?;
        Ok(url)
    }

    /// The caller came back from a host. Which flow it was: what became of it stands there.
    pub async fn finish_external_auth(
        &self,
        actor: &Actor,
        config: &str,
        returned: Returned,
    ) -> Result<ExternalAuthFlowId, ExternalAuthError> {
        let session = session_of(actor).ok_or(ExternalAuthError::NoFlow)?;
        let hash = credentials::hash(&returned.state);
        let whose = (actor.user_id, session);
        let now = self.0.clock.now();
        let flow = flows::take(&self.0.db, &hash, whose, now, CUT_OFF).await?;
        let Some(flow) = flow else {
            self.config(config).await?;
            return Err(ExternalAuthError::NoFlow);
        };
        let id = flow.id;
        let (platform, actor) = (self.clone(), *actor);
        let is_right = flow.config == config;
        self.outliving(async move {
            let linked = if is_right {
                platform.exchange(&actor, &flow, &returned).await
            } else {
                Err(ExternalAuthError::NoFlow)
            };
            let problem = linked.err().map(|error| told(&flow, &error));
            let now = platform.0.clock.now();
            flows::finish(&platform.0.db, flow.id, now, problem.as_deref()).await?;
            Ok(())
        })
        .await?;
        Ok(id)
    }

    /// Does what must not end with the request that wants it: a host hands a token out once, so one that arrives when nobody
    /// waits any more is kept all the same.
    async fn outliving(
        &self,
        work: impl Future<Output = Result<(), ExternalAuthError>> + Send + 'static,
    ) -> Result<(), ExternalAuthError> {
        match self.0.links.refreshes.spawn(work).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // What is known of the flow stands in its row.
                tracing::error!(%error, "a sign-in at a git host was cut off");
                Ok(())
            }
        }
    }

    /// Gets a code for the caller to enter at a host.
    pub async fn start_external_auth_device(
        &self,
        actor: &Actor,
        config: &str,
    ) -> Result<ExternalAuthDevice, ExternalAuthError> {
        let config = self.config(config).await?;
        if !config.device_flow {
            return Err(ExternalAuthError::OtherWay);
        }
        // Asked again below; here it keeps one person from using up what the host allows the deployment.
        let mut tx = self.0.db.begin().await?;
        let now = self.0.clock.now();
        if flows::count(&mut tx, actor.user_id, now).await? >= MOST_FLOWS {
            return Err(ExternalAuthError::TooManyFlows);
        }
        tx.commit().await?;
        let device = self.0.links.oauth(&config)?.device_code().await?;
        let flow = self.new_flow(actor, &config);
        let flow = FlowRow {
            kind: FlowKind::Device,
            interval_seconds: seconds(device.interval),
            next_poll_at: later(flow.created_at, seconds(device.interval)),
            expires_at: later(flow.created_at, seconds(device.expires_in)),
            ..flow
        };
        let started = ExternalAuthDevice {
            flow_id: flow.id,
            user_code: device.user_code,
            verification_uri: device.verification_uri,
            expires_at: flow.expires_at,
            interval_seconds: flow.interval_seconds,
        };
        self.keep_flow(flow, &device.device_code).await?;
        Ok(started)
    }

    /// What became of one of the caller's flows.
    pub async fn get_external_auth_flow(
        &self,
        actor: &Actor,
        id: ExternalAuthFlowId,
    ) -> Result<ExternalAuthFlow, ExternalAuthError> {
        let row = flows::get(&self.0.db, id, actor.user_id).await?;
        Ok(describe(row.ok_or(ExternalAuthError::NoFlow)?))
    }

    /// Asks the host whether the caller has entered their code, as often as the host allows; what is known without asking,
    /// when that is too early.
    pub async fn poll_external_auth_flow(
        &self,
        actor: &Actor,
        id: ExternalAuthFlowId,
    ) -> Result<ExternalAuthFlow, ExternalAuthError> {
        let row = flows::get(&self.0.db, id, actor.user_id).await?;
        let row = row.ok_or(ExternalAuthError::NoFlow)?;
        let now = self.0.clock.now();
        if row.kind == FlowKind::Device && row.finished_at.is_none() {
            if row.expires_at <= now {
                let problem = told(
                    &row,
                    &OauthError::refused(&row.host, "expired_token", None).into(),
                );
                flows::finish(&self.0.db, id, now, Some(&problem)).await?;
            } else {
                let next = later(now, row.interval_seconds);
                if flows::claim_poll(&self.0.db, (id, actor.user_id), now, next).await? {
                    let (platform, actor) = (self.clone(), *actor);
                    self.outliving(async move { platform.poll(&actor, &row).await })
                        .await?;
                }
            }
        }
        self.get_external_auth_flow(actor, id).await
    }

    async fn poll(&self, actor: &Actor, row: &FlowRow) -> Result<(), ExternalAuthError> {
        let outcome = self.ask_for_device(row).await;
        let (db, now) = (&self.0.db, self.0.clock.now());
        let linked = match outcome {
            Ok((config, tokens)) => self.link(actor, &config, &tokens).await,
            Err(ExternalAuthError::Host(OauthError::Refused { code, interval, .. }))
                if code == "slow_down" =>
            {
                let slower = row.interval_seconds + SLOWER_SECONDS;
                let slower = interval.map_or(slower, |told| slower.max(seconds(told)));
                let slower = slower.min(SLOWEST_SECONDS);
                flows::slow_down(db, row.id, slower, later(now, slower)).await?;
                return Ok(());
            }
            Err(ExternalAuthError::Host(error)) if is_passing(&error) => return Ok(()),
            Err(error) => Err(error),
        };
        let problem = linked.err().map(|error| told(row, &error));
        flows::finish(db, row.id, now, problem.as_deref()).await?;
        Ok(())
    }

    async fn ask_for_device(
        &self,
        row: &FlowRow,
    ) -> Result<(Config, OauthTokens), ExternalAuthError> {
        let config = self.config_of(row).await?;
        let device_code = self.secret_of(row)?;
        let oauth = self.0.links.oauth(&config)?;
        let tokens = oauth.device_tokens(device_code.expose_secret()).await?;
        Ok((config, tokens))
    }

    async fn exchange(
        &self,
        actor: &Actor,
        flow: &FlowRow,
        returned: &Returned,
    ) -> Result<(), ExternalAuthError> {
        if !returned.error.is_empty() {
            let words = Some(returned.error_description.as_str());
            return Err(OauthError::refused(&flow.host, &returned.error, words).into());
        }
        let is_code = !returned.code.is_empty()
            && returned.code.len() <= LONGEST_CODE_BYTES
            && returned.code.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_code {
            return Err(OauthError::refused(&flow.host, "bad_verification_code", None).into());
        }
        let config = self.config_of(flow).await?;
        let verifier = self.secret_of(flow)?;
        let redirect_uri = Url::parse(&flow.redirect_uri).map_err(|_| ExternalAuthError::NoFlow)?;
        let oauth = self.0.links.oauth(&config)?;
        let tokens = oauth
            .exchange(&returned.code, verifier.expose_secret(), &redirect_uri)
            .await?;
        self.link(actor, &config, &tokens).await
    }

    /// Keeps what the host gave, under the name of the account there.
    async fn link(
        &self,
        actor: &Actor,
        config: &Config,
        tokens: &OauthTokens,
    ) -> Result<(), ExternalAuthError> {
        let host = config.host.name();
        let forges = self.0.links.forges().await?;
        let forge = forges.named(&host).ok_or(ExternalAuthError::NoConfig)?;
        let access = Access {
            token: tokens.access_token.clone(),
            now: self.0.clock.now(),
        };
        let account = forge.account(&access).await.map_err(OauthError::from)?;
        let given = Given {
            host: &host,
            kind: ExternalAuthKind::Oauth,
            username: if account.is_empty() {
                USUAL_USERNAME
            } else {
                &account
            },
            token: tokens.access_token.expose_secret(),
            config: Some(&config.name),
            refresh_token: tokens
                .refresh_token
                .as_ref()
                .map(SecretString::expose_secret),
            expires_at: ends_at(self.0.clock.now(), tokens),
        };
        self.keep_link(actor, given).await.map(drop)
    }

    async fn config(&self, name: &str) -> Result<Config, ExternalAuthError> {
        let config = self.0.links.config(name).await?;
        config.ok_or(ExternalAuthError::NoConfig)
    }

    /// The configuration of a flow, as long as it is of the same host.
    async fn config_of(&self, flow: &FlowRow) -> Result<Config, ExternalAuthError> {
        let config = self.0.links.config(&flow.config).await?;
        config
            .filter(|config| config.host.name() == flow.host)
            .ok_or(ExternalAuthError::NoConfig)
    }

    fn secret_of(&self, flow: &FlowRow) -> Result<SecretString, ExternalAuthError> {
        let secret = self
            .0
            .secrets
            .unseal(flow_place(flow.id), &flow.secret_sealed);
        let secret = secret.map_err(|error| ExternalAuthError::Unseal {
            host: flow.host.clone(),
            error,
        })?;
        secret.ok_or(ExternalAuthError::NoFlow)
    }

    fn new_flow(&self, actor: &Actor, config: &Config) -> FlowRow {
        let now = to_micros(self.0.clock.now());
        FlowRow {
            id: ExternalAuthFlowId::generate(),
            user_id: actor.user_id,
            session_id: None,
            config: config.name.clone(),
            host: config.host.name(),
            kind: FlowKind::Code,
            state_hash: None,
            secret_sealed: Vec::new(),
            redirect_uri: String::new(),
            interval_seconds: 0,
            next_poll_at: now,
            created_at: now,
            expires_at: now + TimeDelta::minutes(FLOW_MINUTES),
            finished_at: None,
            problem: None,
        }
    }

    async fn keep_flow(
        &self,
        flow: FlowRow,
        secret: &SecretString,
    ) -> Result<(), ExternalAuthError> {
        let sealed = self
            .0
            .secrets
            .seal(flow_place(flow.id), secret.expose_secret());
        let sealed = sealed.map_err(|error| ExternalAuthError::Unseal {
            host: flow.host.clone(),
            error,
        })?;
        let flow = FlowRow {
            secret_sealed: sealed,
            ..flow
        };
        let mut tx = self.0.db.begin().await?;
        users::lock(&mut tx, flow.user_id)
            .await?
            .ok_or(ExternalAuthError::NoFlow)?;
        flows::forget(&mut tx, flow.created_at - KEPT).await?;
        if flows::count(&mut tx, flow.user_id, flow.created_at).await? >= MOST_FLOWS {
            return Err(ExternalAuthError::TooManyFlows);
        }
        flows::insert(&mut tx, &flow).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn session_of(actor: &Actor) -> Option<SessionId> {
    match actor.via {
        Via::Session(id) => Some(id),
        Via::Token(_) | Via::CommandLine | Via::Agent => None,
    }
}

/// Whether the same question may be answered otherwise later.
fn is_passing(error: &OauthError) -> bool {
    match error {
        OauthError::Refused { code, .. } => code == "authorization_pending",
        OauthError::Host(error) => matches!(error, forge::ForgeError::Unreachable { .. }),
    }
}

/// What is told of a flow that came to nothing. A fault of the server goes to the log.
fn told(flow: &FlowRow, error: &ExternalAuthError) -> String {
    tracing::info!(flow_id = %flow.id, host = flow.host, %error, "somebody could not be linked to a git host");
    error.message()
}

fn describe(row: FlowRow) -> ExternalAuthFlow {
    let status = match (row.finished_at, &row.problem) {
        (None, _) => ExternalAuthFlowStatus::Pending,
        (Some(_), None) => ExternalAuthFlowStatus::Linked,
        (Some(_), Some(_)) => ExternalAuthFlowStatus::Failed,
    };
    ExternalAuthFlow {
        id: row.id,
        config: row.config,
        host: row.host,
        status,
        problem: row.problem,
        interval_seconds: row.interval_seconds,
        expires_at: row.expires_at,
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(SLOWEST_SECONDS)
}

fn later(now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    to_micros(now + TimeDelta::seconds(seconds))
}
