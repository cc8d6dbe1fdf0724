//! Configuration of `serve`: flags over `SWITCHYARD_*` variables over one TOML file over defaults.
//!
//! An option's TOML key is its long name with underscores; a test compares the two lists. Git hosts alone have no flag,
//! as each has several fields. clap reads flags and variables, figment lays them over the file. Unknown keys in the file are refused: a misspelt key that is
//! ignored is a setting that silently does not hold.

mod sources;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use platform::{NetworkOptions, PrivateProviderHost, WorkspaceLimits};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use sources::flags;

/// Options of `serve` as flags and variables. No `Debug`: some are secrets.
#[derive(Clone, Default, Args, Serialize)]
pub struct ServeArguments {
    /// TOML file with the same settings [default: switchyard.toml in the data folder, when it exists]
    #[arg(long, env = "SWITCHYARD_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, env = "SWITCHYARD_LISTEN", value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,

    /// Folder for the database, the encryption key and the workspaces [default: $XDG_DATA_HOME/switchyard or
    /// ~/.local/share/switchyard]
    #[arg(long, env = "SWITCHYARD_DATA_DIR", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,

    /// `postgres://…` to use PostgreSQL [default: SQLite in the data folder]
    #[arg(
        long,
        env = "SWITCHYARD_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,

    /// 32 bytes in base64 that encrypt stored provider keys; better given as the variable [default: the key file in
    /// the data folder]
    #[arg(
        long,
        env = "SWITCHYARD_ENCRYPTION_KEY",
        value_name = "BASE64",
        hide_env_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,

    /// URL under which people reach this server, for links and for cookies over TLS [default: the listen address]
    #[arg(long, env = "SWITCHYARD_ACCESS_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_url: Option<url::Url>,

    /// URL under which the other processes on the same PostgreSQL database reach this one [default: the listen address,
    /// unless that is every address of the machine]
    #[arg(long, env = "SWITCHYARD_REPLICA_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_url: Option<url::Url>,

    /// Folder with the page's built files [default: the page inside the program]
    #[arg(long, env = "SWITCHYARD_SITE_DIR", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_dir: Option<PathBuf>,

    /// Do not look for Ollama on 127.0.0.1:11434 at start [default: false]
    #[arg(long, env = "SWITCHYARD_NO_OLLAMA_DETECTION", value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_ollama_detection: Option<bool>,

    /// Hosts at private addresses that providers may be at, by comma: names, addresses or blocks such as 10.0.0.0/8;
    /// owners add others on the settings page. Empty = not even this machine [default: localhost,127.0.0.0/8,::1]
    #[arg(
        long,
        env = "SWITCHYARD_PRIVATE_PROVIDER_HOSTS",
        value_name = "HOSTS",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_provider_hosts: Option<Vec<String>>,

    /// Run workspaces without bubblewrap even where it works: what agents run then has this user's rights
    /// [default: false]
    #[arg(long, env = "SWITCHYARD_NO_SANDBOX", value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_sandbox: Option<bool>,

    /// Memory that a workspace may take, in bytes; 0 = no limit [default: half of what the server has]
    #[arg(long, env = "SWITCHYARD_WORKSPACE_MEMORY_BYTES", value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_memory_bytes: Option<u64>,

    /// Processes and threads that a workspace may be at once; 0 = no limit [default: 4096]
    #[arg(long, env = "SWITCHYARD_WORKSPACE_PROCESSES", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_processes: Option<u64>,

    /// What workspaces reach of the network where they can have one of their own [default: own]
    #[arg(
        long,
        env = "SWITCHYARD_WORKSPACE_NETWORK",
        value_name = "NETWORK",
        value_enum
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_network: Option<WorkspaceNetwork>,

    /// Ports of this machine's loopback that workspaces reach besides the server's, by comma [default: none]
    #[arg(
        long,
        env = "SWITCHYARD_WORKSPACE_LOOPBACK_PORTS",
        value_name = "PORTS",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_loopback_ports: Option<Vec<u16>>,

    /// Proxies whose X-Forwarded-Proto and X-Forwarded-For are believed: addresses or networks, by comma
    /// [default: none]
    #[arg(
        long,
        env = "SWITCHYARD_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<String>>,

    /// Turn debug logging on in everybody's chats, whatever owners allow and people choose [default: false]
    #[arg(long, env = "SWITCHYARD_CHAT_DEBUG_LOGGING_ENABLED", value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_debug_logging_enabled: Option<bool>,

    /// Show pages that are meant for developers, such as /dev/gallery, to everyone [default: false]
    #[arg(long, env = "SWITCHYARD_DEVELOPMENT", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<bool>,

    /// What to log, as a tracing filter such as `info` or `warn,chatd=debug` [default: info]
    #[arg(long, env = "SWITCHYARD_LOG", value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// How log lines are written [default: text]
    #[arg(long, env = "SWITCHYARD_LOG_FORMAT", value_name = "FORMAT", value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,

    /// Names of those that stand on the command line; see [`flags`].
    #[arg(skip)]
    #[serde(skip)]
    pub flags: BTreeSet<String>,
}

impl ServeArguments {
    /// What the settings are read from, and the file among it.
    fn layers(&self) -> anyhow::Result<(Figment, Option<PathBuf>)> {
        let data_dir = match &self.data_dir {
            Some(data_dir) => data_dir.clone(),
            None => default_data_dir()?,
        };
        let defaults = Settings::defaults(data_dir.clone());
        let mut figment = Figment::from(Serialized::defaults(defaults));
        let file = config_file(self, &data_dir)?;
        if let Some(file) = &file {
            figment = figment.merge(Toml::file_exact(file));
        }
        Ok((figment.merge(Serialized::defaults(self)), file))
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What workspaces reach of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceNetwork {
    /// A network of their own: the outside, but neither this machine's loopback nor a cloud's metadata service.
    #[default]
    Own,
    /// This machine's, as it is.
    Shared,
}

/// A git host, and the application there that people sign in for: an entry `[[external_auth]]` of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GitHostSettings {
    /// What it speaks; `github` when absent.
    pub r#type: Option<String>,
    /// The short name of the application there; made of the host when absent.
    pub id: Option<String>,
    /// What people are shown; the host when absent.
    pub display_name: Option<String>,
    /// Its address, such as `https://git.example.com`.
    pub base_url: Option<String>,
    /// Where its API is, when not where its kind has it.
    pub api_base_url: Option<String>,
    /// The application's id there, without which nobody can sign in.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<HiddenText>,
    /// What the host signs its webhooks with, without which none is taken.
    pub webhook_secret: Option<HiddenText>,
    /// What tokens shall be good for, by spaces.
    pub scopes: Option<String>,
    /// Whether people may link with a device code; not when absent.
    pub device_flow: Option<bool>,
}

/// A secret of the file, which no log shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HiddenText(pub String);

impl std::fmt::Debug for HiddenText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HiddenText(…)")
    }
}

/// The settings in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder for the database, the encryption key and the workspaces.
    pub data_dir: PathBuf,
    /// PostgreSQL's URL; absent = SQLite in the data folder.
    #[serde(default, skip_serializing)]
    pub database_url: Option<SecretString>,
    /// The key of stored secrets; absent = the key file in the data folder.
    #[serde(default, skip_serializing)]
    pub encryption_key: Option<SecretString>,
    /// URL under which people reach this server.
    pub access_url: Option<url::Url>,
    /// URL under which other processes on the same database reach this one.
    pub replica_url: Option<url::Url>,
    /// Folder with the page's built files.
    pub site_dir: Option<PathBuf>,
    /// Do not look for Ollama at start.
    pub no_ollama_detection: bool,
    /// Hosts at private addresses that providers may be at.
    pub private_provider_hosts: Vec<String>,
    /// Run workspaces without bubblewrap.
    pub no_sandbox: bool,
    /// Bytes of memory that a workspace may take; 0 = no limit, absent = half of what the server has.
    pub workspace_memory_bytes: Option<u64>,
    /// Processes and threads that a workspace may be; 0 = no limit.
    pub workspace_processes: u64,
    /// What workspaces reach of the network.
    pub workspace_network: WorkspaceNetwork,
    /// Ports of this machine's loopback that workspaces reach.
    pub workspace_loopback_ports: Vec<u16>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<String>,
    /// Git hosts besides github.com. They have no flag; what the environment names
    /// (`SWITCHYARD_EXTERNAL_AUTH_<n>_…`) takes the place of all of them.
    pub external_auth: Vec<GitHostSettings>,
    /// Debug logging is on in everybody's chats.
    pub chat_debug_logging_enabled: bool,
    /// Show pages that are meant for developers to everyone.
    pub development: bool,
    /// What to log.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
}

impl Settings {
    /// Lays flags and variables over the file over the defaults.
    pub fn load(arguments: &ServeArguments) -> anyhow::Result<Self> {
        let (figment, _) = arguments.layers()?;
        figment
            .extract()
            .map_err(|error| anyhow::anyhow!("the configuration cannot be used: {error}"))
    }

    /// Hosts at private addresses that providers may be at.
    pub fn private_provider_hosts(&self) -> anyhow::Result<Vec<PrivateProviderHost>> {
        let given = self.private_provider_hosts.iter();
        let hosts: Result<Vec<_>, _> = given
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(str::parse)
            .collect();
        hosts.context("private_provider_hosts cannot be used")
    }

    /// What workspaces reach of the network.
    pub fn workspace_network(&self) -> NetworkOptions {
        NetworkOptions {
            is_shared: self.workspace_network == WorkspaceNetwork::Shared,
            loopback_ports: self.workspace_loopback_ports.clone(),
        }
    }

    fn defaults(data_dir: PathBuf) -> Self {
        let usual_hosts = PrivateProviderHost::usual().into_iter();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data_dir,
            database_url: None,
            encryption_key: None,
            access_url: None,
            replica_url: None,
            site_dir: None,
            no_ollama_detection: false,
            private_provider_hosts: usual_hosts.map(|host| host.to_string()).collect(),
            no_sandbox: false,
            workspace_memory_bytes: None,
            workspace_processes: WorkspaceLimits::default().processes,
            workspace_network: WorkspaceNetwork::default(),
            workspace_loopback_ports: Vec::new(),
            trusted_proxies: Vec::new(),
            external_auth: Vec::new(),
            chat_debug_logging_enabled: false,
            development: false,
            log: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

fn config_file(
    arguments: &ServeArguments,
    data_dir: &std::path::Path,
) -> anyhow::Result<Option<PathBuf>> {
    if let Some(file) = &arguments.config {
        anyhow::ensure!(
            file.is_file(),
            "the configuration file {} does not exist",
            file.display()
        );
        return Ok(Some(file.clone()));
    }
    let file = data_dir.join("switchyard.toml");
    Ok(file.is_file().then_some(file))
}

/// The platform's folder for application data.
pub fn default_data_dir() -> anyhow::Result<PathBuf> {
    let from_xdg = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = match from_xdg {
        Some(base) => base,
        None => std::env::var_os("HOME")
            .map(|home| PathBuf::from(home).join(".local/share"))
            .context(
                "neither XDG_DATA_HOME nor HOME is set: name the data folder with --data-dir",
            )?,
    };
    Ok(base.join("switchyard"))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn private_hosts(given: Option<&[&str]>) -> anyhow::Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        let given = given.map(|hosts| hosts.iter().map(|&host| host.to_owned()).collect());
        let settings = Settings::load(&ServeArguments {
            data_dir: Some(folder.path().to_owned()),
            private_provider_hosts: given,
            ..ServeArguments::default()
        })?;
        let hosts = settings.private_provider_hosts()?.into_iter();
        Ok(hosts.map(|host| host.to_string()).collect())
    }

    #[test]
    fn providers_on_this_machine_are_allowed_unless_the_list_is_given() {
        let usual = private_hosts(None).unwrap();
        assert_eq!(usual, ["localhost", "127.0.0.0/8", "::1"]);
        assert!(private_hosts(Some(&[""])).unwrap().is_empty());
        let given = private_hosts(Some(&["Models.corp", " 10.0.0.0/8 "])).unwrap();
        assert_eq!(given, ["models.corp", "10.0.0.0/8"]);
        let refused = private_hosts(Some(&["http://models.corp"])).unwrap_err();
        let words = format!("{refused:#}");
        assert!(
            words.starts_with("private_provider_hosts cannot be used"),
            "{words}"
        );
        assert!(words.contains("without scheme"), "{words}");
    }
}
