//! A git host for tests: a repository over HTTP behind a name and a token, served by git's own `http-backend`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const LARGEST_PUSH_BYTES: usize = 16 * 1024 * 1024;

/// A host with the repository `team/project.git`, whose branch `main` has one commit. It ends with the test.
pub struct GitHost {
    /// Where it listens, `127.0.0.1:port`.
    pub name: String,
    folder: TempDir,
    shown: Arc<Mutex<Vec<(String, String)>>>,
}

#[derive(Clone)]
struct Hosted {
    root: PathBuf,
    token: String,
    shown: Arc<Mutex<Vec<(String, String)>>>,
}

impl GitHost {
    /// Lets in who shows this token, under whatever name.
    pub async fn start(token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shown = Arc::<Mutex<_>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = listener.local_addr().unwrap().to_string();
        let hosted = Hosted {
            root: folder.path().to_owned(),
            token: token.to_owned(),
            shown: Arc::clone(&shown),
        };
        let router = Router::new().fallback(serve).with_state(hosted);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let host = Self {
            name,
            folder,
            shown,
        };
        host.fill();
        host
    }

    /// The repository's address under another name of this machine, or its own.
    /// Lets workspaces reach it, as it listens on the machine's loopback.
    pub fn open_to_workspaces(&self, platform: &mut platform::PlatformOptions) {
        let (_, port) = self.name.split_once(':').unwrap();
        platform.workspace_network.loopback_ports = vec![port.parse().unwrap()];
    }

    pub fn address(&self, scheme_and_host: &str) -> String {
        let (_, port) = self.name.rsplit_once(':').unwrap();
        format!("{scheme_and_host}:{port}/team/project.git")
    }

    /// Names and passwords that it was shown.
    pub fn shown(&self) -> Vec<(String, String)> {
        self.shown.lock().unwrap().clone()
    }

    /// What `git` says of the repository as it lies there.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.folder.path().join("team/project.git"), arguments)
    }

    fn fill(&self) {
        let work = self.folder.path().join("work");
        std::fs::create_dir_all(&work).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=main"]);
        std::fs::write(work.join("readme.md"), "private\n").unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "--quiet", "--message=first"]);
        let target = self.folder.path().join("team/project.git");
        let target = target.to_str().unwrap();
        git(&work, &["clone", "--quiet", "--bare", ".", target]);
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=Owner",
            "-c",
            "user.email=owner@example.com",
        ])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

async fn serve(State(hosted): State<Hosted>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_PUSH_BYTES).await.unwrap();
    let credential = basic(&parts.headers);
    if let Some(credential) = &credential {
        hosted.shown.lock().unwrap().push(credential.clone());
    }
    let Some((user, _)) = credential.filter(|(_, password)| *password == hosted.token) else {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")];
        return (StatusCode::UNAUTHORIZED, ask).into_response();
    };
    let text = |name: &str| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &hosted.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("REMOTE_USER", user)
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", text("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
        .env("HTTP_GIT_PROTOCOL", text("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = backend.stdin.take().unwrap();
    let write = async move {
        // It ends early when it refuses.
        let _ = input.write_all(&body).await;
    };
    let ((), output) = tokio::join!(write, backend.wait_with_output());
    answer(&output.unwrap().stdout)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap();
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).unwrap();
    let text = String::from_utf8(decoded).unwrap();
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The answer of a CGI program: header lines, an empty line, the body.
fn answer(output: &[u8]) -> Response {
    let end = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let mut response = Response::builder();
    for line in std::str::from_utf8(&output[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = if name == "Status" {
            response.status(&value[..3])
        } else {
            response.header(name, value)
        };
    }
    let body = Bytes::copy_from_slice(&output[end + 4..]);
    response.body(body.into()).unwrap()
}
