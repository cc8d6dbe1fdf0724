//! Addresses of remotes in every usual form, read without their credentials.
//!
//! `https://host[:port]/owner/repository[.git][/]`, `ssh://[user@]host[:port]/…`, `git://…`, and the form of scp,
//! `[user@]host:owner/repository`. The owner may be a path of several names, as GitLab's groups are.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use url::Url;

const LONGEST_BYTES: usize = 2048;
/// GitHub takes SSH at this name too, for networks that let only the web's ports through.
const GITHUB_SSH_HOST: &str = "ssh.github.com";
const GITHUB_HOST: &str = "github.com";

/// How git speaks with a remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `https://`.
    Https,
    /// `http://`.
    Http,
    /// `ssh://` and the form of scp.
    Ssh,
    /// `git://`.
    Git,
}

/// A repository at a host. It holds no name and no password to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    transport: Transport,
    /// In lower case.
    host: String,
    /// Where it is not the usual one of the transport.
    port: Option<u16>,
    owner: String,
    repository: String,
}

/// Why an address is none of a repository at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not the address of a repository at a git host, such as https://github.com/owner/repository"
)]
pub struct RemoteError;

impl Remote {
    /// The host's name in lower case, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whose repository it is; several names with slashes where the host has groups.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository's name without `.git`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Whether the repository is at the host with this web address. The port of SSH says nothing about the web's.
    pub fn is_at(&self, base: &Url) -> bool {
        let web_host = base.host_str().unwrap_or_default();
        let is_web = match self.transport {
            Transport::Https => base.scheme() == "https",
            Transport::Http => base.scheme() == "http",
            Transport::Ssh | Transport::Git => {
                return self.host == web_host
                    || (self.host == GITHUB_SSH_HOST && web_host == GITHUB_HOST);
            }
        };
        let port = self.port.unwrap_or_else(|| self.transport.usual_port());
        is_web && self.host == web_host && Some(port) == base.port_or_known_default()
    }
}

impl Transport {
    const fn usual_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ssh => 22,
            Self::Git => 9418,
        }
    }

    const fn scheme(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::Git => "git",
        }
    }

    fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "https" => Some(Self::Https),
            "http" => Some(Self::Http),
            "ssh" | "git+ssh" | "ssh+git" => Some(Self::Ssh),
            "git" => Some(Self::Git),
            _ => None,
        }
    }
}

/// `https://host[:port]/owner/repository`, with the scheme of the transport. [`Remote::from_str`] reads it.
impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.transport.scheme(), self.host)?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        write!(formatter, "/{}/{}", self.owner, self.repository)
    }
}

impl FromStr for Remote {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let text = text.trim();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if text.len() > LONGEST_BYTES || !text.bytes().all(is_plain) {
            return Err(RemoteError);
        }
        if text.contains("://") {
            of_url(text)
        } else {
            of_scp(text)
        }
    }
}

fn of_url(text: &str) -> Result<Remote, RemoteError> {
    let url = Url::parse(text).map_err(|_| RemoteError)?;
    let transport = Transport::of_scheme(url.scheme()).ok_or(RemoteError)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(RemoteError);
    }
    let host = url.host_str().ok_or(RemoteError)?;
    remote(transport, host, url.port(), url.path())
}

/// `[user@]host:path`; the host may be an IPv6 address in brackets.
fn of_scp(text: &str) -> Result<Remote, RemoteError> {
    let (before, path) = if let Some(at) = text.find("]:") {
        let (before, rest) = text.split_at(at + 1);
        (before, rest.strip_prefix(':').ok_or(RemoteError)?)
    } else {
        text.split_once(':').ok_or(RemoteError)?
    };
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    remote(Transport::Ssh, host, None, path)
}

fn remote(
    transport: Transport,
    host: &str,
    port: Option<u16>,
    path: &str,
) -> Result<Remote, RemoteError> {
    let host = host.to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, repository) = path.rsplit_once('/').ok_or(RemoteError)?;
    let mut names = owner.split('/').chain([repository]);
    if !is_host(&host) || !names.all(is_name) {
        return Err(RemoteError);
    }
    Ok(Remote {
        transport,
        host,
        port: port.filter(|port| *port != transport.usual_port()),
        owner: owner.to_owned(),
        repository: repository.to_owned(),
    })
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    host.split('.')
        .all(|label| !label.is_empty() && label.bytes().all(is_plain))
}

/// What hosts take for names. Nothing that means something else in a path.
fn is_name(name: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~');
    !name.is_empty() && name != "." && name != ".." && name.bytes().all(is_plain)
}
