//! A control plane on loopback, a local backend, and an agent that dialled in.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{State, WebSocketUpgrade},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use sdk::external_auth::GitPush;
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};
use url::Url;
use uuid::Uuid;
use workspace::{
    backend::{
        Backend, BackendError, LocalBackend, LocalOptions, Sandbox, Source, StartSpec, Started,
    },
    connection::{AgentClient, Hub, local_socket},
    protocol::{ProcessOutput, StartProcess},
};

pub const LONG: Duration = Duration::from_mins(1);

/// The control plane: takes agents whose token it knows.
#[derive(Clone, Default)]
pub struct Server {
    pub hub: Hub,
    tokens: Arc<Mutex<HashMap<String, Uuid>>>,
    /// What agents told of pushes.
    pub pushes: Arc<Mutex<Vec<GitPush>>>,
}

impl Server {
    pub async fn listen(&self) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}").parse().unwrap()
    }

    /// Listens at the socket beside a port, until it is aborted.
    pub fn listen_beside(&self, data: &Path, port: u16) -> JoinHandle<()> {
        let listener = local_socket::listen(data, port).unwrap();
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/api/v2/agents/connect", get(connect))
            .route("/api/v2/agents/git-pushes", post(note_push))
            .with_state(self.clone())
    }

    pub fn allow(&self, token: &str, agent_id: Uuid) {
        self.tokens.lock().unwrap().insert(token.into(), agent_id);
    }

    pub fn revoke_all(&self) {
        self.tokens.lock().unwrap().clear();
    }
}

async fn connect(
    State(server): State<Server>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let token = headers["authorization"]
        .to_str()
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned();
    let Some(agent_id) = server.tokens.lock().unwrap().get(&token).copied() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    upgrade.on_upgrade(async move |socket| {
        server.hub.accept_websocket(agent_id, socket).await.unwrap();
    })
}

async fn note_push(State(server): State<Server>, Json(push): Json<GitPush>) -> StatusCode {
    server.pushes.lock().unwrap().push(push);
    StatusCode::NO_CONTENT
}

/// A data folder with a backend on it, and a control plane.
pub struct Fixture {
    pub folder: TempDir,
    pub server: Server,
    pub url: Url,
    pub backend: LocalBackend,
    started: Mutex<Vec<Uuid>>,
}

/// A workspace whose agent is connected.
pub struct Running {
    pub workspace_id: Uuid,
    pub agent_id: Uuid,
    pub started: Started,
    pub client: AgentClient,
}

impl Fixture {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut LocalOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let mut options = LocalOptions::new(data, agent_program());
        change(&mut options);
        let backend = LocalBackend::new(options).await.unwrap();
        if let Sandbox::None { reason } = backend.sandbox() {
            eprintln!("NO SANDBOX IN THIS TEST: {reason}");
        }
        let server = Server::default();
        let url = server.listen().await;
        Self {
            folder,
            server,
            url,
            backend,
            started: Mutex::default(),
        }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Whether bubblewrap works here. Where the sandbox is demanded, as in continuous integration, its tests must run.
    pub fn is_sandboxed(&self) -> bool {
        let sandbox = self.backend.sandbox();
        let is_sandboxed = sandbox == Sandbox::Bubblewrap;
        if !is_sandboxed {
            skip(&format!("in part, there is no sandbox here ({sandbox:?})"));
        }
        is_sandboxed
    }

    pub fn spec(&self, workspace_id: Uuid, source: Source) -> StartSpec {
        let agent_id = Uuid::now_v7();
        let agent_token = format!("token-{agent_id}");
        self.server.allow(&agent_token, agent_id);
        StartSpec {
            workspace_id,
            agent_id,
            agent_token,
            server_url: self.url.clone(),
            source,
            setup_script: String::new(),
            environment: [("PROJECT_SETTING".to_owned(), "given".to_owned())].into(),
            git_identity: Some(("Ada".into(), "ada@example.com".into())),
            git_credential: None,
        }
    }

    pub async fn try_start(
        &self,
        workspace_id: Uuid,
        source: Source,
    ) -> Result<Running, BackendError> {
        self.start_as(self.spec(workspace_id, source)).await
    }

    pub async fn start_as(&self, spec: StartSpec) -> Result<Running, BackendError> {
        let workspace_id = spec.workspace_id;
        let (log, _lines) = mpsc::unbounded_channel();
        let started = self.backend.start(&spec, &log).await?;
        self.started.lock().unwrap().push(workspace_id);
        let client = self.server.hub.client(spec.agent_id);
        if client
            .wait_until_connected(Duration::from_secs(30))
            .await
            .is_err()
        {
            panic!(
                "the agent did not connect: {}",
                self.backend.agent_log(workspace_id).await
            );
        }
        Ok(Running {
            workspace_id,
            agent_id: spec.agent_id,
            started,
            client,
        })
    }

    pub async fn start(&self, source: Source) -> Running {
        self.try_start(Uuid::now_v7(), source).await.unwrap()
    }

    /// A repository with one commit in the folder `name`.
    pub fn repository(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap();
        git(&folder, &["init", "--quiet", "-b", "main"]);
        std::fs::write(folder.join("readme.md"), "one\ntwo\nthree\n").unwrap();
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "--quiet", "-m", "first"]);
        folder
    }

    pub async fn end(self) {
        let started = std::mem::take(&mut *self.started.lock().unwrap());
        for workspace_id in started {
            let _ = self.backend.stop(workspace_id).await;
        }
    }
}

pub fn worktree(folder: &Path, title: &str) -> Source {
    Source::Worktree {
        folder: folder.into(),
        title: title.into(),
    }
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([
            ("GIT_AUTHOR_NAME", "Owner"),
            ("GIT_AUTHOR_EMAIL", "owner@example.com"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "Owner"),
            ("GIT_COMMITTER_EMAIL", "owner@example.com"),
        ])
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn command(command: &str) -> StartProcess {
    StartProcess {
        command: command.into(),
        ..StartProcess::default()
    }
}

/// Runs a command to its end.
pub async fn execute(client: &AgentClient, text: &str) -> ProcessOutput {
    let started = client.start_process(&command(text)).await.unwrap();
    let output = client.process_output(started.id, LONG).await.unwrap();
    assert!(!output.running, "{text} still runs");
    output
}

/// Asks again until the condition holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, wait)
        .await
        .unwrap_or_else(|_| panic!("waited too long until {what}"));
}

fn is_demanded() -> bool {
    std::env::var_os("SWITCHYARD_DEMAND_ALL_TESTS").is_some()
}

/// Leaves a test out, for the reason that the end of the suite repeats. In continuous integration that is a failure.
pub fn skip(reason: &str) {
    assert!(!is_demanded(), "would be skipped: {reason}");
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    eprint!("SKIPPED: {line}");
    let Some(list) = std::env::var_os("SWITCHYARD_SKIPPED_TESTS") else {
        return;
    };
    let list = std::fs::File::options()
        .append(true)
        .create(true)
        .open(list);
    list.unwrap().write_all(line.as_bytes()).unwrap();
}

/// Runs a test of this program, which is otherwise ignored, in another way.
pub fn run_ignored(test: &str, mut command: Command) -> Result<String, String> {
    let output = command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && text.contains("1 passed");
    if passed { Ok(text) } else { Err(text) }
}

pub fn agent_program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/workspace_agent");
    assert!(
        program.is_file(),
        "{} is not built; run cargo test without --test",
        program.display()
    );
    program
}
