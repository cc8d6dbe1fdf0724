//! Hosts of git repositories, in the one form in which they are compared: whose token goes where hangs on it.
//!
//! Only `https` carries tokens; `http` does to the machine itself alone. What could be read in two ways is refused.

#[cfg(test)]
mod tests;

use std::fmt;

use url::{Host, Url};

const LONGEST_NAME_BYTES: usize = 260;

/// A host with its port, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GitHost {
    scheme: Scheme,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Https,
    /// To loopback only.
    Http,
}

/// Why something is no host that tokens are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitHostError {
    /// Anybody on the way could read the token.
    #[error("tokens are sent over https only; use the https address of the repository")]
    NotEncrypted,
    /// It cannot be read, or in more than one way.
    #[error("it is not the address of a host, such as git.example.com or git.example.com:8443")]
    Malformed,
    /// A host was asked for, and more was given.
    #[error("enter the host alone, such as git.example.com, without a path or a name")]
    NotAlone,
}

impl GitHost {
    /// The host of a repository's address, `https://[user@]host[:port]/path`.
    pub fn of_repository(address: &str) -> Result<Self, GitHostError> {
        let is_plain = |character: char| character.is_ascii_graphic() && character != '\\';
        if !address.chars().all(is_plain) {
            return Err(GitHostError::Malformed);
        }
        Self::of_url(&parse(address)?)
    }

    /// What a person enters: `host`, `host:port`, or the address of its first page.
    pub fn of_entry(text: &str) -> Result<Self, GitHostError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        if with_scheme.contains('\\') {
            return Err(GitHostError::Malformed);
        }
        let url = parse(&with_scheme)?;
        let is_alone = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && !with_scheme.contains('@');
        if is_alone {
            Self::of_url(&url)
        } else {
            Err(GitHostError::NotAlone)
        }
    }

    /// `host` or `host:port`, with nothing that could be anything else.
    pub(crate) fn of_authority(is_https: bool, authority: &str) -> Result<Self, GitHostError> {
        let is_plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        };
        if authority.is_empty() || !authority.bytes().all(is_plain) {
            return Err(GitHostError::Malformed);
        }
        let scheme = if is_https { "https" } else { "http" };
        Self::of_url(&parse(&format!("{scheme}://{authority}/"))?)
    }

    fn of_url(url: &Url) -> Result<Self, GitHostError> {
        let host = url.host().ok_or(GitHostError::Malformed)?;
        let is_loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        if let Host::Domain(name) = &host
            && !is_name(name)
        {
            return Err(GitHostError::Malformed);
        }
        let (scheme, port) = match url.scheme() {
            "https" => (Scheme::Https, url.port()),
            // The same port speaks one of both only, so the port has to be said.
            "http" if is_loopback => (Scheme::Http, url.port_or_known_default()),
            _ => return Err(GitHostError::NotEncrypted),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self {
            scheme,
            name: format!("{host}{port}"),
        })
    }

    /// The host in lower case, with the port where it is not 443: what tokens are kept under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same as an address, which [`Self::of_repository`] reads.
    pub fn address(&self) -> String {
        match self.scheme {
            Scheme::Https => format!("https://{}", self.name),
            Scheme::Http => format!("http://{}", self.name),
        }
    }
}

impl fmt::Display for GitHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// Browsers find a host in `https:///host` and in `https:host` too, others do not.
fn parse(address: &str) -> Result<Url, GitHostError> {
    let has_authority = address
        .split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.contains(':') && !rest.starts_with('/'));
    if !has_authority {
        return Err(GitHostError::Malformed);
    }
    Url::parse(address).map_err(|_| GitHostError::Malformed)
}

/// Labels of letters, digits, hyphens and underscores; no empty one, so no dot at the end either.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.len() <= LONGEST_NAME_BYTES
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(is_plain))
}
