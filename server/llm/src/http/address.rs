//! A provider's base address: checked once, joined with paths later.

use std::net::IpAddr;

use url::{Host, Url};

use super::networks::{Standing, standing};
use crate::{Error, ErrorKind};

/// A checked address without a final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    url: Url,
}

impl BaseUrl {
    /// Checks an address. Only `http` and `https`, no user name or password, no address that is never called (that is
    /// where clouds answer with a machine's credentials). Private ones are judged when they are called.
    pub(crate) fn parse(provider: &str, text: &str) -> Result<Self, Error> {
        let refuse = |reason: &str| {
            let message = format!("The base URL of {provider} cannot be used: {reason}.");
            Error::new(ErrorKind::Config, Some(provider)).with_message(message)
        };
        let mut url = Url::parse(text.trim()).map_err(|problem| refuse(&problem.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(refuse("it must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not contain a user name or a password"));
        }
        if is_never_called(&url) {
            return Err(refuse(
                "link-local addresses and metadata services are never called",
            ));
        }
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self { url })
    }

    /// Adds `/v1` where the address has no path at all, as compatible servers are usually written down.
    pub(crate) fn with_default_version(mut self) -> Self {
        if self.path().is_empty() {
            self.url.set_path("/v1");
        }
        self
    }

    /// Takes a final `/v1` away, for protocols whose paths bring it along.
    pub(crate) fn without_version(mut self) -> Self {
        if let Some(root) = self.path().strip_suffix("/v1").map(str::to_owned) {
            self.url.set_path(&root);
        }
        self
    }

    /// The address of a path, which begins with a slash. A query of the base stays.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.path()));
        url
    }

    /// Whether the host is `domain` or below it.
    pub(crate) fn is_below(&self, domain: &str) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Host and port, for messages.
    pub(crate) fn authority(&self) -> &str {
        self.url.authority()
    }

    fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }
}

fn is_never_called(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return false,
    };
    standing(address) == Standing::Forbidden
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

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse("p", text).unwrap()
    }

    #[test]
    fn joins_paths_however_the_address_ends() {
        for text in ["http://h:1", "http://h:1/", " http://h:1// "] {
            assert_eq!(
                base(text).with_default_version().join("/models").as_str(),
                "http://h:1/v1/models"
            );
            assert_eq!(
                base(text).without_version().join("/v1/messages").as_str(),
                "http://h:1/v1/messages"
            );
        }
        assert_eq!(
            base("https://h/api/v1/")
                .with_default_version()
                .join("/models")
                .as_str(),
            "https://h/api/v1/models"
        );
        assert_eq!(
            base("https://h/v1")
                .without_version()
                .join("/v1/messages")
                .as_str(),
            "https://h/v1/messages"
        );
        assert_eq!(
            base("https://h/v1beta/openai")
                .with_default_version()
                .join("/m")
                .as_str(),
            "https://h/v1beta/openai/m"
        );
    }

    #[test]
    fn refuses_what_cannot_be_an_address() {
        for text in [
            "",
            "h:1",
            "localhost",
            "ftp://h",
            "file:///etc",
            "data:x",
            "http://u:p@h",
            "http://u@h",
            "http://",
        ] {
            assert_eq!(
                BaseUrl::parse("p", text).unwrap_err().kind,
                ErrorKind::Config,
                "{text}"
            );
        }
    }

    #[test]
    fn knows_the_domain_it_belongs_to() {
        assert!(base("https://api.openai.com/v1").is_below("openai.com"));
        assert!(base("https://openai.com").is_below("openai.com"));
        assert!(!base("https://notopenai.com").is_below("openai.com"));
        assert!(!base("https://openai.com.example.org").is_below("openai.com"));
    }

    #[test]
    fn refuses_addresses_that_are_never_called() {
        for text in [
            "http://169.254.169.254/latest",
            "http://2852039166/",
            "http://0xa9.0xfe.0251.254./",
            "http://100.100.100.200/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
        ] {
            assert!(BaseUrl::parse("p", text).is_err(), "{text}");
        }
        assert!(BaseUrl::parse("p", "http://127.0.0.1:11434").is_ok());
    }
}
