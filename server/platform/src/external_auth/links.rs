//! What people have for git hosts, ready to be used, and the hosts that there are: those of the environment and those that
//! owners set up. Cheap to clone, as both the platform and its workspaces hand tokens out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use forge::{ForgeKind, Forges, HostConfig, Oauth, OauthApp};
use sdk::external_auth::{ExternalAuthConfigSource, GitHostKind};
use sdk::ids::ExternalAuthConfigId;
use secrecy::{ExposeSecret as _, SecretString};
use store::external_auth::configs::{self, ConfigRow};
use store::{Clock, Db, StoreError};
use tokio_util::task::TaskTracker;

use super::webhooks::{self, WebhookSecret};
use super::{ExternalAuthError, secret_place};
use crate::secrets::Secrets;
use crate::{GitHostApp, PlatformOptions};

/// Longest wait for refreshes that are under way: what they bring is lost otherwise, and with it the link.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// People's links.
#[derive(Clone)]
pub(crate) struct Links {
    pub(super) db: Db,
    pub(super) secrets: Secrets,
    pub(super) clock: Clock,
    forges: Forges,
    apps: Arc<[GitHostApp]>,
    /// Refreshes outlive the requests that want them, and so does all else that brings a token or takes one back.
    pub(super) refreshes: TaskTracker,
}

/// As whom a host knows this deployment.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) host: HostConfig,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) device_flow: bool,
    pub(super) source: ExternalAuthConfigSource,
    secret: ClientSecret,
    pub(super) webhook_secret: WebhookSecret,
}

#[derive(Clone)]
enum ClientSecret {
    None,
    Given(SecretString),
    Sealed(ExternalAuthConfigId, Vec<u8>),
}

impl Links {
    pub(crate) fn new(
        db: &Db,
        secrets: &Secrets,
        forges: &Forges,
        options: &PlatformOptions,
    ) -> Self {
        let hosts = options.git_host_apps.iter().map(|app| &app.host);
        Self {
            db: db.clone(),
            secrets: secrets.clone(),
            clock: options.clock.clone(),
            forges: forges.with(hosts),
            apps: options.git_host_apps.clone().into(),
            refreshes: TaskTracker::new(),
        }
    }

    /// Every host that may be asked.
    pub(crate) async fn forges(&self) -> Result<Forges, StoreError> {
        let configs = self.configs().await?;
        Ok(self.forges.with(configs.iter().map(|config| &config.host)))
    }

    /// Every configuration: those of the environment first, which hold over others of the same name or host.
    pub(super) async fn configs(&self) -> Result<Vec<Config>, StoreError> {
        let mut all = self.environment();
        for row in configs::list(&self.db).await? {
            let Some(config) = of_row(row) else { continue };
            if !all.iter().any(|known| is_same(known, &config)) {
                all.push(config);
            }
        }
        Ok(all)
    }

    /// The configuration of this name.
    pub(super) async fn config(&self, name: &str) -> Result<Option<Config>, StoreError> {
        let mut all = self.configs().await?.into_iter();
        Ok(all.find(|config| config.name == name))
    }

    /// Those of the environment.
    pub(super) fn environment(&self) -> Vec<Config> {
        self.apps.iter().map(of_app).collect()
    }

    /// What asks a host in the name of a configuration.
    pub(super) fn oauth(&self, config: &Config) -> Result<Oauth, ExternalAuthError> {
        let client_secret = match &config.secret {
            ClientSecret::None => None,
            ClientSecret::Given(secret) => Some(secret.clone()),
            ClientSecret::Sealed(id, sealed) => {
                let secret = self.secrets.unseal(secret_place(*id), sealed);
                secret.map_err(|error| ExternalAuthError::Unseal {
                    host: config.host.name(),
                    error,
                })?
            }
        };
        let app = OauthApp {
            client_id: config.client_id.clone(),
            client_secret: client_secret.unwrap_or_default(),
            scopes: config.scopes.clone(),
        };
        Ok(self.forges.oauth(&config.host, app))
    }

    /// Waits for the refreshes that are under way.
    pub(crate) async fn shut_down(&self) {
        self.refreshes.close();
        let ended = tokio::time::timeout(DRAIN_DEADLINE, self.refreshes.wait()).await;
        if ended.is_err() {
            tracing::warn!(
                "tokens of git hosts were not refreshed in time; some people may have to link again"
            );
        }
    }
}

impl Config {
    /// Whether there is a client secret, without which nobody can go there and come back.
    pub(super) const fn has_secret(&self) -> bool {
        !matches!(self.secret, ClientSecret::None)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Links")
            .field("forges", &self.forges)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Given(_) | Self::Sealed(..) => "Some(…)",
        })
    }
}

/// Names stand in addresses, and a person has one token for a host: neither may be there twice.
pub(super) fn is_same(one: &Config, other: &Config) -> bool {
    one.name == other.name || one.host.name() == other.host.name()
}

/// Nothing for a row whose address can no longer be used, which the log tells.
pub(super) fn of_row(row: ConfigRow) -> Option<Config> {
    let api = Some(row.api_base_url.as_str()).filter(|url| !url.is_empty());
    let host = HostConfig::new(forge_kind(row.kind), &row.base_url, api);
    let host = host.inspect_err(|error| {
        tracing::warn!(%error, config = row.name, "a configuration of a git host cannot be used");
    });
    Some(Config {
        name: row.name,
        display_name: row.display_name,
        host: host.ok().filter(HostConfig::has_own_api)?,
        client_id: row.client_id,
        scopes: row.scopes,
        device_flow: row.device_flow,
        source: ExternalAuthConfigSource::Database,
        secret: match row.client_secret_sealed {
            sealed if sealed.is_empty() => ClientSecret::None,
            sealed => ClientSecret::Sealed(row.id, sealed),
        },
        webhook_secret: webhooks::sealed(row.id, row.webhook_secret_sealed),
    })
}

fn of_app(app: &GitHostApp) -> Config {
    Config {
        name: app.name.clone(),
        display_name: app.display_name.clone(),
        host: app.host.clone(),
        client_id: app.client_id.clone(),
        scopes: app.scopes.clone(),
        device_flow: app.device_flow,
        source: ExternalAuthConfigSource::Environment,
        secret: if app.client_secret.expose_secret().is_empty() {
            ClientSecret::None
        } else {
            ClientSecret::Given(app.client_secret.clone())
        },
        webhook_secret: webhooks::given(&app.webhook_secret),
    }
}

pub(super) const fn forge_kind(kind: GitHostKind) -> ForgeKind {
    match kind {
        GitHostKind::Github => ForgeKind::Github,
    }
}

pub(super) const fn kind_of(kind: ForgeKind) -> GitHostKind {
    match kind {
        ForgeKind::Github => GitHostKind::Github,
    }
}
