//! External auth: what people sign in to git hosts with. Each has their own; nobody, owners of the deployment neither,
//! sees or uses those of others, and a secret that went in comes out for git and the host's own API alone (`credential`).
//!
//! A link is a token that somebody entered, or what a host gave after they signed in there (`flows`), which is renewed
//! before it ends (`refresh`). As whom hosts know this deployment is said by owners (`configs`) or by the environment.

mod configs;
mod credential;
mod error;
mod flows;
mod links;
mod refresh;
mod revoke;
#[cfg(test)]
mod tests;
mod webhooks;

use sdk::audit_log::AuditAction;
use sdk::external_auth::{
    ExternalAuth, ExternalAuthDeleted, ExternalAuthKind, ExternalAuthLink, ExternalAuthProvider,
    PutExternalAuth,
};
use sdk::ids::{ExternalAuthConfigId, ExternalAuthFlowId, ExternalAuthLinkId};
use store::external_auth::{self, NewLink};
use store::users;
use workspace::git_host::GitHost;

pub use self::configs::{is_name, name_of};
pub(crate) use self::credential::HeldToken;
pub use self::error::ExternalAuthError;
pub use self::flows::Returned;
pub(crate) use self::links::Links;
pub use self::webhooks::{Delivery, LONGEST_DELIVERY_BYTES, is_webhook_secret};
use crate::audit_log::Change;
use crate::failure::{Checks, sentence_case};
use crate::secrets::Place;
use crate::{Actor, Platform};

/// Hosts that look at the token alone take any name; this is the one that GitHub documents.
const USUAL_USERNAME: &str = "x-access-token";
const MAX_LINKS: i64 = 50;
const MAX_USERNAME_CHARACTERS: usize = 255;
/// Shorter ones are a mistake, and would be found in every other output that they are kept out of.
const TOKEN_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=4096;

impl Platform {
    /// The caller's links, by host.
    pub async fn list_external_auth(
        &self,
        actor: &Actor,
    ) -> Result<ExternalAuth, ExternalAuthError> {
        let rows = external_auth::list(&self.0.db, actor.user_id, MAX_LINKS).await?;
        let configs = self.0.links.configs().await?.into_iter();
        let providers = configs.map(|config| ExternalAuthProvider {
            code_flow: config.has_secret(),
            device_flow: config.device_flow,
            host: config.host.name(),
            id: config.name,
            display_name: config.display_name,
        });
        let mut providers: Vec<ExternalAuthProvider> = providers.collect();
        providers.sort_by(|one, other| one.display_name.cmp(&other.display_name));
        Ok(ExternalAuth {
            links: rows.into_iter().map(|row| row.link).collect(),
            providers,
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
        let given = Given {
            host: &checked.host,
            kind: ExternalAuthKind::Token,
            username: &checked.username,
            token: &checked.token,
            config: None,
            refresh_token: None,
            expires_at: None,
        };
        self.keep_link(actor, given).await
    }

    /// Keeps what the caller has for a host from now on, in place of what they had.
    async fn keep_link(
        &self,
        actor: &Actor,
        given: Given<'_>,
    ) -> Result<ExternalAuthLink, ExternalAuthError> {
        let mut tx = self.0.db.begin().await?;
        // The lock keeps two requests from both being the first for a host, or the last that there is room for.
        users::lock(&mut tx, actor.user_id)
            .await?
            .ok_or(ExternalAuthError::NotFound)?;
        let known = external_auth::get_in(&mut tx, actor.user_id, given.host).await?;
        let id = known
            .as_ref()
            .map_or_else(ExternalAuthLinkId::generate, |row| row.id);
        let failed = |error| ExternalAuthError::Unseal {
            host: given.host.to_owned(),
            error,
        };
        let secrets = &self.0.secrets;
        let sealed = secrets.seal(place(id), given.token).map_err(failed)?;
        let refresh_token = given
            .refresh_token
            .map(|token| secrets.seal(refresh_place(id), token))
            .transpose();
        let refresh_token = refresh_token.map_err(failed)?;
        let link = NewLink {
            id,
            user_id: actor.user_id,
            host: given.host,
            kind: given.kind,
            username: given.username,
            token_sealed: &sealed,
            config: given.config,
            refresh_token_sealed: refresh_token.as_deref(),
            expires_at: given.expires_at,
            now: self.0.clock.now(),
        };
        if known.is_some() {
            external_auth::update(&mut tx, link).await?;
        } else {
            if external_auth::count(&mut tx, actor.user_id).await? >= MAX_LINKS {
                return Err(ExternalAuthError::TooMany(MAX_LINKS));
            }
            external_auth::insert(&mut tx, link).await?;
        }
        let row = external_auth::get_in(&mut tx, actor.user_id, given.host).await?;
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

    /// Forgets the caller's token for a host, and has the host take back what it gave itself. The link is gone in any case.
    pub async fn delete_external_auth(
        &self,
        actor: &Actor,
        host: &str,
    ) -> Result<ExternalAuthDeleted, ExternalAuthError> {
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
        Ok(self.0.links.revoke(row).await)
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

/// Where its refresh token is sealed for.
fn refresh_place(id: ExternalAuthLinkId) -> Place {
    Place {
        table: "external_auth_links",
        column: "refresh_token_sealed",
        row: id.0,
    }
}

/// Where a configuration's client secret is sealed for.
fn secret_place(id: ExternalAuthConfigId) -> Place {
    Place {
        table: "external_auth_configs",
        column: "client_secret_sealed",
        row: id.0,
    }
}

/// Where what its host signs webhooks with is sealed for.
fn webhook_place(id: ExternalAuthConfigId) -> Place {
    Place {
        table: "external_auth_configs",
        column: "webhook_secret_sealed",
        row: id.0,
    }
}

/// Where the secret of somebody on their way is sealed for.
fn flow_place(id: ExternalAuthFlowId) -> Place {
    Place {
        table: "external_auth_flows",
        column: "secret_sealed",
        row: id.0,
    }
}

/// What somebody has for a host.
struct Given<'a> {
    host: &'a str,
    kind: ExternalAuthKind,
    username: &'a str,
    token: &'a str,
    config: Option<&'a str>,
    refresh_token: Option<&'a str>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
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
