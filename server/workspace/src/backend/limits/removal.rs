//! Removing a group: the kernel refuses as long as it has processes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::cgroup;

/// How long the kernel may take to end what is left in a group.
const REMOVE_DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// Ends what is left in a group, and removes it.
pub fn end_and_remove(folder: &Path) -> io::Result<()> {
    // Nothing new begins while the rest is ended.
    let _ = fs::write(folder.join("pids.max"), "0");
    let begun = Instant::now();
    loop {
        match remove_tree(folder) {
            Err(_) if begun.elapsed() < REMOVE_DEADLINE => {
                end_everything(folder);
                std::thread::sleep(POLL);
            }
            outcome => return outcome,
        }
    }
}

fn end_everything(folder: &Path) {
    // Version 2 does it itself, with the groups below.
    if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for below in groups_below(folder) {
        end_everything(&below);
    }
    for number in cgroup::words(&folder.join("cgroup.procs")) {
        // Zero stands for a process that cannot be seen from here; to signal that would mean ourselves.
        if let Some(number) = number.parse().ok().filter(|number| *number > 0) {
            let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
        }
    }
}

/// Removes a group and the groups that its processes may have made below it; refused while it has processes.
pub fn remove_tree(folder: &Path) -> io::Result<()> {
    for below in groups_below(folder) {
        remove_tree(&below)?;
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn groups_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}
