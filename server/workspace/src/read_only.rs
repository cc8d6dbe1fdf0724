//! Commands that can look and change nothing.
//!
//! Before such a command the kernel takes the right to write from the process (Landlock), and so from everything that it
//! starts, whatever the command is. What is left to it are devices such as `/dev/null` and one folder for its temporary files.
//! Modes, owners, times and attributes are no writing for Landlock: a filter of system calls refuses to change any, also
//! in that folder, as it cannot tell which file is meant.
//! A process can only take rights from itself, so this program starts itself again under [`SUBCOMMAND`], gives its rights
//! away, and becomes the command.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use landlock::{
    ABI, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus,
    Scope, path_beneath_rules,
};

use crate::system_calls;

/// What this program is told to do what this module says.
pub const SUBCOMMAND: &str = "read-only";

/// This program, also where its file was replaced meanwhile.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// What nothing is kept in.
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];
/// The newest rights that are known here; a kernel that knows fewer takes those it knows.
const RIGHTS: ABI = ABI::V6;

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub enum ReadOnlyError {
    /// The kernel cannot take the right to write.
    #[error(
        "commands that change nothing need a kernel with Landlock (Linux 5.13 or newer, with landlock among its security \
         modules); this one has none, so nothing was started"
    )]
    NoLandlock,
    /// The kernel refused.
    #[error("the right to write could not be taken from the command, so it was not started: {0}")]
    Refused(#[from] RulesetError),
    /// The calls that would have to be refused are not known.
    #[error(
        "commands that change nothing need x86-64 or 64-bit ARM: of this machine it is not known which system calls to \
         refuse, so nothing was started"
    )]
    UnknownMachine,
    /// The kernel refused to filter.
    #[error(
        "the right to change modes, owners and times of files could not be taken from the command, so it was not started \
         (a kernel with seccomp filters is needed): {0}"
    )]
    NoFilter(#[from] seccompiler::Error),
    /// The program could not be started.
    #[error("{} cannot be started: {error}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The words before a program that make it one that changes nothing outside of `scratch`.
pub(crate) fn wrapper(scratch: &Path) -> [OsString; 3] {
    [THIS_PROGRAM.into(), SUBCOMMAND.into(), scratch.into()]
}

/// Becomes a program that can change nothing outside of `scratch`; comes back only when it could not.
pub fn become_program(scratch: &Path, program: &Path, arguments: &[OsString]) -> ReadOnlyError {
    if let Err(error) = give_rights_away(scratch) {
        return error;
    }
    ReadOnlyError::Start {
        program: program.to_owned(),
        error: Command::new(program).args(arguments).exec(),
    }
}

fn give_rights_away(scratch: &Path) -> Result<(), ReadOnlyError> {
    let writing = AccessFs::from_write(RIGHTS);
    let status = Ruleset::default()
        .handle_access(writing)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(DEVICES, writing))?
        .add_rules(path_beneath_rules([scratch], writing))?
        .restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(ReadOnlyError::NoLandlock);
    }
    let filter = system_calls::of_read_only_commands().ok_or(ReadOnlyError::UnknownMachine)?;
    Ok(seccompiler::apply_filter(&filter)?)
}
