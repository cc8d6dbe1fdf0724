//! The sandbox around a workspace: bubblewrap's command line.
//!
//! Own mount, process, IPC and host-name namespaces; the system read-only; the workspace's folders writable at
//! their own paths; no home, no data folder, no capabilities; the network that `network` makes, because the agent dials
//! out and commands fetch dependencies. The sandbox does not die with the server (`--die-with-parent` would also fire
//! when the thread that started it ends): commands survive a restart of the server, and the agent ends by itself
//! when its token is refused or the server stays away.

use std::{
    ffi::OsString,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{BackendError, Sandbox, limits, network::Reach, place};

const PROGRAM: &str = "bwrap";
const PROBE_DEADLINE: Duration = Duration::from_secs(10);
/// Parts of the system that programs need; symbolic links in `/` are made again.
const SYSTEM: [&str; 7] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32",
];
const SYSTEM_IF_PRESENT: [&str; 3] = ["/opt", "/nix/store", "/run/current-system"];
/// Files of the kernel that change the whole machine.
const KERNEL: [&str; 6] = [
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/irq",
    "/proc/bus",
    "/proc/fs",
    "/proc/acpi",
];
/// What of `/etc` programs need: names, resolver, certificates, linker, time zone, the looks of windows. No keys, no
/// shadow file.
const ETC: [&str; 35] = [
    "X11",
    "alternatives",
    "bash.bashrc",
    "bash_completion.d",
    "ca-certificates",
    "ca-certificates.conf",
    "chromium",
    "chromium.d",
    "crypto-policies",
    "debian_version",
    "environment.d",
    "fonts",
    "group",
    "host.conf",
    "hosts",
    "inputrc",
    "java-17-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "magic",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki",
    "profile",
    "protocols",
    "resolv.conf",
    "services",
    "ssl",
    "timezone",
];

/// What a command in the sandbox may reach.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Writable at their own path.
    pub writable: Vec<PathBuf>,
    /// Read-only at their own path; also parts of writable folders.
    pub read_only: Vec<PathBuf>,
    /// Toolchains and the like, read-only at their own path; the administrator names them.
    pub tools: Vec<PathBuf>,
    /// Must not be seen even where a folder above them is.
    pub hidden: Vec<PathBuf>,
    /// The workspace's own folders, writable, inside what is hidden.
    pub own: Vec<PathBuf>,
    /// Read-only, also inside what is hidden or the workspace's own.
    pub shown: Vec<PathBuf>,
    /// What lies somewhere else inside.
    pub placed: Vec<Placed>,
    /// Where the command begins.
    pub directory: Option<PathBuf>,
    /// Becomes `/tmp`.
    pub temporary: Option<PathBuf>,
    /// A program from elsewhere, shown at [`PROGRAM_INSIDE`].
    pub program: Option<PathBuf>,
    /// Whether a filter of system calls is open under [`limits::FILTER_NUMBER`].
    pub has_filter: bool,
    /// What of the network it reaches.
    pub reach: Reach,
    /// Ends with the thread that started it; for short commands of the server itself.
    pub dies_with_parent: bool,
}

/// A file or folder that is found at another path inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where it is.
    pub from: PathBuf,
    /// Where it lies inside.
    pub at: PathBuf,
    /// Whether it can be written.
    pub is_writable: bool,
}

/// Where [`Plan::program`] is found inside.
pub const PROGRAM_INSIDE: &str = "/run/switchyard/agent";
/// Where the server's sockets for agents are found inside.
pub const SERVER_SOCKETS_INSIDE: &str = "/run/switchyard/server";
/// Where the kernel's counters of the workspace's limits are found inside.
pub const MEMORY_COUNTER_INSIDE: &str = "/run/switchyard/memory-counter";
pub const PROCESS_COUNTER_INSIDE: &str = "/run/switchyard/process-counter";

/// What this machine offers.
pub async fn detect() -> Sandbox {
    let probe = tokio::process::Command::new(PROGRAM)
        .args(
            Plan {
                reach: Reach::Machine,
                dies_with_parent: true,
                ..Plan::default()
            }
            .arguments(),
        )
        .arg("true")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(PROBE_DEADLINE, probe).await {
        Ok(Ok(output)) if output.status.success() => Sandbox::Bubblewrap,
        Ok(Ok(output)) => none(&format!(
            "bubblewrap is installed but cannot make a sandbox here ({}); allow unprivileged user namespaces, or give \
             the server's container the right to make namespaces",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => none(
            "bubblewrap is not installed; install the package bubblewrap and restart the server",
        ),
        Ok(Err(error)) => none(&format!("bubblewrap cannot be started: {error}")),
        Err(_) => none("bubblewrap did not answer in time"),
    }
}

fn none(reason: &str) -> Sandbox {
    Sandbox::None {
        reason: reason.to_owned(),
    }
}

impl Plan {
    /// The words before a command that put it into the sandbox. Refused when a folder is not what its path says.
    pub fn wrapper(&self) -> Result<Vec<OsString>, BackendError> {
        let optional = self.read_only.iter().chain(&self.shown);
        let present = optional.filter(|path| path.symlink_metadata().is_ok());
        let hidden = |path: &&PathBuf| {
            !self.shown.contains(path)
                && !self.own.contains(path)
                && self.hidden.iter().any(|hidden| path.starts_with(hidden))
        };
        let places = self.writable.iter().chain(&self.own).chain(present);
        let same = places.filter(|path| !hidden(path)).map(|path| (path, path));
        let placed = self.placed.iter().map(|placed| (&placed.from, &placed.at));
        let check = place::check_inside(same.chain(placed))?;
        Ok(std::iter::once(PROGRAM.into())
            .chain(self.arguments())
            .chain(check)
            .collect())
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut words = Words::default();
        words.flags(&[
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--new-session",
        ]);
        words.flags(&["--hostname", "workspace", "--cap-drop", "ALL"]);
        if !self.reach.is_any() {
            words.flags(&["--unshare-net"]);
        }
        if self.has_filter {
            words.flags(&["--seccomp", limits::FILTER_NUMBER]);
        }
        // Without the network's program, which has one thread, nothing in it works any longer.
        if self.dies_with_parent || self.reach.is_own() {
            words.flags(&["--die-with-parent"]);
        }
        let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
        if self.reach.is_own() && !user.is_root() {
            // The network's program made this user root of a namespace; inside, it is itself again.
            let (user, group) = (user.to_string(), group.to_string());
            words.flags(&["--unshare-user", "--uid", &user, "--gid", &group]);
        }
        if self.needs_file_rights() {
            words.flags(&["--cap-add", "CAP_DAC_OVERRIDE", "--cap-add", "CAP_FOWNER"]);
        }
        self.system(&mut words);
        self.folders(&mut words);
        if let Some(directory) = &self.directory {
            words.flag_path("--chdir", directory);
        }
        words.0.push("--".into());
        words.0
    }

    /// A server that runs as root works on folders of other users as well. Without these rights root could not
    /// write there; what it can reach is still only what is mounted.
    fn needs_file_rights(&self) -> bool {
        nix::unistd::geteuid().is_root()
            && self
                .writable
                .iter()
                .chain(&self.own)
                .any(|path| std::fs::metadata(path).is_ok_and(|metadata| metadata.uid() != 0))
    }

    fn system(&self, words: &mut Words) {
        for path in SYSTEM.map(Path::new) {
            match std::fs::read_link(path) {
                Ok(target) => words.pair("--symlink", &target, path),
                Err(_) if path.is_dir() => words.same("--ro-bind", path),
                Err(_) => {}
            }
        }
        for path in SYSTEM_IF_PRESENT {
            words.same("--ro-bind-try", Path::new(path));
        }
        for name in ETC {
            words.same("--ro-bind-try", &Path::new("/etc").join(name));
        }
        words.flags(&["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/var/tmp"]);
        // Root without capabilities still owns these files of the kernel, and bubblewrap does not cover all of them.
        for path in KERNEL {
            words.same("--ro-bind-try", Path::new(path));
        }
        match &self.temporary {
            Some(temporary) => words.pair("--bind", temporary, Path::new("/tmp")),
            None => words.flags(&["--tmpfs", "/tmp"]),
        }
        if let Some(program) = &self.program {
            words.pair("--ro-bind", program, Path::new(PROGRAM_INSIDE));
        }
    }

    fn folders(&self, words: &mut Words) {
        for path in &self.writable {
            words.same("--bind", path);
        }
        // After the folders they lie in, so that these cover them.
        for path in self.tools.iter().chain(&self.read_only) {
            words.same("--ro-bind-try", path);
        }
        for path in self
            .hidden
            .iter()
            .filter(|path| self.is_mounted_above(path))
        {
            words.flag_path("--tmpfs", path);
        }
        for path in &self.own {
            words.same("--bind", path);
        }
        for path in &self.shown {
            words.same("--ro-bind-try", path);
        }
        for placed in &self.placed {
            let flag = if placed.is_writable {
                "--bind"
            } else {
                "--ro-bind"
            };
            words.pair(flag, &placed.from, &placed.at);
        }
    }

    fn is_mounted_above(&self, path: &Path) -> bool {
        let system = SYSTEM.iter().chain(&SYSTEM_IF_PRESENT).map(Path::new);
        let mounted = self
            .writable
            .iter()
            .chain(&self.read_only)
            .chain(&self.tools)
            .map(PathBuf::as_path);
        system.chain(mounted).any(|above| path.starts_with(above))
    }
}

#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(OsString::from));
    }

    fn flag_path(&mut self, flag: &str, path: &Path) {
        self.0.extend([OsString::from(flag), path.into()]);
    }

    fn pair(&mut self, flag: &str, from: &Path, to: &Path) {
        self.0
            .extend([OsString::from(flag), from.into(), to.into()]);
    }

    fn same(&mut self, flag: &str, path: &Path) {
        self.pair(flag, path, path);
    }
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

    fn line(plan: &Plan) -> String {
        plan.arguments()
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn hides_the_data_folder_inside_a_writable_one_and_then_shows_the_workspaces_own() {
        let plan = Plan {
            writable: vec!["/srv/code".into()],
            read_only: vec!["/srv/code/.git/config".into()],
            hidden: vec!["/srv/code/data".into(), "/elsewhere".into()],
            own: vec!["/srv/code/data/workspaces/1/home".into()],
            ..Plan::default()
        };
        let line = line(&plan);
        let position = |part: &str| {
            line.find(part)
                .unwrap_or_else(|| panic!("{part} in {line}"))
        };
        assert!(
            position("--bind /srv/code /srv/code")
                < position("--ro-bind-try /srv/code/.git/config")
        );
        assert!(
            position("--ro-bind-try /srv/code/.git/config") < position("--tmpfs /srv/code/data ")
        );
        assert!(
            position("--tmpfs /srv/code/data ")
                < position("--bind /srv/code/data/workspaces/1/home")
        );
        assert!(!line.contains("/elsewhere"));
    }

    #[test]
    fn drops_every_capability_and_never_shows_a_home_or_a_key() {
        let line = line(&Plan::default());
        assert!(
            line.contains("--cap-drop ALL")
                && line.contains("--unshare-net")
                && line.contains("--new-session")
        );
        for secret in [
            "/root",
            "/home",
            "/etc/shadow",
            "/etc/ssh",
            "--bind / ",
            "/var/lib",
        ] {
            assert!(!line.contains(secret), "{secret}");
        }
    }
}
