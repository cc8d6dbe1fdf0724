//! Servers and people for the tests.

pub mod git_host;
pub mod running;

use std::path::Path;

use platform::PlatformOptions;
use sdk::client::{Client, ClientError};
use sdk::users::{CreateFirstUser, CreateUser, Login, Role};
use server::serve::{Server, ServerOptions, local_url};
use store::testing::TestDb;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use workspace::connection::Hub;

pub const PASSWORD: &str = "correct horse battery";

/// Runs a test against a new deployment on SQLite, then against one on PostgreSQL.
pub async fn on_both(test: impl AsyncFn(&TestServer)) {
    println!("on SQLite:");
    let server = TestServer::start().await;
    test(&server).await;
    server.stop().await;
    println!("on PostgreSQL:");
    let server = TestServer::start_on_postgres().await;
    test(&server).await;
    server.stop().await;
}

/// A running server with a data folder of its own. Dropping it stops it.
pub struct TestServer {
    pub base_url: String,
    /// Where the agents of its workspaces are connected.
    pub agents: Hub,
    data_dir: TempDir,
    /// Its PostgreSQL database, when it has one.
    database: Option<TestDb>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

impl TestServer {
    /// A new deployment without users.
    pub async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// The same on a PostgreSQL database that nobody else uses.
    pub async fn start_on_postgres() -> Self {
        let database = TestDb::postgres().await;
        let url = database.url().unwrap().to_owned();
        let server = Self::start_with(|platform, _| platform.database_url = Some(url.into())).await;
        Self {
            database: Some(database),
            ..server
        }
    }

    /// The same with other options.
    pub async fn start_with(change: impl FnOnce(&mut PlatformOptions, &mut ServerOptions)) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        Self::start_at("127.0.0.1:0", data_dir, change).await
    }

    /// Stops the server and starts another one at the same address with the same data.
    pub async fn restart(mut self) -> Self {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap().await.unwrap().unwrap();
        let address = self.base_url.trim_start_matches("http://").to_owned();
        let database = self.database.take();
        let server = Self::start_at(&address, self.data_dir, |_, _| {}).await;
        Self { database, ..server }
    }

    async fn start_at(
        address: &str,
        data_dir: TempDir,
        change: impl FnOnce(&mut PlatformOptions, &mut ServerOptions),
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = local_url(listener.local_addr().unwrap()).unwrap();
        let mut platform = PlatformOptions::new(
            data_dir.path().join("data"),
            url.clone(),
            env!("CARGO_BIN_EXE_switchyard"),
        );
        let mut options = ServerOptions::default();
        change(&mut platform, &mut options);
        let server = Server::start(listener, platform, options).await.unwrap();
        let agents = server.state().platform.agent_hub().clone();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            agents,
            data_dir,
            database: None,
            stop: Some(stop),
            running: Some(running),
        }
    }

    /// The deployment's data folder.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.data_dir.path().join("data")
    }

    /// A folder that goes away with the server.
    pub fn scratch(&self) -> &Path {
        self.data_dir.path()
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.base_url).unwrap()
    }

    /// The first user, signed in; created when there is none.
    pub async fn owner(&self) -> Client {
        let client = self.anonymous();
        if !client.has_first_user().await.unwrap() {
            client.create_first_user(&first_user()).await.unwrap();
        }
        self.sign_in("olga@example.com").await
    }

    /// A member of that name, signed in; created by the owner.
    pub async fn member(&self, name: &str) -> Client {
        self.person(name, Role::Member).await
    }

    /// A person with a role, signed in; created by the owner.
    pub async fn person(&self, name: &str, role: Role) -> Client {
        let owner = self.owner().await;
        let user = CreateUser {
            role: Some(role),
            ..new_user(name)
        };
        match owner.create_user(&user).await {
            Ok(_) => {}
            Err(error) if error.status() == Some(409) => {}
            Err(error) => panic!("{error}"),
        }
        self.sign_in(&user.email).await
    }

    /// A client with a new session.
    pub async fn sign_in(&self, email: &str) -> Client {
        let login = Login {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
        };
        let session = self.anonymous().login(&login).await.unwrap();
        self.anonymous().with_token(session.session_token)
    }

    /// Stops the server and waits until it has ended.
    pub async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap().await.unwrap().unwrap();
        if let Some(database) = self.database.take() {
            database.remove().await;
        }
    }
}

pub fn first_user() -> CreateFirstUser {
    CreateFirstUser {
        email: "olga@example.com".into(),
        username: "olga".into(),
        name: Some("Olga Owner".into()),
        password: PASSWORD.into(),
    }
}

pub fn new_user(name: &str) -> CreateUser {
    CreateUser {
        email: format!("{name}@example.com"),
        username: name.to_owned(),
        name: None,
        password: Some(PASSWORD.into()),
        role: Some(Role::Member),
        agents_access: None,
    }
}

/// Status and body of a refusal, for snapshots.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, ClientError>) -> serde_json::Value {
    match result {
        Err(ClientError::Api { status, body, .. }) => {
            serde_json::json!({ "status": status, "body": body })
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Status and JSON body of a plain answer.
pub async fn answer(request: reqwest::RequestBuilder) -> serde_json::Value {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body: serde_json::Value =
        serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
    serde_json::json!({ "status": status, "body": body })
}
