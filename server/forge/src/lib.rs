//! Git hosting: what a host knows of a branch — its pull request, its checks, its diff — behind one trait.
//!
//! [`Forges`] holds the hosts that may be asked: GitHub itself and those that the operator named. A remote's address only
//! chooses among them, it never says where a request goes; so no workspace and no model can make the server call an address
//! of theirs, and a token reaches its own host alone. Answers are hostile input: cut, cleaned, and refused when too large.

mod error;
mod forge;
mod github;
mod hosts;
mod http;
mod oauth;
mod remote;
mod text;

pub use error::ForgeError;
pub use forge::{Access, Forge, ForgeKind, PullRequest, RepositoryName};
pub use hosts::{Forges, HostConfig, HostConfigError};
pub use oauth::{DeviceCode, Oauth, OauthApp, OauthEndpoints, OauthError, OauthTokens};
pub use remote::{Remote, RemoteError, Transport};

/// The largest diff that is handed on, in bytes; one byte more is [`ForgeError::TooLarge`].
pub const LARGEST_DIFF_BYTES: usize = 4 * 1024 * 1024;
