//! Hosts that may be at private addresses: how they are written down, and who is asked for them.

use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::str::FromStr;

use async_trait::async_trait;
use ipnet::IpNet;
use url::{Host, Url};

use super::networks::{Standing, standing};

/// Longest name of a host, in bytes (RFC 1035).
const LONGEST_NAME_BYTES: usize = 253;

/// An entry of a list of hosts that may be at private addresses. Displayed as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PrivateHost {
    /// A name, in lower case and without a final dot. It stands for itself and not for what is below it.
    Name(String),
    /// An address or a block of addresses, where an address is written as such. Names that lead there are not meant:
    /// otherwise whoever answers for a name would decide that it may be called.
    Network(IpNet),
}

/// Why a text is no such entry; says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateHostError {
    /// Neither a name nor an address nor a block.
    #[error(
        "“{0}” is no host. Write a name, an address or a block such as 10.0.0.0/8, without scheme, port and path."
    )]
    NoHost(String),
    /// A block that begins in its middle.
    #[error("“{0}” begins in the middle of its block. Write {1}.")]
    MiddleOfBlock(String, IpNet),
    /// It could not hold.
    #[error("“{0}” is link-local or a metadata service. Those are never called; leave it out.")]
    NeverCalled(String),
}

impl PrivateHost {
    /// What is called without anybody naming it: servers on this machine, as Ollama, vLLM and LM Studio are.
    pub fn usual() -> Vec<Self> {
        let loopback = [
            [127, 0, 0, 0].into(),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let mut usual = vec![Self::Name("localhost".to_owned())];
        usual.extend(
            loopback
                .into_iter()
                .zip([8, 128])
                .filter_map(|(address, prefix)| IpNet::new(address, prefix).ok())
                .map(Self::Network),
        );
        usual
    }

    /// The host of a provider's base URL; none where that is no URL.
    pub fn of_base_url(base_url: &str) -> Option<Self> {
        let url = Url::parse(base_url.trim()).ok()?;
        Some(Self::of(&url.host()?.to_owned()))
    }

    /// Whether a host of a URL is meant.
    pub fn covers(&self, host: &Host) -> bool {
        match (self, Self::of(host)) {
            (Self::Name(name), Self::Name(other)) => *name == other,
            (Self::Network(network), Self::Network(other)) => network.contains(&other),
            _ => false,
        }
    }

    fn of(host: &Host) -> Self {
        let address = match host {
            Host::Domain(name) => return Self::Name(plain_name(name)),
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => address.to_canonical(),
        };
        Self::Network(address.into())
    }
}

impl FromStr for PrivateHost {
    type Err = PrivateHostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let no_host = || PrivateHostError::NoHost(text.chars().take(80).collect());
        let host = if let Ok(block) = text.parse::<IpNet>() {
            if block != block.trunc() {
                return Err(PrivateHostError::MiddleOfBlock(
                    text.to_owned(),
                    block.trunc(),
                ));
            }
            Self::Network(block)
        } else if let Ok(address) = text.parse::<IpAddr>() {
            Self::Network(address.to_canonical().into())
        } else {
            let host = Host::parse(text).map_err(|_| no_host())?;
            Self::of(&host)
        };
        match &host {
            Self::Name(name) => {
                let is_name = !name.is_empty()
                    && name.len() <= LONGEST_NAME_BYTES
                    && name.split('.').all(|label| !label.is_empty())
                    && !name.contains('*');
                is_name.then_some(host).ok_or_else(no_host)
            }
            // Addresses of this kind are compared as the IPv4 addresses that they are.
            Self::Network(IpNet::V6(network)) if network.addr().to_ipv4_mapped().is_some() => {
                Err(no_host())
            }
            Self::Network(network) if is_never_called(network) => {
                Err(PrivateHostError::NeverCalled(text.to_owned()))
            }
            Self::Network(_) => Ok(host),
        }
    }
}

impl fmt::Display for PrivateHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(formatter, "{}", network.addr())
            }
            Self::Network(network) => write!(formatter, "{network}"),
        }
    }
}

/// Who says which hosts may be at private addresses. Asked before each request to a private literal, and at each
/// connection whose name leads to a private address, so that a change holds at once.
#[async_trait]
pub trait PrivateHosts: Debug + Send + Sync {
    /// Whether this host of a URL may be. An error says in words why that is not known now.
    async fn allows(&self, host: &Host) -> Result<bool, String>;
}

#[async_trait]
impl PrivateHosts for Vec<PrivateHost> {
    async fn allows(&self, host: &Host) -> Result<bool, String> {
        Ok(self.iter().any(|entry| entry.covers(host)))
    }
}

/// A name as two of them are compared.
pub(super) fn plain_name(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether a block holds nothing but what is never called, as far as its ends tell.
fn is_never_called(network: &IpNet) -> bool {
    let is_forbidden = |address| standing(address) == Standing::Forbidden;
    is_forbidden(network.network()) && is_forbidden(network.broadcast())
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

    fn entry(text: &str) -> PrivateHost {
        text.parse().unwrap()
    }

    fn covers(text: &str, url: &str) -> bool {
        let url = Url::parse(url).unwrap();
        entry(text).covers(&url.host().unwrap().to_owned())
    }

    #[test]
    fn an_entry_is_kept_in_one_form() {
        for (text, kept) in [
            (" Models.Corp.Example. ", "models.corp.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("2130706433", "127.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("[fd12::1]", "fd12::1"),
            ("fd12::/16", "fd12::/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(entry(text).to_string(), kept);
            assert_eq!(entry(kept).to_string(), kept);
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_what_to_write() {
        for text in [
            "",
            ".",
            "a..b",
            "http://models.corp",
            "models.corp:8080",
            "models.corp/v1",
            "10.0.0.0/33",
            "*.corp",
            "two words",
            "u@h",
            // Would never match: such addresses are compared as IPv4.
            "::ffff:10.0.0.0/104",
        ] {
            let refused = text.parse::<PrivateHost>().unwrap_err();
            assert!(matches!(refused, PrivateHostError::NoHost(_)), "{text}");
        }
        let refused = "10.1.2.3/8".parse::<PrivateHost>().unwrap_err();
        assert!(refused.to_string().ends_with("Write 10.0.0.0/8."));
        for text in [
            "169.254.169.254",
            "169.254.0.0/16",
            "fe80::/10",
            "fd00:ec2::254",
        ] {
            let refused = text.parse::<PrivateHost>().unwrap_err();
            assert!(
                matches!(refused, PrivateHostError::NeverCalled(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn hosts_are_compared_however_they_are_written() {
        for (text, url) in [
            ("models.corp", "http://MODELS.corp/v1"),
            ("models.corp", "https://models.corp.:8443"),
            ("models.corp.", "http://models.corp"),
            ("127.0.0.1", "http://2130706433/"),
            ("127.0.0.1", "http://0x7f.1/"),
            ("127.0.0.1", "http://0177.0.0.1./"),
            ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/"),
            ("fd12::/16", "http://[fd12::1]/"),
        ] {
            assert!(covers(text, url), "{text} {url}");
        }
        for (text, url) in [
            ("models.corp", "http://a.models.corp"),
            ("models.corp", "http://models.corp.evil.example"),
            ("corp", "http://models.corp"),
            ("10.0.0.0/8", "http://11.0.0.1"),
            ("10.0.0.0/8", "http://ten.example"),
            ("0.0.0.0/0", "http://[fd12::1]"),
        ] {
            assert!(!covers(text, url), "{text} {url}");
        }
    }

    #[test]
    fn this_machine_needs_nobody_to_name_it() {
        let usual = PrivateHost::usual();
        let texts: Vec<_> = usual.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["localhost", "127.0.0.0/8", "::1"]);
        let is_usual = |url: &str| {
            let host = Url::parse(url).unwrap().host().unwrap().to_owned();
            usual.iter().any(|entry| entry.covers(&host))
        };
        for url in ["http://localhost:1", "http://127.1", "http://[::1]"] {
            assert!(is_usual(url), "{url}");
        }
        for url in ["http://0.0.0.0", "http://10.0.0.1", "http://[::]"] {
            assert!(!is_usual(url), "{url}");
        }
    }

    #[test]
    fn the_host_of_a_base_url_is_found() {
        let found = PrivateHost::of_base_url(" http://Models.corp:8080/v1 ").unwrap();
        assert_eq!(found.to_string(), "models.corp");
        assert_eq!(PrivateHost::of_base_url("models"), None);
    }
}
