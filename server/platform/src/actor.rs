//! Who asks.

use std::net::IpAddr;

use sdk::ids::{OrganizationId, SessionId, TokenId, UserId};
use sdk::permissions::Permission;
use sdk::users::Role;

/// A signed-in person, as the credential of one request tells. Not to be kept: role and status may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// Their organization.
    pub organization_id: OrganizationId,
    /// What they are in the deployment.
    pub role: Role,
    /// Whether their account may use agents.
    pub agents_access: bool,
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
    /// Whether they may do this.
    pub fn may(&self, permission: Permission) -> bool {
        permission.is_held(self.role, self.agents_access)
    }

    /// Refuses everybody who may not do this.
    pub(crate) fn require<E>(&self, permission: Permission, refusal: E) -> Result<(), E> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(refusal)
        }
    }
}
