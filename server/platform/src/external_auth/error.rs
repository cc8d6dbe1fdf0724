//! What can go wrong.

use forge::{ForgeError, OauthError};
use sdk::errors::Validation;
use store::StoreError;

use super::configs::MAX_CONFIGS;
use super::flows::FLOW_MINUTES;
use crate::failure::sentence_case;
use crate::secrets::UnsealError;
use crate::{Failure, FailureKind};

/// Why something about external auth failed.
#[derive(Debug, thiserror::Error)]
pub enum ExternalAuthError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// As many as there may be.
    #[error("There are tokens for {0} hosts already. Remove one that is not needed.")]
    TooMany(i64),
    /// The caller has none for this host.
    #[error("You have no token for this host.")]
    NotFound,
    /// There is a link, and it works no more; why.
    #[error("{0} Link it again under Settings → Git hosts.")]
    Broken(String),
    /// A token has ended and there is no other one yet.
    #[error("The sign-in at {0} could not be renewed yet. Try again in a minute.")]
    NotRefreshed(String),
    /// The host did not do what it was asked.
    #[error("{}", said(.0))]
    Host(#[from] OauthError),
    /// There is no such configuration.
    #[error("There is no such sign-in. Look under Settings → Git hosts for those there are.")]
    NoConfig,
    /// The configuration does not allow this way.
    #[error(
        "This host is not set up for that. Link it in another way, or ask an owner of the deployment."
    )]
    OtherWay,
    /// Coming back works in the browser only that went there.
    #[error(
        "Going to the host and back needs a browser that is signed in here. Without one, use a device code or enter a token."
    )]
    NeedsBrowser,
    /// The caller is on no such way.
    #[error(
        "This sign-in is not known: it was finished, began more than {FLOW_MINUTES} minutes ago, or in another browser. Begin again."
    )]
    NoFlow,
    /// Too many ways at once.
    #[error(
        "Too many sign-ins of yours are waiting. Finish one, or try again in {FLOW_MINUTES} minutes."
    )]
    TooManyFlows,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// It is defined elsewhere.
    #[error("This configuration comes from the server's environment. Change it there.")]
    FromEnvironment,
    /// The short name is taken.
    #[error("There is a configuration with this name already. Choose another name.")]
    NameTaken,
    /// The host is taken.
    #[error("There is a configuration for this host already. Change that one.")]
    HostTaken,
    /// As many as there may be.
    #[error("There are {MAX_CONFIGS} configurations already. Delete one that is not needed.")]
    TooManyConfigs,
    /// An agent asks and gets nothing; why, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The agent's token holds no longer.
    #[error("The workspace was stopped or started anew; this agent is no longer needed.")]
    AgentGone,
    /// A webhook that is not signed as it must be, of whatever configuration there is or is not.
    #[error(
        "This is not signed with the webhook secret of a sign-in at this address. Compare the address and the secret at the \
         git host with those under Settings → Git hosts."
    )]
    NotSigned,
    /// A webhook that is signed and says nothing that can be read.
    #[error(
        "The webhook's body is not JSON. Choose the content type application/json at the git host."
    )]
    NoDelivery,
    /// A secret does not open.
    #[error("What is kept for {host} cannot be read: {error}.")]
    Unseal {
        /// The host.
        host: String,
        /// Why.
        error: UnsealError,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ExternalAuthError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) | Self::NeedsBrowser | Self::NoDelivery => FailureKind::Invalid,
            Self::TooMany(_)
            | Self::OtherWay
            | Self::FromEnvironment
            | Self::NameTaken
            | Self::HostTaken
            | Self::TooManyConfigs => FailureKind::Conflict,
            Self::NotFound | Self::NoConfig | Self::NoFlow | Self::Broken(_) | Self::Refused(_) => {
                FailureKind::NotFound
            }
            Self::AgentGone | Self::NotSigned => FailureKind::Unauthenticated,
            Self::Forbidden => FailureKind::Forbidden,
            Self::TooManyFlows => FailureKind::TooMany { retry_after_s: 60 },
            Self::NotRefreshed(_) | Self::Host(_) | Self::Unseal { .. } => FailureKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        let refused = |field: &str| {
            vec![Validation {
                field: field.to_owned(),
                detail: self.to_string(),
            }]
        };
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::NameTaken => refused("id"),
            Self::HostTaken => refused("base_url"),
            _ => Vec::new(),
        }
    }
}

/// A sentence; nothing is tried again by itself here.
fn said(error: &OauthError) -> String {
    match error {
        OauthError::Host(ForgeError::Unreachable { host, detail }) => sentence_case(&format!(
            "{host} cannot be reached ({detail}). Try again in a while"
        )),
        error => sentence_case(&error.to_string()),
    }
}
