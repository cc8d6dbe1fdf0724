//! The commands of `docs/api.md`, run exactly as they stand there.

use std::process::{Command, Stdio};

use sdk::client::Client;
use sdk::users::Login;

use crate::support::running::RunningServer;

const TOUR: &str = include_str!("../../../docs/api.md");

/// All `sh` blocks, one after another.
fn commands() -> String {
    TOUR.split("```sh\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_the_api_works_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let server = RunningServer::start(&folder.path().join("data"));
    // What the tour leaves in its variables is looked at from outside.
    let script = format!(
        "set -euo pipefail\n{}\necho \"REPOSITORY=$REPOSITORY\"\necho \"CHAT=$CHAT\"\n",
        commands()
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("URL", &server.base_url)
        .env("TMPDIR", folder.path())
        .env_remove("GIT_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n--- stderr\n{complained}");
    let variable = |name: &str| {
        let line = said
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {said}"))
            .to_owned()
    };

    let client = Client::new(&server.base_url).unwrap();
    let login = Login {
        email: "olga@example.com".into(),
        password: "correct horse battery".into(),
    };
    let client = client
        .clone()
        .with_token(client.login(&login).await.unwrap().session_token);
    assert!(client.list_tokens("me").await.unwrap().is_empty());

    assert!(
        said.contains("\"type\":\"status\""),
        "the stream showed nothing: {said}"
    );
    assert!(
        said.contains("\"changed_files\":"),
        "the git socket showed nothing: {said}"
    );
    let branches = git(
        &variable("REPOSITORY"),
        &["branch", "--list", "switchyard/*"],
    );
    assert_eq!(branches.lines().count(), 1, "{branches}");
    assert_eq!(
        git(&variable("REPOSITORY"), &["status", "--porcelain"]),
        "",
        "the folder itself was changed"
    );
    let path = format!("/api/experimental/chats/{}", variable("CHAT"));
    let chat: serde_json::Value = client
        .request(reqwest::Method::GET, &path)
        .unwrap()
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(chat["archived"], true);
    assert_eq!(chat["status"], "waiting");
}

fn git(repository: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
