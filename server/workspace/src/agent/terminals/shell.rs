//! The shell in a terminal: how it is started, and how everything that runs in it is ended.

use std::{path::Path, process::ExitStatus, time::Duration};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use pty_process::{Command, OwnedReadPty, OwnedWritePty, Size};
use tokio::process::Child;

use crate::{
    agent::processes::{inherited_environment, shell},
    protocol::TerminalSize,
};

/// Time to end in after the terminal was hung up.
const GRACE: Duration = Duration::from_secs(2);
/// Until a reader says how large its window is.
const USUAL_SIZE: TerminalSize = TerminalSize {
    width: 80,
    height: 24,
};
/// More than any screen has; programs set memory aside for it.
const LARGEST: u16 = 1000;

/// A shell that was just started.
pub struct Started {
    pub child: Child,
    pub output: OwnedReadPty,
    pub input: OwnedWritePty,
    pub leader: Leader,
}

/// Starts the shell as the leader of a session of its own.
pub fn start(
    folder: &Path,
    size: TerminalSize,
    desktop: Vec<(&'static str, String)>,
) -> Result<Started, pty_process::Error> {
    let (pty, slave) = pty_process::open()?;
    pty.resize(size_of(size).unwrap_or_else(|| Size::new(USUAL_SIZE.height, USUAL_SIZE.width)))?;
    let child = Command::new(shell())
        .current_dir(folder)
        .env_clear()
        .envs(inherited_environment())
        // Programs with windows are shown there, while there is one.
        .envs(desktop)
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        // Workspaces lie deep; the prompt needs the end alone.
        .env("PROMPT_DIRTRIM", "2")
        .spawn(slave)?;
    // A child that was not waited for always has an id. Zero would mean our own group, so never signal that.
    let leader = child.id().and_then(|id| i32::try_from(id).ok());
    let (output, input) = pty.into_split();
    Ok(Started {
        child,
        output,
        input,
        leader: Leader(Pid::from_raw(leader.unwrap_or(i32::MAX))),
    })
}

/// Gives the terminal another size; nothing for one that makes no sense.
pub fn resize(input: &OwnedWritePty, size: TerminalSize) {
    if let Some(size) = size_of(size)
        && let Err(error) = input.resize(size)
    {
        tracing::debug!(%error, "a terminal could not be resized");
    }
}

fn size_of(size: TerminalSize) -> Option<Size> {
    let is_one = size.width > 0 && size.height > 0;
    is_one.then(|| Size::new(size.height.min(LARGEST), size.width.min(LARGEST)))
}

/// The exit code as shells tell it.
pub fn exit_code(status: &std::io::Result<ExitStatus>) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    match status {
        Ok(status) => status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        Err(_) => -1,
    }
}

/// The process whose session everything in the terminal belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Leader(Pid);

impl Leader {
    /// Ends everything in the session, by asking first.
    pub async fn hang_up(self, child: &mut Child) {
        self.signal(Signal::SIGHUP);
        // What is stopped hears nothing.
        self.signal(Signal::SIGCONT);
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
        self.kill();
    }

    /// Ends everything in the session at once.
    pub fn kill(self) {
        self.signal(Signal::SIGKILL);
    }

    /// A shell gives each of its jobs a group of its own, so the group alone is not enough.
    fn signal(self, signal: Signal) {
        let _ = killpg(self.0, signal);
        for member in self.members() {
            let _ = kill(member, signal);
        }
    }

    fn members(self) -> Vec<Pid> {
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
                (session_of(&stat)? == self.0.as_raw()).then(|| Pid::from_raw(pid))
            })
            .collect()
    }
}

/// The session in a line of `/proc/<pid>/stat`: the fourth field after the program's name, which may hold anything.
fn session_of(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(3)?.parse().ok()
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

    #[test]
    fn finds_the_session_also_of_a_program_with_an_odd_name() {
        let stat = "77 (a) b (c) S 70 77 69 34816 77 4194304 1";
        assert_eq!(session_of(stat), Some(69));
        assert_eq!(session_of("nothing"), None);
    }

    #[test]
    fn sizes_that_make_no_sense_are_none() {
        assert!(size_of(TerminalSize::default()).is_none());
        assert!(
            size_of(TerminalSize {
                width: u16::MAX,
                height: 1
            })
            .is_some()
        );
    }
}
