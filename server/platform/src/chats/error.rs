//! Why something about a chat failed.

use chatd::{PreviewError, StateError, TitleError};
use sdk::errors::Validation;
use store::StoreError;

use crate::failure::sentence_case;
use crate::{Failure, FailureKind};

/// Seconds after which a full queue may have room again.
const QUEUE_RETRY_S: u64 = 10;

const INSIDE: &str = "Something went wrong on the server. Try again; if it goes on, ask the administrator to look into the log.";

/// Why something about a chat failed.
#[derive(Debug, thiserror::Error)]
pub enum ChatFailure {
    /// Fields were refused.
    #[error("{}", sentence(.0))]
    Invalid(Vec<Validation>),
    /// No such chat for the caller.
    #[error("There is no such chat.")]
    NotFound,
    /// No such message in the chat.
    #[error("There is no such message in this chat.")]
    MessageNotFound,
    /// The chat was to belong to an organization that is not the caller's.
    #[error("You do not belong to this organization. Leave organization_id out to mean yours.")]
    ForeignOrganization,
    /// No model can be used.
    #[error("There is no model to use. Ask an owner to connect one under Settings → Providers.")]
    NoModel,
    /// Their role does not allow it.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// Their account may not use agents.
    #[error(
        "Your account may not use agents. Your chats stay readable; ask an owner or administrator of this deployment for access."
    )]
    NoAgentsAccess,
    /// The chat's model cannot be called; the text says why.
    #[error("{0}")]
    ModelUnavailable(String),
    /// The chat has no workspace.
    #[error("This chat has no workspace.")]
    NoWorkspace,
    /// Owners have switched desktops off.
    #[error("Desktops are switched off. An owner switches them on under Settings → Agents.")]
    DesktopOff,
    /// Its workspace does not answer; the text says why.
    #[error("{0}")]
    WorkspaceUnavailable(String),
    /// Its git host does not tell; the text says why.
    #[error("{message}")]
    GitHost {
        /// What happened.
        message: String,
        /// Its kind.
        kind: FailureKind,
    },
    /// Its workspace could not be made; the text says why.
    #[error("{message}")]
    Workspace {
        /// What happened.
        message: String,
        /// Its kind.
        kind: FailureKind,
        /// Refused fields.
        validations: Vec<Validation>,
    },
    /// There is no new title; the text says why.
    #[error("{}", sentence_case(&.0.to_string()))]
    Title(TitleError),
    /// The chat's state does not allow it.
    #[error(transparent)]
    State(StateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChatFailure {
    /// One refused field.
    pub(crate) fn field(field: &str, detail: &str) -> Self {
        Self::Invalid(vec![Validation {
            field: field.to_owned(),
            detail: detail.to_owned(),
        }])
    }
}

impl From<StateError> for ChatFailure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::ChatNotFound => Self::NotFound,
            StateError::MessageNotFound | StateError::QueuedNotFound => Self::MessageNotFound,
            StateError::NotAUserMessage => Self::field(
                "message",
                "Only messages of people can be edited. Choose one of them.",
            ),
            StateError::ParentArchived => Self::field(
                "archived",
                "The chat that started this one is archived. Unarchive that one.",
            ),
            StateError::WrongToolResults(validations) => Self::Invalid(validations),
            StateError::Store(error) => Self::Store(error),
            other => Self::State(other),
        }
    }
}

impl From<PreviewError> for ChatFailure {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Model(error) => Self::ModelUnavailable(error.message),
            PreviewError::Store(error) => Self::Store(error),
        }
    }
}

impl From<TitleError> for ChatFailure {
    fn from(error: TitleError) -> Self {
        match error {
            TitleError::State(error) => error.into(),
            other => Self::Title(other),
        }
    }
}

impl Failure for ChatFailure {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) | Self::NoModel | Self::NoWorkspace => FailureKind::Invalid,
            Self::NotFound | Self::MessageNotFound => FailureKind::NotFound,
            Self::ForeignOrganization
            | Self::DesktopOff
            | Self::Forbidden
            | Self::NoAgentsAccess => FailureKind::Forbidden,
            Self::WorkspaceUnavailable(_)
            | Self::ModelUnavailable(_)
            | Self::Title(TitleError::Model(_)) => FailureKind::Unavailable,
            Self::Workspace { kind, .. } | Self::GitHost { kind, .. } => *kind,
            Self::State(StateError::QueueFull { .. }) => FailureKind::TooMany {
                retry_after_s: QUEUE_RETRY_S,
            },
            Self::State(StateError::WrongLanding { .. }) => FailureKind::Internal,
            Self::Store(error) => error.kind(),
            Self::State(_) | Self::Title(_) => FailureKind::Conflict,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::State(StateError::Refused { transition, .. }) => refusal(transition).to_owned(),
            Self::State(StateError::TooManySubagents { limit }) => format!(
                "{limit} agents of the chat above this one are at work, and no more may be. Wait until one is done, or stop one; then try again."
            ),
            Self::State(StateError::WrongLanding { .. }) => INSIDE.to_owned(),
            // What a person can act on, such as a full disk, has words of its own.
            Self::Store(error) => error.message(),
            Self::State(other) => sentence_case(&other.to_string()),
            other => other.to_string(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) | Self::Workspace { validations, .. } => validations.clone(),
            _ => Vec::new(),
        }
    }
}

fn refusal(transition: &str) -> &'static str {
    match transition {
        "retry turn" => "Only a turn that failed can be run again. Send a message instead.",
        "unarchive" => "This chat is not archived.",
        "complete requires-action" => {
            "This chat waits for no tool results. Reload it to see what it does."
        }
        "request compaction" => {
            "The history cannot be summarized while the chat is at work. Stop the turn or wait until it is over."
        }
        "clear context" => {
            "The context can be cleared only while nothing runs and nothing waits. Stop the turn or empty the queue first."
        }
        _ => "The chat's state does not allow this now. Reload it and try again.",
    }
}

fn sentence(validations: &[Validation]) -> String {
    match validations {
        [only] => format!("{}: {}.", only.field, only.detail),
        _ => "Some fields are not right. Correct them and try again.".to_owned(),
    }
}
