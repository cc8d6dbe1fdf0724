//! Where agents of this machine dial in beside the server's port: a Unix socket in the data folder.
//!
//! A workspace with a network of its own reaches the server's port through another program (see `backend::network`), which
//! copies every byte twice and holds small frames back for acknowledgements that come 40 ms late. A socket in a folder that the
//! sandbox shows has none of that. Where there is none, or an older server made the workspace, the port serves as before.

use std::fs::{DirBuilder, Permissions, remove_file, set_permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The folder of the sockets, in the data folder. It stays when its sockets are made anew, so that a sandbox shows the new ones.
pub fn folder(data_directory: &Path) -> PathBuf {
    data_directory.join("sockets")
}

/// The name of the socket beside a port, in its folder.
pub fn name(port: u16) -> String {
    format!("agents-{port}")
}

/// Listens for agents beside `port`, in place of a server before this one. Only this user may connect, and root.
pub fn listen(data_directory: &Path, port: u16) -> io::Result<UnixListener> {
    let folder = folder(data_directory);
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&folder)?;
    let path = folder.join(name(port));
    match remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(listener)
}
