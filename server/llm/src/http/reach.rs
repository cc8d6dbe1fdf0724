//! Which servers may be called: those of the public internet, and those at private addresses whose host is allowed
//! ([`PrivateHosts`]). Link-local addresses and metadata services never are.
//!
//! Literals are looked at before each request; what DNS answers is looked at when a connection is made with that very
//! answer, so that an answer that changes meanwhile gains nothing. Behind a proxy the proxy looks names up, and only the
//! proxy's own name comes by here.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;
use url::{Host, Url};

use super::networks::{Standing, standing};
use super::private_hosts::{PrivateHosts, plain_name};

/// How long the check of an address that is entered waits for its name.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(3);

/// How names are looked up.
#[async_trait]
pub trait NameLookup: Debug + Send + Sync {
    /// The addresses of a name, in the order in which to try them.
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

#[async_trait]
impl NameLookup for SystemLookup {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Why a server is not called. Names the host and no address, and says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "The host {0} is at a private address, and is not among the private hosts under Settings, Providers and models. Add it there, or set another base URL."
    )]
    Private(String),
    #[error(
        "The host {0} is at a link-local address or that of a metadata service, which are never called. Set another base URL."
    )]
    Never(String),
    #[error("whether the host {0} may be at a private address is not known: {1}")]
    Unknown(String, String),
}

/// Looks at hosts and at what names lead to.
#[derive(Debug)]
pub(super) struct Reach {
    private_hosts: Arc<dyn PrivateHosts>,
    lookup: Arc<dyn NameLookup>,
    /// What the client takes from the environment.
    proxies: Matcher,
    /// Names of proxies that were used. The operator named them, and they may be anywhere.
    proxy_names: Mutex<HashSet<String>>,
    /// Names that led to private addresses: connections to there may be kept.
    private_names: Mutex<HashSet<String>>,
}

/// Which connections a request may be sent over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// Also those that were made before.
    Any,
    /// Only new ones: the host was at a private address and is allowed there no more, and what DNS answers now is looked at
    /// only when a connection is made.
    New,
}

impl Reach {
    pub(super) fn new(private_hosts: Arc<dyn PrivateHosts>, lookup: Arc<dyn NameLookup>) -> Self {
        Self {
            private_hosts,
            lookup,
            proxies: Matcher::from_system(),
            proxy_names: Mutex::default(),
            private_names: Mutex::default(),
        }
    }

    /// Looks at the host of a request that is about to be sent.
    pub(super) async fn check_request(&self, url: &Url) -> Result<Connections, Refusal> {
        if let Some(proxy) = self.proxy_of(url) {
            lock(&self.proxy_names).insert(proxy);
        }
        let Some(host) = url.host().map(|host| host.to_owned()) else {
            return Ok(Connections::Any);
        };
        let address = match host {
            Host::Domain(name) => return self.connections_to(name).await,
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        match standing(address) {
            Standing::Public => Ok(Connections::Any),
            Standing::Private if self.is_allowed(&host).await? => Ok(Connections::Any),
            Standing::Private => Err(Refusal::Private(host.to_string())),
            Standing::Forbidden => Err(Refusal::Never(host.to_string())),
        }
    }

    /// Looks at an address that somebody enters, and at what its name leads to now. A name that leads nowhere is not
    /// refused: it may lead somewhere tomorrow, and is looked at again then.
    pub(super) async fn check_address(&self, url: &Url) -> Result<(), Refusal> {
        self.check_request(url).await?;
        let Some(Host::Domain(name)) = url.host() else {
            return Ok(());
        };
        if self.proxy_of(url).is_some() {
            return Ok(());
        }
        match timeout(LOOKUP_DEADLINE, self.lookup.look_up(name)).await {
            Ok(Ok(found)) => self.permitted(name, found).await.map(drop),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// The addresses that a connection to a name may be tried at.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn StdError + Send + Sync>> {
        let found = self.lookup.look_up(name).await?;
        if lock(&self.proxy_names).contains(&plain_name(name)) {
            let is_called = |address: &IpAddr| standing(*address) != Standing::Forbidden;
            return Ok(found.into_iter().filter(is_called).collect());
        }
        Ok(self.permitted(name, found).await?)
    }

    async fn permitted(&self, name: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refusal> {
        let is_private = found
            .iter()
            .any(|address| standing(*address) == Standing::Private);
        let is_allowed = is_private && self.is_allowed(&Host::Domain(name.to_owned())).await?;
        if is_allowed {
            lock(&self.private_names).insert(plain_name(name));
        }
        let was_found = !found.is_empty();
        let mut permitted = found;
        permitted.retain(|address| match standing(*address) {
            Standing::Public => true,
            Standing::Private => is_allowed,
            Standing::Forbidden => false,
        });
        if !was_found || !permitted.is_empty() {
            return Ok(permitted);
        }
        Err(if is_private {
            Refusal::Private(name.to_owned())
        } else {
            Refusal::Never(name.to_owned())
        })
    }

    /// A connection that was allowed once is not used on when its host is allowed no more, however long it was busy.
    async fn connections_to(&self, name: String) -> Result<Connections, Refusal> {
        let plain = plain_name(&name);
        let may_be_kept = lock(&self.private_names).contains(&plain);
        if !may_be_kept || self.is_allowed(&Host::Domain(name)).await? {
            return Ok(Connections::Any);
        }
        lock(&self.private_names).remove(&plain);
        Ok(Connections::New)
    }

    async fn is_allowed(&self, host: &Host) -> Result<bool, Refusal> {
        let allowed = self.private_hosts.allows(host).await;
        allowed.map_err(|problem| Refusal::Unknown(host.to_string(), problem))
    }

    /// The name of the proxy that a request goes through.
    fn proxy_of(&self, url: &Url) -> Option<String> {
        if is_beside_proxies(url) {
            return None;
        }
        let proxy = self.proxies.intercept(&url.as_str().parse().ok()?)?;
        proxy.uri().host().map(plain_name)
    }
}

/// What connections are made with.
#[derive(Clone, Debug)]
pub(super) struct CheckedNames(pub(super) Arc<Reach>);

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.0);
        Box::pin(async move {
            let found = reach.addresses(name.as_str()).await?;
            // The client puts the port of its URL in the place of 0.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Whether requests go to a server on this machine, which no proxy can reach.
pub(super) fn is_beside_proxies(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_local && url.scheme() == "http"
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::http::PrivateHost;

    /// Answers each name with the same.
    #[derive(Debug)]
    struct Always(Vec<IpAddr>);

    #[async_trait]
    impl NameLookup for Always {
        async fn look_up(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            if self.0.is_empty() {
                return Err(io::Error::other("no such name"));
            }
            Ok(self.0.clone())
        }
    }

    fn reach(allowed: &[&str], answers: &[&str]) -> Reach {
        let allowed: Vec<PrivateHost> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let answers = answers.iter().map(|text| text.parse().unwrap()).collect();
        Reach {
            proxies: Matcher::builder().build(),
            ..Reach::new(Arc::new(allowed), Arc::new(Always(answers)))
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    async fn found(reach: &Reach, name: &str) -> Result<Vec<String>, String> {
        let addresses = reach.addresses(name).await;
        let addresses = addresses.map_err(|error| error.to_string())?;
        Ok(addresses.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn of_several_answers_the_private_ones_are_left_out() {
        let answers = ["10.0.0.1", "1.1.1.1", "::1", "169.254.169.254"];
        let stranger = reach(&[], &answers);
        assert_eq!(found(&stranger, "models.corp").await.unwrap(), ["1.1.1.1"]);
        let allowed = reach(&["models.corp"], &answers);
        assert_eq!(
            found(&allowed, "Models.corp.").await.unwrap(),
            ["10.0.0.1", "1.1.1.1", "::1"]
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_to_nothing_else_is_refused_without_the_address() {
        let refused = found(&reach(&[], &["10.1.2.3", "::1"]), "models.corp").await;
        let text = refused.unwrap_err();
        assert!(
            text.contains("models.corp is at a private address"),
            "{text}"
        );
        assert!(text.contains("Add it there"), "{text}");
        assert!(!text.contains("10.1.2.3"), "{text}");
        // A block does not stand for the names that lead into it, nor for those that hosts of a block have.
        assert!(
            found(&reach(&["10.0.0.0/8"], &["10.1.2.3"]), "models.corp")
                .await
                .is_err()
        );
        for allowed in [&[][..], &["metadata.corp"]] {
            let refused = found(&reach(allowed, &["169.254.169.254"]), "metadata.corp").await;
            assert!(refused.unwrap_err().contains("never called"));
        }
    }

    #[tokio::test]
    async fn an_address_is_checked_when_it_is_entered() {
        let private = reach(&["models.corp", "10.0.0.0/8"], &["10.0.0.1"]);
        for text in ["http://models.corp/v1", "http://10.9.9.9", "http://0xa.1"] {
            assert_eq!(private.check_address(&url(text)).await, Ok(()), "{text}");
        }
        for text in [
            "http://other.corp",
            "http://192.168.0.1",
            "http://[fd00::1]",
        ] {
            let refused = private.check_address(&url(text)).await;
            assert!(matches!(refused, Err(Refusal::Private(_))), "{text}");
        }
        // Not there yet.
        let nowhere = reach(&[], &[]);
        assert_eq!(nowhere.check_address(&url("http://new.corp")).await, Ok(()));
    }

    /// Allows everything, until it does not.
    #[derive(Debug)]
    struct Fickle(AtomicBool);

    #[async_trait]
    impl PrivateHosts for Fickle {
        async fn allows(&self, _host: &Host) -> Result<bool, String> {
            Ok(self.0.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn connections_of_a_host_that_is_allowed_no_more_are_left_however_old_they_are() {
        let hosts = Arc::new(Fickle(AtomicBool::new(true)));
        let lookup = Arc::new(Always(vec!["10.0.0.1".parse().unwrap()]));
        let reach = Reach::new(Arc::clone(&hosts) as Arc<dyn PrivateHosts>, lookup);
        let target = url("http://models.corp/v1");
        assert_eq!(reach.check_request(&target).await, Ok(Connections::Any));
        found(&reach, "models.corp").await.unwrap();
        assert_eq!(reach.check_request(&target).await, Ok(Connections::Any));
        hosts.0.store(false, Ordering::SeqCst);
        assert_eq!(reach.check_request(&target).await, Ok(Connections::New));
        assert!(found(&reach, "models.corp").await.is_err());
        // They are gone now.
        assert_eq!(reach.check_request(&target).await, Ok(Connections::Any));
    }

    #[tokio::test]
    async fn behind_a_proxy_its_name_alone_may_be_anywhere() {
        let proxies = Matcher::builder()
            .all("http://Proxy.corp:3128")
            .no("direct.corp");
        let reach = Reach {
            proxies: proxies.build(),
            ..reach(&[], &["10.0.0.1"])
        };
        assert!(
            found(&reach, "proxy.corp").await.is_err(),
            "nobody uses it yet"
        );
        let target = url("https://models.example/v1");
        assert_eq!(reach.check_request(&target).await, Ok(Connections::Any));
        assert_eq!(reach.check_address(&target).await, Ok(()));
        assert_eq!(found(&reach, "proxy.corp").await.unwrap(), ["10.0.0.1"]);
        let metadata = Reach {
            lookup: Arc::new(Always(vec!["169.254.169.254".parse().unwrap()])),
            proxies: Matcher::builder().all("http://proxy.corp:3128").build(),
            ..Reach::new(Arc::new(Vec::new()), Arc::new(Always(Vec::new())))
        };
        metadata.check_request(&target).await.unwrap();
        assert_eq!(found(&metadata, "proxy.corp").await.unwrap(), [""; 0]);
        // What the proxy is not asked for, and what is an address as it stands, is judged here.
        for text in ["http://direct.corp", "http://10.0.0.1"] {
            assert!(reach.check_address(&url(text)).await.is_err(), "{text}");
        }
        assert!(found(&reach, "direct.corp").await.is_err());
    }
}
