//! Processes of the server's machine, found again after a restart: by number and by when they began.

use std::{collections::HashMap, fs, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

const POLL: Duration = Duration::from_millis(20);

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    number: i32,
    /// Clock ticks between the machine's start and the process's.
    began: u64,
}

struct Stat {
    parent: i32,
    state: char,
    began: u64,
}

impl ProcessId {
    /// The running process with this number.
    pub fn of(number: u32) -> Option<Self> {
        let number = i32::try_from(number).ok()?;
        Some(Self {
            number,
            began: stat(number)?.began,
        })
    }

    /// Whether it still runs.
    pub fn is_alive(self) -> bool {
        stat(self.number)
            .is_some_and(|stat| stat.began == self.began && !matches!(stat.state, 'Z' | 'X'))
    }

    /// Everything it started that still runs, nearest first.
    pub fn descendants(self) -> Vec<Self> {
        let mut children: HashMap<i32, Vec<Self>> = HashMap::new();
        for number in numbers() {
            if let Some(stat) = stat(number) {
                children.entry(stat.parent).or_default().push(Self {
                    number,
                    began: stat.began,
                });
            }
        }
        let mut found = Vec::new();
        let mut next = vec![self];
        while let Some(process) = next.pop() {
            for child in children.remove(&process.number).unwrap_or_default() {
                found.push(child);
                next.push(child);
            }
        }
        found
    }

    /// Sends a signal, if it is still the same process.
    pub fn signal(self, signal: Signal) {
        if self.is_alive() {
            let _ = kill(Pid::from_raw(self.number), signal);
        }
    }

    /// Waits for its end; `false` when it did not come in time.
    pub async fn wait_for_end(self, deadline: Duration) -> bool {
        let wait = async {
            while self.is_alive() {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(deadline, wait).await.is_ok()
    }
}

fn numbers() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn stat(number: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name, in brackets, may hold anything; what follows the last bracket is plain.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    // Field 22 of the line, the twentieth after the name.
    let began = fields.nth(17)?.parse().ok()?;
    Some(Stat {
        parent,
        state,
        began,
    })
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

    #[tokio::test]
    async fn finds_what_a_process_started_and_notices_its_end() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "sleep 60; :"])
            .spawn()
            .unwrap();
        let process = ProcessId::of(child.id().unwrap()).unwrap();
        let sleep = loop {
            if let [sleep] = process.descendants()[..] {
                break sleep;
            }
            tokio::task::yield_now().await;
        };
        assert!(process.is_alive() && sleep.is_alive());
        assert!(
            !ProcessId {
                began: process.began + 1,
                ..process
            }
            .is_alive()
        );
        sleep.signal(Signal::SIGKILL);
        child.wait().await.unwrap();
        assert!(process.wait_for_end(Duration::from_secs(5)).await);
    }
}
