//! Who asks.

use std::net::IpAddr;

use sdk::ids::{OrganizationId, SessionId, TokenId, UserId};
use sdk::users::Role;

/// A signed-in person, as the credential of one request tells. Not to be kept: role and status may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// Their organization.
    pub organization_id: OrganizationId,
    /// What they may do.
    pub role: Role,
    /// By which credential.
    pub via: Via,
    /// From where, as far as it is known; set by what takes the request.
    pub address: Option<IpAddr>,
}

/// The credential of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A sign-in session.
    Session(SessionId),
    /// An API token.
    Token(TokenId),
    /// A command on the server's own machine.
    CommandLine,
    /// An agent that works in one of the person's chats.
    Agent,
}

impl Actor {
    /// Whether they administer the deployment.
    pub fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }

    /// Refuses everybody who does not administer the deployment.
    pub(crate) fn require_owner<E>(&self, refusal: E) -> Result<(), E> {
        if self.is_owner() {
            Ok(())
        } else {
            Err(refusal)
        }
    }
}
