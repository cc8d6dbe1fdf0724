//! `switchyard serve`: configuration, listener, server, signals.

mod git_hosts;

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use platform::{EnvironmentPresets, PlatformOptions, WorkspaceLimits};
use sdk::deployment::ServerOption;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{ServeArguments, Settings};
use crate::connections::ConnectionLimits;
use crate::serve::{Server, ServerOptions, local_url};

/// Where Ollama listens when nothing else is said.
const OLLAMA_URL: &str = "http://127.0.0.1:11434";

/// Serves until SIGTERM or SIGINT, then lets running work end. A second signal ends at once.
pub async fn run(arguments: ServeArguments) -> anyhow::Result<()> {
    let settings = Settings::load(&arguments)?;
    crate::logging::start(&settings)?;
    let listener = listen(settings.listen).await?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let server = Server::start(
        listener,
        platform_options(&settings, address, arguments.sources(&settings)?)?,
        server_options(&settings)?,
    )
    .await?;
    warn_about_the_page(&server);
    // Before the line: whoever waits for it may send a signal right after.
    let signals = StopSignals::install()?;
    announce(&settings, address)?;
    server.run(signals.wait()).await
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "{address} is in use by another program. Stop that program, or choose another address with --listen."
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("this user may not listen on {address}. Choose a port above 1023 with --listen.")
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    })
}

fn platform_options(
    settings: &Settings,
    address: SocketAddr,
    server_options: Vec<ServerOption>,
) -> anyhow::Result<PlatformOptions> {
    let executable = std::env::current_exe().context("the path of this program is not known")?;
    let mut options = PlatformOptions::new(&settings.data_dir, local_url(address)?, executable);
    options.database_url.clone_from(&settings.database_url);
    options.encryption_key.clone_from(&settings.encryption_key);
    options.environment = environment_presets();
    let git_hosts = git_hosts::configured(&settings.external_auth)?;
    options.git_hosts = git_hosts.hosts;
    options.git_host_apps = git_hosts.apps;
    options.ollama_url = (!settings.no_ollama_detection).then(|| OLLAMA_URL.to_owned());
    options.private_provider_hosts = settings.private_provider_hosts()?;
    options.use_sandbox = !settings.no_sandbox;
    options.workspace_limits = WorkspaceLimits {
        memory_bytes: settings.workspace_memory_bytes,
        processes: settings.workspace_processes,
    };
    options.workspace_network = settings.workspace_network();
    options.server_options = server_options;
    options.chat_debug_logging_enabled = settings.chat_debug_logging_enabled;
    env!("CARGO_PKG_VERSION").clone_into(&mut options.version);
    Ok(options)
}

/// The variables that model providers' own tools read.
fn environment_presets() -> EnvironmentPresets {
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    EnvironmentPresets {
        anthropic_api_key: variable("ANTHROPIC_API_KEY").map(Into::into),
        anthropic_base_url: variable("ANTHROPIC_BASE_URL"),
        openai_api_key: variable("OPENAI_API_KEY").map(Into::into),
        openai_base_url: variable("OPENAI_BASE_URL"),
    }
}

fn server_options(settings: &Settings) -> anyhow::Result<ServerOptions> {
    let trusted_proxies: Result<Vec<_>, _> = settings
        .trusted_proxies
        .iter()
        .map(|range| range.parse())
        .collect();
    Ok(ServerOptions {
        site_dir: settings.site_dir.clone(),
        access_url: settings.access_url.clone(),
        replica_url: settings.replica_url.clone(),
        trusted_proxies: trusted_proxies.context("trusted_proxies cannot be used")?,
        is_development: settings.development,
        limits: ConnectionLimits::default(),
    })
}

fn warn_about_the_page(server: &Server) {
    if !server.state().site.has_bundle() {
        tracing::warn!(
            "the page's script was not built: pages can be read and forms sent, nothing updates by itself. \
             Make the whole program with `make binary`, or build the page with `make site` and name its folder with --site-dir."
        );
    }
}

/// The one line on standard output; scripts wait for it.
fn announce(settings: &Settings, address: SocketAddr) -> anyhow::Result<()> {
    let url = match &settings.access_url {
        Some(url) => url.clone(),
        None => local_url(address)?,
    };
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "Switchyard is ready at {}",
        url.as_str().trim_end_matches('/')
    )?;
    output.flush()?;
    Ok(())
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn install() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Over at the first signal; the second ends the process.
    async fn wait(mut self) {
        self.next().await;
        tracing::info!("stopping: running requests may end");
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("stopped at the second signal");
            std::process::exit(1);
        });
    }
}
