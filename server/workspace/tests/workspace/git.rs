//! What changed, as git tells it, through the tunnel.

use futures::StreamExt;
use uuid::Uuid;
use workspace::{
    backend::Source,
    connection::{AgentClient, GitWatch},
    protocol::{
        ChangedFile, EditFilesRequest, FileChange, FileEdit, FileEdits, GitChangesQuery, GitEvent,
        RepositoryChanges, StartProcess,
    },
};

use crate::support::{Fixture, LONG, command, execute, git, worktree};

async fn changes(client: &AgentClient) -> RepositoryChanges {
    let mut changes = client
        .git_changes(GitChangesQuery::default())
        .await
        .unwrap();
    assert_eq!(changes.repositories.len(), 1);
    changes.repositories.remove(0)
}

fn file<'a>(changes: &'a RepositoryChanges, path: &str) -> &'a ChangedFile {
    changes
        .files
        .iter()
        .find(|file| file.path == path)
        .unwrap_or_else(|| panic!("{path} in {:?}", changes.files))
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_every_kind_of_change_against_the_base() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    std::fs::write(repository.join("moved.txt"), "line\n".repeat(20)).unwrap();
    std::fs::write(repository.join("tool.sh"), "echo\n").unwrap();
    std::fs::write(repository.join("gone"), "content of its own\n").unwrap();
    std::fs::write(repository.join(".gitignore"), "*.log\n!keep.log\n").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "second"]);
    git(
        &repository,
        &[
            "remote",
            "add",
            "origin",
            "https://user:secret@example.com/a/b.git",
        ],
    );
    let base = git(&repository, &["rev-parse", "HEAD"]);

    let running = fixture.start(worktree(&repository, "Show it")).await;
    let unchanged = changes(&running.client).await;
    assert!(unchanged.files.is_empty() && unchanged.unified_diff.is_empty());
    assert_eq!(unchanged.base.as_deref(), Some(base.as_str()));
    assert_eq!(
        unchanged.remote_origin.as_deref(),
        Some("https://example.com/a/b.git")
    );
    assert_eq!(unchanged.branch, running.started.branch);

    let script = r#"
        git mv moved.txt "new place.txt" && chmod +x tool.sh && git rm -q gone &&
        printf 'one\n2\nthree\n' > readme.md && printf '\0\1' > image.bin && echo x > noise.log && echo x > keep.log &&
        printf 'q\n' > "$(printf 'odd "na\tme\nö')" && git init -q nested && echo y > nested/inner &&
        git add readme.md && git commit -qm "part of it" && git log -1 --format=%an"#;
    assert_eq!(execute(&running.client, script).await.output, "Ada\n");
    let now = changes(&running.client).await;
    assert_eq!(now.base.as_deref(), Some(base.as_str()));
    assert_ne!(now.head, now.base);
    let renamed = file(&now, "new place.txt");
    assert_eq!(
        (renamed.change, renamed.old_path.as_deref()),
        (FileChange::Renamed, Some("moved.txt"))
    );
    assert_eq!(file(&now, "tool.sh").change, FileChange::ModeChanged);
    assert_eq!(file(&now, "gone").change, FileChange::Deleted);
    assert_eq!(
        (
            file(&now, "readme.md").additions,
            file(&now, "readme.md").deletions
        ),
        (1, 1)
    );
    assert!(file(&now, "image.bin").is_binary);
    assert_eq!(file(&now, "odd \"na\tme\nö").change, FileChange::Added);
    assert!(now.files.iter().any(|file| file.path == "keep.log"));
    assert!(
        !now.files
            .iter()
            .any(|file| file.path == "noise.log" || file.path.starts_with("nested"))
    );
    assert!(now.unified_diff.contains("-two\n+2\n") && now.unified_diff.contains("Binary files"));
    assert!(!format!("{now:?}").contains("secret"));
    // The repository's own index knows nothing of this look.
    assert!(
        execute(&running.client, "git status --porcelain")
            .await
            .output
            .contains("?? keep.log")
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_a_repository_without_commits_and_conflicts() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder.path().join("fresh");
    std::fs::create_dir(&folder).unwrap();
    git(&folder, &["init", "--quiet", "-b", "trunk"]);
    std::fs::write(folder.join("a"), "1\n").unwrap();
    let running = fixture
        .start(Source::Direct {
            folder: folder.clone(),
        })
        .await;
    let unborn = changes(&running.client).await;
    assert_eq!(
        (
            unborn.branch.as_deref(),
            unborn.head.as_deref(),
            unborn.base.as_deref()
        ),
        (Some("trunk"), None, None)
    );
    assert_eq!(file(&unborn, "a").change, FileChange::Added);
    let script = "git add . && git commit -qm a && git checkout -qb other && echo 2 > a && git commit -qam b &&
        git checkout -q trunk && echo 3 > a && git commit -qam c && git merge -q other; true";
    execute(&running.client, script).await;
    assert_eq!(
        file(&changes(&running.client).await, "a").change,
        FileChange::Conflicted
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_out_what_is_too_much_and_counts_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    execute(
        &running.client,
        "seq 1 600000 > big.txt; echo small > small.txt",
    )
    .await;
    let now = changes(&running.client).await;
    let left_out = now.left_out.unwrap();
    assert_eq!((left_out.files, left_out.additions), (1, 600_000));
    assert!(now.unified_diff.contains("+small") && now.unified_diff.len() < 3 * 1024 * 1024);
    assert_eq!(now.additions, 600_001);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_configuration_runs_nothing_during_a_scan() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let script = r#"
        printf '#!/bin/sh\ntouch "$HOME/ran-$1"\n' > ~/evil && chmod +x ~/evil &&
        git config core.fsmonitor "$HOME/evil fsmonitor" && git config core.hooksPath ~ &&
        git config diff.external "$HOME/evil external" && git config diff.x.textconv "$HOME/evil textconv" &&
        git config core.sshCommand "$HOME/evil ssh" && git config remote.origin.url "ext::$HOME/evil remote" &&
        echo '*.txt diff=x' > .gitattributes && echo a > a.txt && git add . && git -c core.fsmonitor=false commit -qm a && echo b > a.txt;
        rm -f ~/ran-*"#;
    execute(&running.client, script).await;
    let now = changes(&running.client).await;
    assert!(now.unified_diff.contains("+b"));
    assert_eq!(
        execute(&running.client, "ls ~/ran-* 2>/dev/null")
            .await
            .output,
        ""
    );
    fixture.end().await;
}

/// The repositories of the next message.
async fn changed(watch: &mut GitWatch) -> Vec<RepositoryChanges> {
    let next = async {
        loop {
            match watch.next().await.unwrap().unwrap() {
                GitEvent::Changes(changes) => return changes.repositories,
                GitEvent::Alive => {}
                GitEvent::Error { message } => panic!("{message}"),
            }
        }
    };
    tokio::time::timeout(LONG, next).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watch_hears_of_changes_that_no_tool_made() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(worktree(&repository, "watch")).await;
    let mut watch = running.client.watch_git().await.unwrap();
    assert!(changed(&mut watch).await[0].files.is_empty());
    let folder = &running.started.folder;
    // The scans that happen anyway would need five times half a minute.
    let all = async {
        for number in 1..=5 {
            let below = folder.join(format!("new-{number}"));
            std::fs::create_dir(&below).unwrap();
            std::fs::write(below.join("file"), "x\n").unwrap();
            let seen = loop {
                let seen = changed(&mut watch).await.remove(0);
                if seen.untracked_files == number {
                    break seen;
                }
            };
            assert_eq!((seen.uncommitted_files, seen.additions), (number, number));
        }
    };
    tokio::time::timeout(LONG, all).await.unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "all of it"]);
    let committed = loop {
        let seen = changed(&mut watch).await.remove(0);
        if seen.uncommitted_files == 0 {
            break seen;
        }
    };
    assert_eq!((committed.untracked_files, committed.additions), (0, 5));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_nothing_changed() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    std::fs::write(repository.join(".gitignore"), "*.log\n").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "second"]);
    let running = fixture.start(worktree(&repository, "watch")).await;
    let mut watch = running.client.watch_git().await.unwrap();
    assert!(changed(&mut watch).await[0].files.is_empty());
    // A command, an ignored file and two requests: four looks, nothing to tell.
    execute(
        &running.client,
        "echo x > noise.log; touch readme.md; git status",
    )
    .await;
    for _ in 0..2 {
        running.client.refresh_git().await.unwrap();
        let alive = tokio::time::timeout(LONG, watch.next()).await.unwrap();
        assert_eq!(alive.unwrap().unwrap(), GitEvent::Alive);
    }
    execute(&running.client, "echo x > change").await;
    assert_eq!(changed(&mut watch).await[0].files.len(), 1);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_sees_the_repositories_of_the_chats_above_and_below_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let (parent, child) = (Uuid::now_v7(), Uuid::now_v7());
    let above = running.client.for_chat(parent, vec![]);
    let below = running.client.for_chat(child, vec![parent]);
    let stranger = running.client.for_chat(Uuid::now_v7(), vec![]);
    let roots = async |client: &AgentClient| {
        let changes = client
            .git_changes(GitChangesQuery::default())
            .await
            .unwrap();
        let roots = changes.repositories.into_iter().map(|seen| seen.repo_root);
        roots.collect::<Vec<_>>()
    };
    let own = roots(&stranger).await;
    execute(&above, "git init -q /tmp/above; git init -q /tmp/below").await;
    above.write_file("/tmp/above/file", "x\n").await.unwrap();
    let in_folder = StartProcess {
        workdir: Some("/tmp/below".into()),
        ..command("true")
    };
    below.start_process(&in_folder).await.unwrap();
    let all = [&own[..], &["/tmp/above".into(), "/tmp/below".into()]].concat();
    assert_eq!(roots(&below).await, all);
    assert_eq!(roots(&above).await, all);
    assert_eq!(roots(&stranger).await, own);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_untracked_files_beyond_the_limit() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    execute(
        &running.client,
        "mkdir many && cd many && seq 20003 | xargs touch",
    )
    .await;
    let now = changes(&running.client).await;
    assert_eq!((now.files.len(), now.unlisted_files), (20_000, 3));
    assert_eq!(
        (now.untracked_files, now.uncommitted_files),
        (20_003, 20_003)
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_untracked_files_are_told_by_their_folders_and_no_ignored_one_with_them() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    std::fs::create_dir(repository.join("half")).unwrap();
    std::fs::write(repository.join("half/tracked"), "one\n").unwrap();
    std::fs::write(repository.join(".gitignore"), "*.log\n").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "second"]);
    let running = fixture.start(worktree(&repository, "Many")).await;
    let script = "mkdir -p 'new [a]*/deep' && seq 150 | xargs -I_ touch 'new [a]*/deep/_' && touch 'new [a]*/noise.log' &&
        seq 100 | xargs -I_ touch half/_ && echo two > half/tracked && touch half/noise.log";
    execute(&running.client, script).await;
    let now = changes(&running.client).await;
    let in_folder = |folder: &str| {
        let files = now.files.iter();
        files.filter(|file| file.path.starts_with(folder)).count()
    };
    assert_eq!(
        (in_folder("new [a]*/deep/"), in_folder("half/")),
        (150, 101)
    );
    assert_eq!((now.files.len(), now.untracked_files), (251, 250));
    assert_eq!(file(&now, "half/tracked").change, FileChange::Modified);

    // A repository of its own inside a folder is not looked into, however many files there are.
    execute(
        &running.client,
        "git init -q 'new [a]*/deep/nested' && touch 'new [a]*/deep/nested/inner'",
    )
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let now = changes(&running.client).await;
    assert!(!now.files.iter().any(|file| file.path.contains("nested")));
    assert_eq!(now.files.len(), 251);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watch_follows_edits_of_its_chat_and_says_when_a_repository_is_gone() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(worktree(&repository, "watch")).await;
    let client = running.client.for_chat(Uuid::now_v7(), vec![]);
    let mut watch = client.watch_git().await.unwrap();
    let mut next = async move || changed(&mut watch).await;
    assert!(next().await[0].files.is_empty());
    let readme = running
        .started
        .folder
        .join("readme.md")
        .display()
        .to_string();
    let edit = FileEdit {
        search: "two".into(),
        replace: "2".into(),
        replace_all: false,
    };
    client
        .edit_files(&EditFilesRequest {
            files: vec![FileEdits {
                path: readme,
                edits: vec![edit],
            }],
        })
        .await
        .unwrap();
    assert!(next().await[0].unified_diff.contains("+2"));

    // Another repository comes into view when a tool touches a file in it, and goes away with it.
    execute(&client, "git init -q /tmp/other").await;
    client.write_file("/tmp/other/file", "x\n").await.unwrap();
    let other = next().await;
    assert_eq!(
        (
            other.len(),
            other[0].repo_root.as_str(),
            other[0].files.len()
        ),
        (1, "/tmp/other", 1)
    );
    execute(&client, "rm -rf /tmp/other").await;
    let gone = next().await;
    assert!(gone[0].removed && gone[0].repo_root == "/tmp/other");
    fixture.end().await;
}
