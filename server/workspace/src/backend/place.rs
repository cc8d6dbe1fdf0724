//! Places that an agent may have written to: whether a path still leads where it says, and reading what lies there.
//!
//! Between two starts an agent may put a link where a folder was. So a path is only used when it is its own real
//! path, and what was mounted is compared, inside the sandbox, with what was looked at: a swap in between is found.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::Read,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    },
    path::{Path, PathBuf},
};

use nix::fcntl::OFlag;

use super::BackendError;

const MAX_NOTE_BYTES: u64 = 4096;
/// Compares device and number of each place with what was seen outside, then becomes the command.
const CHECK: &str = r#"while [ "$1" != -- ]; do
  if [ "$(stat -c %d:%i -- "$2")" != "$1" ]; then echo "$2 was replaced while it was being opened; try again" >&2; exit 126; fi
  shift 2
done
shift
exec "$@""#;

/// Refuses a path that is a link, leads through one, or leads nowhere.
pub fn require_real(path: &Path) -> Result<(), BackendError> {
    match path.canonicalize() {
        Ok(real) if real == path => Ok(()),
        Ok(real) => Err(BackendError::folder(
            path,
            format!(
                "leads to {} now; put the folder back, or delete this workspace and create a new one",
                real.display()
            ),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BackendError::folder(
            path,
            "is gone; delete this workspace and create a new one, or restore the folder",
        )),
        Err(error) => Err(BackendError::system(path, "cannot find", error)),
    }
}

/// Device and number of a real path.
pub fn identity(path: &Path) -> Result<String, BackendError> {
    require_real(path)?;
    let metadata = path
        .symlink_metadata()
        .map_err(|error| BackendError::system(path, "cannot find", error))?;
    Ok(format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// An open folder. Paths through [`Held::path`] stay in it, whatever is done to the folders above meanwhile.
pub struct Held {
    folder: File,
}

impl Held {
    /// Opens a folder at its real path.
    pub fn open(path: &Path) -> Result<Self, BackendError> {
        let folder = OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY).bits())
            .open(path)
            .map_err(|error| BackendError::system(path, "cannot open", error))?;
        let held = Self { folder };
        let opened = std::fs::read_link(held.path())
            .map_err(|error| BackendError::system(path, "cannot open", error))?;
        if opened == path {
            Ok(held)
        } else {
            Err(BackendError::folder(
                path,
                format!("leads to {} now; put the folder back", opened.display()),
            ))
        }
    }

    /// A path that leads to this very folder.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.folder.as_raw_fd()))
    }

    /// Gives it the owner and mode of another one.
    pub fn own_like(&self, other: &Self) -> std::io::Result<()> {
        let owner = other.folder.metadata()?;
        fchown(&self.folder, Some(owner.uid()), Some(owner.gid()))?;
        self.folder
            .set_permissions(PermissionsExt::from_mode(owner.mode() & 0o7777))
    }
}

/// The words that check inside a sandbox whether these places, by their paths outside and inside, are what they were,
/// and then become the command after them.
pub fn check_inside<'a>(
    places: impl IntoIterator<Item = (&'a PathBuf, &'a PathBuf)>,
) -> Result<Vec<OsString>, BackendError> {
    let mut words: Vec<OsString> = ["/bin/sh", "-c", CHECK, "sh"].map(Into::into).to_vec();
    for (outside, inside) in places {
        words.push(identity(outside)?.into());
        words.push(inside.into());
    }
    words.push("--".into());
    Ok(words)
}

/// The text of a small file that is no link and no pipe.
pub fn small_file(path: &Path) -> Option<String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
        .ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    file.take(MAX_NOTE_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
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
    use std::os::unix::fs::symlink;

    use super::*;

    fn run(words: &[OsString]) -> std::process::Output {
        std::process::Command::new(&words[0])
            .args(&words[1..])
            .args(["echo", "ran"])
            .output()
            .unwrap()
    }

    #[test]
    fn a_folder_that_is_swapped_after_the_look_is_found_before_the_command_runs() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let place = root.join("it's a place");
        std::fs::create_dir(&place).unwrap();
        std::fs::create_dir(root.join("other")).unwrap();
        let words = check_inside([(&place, &place)]).unwrap();
        assert_eq!(run(&words).stdout, b"ran\n");
        std::fs::rename(&place, root.join("moved")).unwrap();
        std::fs::rename(root.join("other"), &place).unwrap();
        let output = run(&words);
        assert!(output.stdout.is_empty() && !output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("was replaced"));
    }

    #[test]
    fn neither_links_nor_pipes_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::write(root.join("file"), "text").unwrap();
        symlink(root.join("file"), root.join("link")).unwrap();
        symlink(&root, root.join("through")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(small_file(&root.join("file")).as_deref(), Some("text"));
        assert_eq!(small_file(&root.join("link")), None);
        assert_eq!(small_file(&root.join("pipe")), None);
        assert!(identity(&root.join("file")).is_ok());
        for wrong in ["link", "through/file", "missing"] {
            assert!(identity(&root.join(wrong)).is_err(), "{wrong}");
        }
    }
}
