//! The folder that holds the program under git's name and the socket.

use std::{
    ffi::OsString,
    fs::File,
    io::ErrorKind,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

use super::{PROGRAM_NAME, SOCKET_VARIABLE};

const SOCKET_NAME: &str = "socket";

/// The folder as commands find it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    folder: PathBuf,
}

impl Place {
    /// A folder that commands find at this path.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Makes the folder anew, with `program` under git's name, and listens there. Its owner alone may connect.
    pub(crate) fn open(&self, program: &Path) -> std::io::Result<UnixListener> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::create_dir(&self.folder)?;
        std::fs::set_permissions(&self.folder, PermissionsExt::from_mode(0o700))?;
        std::os::unix::fs::symlink(program, self.folder.join(PROGRAM_NAME))?;
        let (_open, socket) = short(&self.folder.join(SOCKET_NAME))?;
        UnixListener::bind(socket)
    }

    /// What git and the program must find in their environment. No secret is in it.
    pub(crate) fn variables(&self) -> [(&'static str, OsString); 2] {
        [
            ("GIT_ASKPASS", self.folder.join(PROGRAM_NAME).into()),
            (SOCKET_VARIABLE, self.folder.join(SOCKET_NAME).into()),
        ]
    }
}

/// The address of a socket may have 107 bytes, and workspaces lie deep. The path holds while the file is open.
pub(super) fn short(socket: &Path) -> std::io::Result<(File, PathBuf)> {
    let folder = File::open(socket.parent().unwrap_or(Path::new("/")))?;
    let name = socket.file_name().unwrap_or_default();
    let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok((folder, path))
}
