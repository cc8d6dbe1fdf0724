//! How often the kernel enforced a limit of a workspace, as its control groups count it.
//!
//! The agent finds the counters read-only in its sandbox and compares them before and after a command; the backend
//! reads them for a setup script. Both tell in plain words which limit was reached.

use std::path::{Path, PathBuf};

const GIB: u64 = 1024 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// A limit and the file in which the kernel counts how often it was enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Bytes of memory, or processes and threads.
    pub limit: u64,
    /// The kernel's file, at its path for the reader.
    pub counter: PathBuf,
}

/// The limits of a workspace that are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedLimits {
    /// Memory, in bytes.
    pub memory: Option<Counted>,
    /// Processes and threads.
    pub processes: Option<Counted>,
}

/// What was counted at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    out_of_memory: u64,
    refused_processes: u64,
}

impl CountedLimits {
    /// What is counted now; zero for what cannot be read.
    pub fn counts(&self) -> Counts {
        let read = |counted: &Option<Counted>, word| {
            let counted = counted.as_ref()?;
            count(&counted.counter, word)
        };
        Counts {
            out_of_memory: read(&self.memory, "oom_kill").unwrap_or_default(),
            refused_processes: read(&self.processes, "max").unwrap_or_default(),
        }
    }

    /// Which limits were enforced since then, for the model and the page.
    pub fn reached_since(&self, before: Counts) -> Option<String> {
        let now = self.counts();
        let memory = self
            .memory
            .as_ref()
            .filter(|_| now.out_of_memory > before.out_of_memory);
        let processes = self
            .processes
            .as_ref()
            .filter(|_| now.refused_processes > before.refused_processes);
        let memory = memory.map(|counted| {
            format!(
                "the workspace's memory limit of {} was reached; the system ended processes of the workspace, so what \
                 this command did may be incomplete",
                size(counted.limit)
            )
        });
        let processes = processes.map(|counted| {
            format!(
                "the workspace's limit of {} processes and threads was reached; further ones could not be started",
                counted.limit
            )
        });
        let told: Vec<String> = memory.into_iter().chain(processes).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// A number of bytes as people read it, rounded down.
pub fn size(bytes: u64) -> String {
    match bytes {
        GIB.. if bytes.is_multiple_of(GIB) => format!("{} GiB", bytes / GIB),
        GIB.. => format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB),
        _ => format!("{} MiB", bytes / MIB),
    }
}

/// The number behind a word that begins a line.
fn count(file: &Path, word: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (name, number) = line.split_once(' ')?;
        (name == word).then(|| number.trim().parse().ok())?
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

    #[test]
    fn tells_only_what_was_reached_since() {
        let folder = tempfile::tempdir().unwrap();
        let (memory, processes) = (
            folder.path().join("memory"),
            folder.path().join("processes"),
        );
        let limits = CountedLimits {
            memory: Some(Counted {
                limit: 2 * GIB,
                counter: memory.clone(),
            }),
            processes: Some(Counted {
                limit: 4096,
                counter: processes.clone(),
            }),
        };
        assert_eq!(limits.counts(), Counts::default());
        std::fs::write(&memory, "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n").unwrap();
        std::fs::write(&processes, "max 7\n").unwrap();
        let before = limits.counts();
        assert_eq!(limits.reached_since(before), None);
        std::fs::write(
            &memory,
            "low 0\nmax 12\noom 4\noom_kill 4\noom_group_kill 0\n",
        )
        .unwrap();
        let told = limits.reached_since(before).unwrap();
        assert!(
            told.starts_with("the workspace's memory limit of 2 GiB was reached; "),
            "{told}"
        );
        assert!(!told.contains("4096"), "{told}");
        std::fs::write(&processes, "max 8\n").unwrap();
        let told = limits.reached_since(before).unwrap();
        assert!(
            told.contains("; the workspace's limit of 4096 processes"),
            "{told}"
        );
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit_that_fits() {
        assert_eq!(size(256 * MIB), "256 MiB");
        assert_eq!(size(GIB * 3 / 2), "1.5 GiB");
        assert_eq!(size(12 * GIB), "12 GiB");
    }
}
