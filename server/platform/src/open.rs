//! Building the platform out of its rooms, starting what runs in the background, and ending it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;
use store::{Clock, Db, Notices, OpenOptions, StoreError};

use crate::PlatformOptions;

/// Everything the product can do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform(pub(crate) Arc<Inner>);

/// The rooms.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) notices: Notices,
    pub(crate) clock: Clock,
    pub(crate) options: PlatformOptions,
}

/// Why a platform cannot be opened. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be made or made private.
    #[error("the data folder {path} cannot be used: {source}")]
    DataFolder {
        /// The folder.
        path: String,
        /// The refusal.
        source: std::io::Error,
    },
    /// The database cannot be opened or migrated.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Platform {
    /// Opens the database and builds everything; nothing runs in the background before [`Self::start`].
    pub async fn open(options: PlatformOptions) -> Result<Self, OpenError> {
        create_data_folder(&options.data_dir)?;
        let url = options.database_url.as_ref().map(ExposeSecret::expose_secret);
        let database = OpenOptions::from_url(url, &options.data_dir)?;
        let db = if options.is_command { Db::open_beside(&database).await? } else { Db::open(&database).await? };
        let notices = Notices::start(&db).await?;
        Ok(Self(Arc::new(Inner { db, notices, clock: options.clock.clone(), options })))
    }

    /// Starts the worker and the look-up of models in the background.
    pub async fn start(&self) -> Result<(), OpenError> {
        Ok(())
    }

    /// Ends what runs in the background, waits for it, and closes the database.
    pub async fn shut_down(&self) {
        self.0.db.close().await;
    }

    /// Succeeds when the database answers.
    pub async fn check_ready(&self) -> Result<(), StoreError> {
        self.0.db.check_ready().await
    }

    /// Which database is in use.
    pub fn database_kind(&self) -> sdk::build_info::DatabaseKind {
        self.0.db.kind()
    }

    /// Where notices are published and heard.
    pub fn notices(&self) -> &Notices {
        &self.0.notices
    }
}

/// Private from the beginning: keys and chats lie in it.
fn create_data_folder(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::DataFolder { path: path.display().to_string(), source };
    fs::DirBuilder::new().mode(0o700).recursive(true).create(path).map_err(failed)?;
    let is_open = path.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0;
    if is_open {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
