//! Comments on lines over the page's functions: the texts of their versions are kept, and tell where the lines are in another one.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::parts::{DiffComment, DiffSide, InputPart};
use sdk::workspaces::{CreateBuild, Transition, WorkspaceStatus};
use serde_json::{Value, json};

use super::git_content::Stage;
use super::git_watch::delete;
use super::{follow, message};
use crate::api::workspaces::until;
use crate::support::{answer, on_both};

const PATH: &str = "text.txt";

/// The name that git would give to the file as it lies in the work tree.
fn name(stage: &Stage, path: &str) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(&stage.folder)
        .args(["hash-object", path])
        .output()
        .unwrap();
    let mut name = String::from_utf8(output.stdout).unwrap();
    name.truncate(8);
    name
}

fn write(stage: &Stage, text: &str) -> String {
    std::fs::write(stage.folder.join(PATH), text).unwrap();
    name(stage, PATH)
}

fn version(stage: &Stage, blob: &str, path: Option<&str>) -> Value {
    json!({ "repo_root": stage.workspace.working_directory, "blob": blob, "path": path })
}

async fn called(client: &Client, function: &str, arguments: &Value) -> (u64, Value) {
    let path = format!("/api/page/{function}");
    let request = client.request(Method::POST, &path).unwrap();
    let answer = answer(request.json(arguments)).await;
    (answer["status"].as_u64().unwrap(), answer["body"].clone())
}

async fn keep(client: &Client, chat: ChatId, version: &Value) -> (u64, Value) {
    let arguments = json!({ "chat_id": chat, "version": version });
    called(client, "keep_version", &arguments).await
}

/// Where lines of versions are in another one.
async fn find(
    client: &Client,
    chat: ChatId,
    version: &Value,
    lines: &[(&str, u32, u32)],
) -> (u64, Value) {
    let lines: Vec<_> = lines
        .iter()
        .map(|(blob, start, end)| json!({ "blob": blob, "start": start, "end": end }))
        .collect();
    let arguments = json!({ "chat_id": chat, "version": version, "lines": lines });
    called(client, "follow_comments", &arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_version_of_the_work_tree_are_followed() {
    on_both(async |server| {
        let stage = Stage::new(server.member("mia").await).await;
        let (mia, chat) = (&stage.member, stage.chat);
        let base = stage.blob(PATH);
        let text = std::fs::read_to_string(stage.folder.join(PATH)).unwrap();
        let was = name(&stage, PATH);
        let kept = keep(mia, chat, &version(&stage, &was, Some(PATH))).await;
        assert_eq!(kept, (200, json!(true)));

        // Line 10 is there twice and line 20 is gone; nothing of it is committed.
        let later = format!("zero\n{text}").replace("line 10\n", "line 10\nline 10\n");
        let is = write(&stage, &later.replace("line 20\n", ""));
        let now = version(&stage, &is, Some(PATH));
        let lines = [
            (was.as_str(), 30, 31),
            (&was, 1, 1),
            (&was, 10, 10),
            (&was, 20, 20),
            (&was, 19, 21),
            (&was, 0, 1),
            (&was, 61, 61),
            // The base's version is git's, where line 30 is another one.
            (&base, 30, 30),
            (&base, 29, 29),
            ("deadbeef", 1, 1),
        ];
        let told = find(mia, chat, &now, &lines).await;
        let expected = json!([
            { "from": 31 }, { "from": 2 }, "gone", "gone", "gone", "gone", "gone", "gone", { "from": 30 }, "unknown",
        ]);
        assert_eq!(told, (200, expected));

        // What was not kept is told from nothing once the file is another one; what was kept is.
        write(&stage, "nothing\n");
        let lines = [(was.as_str(), 1, 1)];
        assert_eq!(find(mia, chat, &now, &lines).await, (200, json!(["unknown"])));
        let again = version(&stage, &was, Some(PATH));
        assert_eq!(find(mia, chat, &again, &lines).await, (200, json!([{ "from": 1 }])));
        assert_eq!(keep(mia, chat, &now).await, (200, json!(false)));

        // Nobody else learns of it, and no name or path leads anywhere.
        let guest = server.member("sam").await;
        assert_eq!(keep(&guest, chat, &again).await.0, 404);
        assert_eq!(find(&guest, chat, &again, &lines).await.0, 404);
        for blob in ["--all", "HEAD", "abc", ""] {
            let wrong = version(&stage, blob, Some(PATH));
            assert_eq!(keep(mia, chat, &wrong).await.0, 400, "{blob:?}");
            assert_eq!(find(mia, chat, &wrong, &lines).await.0, 400, "{blob:?}");
        }
        for path in ["link.png", "../x", "/etc/passwd", ".git/config", "up/x"] {
            let wrong = version(&stage, "deadbeef", Some(path));
            assert_eq!(keep(mia, chat, &wrong).await.0, 400, "{path:?}");
        }
        // What is no text, and more of it than is kept.
        let picture = stage.blob("old.png");
        let kept = keep(mia, chat, &version(&stage, &picture, None)).await;
        assert_eq!(kept, (200, json!(false)));
        let large = write(&stage, &"x\n".repeat(600 * 1024));
        let kept = keep(mia, chat, &version(&stage, &large, Some(PATH))).await;
        assert_eq!(kept, (200, json!(false)));

        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: std::collections::BTreeMap::new(),
            force: false,
        };
        mia.create_build(stage.workspace.id, &stop).await.unwrap();
        until(mia, stage.workspace.id, WorkspaceStatus::Stopped).await;
        assert_eq!(keep(mia, chat, &again).await, (200, json!(true)));
        assert_eq!(keep(mia, chat, &now).await.0, 503);
        delete(mia, &stage.workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_versions_that_a_message_comments_on_are_kept() {
    on_both(async |server| {
        let stage = Stage::new(server.member("mia").await).await;
        let (mia, chat) = (&stage.member, stage.chat);
        follow(mia, chat).await;
        let blob = name(&stage, PATH);
        let comment = |blob: &str, repo_root: Option<&str>| {
            InputPart::DiffComment(DiffComment {
                file_name: PATH.to_owned(),
                start_line: 30,
                end_line: 30,
                side: DiffSide::New,
                content: "Why so loud?".to_owned(),
                diff_hunk: None,
                repo_root: repo_root.map(str::to_owned),
                blob: Some(blob.to_owned()),
            })
        };
        let root = stage.workspace.working_directory.as_str();
        let mut with = message("!text \"hello\"");
        // What cannot be read is no reason to refuse a message.
        with.content.extend([
            comment("deadbeef", Some("/nowhere")),
            comment("deadbeef", None),
            comment(&blob, Some(root)),
        ]);
        mia.send_message(chat, &with).await.unwrap();
        // Without the path only what is kept is read.
        let kept = version(&stage, &blob, None);
        let deadline = Instant::now() + Duration::from_secs(20);
        while find(mia, chat, &kept, &[(&blob, 30, 30)]).await.1 != json!([{ "from": 30 }]) {
            assert!(Instant::now() < deadline, "it is not kept");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut wrong = message("!text \"hello\"");
        wrong.content.push(comment("HEAD", Some(root)));
        assert_eq!(super::status(mia.send_message(chat, &wrong)).await, 400);
        delete(mia, &stage.workspace).await;
    })
    .await;
}
