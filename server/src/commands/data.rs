//! What the commands share that work on the data of a deployment: which data, and the platform opened beside a
//! server that may be running.

use std::io::Read as _;

use anyhow::{Context as _, ensure};
use clap::Args;
use platform::{Platform, PlatformOptions};
use url::Url;

use crate::config::{ServeArguments, Settings};

/// Longest password read from standard input.
const LONGEST_INPUT_BYTES: u64 = 4096;

/// Which deployment a command works on. The same settings as those of `serve`.
#[derive(Clone, Default, Args)]
pub struct DataArguments {
    /// TOML file with the server's settings [default: switchyard.toml in the data folder, when it exists]
    #[arg(long, env = "SWITCHYARD_CONFIG", value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,

    /// The server's data folder [default: $XDG_DATA_HOME/switchyard or ~/.local/share/switchyard]
    #[arg(long, env = "SWITCHYARD_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<std::path::PathBuf>,

    /// `postgres://…` when the server uses PostgreSQL [default: SQLite in the data folder]
    #[arg(
        long,
        env = "SWITCHYARD_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// The server's encryption key, when it is not in the data folder
    #[arg(
        long,
        env = "SWITCHYARD_ENCRYPTION_KEY",
        value_name = "BASE64",
        hide_env_values = true
    )]
    pub encryption_key: Option<String>,
}

impl DataArguments {
    /// The deployment's settings.
    pub fn settings(self) -> anyhow::Result<Settings> {
        Settings::load(&ServeArguments {
            config: self.config,
            data_dir: self.data_dir,
            database_url: self.database_url,
            encryption_key: self.encryption_key,
            ..ServeArguments::default()
        })
    }
}

/// Opens the platform for a short command; nothing runs in the background.
pub async fn open(settings: &Settings) -> anyhow::Result<Platform> {
    let mut options = options(settings)?;
    options.is_command = true;
    Ok(Platform::open(options).await?)
}

/// Opens the platform for itself alone and starts it, as a server would. Refused while a server runs on SQLite.
pub async fn open_and_start(settings: &Settings) -> anyhow::Result<Platform> {
    let platform = Platform::open(options(settings)?).await?;
    platform.start().await?;
    Ok(platform)
}

fn options(settings: &Settings) -> anyhow::Result<PlatformOptions> {
    let executable = std::env::current_exe().context("the path of this program is not known")?;
    let mut options = PlatformOptions::new(
        &settings.data_dir,
        Url::parse("http://127.0.0.1/")?,
        executable,
    );
    options.database_url.clone_from(&settings.database_url);
    options.encryption_key.clone_from(&settings.encryption_key);
    options.private_provider_hosts = settings.private_provider_hosts()?;
    Ok(options)
}

/// The first line of standard input.
pub fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_INPUT_BYTES)
        .read_to_string(&mut text)
        .context("the password on standard input is not text")?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    ensure!(
        !password.is_empty(),
        "no password on standard input: pipe one in, for example `printf %s \"$PASSWORD\" | switchyard admin …`"
    );
    Ok(password)
}
