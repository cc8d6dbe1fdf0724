//! The master key's file in the data folder: made once, readable by its owner alone.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore;
use uuid::Uuid;

use super::{KEY_BYTES, SecretsError, parse_key};

const NAME: &str = "encryption.key";

/// The key of the data folder. Two processes that start at once get the same one.
pub(super) fn read_or_create(data_dir: &Path) -> Result<[u8; KEY_BYTES], SecretsError> {
    let path = data_dir.join(NAME);
    let failed = |source| SecretsError::Io {
        path: path.display().to_string(),
        source,
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(data_dir, &path).map_err(failed)?;
            fs::read_to_string(&path).map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    };
    make_private(&path).map_err(failed)?;
    parse_key(&text).ok_or_else(|| SecretsError::WrongFile {
        path: path.display().to_string(),
    })
}

/// Writes a draft and links it to its name: the file is whole from the moment it can be seen, and the link fails
/// when another process was faster.
fn create(data_dir: &Path, path: &Path) -> std::io::Result<()> {
    let mut key = [0_u8; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let draft = data_dir.join(format!("{NAME}.{}", Uuid::new_v4()));
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(format!("{}\n", STANDARD.encode(key)).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(data_dir)?.sync_all(),
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    if path.metadata()?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the key file was readable by others; it is private now");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
