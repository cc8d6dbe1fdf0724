//! A running server: the platform, the router and the listener, and how they end together.
//!
//! `switchyard serve` and the HTTP tests start the same thing here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use leptos::config::LeptosOptions;
use platform::{Platform, PlatformOptions};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use url::Url;
use workspace::connection::local_socket;

use crate::connections::{self, ConnectionLimits};
use crate::http::network::{AddressRange, NetworkOptions};
use crate::http::site::SiteFiles;
use crate::relay::HttpRelay;
use crate::state::{AppState, FirstUserSeen};

/// How long open connections may take to end once the server is asked to stop.
const LONGEST_DRAIN: Duration = Duration::from_secs(10);

/// What a server needs to know beside the platform.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Folder with the page's built files.
    pub site_dir: Option<PathBuf>,
    /// URL under which people reach the server.
    pub access_url: Option<Url>,
    /// URL under which other processes on the same database reach this one.
    pub replica_url: Option<Url>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// Whether the page shows what is meant for developers only.
    pub is_development: bool,
    /// What connections may take.
    pub limits: ConnectionLimits,
}

/// A server that is ready to answer.
pub struct Server {
    listener: TcpListener,
    /// Where the agents of this machine connect, besides.
    agents: Option<UnixListener>,
    address: SocketAddr,
    state: AppState,
}

impl Server {
    /// Opens the platform and starts its worker. The listener is bound before, so that the port is known.
    pub async fn start(
        listener: TcpListener,
        mut platform: PlatformOptions,
        options: ServerOptions,
    ) -> anyhow::Result<Self> {
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let data_dir = platform.data_dir.clone();
        platform.public_url.clone_from(&options.access_url);
        let platform = Platform::open(platform).await?;
        let agents = local_socket::listen(&data_dir, address.port())
            .inspect_err(|error| tracing::info!(%error, folder = %data_dir.display(), "no socket for agents: they connect to the port, which is slower"))
            .ok();
        let replica_url = match options.replica_url {
            Some(url) => Some(url),
            None if address.ip().is_unspecified() => None,
            None => Some(local_url(address)?),
        };
        let relay = HttpRelay::new(platform.replicas());
        platform.join_replicas(replica_url.as_ref(), Arc::new(relay));
        platform.start().await?;
        let state = AppState {
            platform,
            site: SiteFiles::open(options.site_dir),
            network: Arc::new(NetworkOptions {
                access_url: options.access_url,
                trusted_proxies: options.trusted_proxies,
            }),
            is_development: options.is_development,
            shutting_down: CancellationToken::new(),
            first_user: FirstUserSeen::default(),
            leptos_options: LeptosOptions::builder().output_name("switchyard").build(),
            limits: options.limits,
            documents: Arc::new(crate::routes::documents()),
        };
        Ok(Self {
            listener,
            agents,
            address,
            state,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its handlers can reach.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Answers until `stop` is over. Then running requests may end, and the worker gives its chats back at the same
    /// time: other processes must not wait for the slowest connection of this one.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let Self {
            listener,
            agents,
            state,
            ..
        } = self;
        let stopping = state.shutting_down.clone();
        let stop_accepting = async {
            stop.await;
            stopping.cancel();
        };
        let connections = async {
            let router = crate::http::router(state.clone());
            let for_agents = async {
                if let Some(agents) = agents {
                    let router = crate::http::for_agents(router.clone());
                    connections::serve(agents, router, state.limits, stopping.clone()).await;
                }
            };
            let for_all =
                connections::serve(listener, router.clone(), state.limits, stopping.clone());
            let serving = async { tokio::join!(for_all, for_agents) };
            let deadline = async {
                stopping.cancelled().await;
                tokio::time::sleep(LONGEST_DRAIN).await;
            };
            tokio::select! {
                _ = serving => {}
                () = deadline => tracing::warn!("some connections did not end in time and were cut"),
            }
        };
        let worker = async {
            stopping.cancelled().await;
            state.platform.drain().await;
        };
        tokio::join!(stop_accepting, connections, worker);
        state.platform.shut_down().await;
        Ok(())
    }
}

/// Where programs on this machine reach a server that listens on `address`.
pub fn local_url(address: SocketAddr) -> anyhow::Result<Url> {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(Url::parse(&format!(
        "http://{}/",
        SocketAddr::new(host, address.port())
    ))?)
}
