//! Where the kernel's control groups (cgroups) of this process lie, in version 2 or version 1.
//!
//! Reads only, except for [`prepare`], which makes a delegated version 2 group usable. The rules are in the kernel's
//! `admin-guide/cgroup-v2`; how a service manager hands a group over is in systemd's `CGROUP_DELEGATION`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// In version 2 a group that hands controllers to groups below it may hold no processes; the server waits in this one.
const SERVER_GROUP: &str = "server";

/// The group of this process for one controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// Where the hierarchy is mounted.
    mount: PathBuf,
    /// Whether it is of version 2.
    pub is_unified: bool,
}

/// What the kernel tells of this process.
pub struct Told {
    /// `/proc/self/mountinfo`.
    pub mounts: String,
    /// `/proc/self/cgroup`.
    pub own: String,
}

impl Told {
    /// Asks the kernel.
    pub fn read() -> io::Result<Self> {
        Ok(Self {
            mounts: fs::read_to_string("/proc/self/mountinfo")?,
            own: fs::read_to_string("/proc/self/cgroup")?,
        })
    }

    /// The version 2 group, whether or not it has controllers.
    pub fn unified(&self) -> Option<Place> {
        self.place("cgroup2", None)
    }

    /// The version 1 group of a controller.
    pub fn separate(&self, controller: &str) -> Option<Place> {
        self.place("cgroup", Some(controller))
    }

    fn place(&self, kind: &str, controller: Option<&str>) -> Option<Place> {
        let own = self.own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            let is_it = controller.map_or(controllers.is_empty(), |controller| {
                controllers.split(',').any(|name| name == controller)
            });
            is_it.then_some(path)
        })?;
        self.mounts.lines().find_map(|line| {
            let (mount, kinds) = line.split_once(" - ")?;
            let (root, mount) = (mount.split(' ').nth(3)?, mount.split(' ').nth(4)?);
            let (found, options) = (kinds.split(' ').next()?, kinds.rsplit(' ').next()?);
            let has_controller = controller
                .is_none_or(|controller| options.split(',').any(|name| name == controller));
            (found == kind && has_controller).then(|| Place {
                folder: below(mount, root, own),
                mount: mount.into(),
                is_unified: controller.is_none(),
            })
        })
    }
}

/// A container may see a part of the hierarchy only, under another name.
fn below(mount: &str, root: &str, own: &str) -> PathBuf {
    let rest = Path::new(own).strip_prefix(root).unwrap_or(Path::new(""));
    if rest.as_os_str().is_empty() {
        mount.into()
    } else {
        Path::new(mount).join(rest)
    }
}

impl Place {
    /// The lowest limit of memory on the way up, in bytes.
    pub fn memory_ceiling(&self) -> Option<u64> {
        let file = if self.is_unified {
            "memory.max"
        } else {
            "memory.limit_in_bytes"
        };
        let groups = self
            .folder
            .ancestors()
            .take_while(|group| group.starts_with(&self.mount));
        groups
            .filter_map(|group| {
                fs::read_to_string(group.join(file))
                    .ok()?
                    .trim()
                    .parse()
                    .ok()
            })
            .min()
    }
}

/// Makes a version 2 group hand `controllers` to the groups below it, and returns the group below which to make them.
/// Moves this process out of the way, into a group of its own; in a container that has a hierarchy to itself, the
/// container's other processes too.
pub fn prepare(place: &Place, controllers: &[&str]) -> io::Result<PathBuf> {
    let is_prepared = |folder: &Path| {
        let handed = words(&folder.join("cgroup.subtree_control"));
        controllers
            .iter()
            .all(|name| handed.iter().any(|handed| handed == name))
    };
    if let Some(parent) = place.folder.parent()
        && place.folder.ends_with(SERVER_GROUP)
        && parent.starts_with(&place.mount)
    {
        // The service manager put the server into a group of its own, or a server before this one did.
        if !is_prepared(parent) {
            hand_down(parent, controllers)?;
        }
        return Ok(parent.to_path_buf());
    }
    if !is_prepared(&place.folder) {
        // The machine's own root has no such file, and may hold processes.
        if place.folder.join("cgroup.type").exists() {
            step_aside(&place.folder, place.folder == place.mount)?;
        }
        hand_down(&place.folder, controllers)?;
    }
    Ok(place.folder.clone())
}

fn step_aside(folder: &Path, takes_everything: bool) -> io::Result<()> {
    let aside = folder.join(SERVER_GROUP);
    match fs::create_dir(&aside) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let processes = if takes_everything {
        words(&folder.join("cgroup.procs"))
    } else {
        vec!["0".to_owned()]
    };
    for process in processes {
        match fs::write(aside.join("cgroup.procs"), &process) {
            // It ended meanwhile.
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ESRCH as i32) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

fn hand_down(folder: &Path, controllers: &[&str]) -> io::Result<()> {
    let wanted: Vec<String> = controllers.iter().map(|name| format!("+{name}")).collect();
    fs::write(folder.join("cgroup.subtree_control"), wanted.join(" "))
}

/// The words of a small file of the kernel; none when it cannot be read.
pub fn words(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_ascii_whitespace().map(str::to_owned).collect()
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

    fn told(mounts: &str, own: &str) -> Told {
        Told {
            mounts: mounts.into(),
            own: own.into(),
        }
    }

    #[test]
    fn finds_the_group_of_a_service() {
        let told = told(
            "22 1 0:21 / /proc rw - proc proc rw\n\
             30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "0::/system.slice/switchyard.service\n",
        );
        let place = told.unified().unwrap();
        assert_eq!(
            place.folder,
            Path::new("/sys/fs/cgroup/system.slice/switchyard.service")
        );
        assert!(place.is_unified);
        assert_eq!(told.separate("memory"), None);
    }

    #[test]
    fn finds_the_groups_of_version_1_and_of_a_container() {
        let told = told(
            "40 30 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
             41 30 0:31 / /sys/fs/cgroup/cpu,pids rw - cgroup cgroup rw,cpu,pids\n",
            "5:cpu,pids:/user\n4:memory:/docker/abc\n0::/\n",
        );
        assert_eq!(
            told.separate("memory").unwrap().folder,
            Path::new("/sys/fs/cgroup/memory")
        );
        assert_eq!(
            told.separate("pids").unwrap().folder,
            Path::new("/sys/fs/cgroup/cpu,pids/user")
        );
        assert_eq!(told.unified(), None);
    }

    #[test]
    fn a_server_in_its_own_group_of_a_delegated_one_uses_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("switchyard.service");
        fs::create_dir_all(service.join("server")).unwrap();
        fs::write(service.join("cgroup.subtree_control"), "").unwrap();
        let place = Place {
            folder: service.join("server"),
            mount: folder.path().into(),
            is_unified: true,
        };
        assert_eq!(prepare(&place, &["memory", "pids"]).unwrap(), service);
        let handed = fs::read_to_string(service.join("cgroup.subtree_control")).unwrap();
        assert_eq!(handed, "+memory +pids");
    }

    #[test]
    fn a_server_in_the_delegated_group_itself_steps_aside() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("switchyard.service");
        fs::create_dir_all(&service).unwrap();
        for file in ["cgroup.type", "cgroup.procs", "cgroup.subtree_control"] {
            fs::write(service.join(file), "1 2").unwrap();
        }
        let mut place = Place {
            folder: service.clone(),
            mount: folder.path().into(),
            is_unified: true,
        };
        assert_eq!(prepare(&place, &["memory"]).unwrap(), service);
        assert_eq!(words(&service.join("server/cgroup.procs")), ["0"]);
        assert_eq!(words(&service.join("cgroup.subtree_control")), ["+memory"]);
        // A hierarchy that begins here is the container's own.
        place.mount = service.clone();
        fs::write(service.join("cgroup.subtree_control"), "").unwrap();
        prepare(&place, &["memory"]).unwrap();
        assert_eq!(words(&service.join("server/cgroup.procs")), ["2"]);
        fs::write(service.join("memory.max"), "max").unwrap();
        assert_eq!(place.memory_ceiling(), None);
        fs::write(service.join("memory.max"), "1024\n").unwrap();
        assert_eq!(place.memory_ceiling(), Some(1024));
    }
}
