//! What is known about the way a request came: the client's address and whether the connection is private.
//!
//! Forwarding headers are believed only from the proxies that the configuration names; anyone else could write
//! what they like into them.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use http::header::{HOST, USER_AGENT};
use platform::ClientInfo;
use url::Url;

/// The server's place in the network.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// URL under which people reach the server, when the configuration names one.
    pub access_url: Option<Url>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<AddressRange>,
}

impl NetworkOptions {
    /// Whether the browser's connection is over TLS.
    pub fn is_secure(&self, parts: &Parts) -> bool {
        if self
            .access_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https")
        {
            return true;
        }
        self.comes_from_a_trusted_proxy(parts)
            && last_forwarded(parts, "x-forwarded-proto")
                .is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"))
    }

    /// The client's address: the peer's, or the one that a trusted proxy reports.
    pub fn client_address(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = peer_address(parts)?;
        if !self.comes_from_a_trusted_proxy(parts) {
            return Some(peer);
        }
        let reported =
            last_forwarded(parts, "x-forwarded-for").and_then(|address| address.parse().ok());
        Some(reported.unwrap_or(peer))
    }

    /// Where a sign-in comes from.
    pub fn client_info(&self, parts: &Parts) -> ClientInfo {
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        ClientInfo {
            address: self.client_address(parts),
            user_agent: user_agent.unwrap_or_default().to_owned(),
        }
    }

    /// Whether an `Origin` is this server's own.
    pub fn is_own_origin(&self, origin: &str, parts: &Parts) -> bool {
        let Ok(origin) = Url::parse(origin) else {
            return false;
        };
        let Some(origin) = authority_of(&origin) else {
            return false;
        };
        let is_access_url = self
            .access_url
            .as_ref()
            .and_then(authority_of)
            .is_some_and(|own| own == origin);
        is_access_url || host_of(parts).is_some_and(|host| host == origin)
    }

    fn comes_from_a_trusted_proxy(&self, parts: &Parts) -> bool {
        peer_address(parts).is_some_and(|peer| {
            self.trusted_proxies
                .iter()
                .any(|range| range.contains(peer))
        })
    }
}

/// Host and port without the default port, lower case.
fn authority_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.to_ascii_lowercase();
    Some(
        url.port()
            .map_or_else(|| host.clone(), |port| format!("{host}:{port}")),
    )
}

/// The host the request was sent to, in the form of `authority_of`.
pub fn host_of(parts: &Parts) -> Option<String> {
    let host = match parts.headers.get(HOST) {
        Some(host) => host.to_str().ok()?,
        None => parts.uri.authority()?.as_str(),
    };
    let host = host.to_ascii_lowercase();
    let host = host
        .strip_suffix(":80")
        .or_else(|| host.strip_suffix(":443"))
        .unwrap_or(&host);
    Some(host.to_owned())
}

fn peer_address(parts: &Parts) -> Option<IpAddr> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip().to_canonical())
}

/// The value that the nearest proxy appended.
fn last_forwarded<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let value = parts
        .headers
        .get_all(name)
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// An address, or a network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    prefix_bits: u32,
}

impl AddressRange {
    /// Whether an address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let shift = 32_u32.saturating_sub(self.prefix_bits);
                range.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let shift = 128_u32.saturating_sub(self.prefix_bits);
                range.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// The text is neither an address nor a network.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither an address nor a network such as 10.0.0.0/8")]
pub struct AddressRangeError(String);

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AddressRangeError(text.to_owned());
        let (address, prefix) = text
            .trim()
            .split_once('/')
            .map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| wrong())?,
            None => longest,
        };
        if prefix_bits > longest {
            return Err(wrong());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
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

    fn parts(headers: &[(&str, &str)], peer: &str) -> Parts {
        let mut request = http::Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts
            .extensions
            .insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        parts
    }

    fn options(proxies: &[&str], access_url: Option<&str>) -> NetworkOptions {
        NetworkOptions {
            access_url: access_url.map(|url| url.parse().unwrap()),
            trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn believes_forwarding_headers_from_trusted_proxies_only() {
        let forwarded = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "198.51.100.9, 203.0.113.7"),
        ];
        let trusted = options(&["10.0.0.0/8"], None);
        let by_proxy = parts(&forwarded, "10.1.2.3");
        assert!(trusted.is_secure(&by_proxy));
        assert_eq!(
            trusted.client_address(&by_proxy),
            Some("203.0.113.7".parse().unwrap())
        );
        let by_stranger = parts(&forwarded, "192.0.2.1");
        assert!(!trusted.is_secure(&by_stranger));
        assert_eq!(
            trusted.client_address(&by_stranger),
            Some("192.0.2.1".parse().unwrap())
        );
    }

    #[test]
    fn recognizes_its_own_origin_by_host_and_by_access_url() {
        let options = options(&[], Some("https://agents.example.com"));
        let request = parts(&[("host", "LOCALHOST:3000")], "127.0.0.1");
        for own in [
            "http://localhost:3000",
            "https://agents.example.com",
            "https://agents.example.com:443",
        ] {
            assert!(options.is_own_origin(own, &request), "{own}");
        }
        for foreign in [
            "http://localhost:3001",
            "http://localhost",
            "https://evil.example",
            "null",
            "",
        ] {
            assert!(!options.is_own_origin(foreign, &request), "{foreign}");
        }
    }

    #[test]
    fn reads_addresses_and_networks() {
        assert!(
            "0.0.0.0/0"
                .parse::<AddressRange>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!(
            "fd00::/8"
                .parse::<AddressRange>()
                .unwrap()
                .contains("fd12::1".parse().unwrap())
        );
        assert!(
            !"127.0.0.1"
                .parse::<AddressRange>()
                .unwrap()
                .contains("127.0.0.2".parse().unwrap())
        );
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0.0/x"] {
            assert!(wrong.parse::<AddressRange>().is_err(), "{wrong}");
        }
    }
}
