//! Building the platform out of its rooms, starting what runs in the background, and ending it.

use std::fmt;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use chatd::tools::WorkspaceToolSource;
use chatd::{Daemon, DaemonOptions, MAX_STEPS, Timings};
use forge::{ForgeError, Forges};
use llm::HttpClient;
use llm::http::HttpOptions;
use secrecy::{ExposeSecret, SecretString};
use store::{Clock, Db, Notices, OpenOptions, StoreError};
use workspace::backend::{BackendError, LocalBackend, LocalOptions};

use crate::background::Background;
use crate::chat_config::DebugLoggingPolicy;
use crate::external_auth::Links;
use crate::failure::Fault;
use crate::models::PlatformModels;
use crate::passwords::Passwords;
use crate::providers::private_hosts::PrivateProviderHosts;
use crate::providers::registry::Registry;
use crate::render::Renderer;
use crate::secrets::{Secrets, SecretsError};
use crate::sessions::attempts::Attempts;
use crate::users::first::ensure_default_organization;
use crate::workspaces::WorkspaceError;
use crate::workspaces::for_agents::ForAgents;
use crate::workspaces::service::Workspaces;
use crate::{Failure, FailureKind, PlatformOptions};

/// Everything the product can do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform(pub(crate) Arc<Inner>);

/// The rooms.
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) notices: Notices,
    pub(crate) clock: Clock,
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Attempts,
    pub(crate) registry: Arc<Registry>,
    pub(crate) secrets: Secrets,
    pub(crate) links: Links,
    pub(crate) workspaces: Workspaces,
    pub(crate) daemon: Daemon,
    pub(crate) renderer: Renderer,
    pub(crate) debug_logging: DebugLoggingPolicy,
    pub(crate) replica_token: Arc<SecretString>,
    pub(crate) background: Background,
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
    /// There is no usable encryption key.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database cannot be opened or migrated.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client for providers cannot be built.
    #[error(transparent)]
    Http(#[from] llm::Error),
    /// The HTTP client for git hosts cannot be built.
    #[error(transparent)]
    Forges(#[from] ForgeError),
    /// The folder for workspaces cannot be made.
    #[error(transparent)]
    Workspaces(#[from] BackendError),
    /// The workspaces of the server before cannot be taken over.
    #[error(transparent)]
    TakeOver(#[from] WorkspaceError),
    /// Something else inside.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Failure for OpenError {
    fn kind(&self) -> FailureKind {
        FailureKind::Internal
    }
}

impl Platform {
    /// The server's time.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.clock.now()
    }

    /// Opens the database and builds everything; nothing runs in the background before [`Self::start`].
    pub async fn open(mut options: PlatformOptions) -> Result<Self, OpenError> {
        create_data_folder(&options.data_dir)?;
        let forges = Forges::new(&options.git_hosts, &options.version)?;
        // Side by side: the backend tries out the sandbox, which takes a process of its own.
        let (db, backend) = tokio::join!(
            open_database(&options),
            LocalBackend::new(local_options(&options))
        );
        let (db, backend) = (db?, Arc::new(backend?));
        options.clock = options.clock.following(&db).await?;
        // After the database: whoever does not get its lock must not make a key file either.
        let secrets = Secrets::open(&options.data_dir, options.encryption_key.as_ref())?;
        let replica_token = Arc::new(secrets.replica_token());
        ensure_default_organization(&db, &options.clock).await?;
        let notices = Notices::start(&db).await?;
        let http = HttpClient::new(&HttpOptions {
            version: options.version.clone(),
            private_hosts: Arc::new(PrivateProviderHosts::new(db.clone(), &options)),
            lookup: Arc::clone(&options.name_lookup),
            ..HttpOptions::default()
        })?;
        let registry = Arc::new(Registry::new(
            http,
            secrets.clone(),
            options.environment.clone(),
        ));
        let links = Links::new(&db, &secrets, &forges, &options);
        let workspaces = Workspaces::new(&db, &notices, &links, backend, &options);
        let is_forced = options.chat_debug_logging_enabled;
        let debug_logging = DebugLoggingPolicy::new(db.clone(), is_forced);
        Ok(Self(Arc::new_cyclic(|inner| {
            let tools = WorkspaceToolSource::new(Arc::new(workspaces.clone()))
                .with_lifecycle(Arc::new(ForAgents::new(inner)));
            let daemon = Daemon::new(DaemonOptions {
                db: db.clone(),
                notices: notices.clone(),
                clock: options.clock.clone(),
                models: Arc::new(PlatformModels::new(db.clone(), Arc::clone(&registry))),
                tools: Arc::new(tools),
                timings: Timings::default(),
                max_steps: MAX_STEPS,
                debug: Arc::new(debug_logging.clone()),
            });
            Inner {
                db,
                notices,
                clock: options.clock.clone(),
                workspaces,
                daemon,
                renderer: Renderer::default(),
                debug_logging,
                replica_token,
                passwords: Passwords::new(),
                attempts: Attempts::new(&options.clock),
                registry,
                secrets,
                links,
                background: Background::default(),
                options,
            }
        })))
    }

    /// Starts the worker and the look-up of models in the background. Returns when the models that are quickly found
    /// are there: at most a few seconds.
    pub async fn start(&self) -> Result<(), OpenError> {
        self.start_presets().await?;
        self.0.workspaces.start_following().await?;
        self.0.daemon.start();
        self.start_looking_at_git_hosts();
        self.start_retention();
        self.start_debug_upkeep();
        self.start_removing_unsent_files();
        Ok(())
    }

    /// Gives the chats that run here back, so that another process goes on with them; requests are answered on.
    pub async fn drain(&self) {
        self.0.daemon.drain().await;
    }

    /// Ends what runs in the background, waits for it, and closes the database.
    pub async fn shut_down(&self) {
        self.0.daemon.shut_down().await;
        self.leave_replicas().await;
        self.0.background.shut_down().await;
        self.0.workspaces.shut_down().await;
        self.0.links.shut_down().await;
        self.0.db.close().await;
    }

    /// Succeeds when the database answers.
    pub async fn check_ready(&self) -> Result<(), StoreError> {
        self.0.db.check_ready().await
    }

    /// Returns when every change that was made before survives a loss of power.
    pub async fn durable(&self) -> Result<(), StoreError> {
        self.0.db.durable().await
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

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Platform")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

async fn open_database(options: &PlatformOptions) -> Result<Db, StoreError> {
    let url = options
        .database_url
        .as_ref()
        .map(ExposeSecret::expose_secret);
    let database = OpenOptions::from_url(url, &options.data_dir)?;
    if options.is_command {
        Db::open_beside(&database).await
    } else {
        Db::open(&database).await
    }
}

fn local_options(options: &PlatformOptions) -> LocalOptions {
    let mut local = LocalOptions::new(options.data_dir.clone(), options.executable.clone());
    local.use_sandbox = options.use_sandbox;
    local.network = options.workspace_network.clone();
    local.limits = (!options.is_command).then_some(options.workspace_limits);
    local
}

/// Private from the beginning: keys and chats lie in it.
fn create_data_folder(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::DataFolder {
        path: path.display().to_string(),
        source,
    };
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(path)
        .map_err(failed)?;
    let is_open = path.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0;
    if is_open {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
