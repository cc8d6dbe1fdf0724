//! What the wiring passes in. The platform reads neither the environment nor the command line itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use forge::HostConfig;
use llm::http::{NameLookup, PrivateHost, SystemLookup};
use sdk::deployment::ServerOption;
use secrecy::SecretString;
use store::Clock;
use url::Url;
use workspace::backend::{NetworkOptions, WorkspaceLimits};

/// How to open a platform.
#[derive(Clone, Debug)]
pub struct PlatformOptions {
    /// Where the database (SQLite), the encryption key and the workspaces lie. Created when missing, private.
    pub data_dir: PathBuf,
    /// `postgres://…`, or `None` for SQLite in the data folder.
    pub database_url: Option<SecretString>,
    /// 32 bytes in base64; `None` = the key file in the data folder, created when missing.
    pub encryption_key: Option<SecretString>,
    /// Where workspaces' agents reach this server, for example `http://127.0.0.1:3000/`.
    pub access_url: Url,
    /// This binary, to start workspace agents with.
    pub executable: PathBuf,
    /// Providers that the environment names.
    pub environment: EnvironmentPresets,
    /// Git hosts that may be asked for pull requests besides github.com.
    pub git_hosts: Vec<HostConfig>,
    /// As whom git hosts know this deployment, by the environment.
    pub git_host_apps: Vec<GitHostApp>,
    /// URL under which people reach this server, when it is another one than `access_url`: git hosts send them back to it.
    pub public_url: Option<Url>,
    /// Address at which to look for Ollama at start; `None` = do not look.
    pub ollama_url: Option<String>,
    /// Hosts at private addresses that providers may be at, besides those that owners add.
    pub private_provider_hosts: Vec<PrivateHost>,
    /// How the names of providers' hosts are looked up.
    pub name_lookup: Arc<dyn NameLookup>,
    /// Product version, for the user agent of calls to providers.
    pub version: String,
    /// Whether workspaces run under bubblewrap where it works.
    pub use_sandbox: bool,
    /// What a workspace may take of the machine.
    pub workspace_limits: WorkspaceLimits,
    /// What workspaces reach of the network.
    pub workspace_network: NetworkOptions,
    /// Whether the calls of everybody's chats are recorded, whatever owners allow and people choose.
    pub chat_debug_logging_enabled: bool,
    /// The options that the server was started with, for those who may see them.
    pub server_options: Vec<ServerOption>,
    /// Open for a short command beside a server that may be running: no lock on the database, nothing is started.
    pub is_command: bool,
    /// The time.
    pub clock: Clock,
}

impl PlatformOptions {
    /// Options with SQLite and the key file in `data_dir`, no providers from outside, and none at private addresses but on
    /// this machine.
    pub fn new(
        data_dir: impl Into<PathBuf>,
        access_url: Url,
        executable: impl Into<PathBuf>,
    ) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            encryption_key: None,
            access_url,
            executable: executable.into(),
            environment: EnvironmentPresets::default(),
            git_hosts: Vec::new(),
            git_host_apps: Vec::new(),
            public_url: None,
            ollama_url: None,
            private_provider_hosts: PrivateHost::usual(),
            name_lookup: Arc::new(SystemLookup),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            use_sandbox: true,
            workspace_limits: WorkspaceLimits::default(),
            workspace_network: NetworkOptions::default(),
            chat_debug_logging_enabled: false,
            server_options: Vec::new(),
            is_command: false,
            clock: Clock::system(),
        }
    }
}

/// An application that is registered at a git host for this deployment, by the environment.
#[derive(Clone, Debug)]
pub struct GitHostApp {
    /// The short name, which stands in the callback URL.
    pub name: String,
    /// What people are shown.
    pub display_name: String,
    /// The host.
    pub host: HostConfig,
    /// The application's id there.
    pub client_id: String,
    /// Its secret; empty = none.
    pub client_secret: SecretString,
    /// What the host signs its webhooks with; empty = none.
    pub webhook_secret: SecretString,
    /// What tokens shall be good for.
    pub scopes: Vec<String>,
    /// Whether people may link with a device code.
    pub device_flow: bool,
}

/// Providers that the environment names. A key here is used from memory and never stored.
#[derive(Clone, Default)]
pub struct EnvironmentPresets {
    /// `ANTHROPIC_API_KEY`.
    pub anthropic_api_key: Option<SecretString>,
    /// `ANTHROPIC_BASE_URL`.
    pub anthropic_base_url: Option<String>,
    /// `OPENAI_API_KEY`.
    pub openai_api_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`.
    pub openai_base_url: Option<String>,
}

impl fmt::Debug for EnvironmentPresets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EnvironmentPresets")
            .field("has_anthropic_api_key", &self.anthropic_api_key.is_some())
            .field("anthropic_base_url", &self.anthropic_base_url)
            .field("has_openai_api_key", &self.openai_api_key.is_some())
            .field("openai_base_url", &self.openai_base_url)
            .finish()
    }
}
