//! A push of a chat's agent becomes a pull request in its owner's list, through a real git and a stand-in of GitHub.

use std::time::Duration;

use platform::{GitHostConfig, GitHostKind};
use sdk::chats::ListChats;
use sdk::client::Subscription;
use sdk::diff_statuses::{DiffStatus, PullRequestState};
use sdk::ids::ChatId;
use sdk::stream::{WatchEvent, WatchEventKind};
use standin::github::Pull;

use super::git_credentials::{TOKEN, chat_in, execute, give};
use crate::support::TestServer;
use crate::support::git_host::GitHost;

const REPOSITORY: (&str, &str) = ("team", "project");
const DEADLINE: Duration = Duration::from_mins(1);

/// A deployment that asks the stand-in for what the git host has.
async fn deployment() -> (TestServer, GitHost, standin::Handle) {
    let host = GitHost::start(TOKEN).await;
    let github = standin::start().await.unwrap();
    let api = format!("{}/api/v3", github.base_url());
    let base = format!("http://{}", host.name);
    let config = GitHostConfig::new(GitHostKind::Github, &base, Some(&api)).unwrap();
    let server = TestServer::start_with(|platform, _| {
        platform.git_hosts = vec![config];
        host.open_to_workspaces(platform);
    })
    .await;
    (server, host, github)
}

/// The next that is told of this chat's branch and that fits; of others nothing may be told.
async fn told(
    watch: &mut Subscription<WatchEvent>,
    chat: ChatId,
    fits: impl Fn(&DiffStatus) -> bool,
) -> DiffStatus {
    let found = async {
        loop {
            let event = watch.next().await.unwrap().unwrap();
            if event.kind != WatchEventKind::DiffStatusChange {
                continue;
            }
            assert_eq!(event.chat.id, chat, "only the chat that pushed");
            let status = *event.chat.diff_status.unwrap();
            if fits(&status) {
                return status;
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_becomes_a_pull_request_in_the_list_of_its_owner() {
    let (server, host, github) = deployment().await;
    let (mia, sam) = (server.member("mia").await, server.member("sam").await);
    give(&mia, &host.name).await;
    let other = chat_in(&mia, None).await;
    let chat = chat_in(&mia, None).await;
    let draft = Pull {
        draft: true,
        diff: "diff --git a/more.txt b/more.txt\n".to_owned(),
        ..Pull::default()
    };
    github.github().put_pull(REPOSITORY, 7, draft.clone());
    let mut watch = mia.watch_chats().await.unwrap();
    let address = host.address("http://127.0.0.1");
    let push = format!(
        "git clone --quiet {address} project && cd project && git switch --quiet --create topic \
         && echo more > more.txt && git add . && git commit --quiet --message=more && git push --quiet origin topic"
    );
    let (code, output) = execute(&mia, &chat, &push).await;
    assert_eq!(code, 0, "{output}");
    let status = told(&mut watch, chat.id, |status| status.pr_number == Some(7)).await;
    assert_eq!(status.pull_request_state, Some(PullRequestState::Open));
    assert!(status.pull_request_draft);
    assert_eq!(
        status.url,
        Some(format!("http://{}/team/project/pull/7", host.name))
    );

    github.github().put_pull(
        REPOSITORY,
        7,
        Pull {
            merged: true,
            ..draft
        },
    );
    let (code, output) = execute(&mia, &chat, "git -C project fetch --quiet origin").await;
    assert_eq!(code, 0, "{output}");
    let is_merged =
        |status: &DiffStatus| status.pull_request_state == Some(PullRequestState::Merged);
    told(&mut watch, chat.id, is_merged).await;

    for listed in mia.list_chats(&ListChats::default()).await.unwrap() {
        let expected = (listed.id == chat.id).then_some(7);
        let number = listed.diff_status.and_then(|status| status.pr_number);
        assert_eq!(number, expected, "{}", listed.id);
    }
    assert_eq!(mia.get_chat(other.id).await.unwrap().diff_status, None);
    for (q, is_found) in [
        ("pr:7", true),
        ("pr:merged", true),
        ("pr:#7 repo:TEAM/project diff_url:pull/7", true),
        ("pr:8", false),
        ("pr:open", false),
        ("repo:team/other", false),
    ] {
        let query = ListChats {
            q: Some(q.to_owned()),
            ..ListChats::default()
        };
        let found: Vec<ChatId> = mia
            .list_chats(&query)
            .await
            .unwrap()
            .into_iter()
            .map(|chat| chat.id)
            .collect();
        assert_eq!(
            found,
            if is_found { vec![chat.id] } else { Vec::new() },
            "{q}"
        );
    }
    let diff = mia.get_chat_diff(chat.id).await.unwrap();
    assert_eq!(
        diff.diff.as_deref(),
        Some("diff --git a/more.txt b/more.txt\n")
    );
    assert_eq!(
        (diff.branch.as_deref(), diff.provider.as_deref()),
        (Some("topic"), Some("github"))
    );
    assert_eq!(diff.remote_origin, Some(address));
    let nothing = mia.get_chat_diff(other.id).await.unwrap();
    assert_eq!((nothing.branch, nothing.diff), (None, None));

    let refused = sam.get_chat_diff(chat.id).await.unwrap_err();
    assert_eq!(refused.status(), Some(404));
    assert_eq!(sam.get_chat(chat.id).await.unwrap_err().status(), Some(404));
    assert!(
        sam.list_chats(&ListChats::default())
            .await
            .unwrap()
            .is_empty()
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_chat_waits_for_no_git_host() {
    let (server, host, github) = deployment().await;
    let mia = server.member("mia").await;
    give(&mia, &host.name).await;
    let chat = chat_in(&mia, None).await;
    github.github().put_pull(REPOSITORY, 7, Pull::default());
    // The host says nothing for longer than the test may last.
    let silent = standin::github::Fault {
        status: 200,
        headers: [].into(),
        body: String::new(),
        delay_ms: 3_600_000,
    };
    for _ in 0..10 {
        github.github().fail(silent.clone());
    }
    let clone = format!(
        "git clone --quiet {} project && git -C project fetch",
        host.address("http://127.0.0.1")
    );
    let (code, output) = execute(&mia, &chat, &clone).await;
    assert_eq!(code, 0, "{output}");
    let read = tokio::time::timeout(Duration::from_secs(15), async {
        mia.list_chats(&ListChats::default()).await.unwrap();
        mia.get_chat(chat.id).await.unwrap()
    });
    let status = read.await.unwrap().diff_status.unwrap();
    assert_eq!(
        (status.git_branch.as_str(), status.refreshed_at),
        ("main", None)
    );
    server.stop().await;
}
