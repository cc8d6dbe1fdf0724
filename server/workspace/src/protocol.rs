//! What the control plane and the agent say to each other: JSON bodies, header names and the chat scope.
//!
//! Both ends are built from this module, so a field that changes here changes on both. Bodies stay plain
//! structs; behaviour lives in `agent` and `connection`.

mod desktop;
mod files;
mod git;
mod processes;
mod scope;
mod skills;
mod terminals;

pub use desktop::{
    DESKTOP_PROGRAMS_MISSING, DesktopAction, DesktopActionKind, DesktopActionResult, DesktopSize,
    MAX_ACTION_DURATION, MAX_DRAG_PLACES, MAX_SCROLL_AMOUNT, MAX_TYPED_CHARACTERS, ScrollDirection,
};
pub use files::{
    DirectoryEntry, EditFilesRequest, EditFilesResult, FileDiff, FileEdit, FileEdits,
    FindFilesQuery, FoundFile, FoundFiles, ListDirectoryRequest, ListDirectoryResult,
    ReadFileLines, ReadLinesQuery, Relativity, ResolvedPath, WriteFileResult,
};
pub use git::{
    ChangedFile, FileChange, GitChanges, GitChangesQuery, GitEvent, GitFileQuery, GitLines,
    GitLinesQuery, LeftOut, MAX_LEFT_OUT_NAMES, RepositoryChanges,
};
pub use processes::{
    ProcessInfo, ProcessList, ProcessOutput, ProcessSignal, ProcessTail, SignalRequest,
    StartProcess, StartedProcess, Truncation,
};
pub use scope::{ANCESTOR_CHAT_IDS_HEADER, CHAT_ID_HEADER, ChatScope};
pub use skills::{Skill, SkillContent, SkillFile};
pub use terminals::{TerminalInput, TerminalOutput, TerminalSize, UnknownFrame, terminal_frames};

use serde::{Deserialize, Serialize};

/// The body of every answer of the agent that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong and what to do next, for a person or a model.
    pub message: String,
}

/// A plain acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// What was done.
    pub message: String,
}

/// What the agent says about itself at `GET /api/v0/about`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Version of the agent's program.
    pub version: String,
    /// Absolute path of the folder the agent works in.
    pub working_directory: String,
    /// Absolute home folder of the processes it starts.
    pub home_directory: String,
    /// The operating system, as `std::env::consts::OS` names it.
    pub operating_system: String,
    /// The processor architecture.
    pub architecture: String,
    /// The shell that runs commands.
    pub shell: String,
    /// Whether the agent runs inside a sandbox of its own namespaces.
    pub is_sandboxed: bool,
}

/// What a model should know before it works here: `GET /api/v0/context`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceContext {
    /// The agent and its machine.
    pub about: About,
    /// Instructions that lie in the workspace, the widest first.
    pub instruction_files: Vec<InstructionFile>,
    /// What a model may read when the work needs it, sorted by name. Agents of older versions know none.
    #[serde(default)]
    pub skills: Vec<Skill>,
}

/// An `AGENTS.md` or `CLAUDE.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstructionFile {
    /// Absolute path.
    pub path: String,
    /// Its text, as it is.
    pub text: String,
    /// Whether there is more of it.
    pub is_cut: bool,
}
