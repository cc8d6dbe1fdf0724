//! Identifiers. Every id on the wire is a UUID (version 7 where Switchyard makes it) or a positive integer;
//! here each has a type of its own so that a chat's id cannot be passed where a user's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new time-ordered id (UUID version 7).
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// True for the all-zero UUID, which some clients send to mean "none".
            pub fn is_zero(self) -> bool {
                self.0.is_nil()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

uuid_ids! {
    /// A person with an account.
    UserId,
    /// The organization that chats and workspaces belong to.
    OrganizationId,
    /// An API token.
    TokenId,
    /// A sign-in session of the page.
    SessionId,
    /// A conversation with an agent.
    ChatId,
    /// A configured connection to a model provider.
    ProviderConfigId,
    /// A configured model of a provider.
    ModelConfigId,
    /// A place where an agent works.
    WorkspaceId,
    /// One start, stop or deletion of a workspace.
    BuildId,
    /// The agent process of one workspace start.
    AgentId,
    /// A folder of the server's machine that local workspaces may use.
    AllowedFolderId,
    /// An uploaded file.
    FileId,
    /// One server process; owns the chats it runs.
    WorkerId,
    /// One acquisition of a chat by a worker: the fence that stale writers fail on.
    RunnerId,
    /// A template that workspaces are made from.
    TemplateId,
    /// What a person signs in to a git host with.
    ExternalAuthLinkId,
    /// As whom a git host knows this deployment.
    ExternalAuthConfigId,
    /// A person's way to a git host and back.
    ExternalAuthFlowId,
    /// An external MCP server.
    McpServerId,
    /// One thing that models were called for, as it was recorded.
    DebugRunId,
    /// One call of a model within it.
    DebugStepId,
    /// An entry of the audit log.
    AuditEntryId,
}

macro_rules! integer_ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

integer_ids! {
    /// A message of a chat. Ids grow in the order of commits and serve as the reader's cursor.
    MessageId,
    /// A message that waits in a chat's queue.
    QueuedMessageId,
}
