//! The hosts that may be asked.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use crate::github::Github;
use crate::http::Http;
use crate::{Forge, ForgeError, ForgeKind, Oauth, OauthApp, Remote};

/// A host that the operator named. Being named here is what allows a private address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    kind: ForgeKind,
    base_url: Url,
    api_base_url: Url,
}

/// Why a host cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {address:?} cannot be used: {reason}")]
pub struct HostConfigError {
    address: String,
    reason: &'static str,
}

impl HostConfig {
    /// A host with the address of its pages and that of its API. Without the second, the usual one of the kind is taken.
    pub fn new(
        kind: ForgeKind,
        base_url: &str,
        api_base_url: Option<&str>,
    ) -> Result<Self, HostConfigError> {
        let base_url = checked(base_url)?;
        if base_url.path() != "/" {
            return Err(refused(
                base_url.as_str(),
                "enter the host alone, without a path",
            ));
        }
        let usual = match kind {
            ForgeKind::Github if base_url.host_str() == Some("github.com") => {
                "https://api.github.com".to_owned()
            }
            ForgeKind::Github => format!("{}api/v3", base_url.as_str()),
        };
        let api_base_url = checked(api_base_url.unwrap_or(&usual))?;
        Ok(Self {
            kind,
            base_url,
            api_base_url,
        })
    }

    /// What it speaks.
    pub const fn kind(&self) -> ForgeKind {
        self.kind
    }

    /// The address of its pages.
    pub const fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The address of its API.
    pub const fn api_base_url(&self) -> &Url {
        &self.api_base_url
    }

    /// Whether its API is at the host itself, or at `api.` of it, so that tokens for the host stay with it.
    pub fn has_own_api(&self) -> bool {
        let host = self.base_url.host_str().unwrap_or_default();
        let is_beside = self.api_base_url.scheme() == "https"
            && self.api_base_url.port().is_none()
            && self.api_base_url.host_str() == Some(&format!("api.{host}"));
        is_beside || self.api_base_url.origin() == self.base_url.origin()
    }

    /// The name that tokens are kept under.
    pub fn name(&self) -> String {
        let host = self.base_url.host_str().unwrap_or_default();
        // As external auth names hosts: the port of plain HTTP is always said.
        let port = match self.base_url.scheme() {
            "https" => self.base_url.port(),
            _ => self.base_url.port_or_known_default(),
        };
        port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// All hosts that may be asked, and the one client that asks them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Forges {
    http: Arc<Http>,
    hosts: Arc<[Arc<dyn Forge>]>,
}

impl Forges {
    /// GitHub, and the hosts that the operator named. `version` goes into the user agent.
    pub fn new(configs: &[HostConfig], version: &str) -> Result<Self, ForgeError> {
        let http = Arc::new(Http::new(version)?);
        let github = HostConfig::new(ForgeKind::Github, "https://github.com", None);
        let named = configs.iter().any(|config| config.name() == "github.com");
        let built_in = github.ok().filter(|_| !named);
        let configs = configs.iter().chain(built_in.as_ref());
        let hosts = configs.map(|config| forge(&http, config)).collect();
        Ok(Self { http, hosts })
    }

    /// The same with further hosts, as far as they are not among them. They share the client.
    pub fn with<'a>(&self, configs: impl IntoIterator<Item = &'a HostConfig>) -> Self {
        let mut hosts = self.hosts.to_vec();
        for config in configs {
            if self.named(&config.name()).is_none() {
                hosts.push(forge(&self.http, config));
            }
        }
        Self {
            http: Arc::clone(&self.http),
            hosts: hosts.into(),
        }
    }

    /// An application at a host, to sign people in there.
    pub fn oauth(&self, config: &HostConfig, app: OauthApp) -> Oauth {
        let endpoints = forge(&self.http, config).oauth_endpoints();
        Oauth::new(Arc::clone(&self.http), config.name(), endpoints, app)
    }

    /// The host whose tokens are kept under this name, when it is one of them.
    pub fn named(&self, name: &str) -> Option<Arc<dyn Forge>> {
        let mut hosts = self.hosts.iter();
        hosts.find(|forge| forge.host() == name).cloned()
    }

    /// The host of a remote, when it is one of them.
    pub fn of(&self, remote: &Remote) -> Option<Arc<dyn Forge>> {
        let mut hosts = self.hosts.iter();
        hosts
            .find(|forge| forge.repository(remote).is_some())
            .cloned()
    }
}

fn forge(http: &Arc<Http>, config: &HostConfig) -> Arc<dyn Forge> {
    match config.kind {
        ForgeKind::Github => Arc::new(Github::new(
            Arc::clone(http),
            config.name(),
            config.base_url.clone(),
            config.api_base_url.clone(),
        )),
    }
}

fn refused(address: &str, reason: &'static str) -> HostConfigError {
    HostConfigError {
        address: address.to_owned(),
        reason,
    }
}

/// `https`, or `http` to this machine itself; no name, no password, no link-local address (that is where clouds answer with
/// a machine's credentials).
fn checked(address: &str) -> Result<Url, HostConfigError> {
    let url = Url::parse(address.trim()).map_err(|_| refused(address, "it is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            address,
            "it must not contain a user name or a password",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused(address, "it must not contain a query"));
    }
    let ip = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(address.to_canonical()),
        Some(Host::Domain(_)) => None,
        None => return Err(refused(address, "it names no host")),
    };
    let is_link_local = match ip {
        Some(IpAddr::V4(address)) => address.is_link_local(),
        Some(IpAddr::V6(address)) => address.is_unicast_link_local(),
        None => false,
    };
    if is_link_local {
        return Err(refused(address, "link-local addresses are not allowed"));
    }
    let is_here = ip.is_some_and(|ip| ip.is_loopback()) || url.host_str() == Some("localhost");
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(refused(address, "tokens are sent over https only")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn config(base: &str) -> Result<HostConfig, HostConfigError> {
        HostConfig::new(ForgeKind::Github, base, None)
    }

    #[test]
    fn knows_the_usual_api_of_a_host() {
        let api = |base| config(base).unwrap().api_base_url.to_string();
        assert_eq!(api("https://github.com"), "https://api.github.com/");
        assert_eq!(
            api("https://git.example.com/"),
            "https://git.example.com/api/v3"
        );
        let name = |base| config(base).unwrap().name();
        assert_eq!(name("https://Git.Example.com:443"), "git.example.com");
        assert_eq!(name("https://git.example.com:8443"), "git.example.com:8443");
        assert_eq!(name("http://127.0.0.1"), "127.0.0.1:80");
    }

    #[test]
    fn refuses_hosts_that_a_token_must_not_go_to() {
        for base in [
            "git.example.com",
            "http://git.example.com",
            "ftp://git.example.com",
            "https://u:p@git.example.com",
            "https://git.example.com/team",
            "https://git.example.com?x",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://[::ffff:169.254.169.254]",
            "",
        ] {
            assert!(config(base).is_err(), "{base}");
        }
    }

    #[test]
    fn only_hosts_that_were_named_are_found() {
        let forges = Forges::new(&[config("https://git.example.com").unwrap()], "1").unwrap();
        let host = |text: &str| {
            forges
                .of(&text.parse().unwrap())
                .map(|forge| forge.host().to_owned())
        };
        assert_eq!(
            host("git@git.example.com:a/b").as_deref(),
            Some("git.example.com")
        );
        assert_eq!(
            host("https://github.com/a/b").as_deref(),
            Some("github.com")
        );
        assert_eq!(host("https://gitlab.example.com/a/b"), None);
        // GitHub has no groups of groups.
        assert_eq!(host("https://github.com/a/b/c"), None);
    }
}
