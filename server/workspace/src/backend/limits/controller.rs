//! One thing that the kernel limits, and the groups in which it does.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::cgroup::{self, Place, Told};

#[derive(Debug)]
pub struct Controller {
    /// Groups are made below it.
    pub parent: PathBuf,
    pub kind: Kind,
    pub limit: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Memory,
    MemoryOfVersion1,
    Processes,
}

impl Controller {
    /// Makes a group and sets its limit.
    pub fn make(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let limit = self.limit.to_string();
        let (file, swap) = match self.kind {
            Kind::Processes => return fs::write(folder.join("pids.max"), limit),
            Kind::Memory => ("memory.max", ("memory.swap.max", "0")),
            Kind::MemoryOfVersion1 => (
                "memory.limit_in_bytes",
                ("memory.memsw.limit_in_bytes", limit.as_str()),
            ),
        };
        fs::write(folder.join(file), &limit)?;
        // Otherwise a workspace would take the machine's swap next. Not every kernel counts it.
        match fs::write(folder.join(swap.0), swap.1) {
            Err(error)
                if !matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                ) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl Kind {
    /// The file in which the kernel counts how often the limit was enforced.
    pub const fn counter(self) -> &'static str {
        match self {
            Self::Memory => "memory.events",
            Self::MemoryOfVersion1 => "memory.oom_control",
            Self::Processes => "pids.events",
        }
    }
}

/// Where groups for a controller can be made, as version 2 or version 1 keeps it; without a limit yet.
pub fn find(
    controller: &str,
    unified: Kind,
    separate: Kind,
) -> Result<(Place, Controller), String> {
    const ADVICE: &str = "run the server as a service with Delegate=yes, or give its container a control group that it may write";
    let told = Told::read()
        .map_err(|error| format!("the kernel does not tell its control groups: {error}"))?;
    let found = |place: Place, parent, kind| {
        let limit = 0;
        Ok((
            place,
            Controller {
                parent,
                kind,
                limit,
            },
        ))
    };
    if let Some(place) = told.unified() {
        let offered = cgroup::words(&place.folder.join("cgroup.controllers"));
        if offered.iter().any(|offered| offered == controller) {
            let wanted: Vec<&str> = offered
                .iter()
                .map(String::as_str)
                .filter(|name| ["memory", "pids"].contains(name))
                .collect();
            let parent = cgroup::prepare(&place, &wanted).map_err(|error| {
                format!(
                    "the control group {} cannot be divided: {error}; {ADVICE}",
                    place.folder.display()
                )
            })?;
            return found(place, parent, unified);
        }
    }
    match told.separate(controller) {
        Some(place) => {
            let parent = place.folder.clone();
            found(place, parent, separate)
        }
        None => Err(format!("no control group is there for it; {ADVICE}")),
    }
}

/// Half of what the machine, or the container, has.
pub fn half_of_memory(place: &Place) -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    });
    let machine = machine.map_or(u64::MAX, |kib| kib * 1024);
    place
        .memory_ceiling()
        .map_or(machine, |ceiling| ceiling.min(machine))
        / 2
}
