//! The life of a local workspace: made, started, stopped, found again, deleted.

use uuid::Uuid;
use workspace::{
    backend::{Backend, BackendError, LocalBackend, LocalOptions, Source, Status},
    protocol::ProcessSignal,
};

use crate::support::{Fixture, command, execute, git, until, worktree};

#[tokio::test(flavor = "multi_thread")]
async fn chats_on_one_repository_do_not_collide() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    std::fs::write(repository.join("readme.md"), "dirty\n").unwrap();
    let one = fixture.start(worktree(&repository, "Same title")).await;
    let two = fixture.start(worktree(&repository, "Same title")).await;
    assert!(
        one.started
            .branch
            .as_ref()
            .unwrap()
            .starts_with("switchyard/same-title-")
    );
    assert_ne!(one.started.branch, two.started.branch);
    assert!(
        one.started.notices[0].contains("1 uncommitted change"),
        "{:?}",
        one.started.notices
    );
    execute(&one.client, "echo one > readme.md && git commit -qam one").await;
    assert_eq!(
        execute(&two.client, "cat readme.md").await.output,
        "one\ntwo\nthree\n"
    );
    assert_eq!(
        std::fs::read_to_string(repository.join("readme.md")).unwrap(),
        "dirty\n"
    );
    assert_eq!(one.started.folder.file_name().unwrap(), "project");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_workspace_starts_again_with_its_files_and_another_agent() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let id = Uuid::now_v7();
    let first = fixture
        .try_start(id, worktree(&repository, "again"))
        .await
        .unwrap();
    execute(&first.client, "echo kept > kept; (sleep 300 &)").await;
    let again = fixture.try_start(id, worktree(&repository, "again")).await;
    assert!(
        matches!(again.err(), Some(BackendError::AlreadyRunning { agent_id }) if agent_id == first.agent_id)
    );
    fixture.backend.stop(id).await.unwrap();
    assert_eq!(fixture.backend.status(id).await.unwrap(), Status::Stopped);
    let second = fixture.try_start(id, Source::Empty).await.unwrap();
    assert_ne!(second.agent_id, first.agent_id);
    assert_eq!(second.started, first.started);
    assert_eq!(execute(&second.client, "cat kept").await.output, "kept\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_process_finds_the_agent_of_the_old_one_and_can_stop_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let started = running
        .client
        .start_process(&command("sleep 300"))
        .await
        .unwrap();
    let mut options = LocalOptions::new(fixture.data(), std::env::current_exe().unwrap());
    options.use_sandbox = false;
    let next = LocalBackend::new(options).await.unwrap();
    let status = next.status(running.workspace_id).await.unwrap();
    assert_eq!(
        status,
        Status::Running {
            agent_id: running.agent_id
        }
    );
    running
        .client
        .signal_process(started.id, ProcessSignal::Terminate)
        .await
        .unwrap();
    next.stop(running.workspace_id).await.unwrap();
    assert_eq!(
        next.status(running.workspace_id).await.unwrap(),
        Status::Stopped
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_every_process_also_those_that_left_their_group() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mark = format!("{}", 100_000 + std::process::id());
    let script = format!("setsid sh -c 'trap \"\" TERM; while :; do sleep {mark}; done' & echo ok");
    assert_eq!(execute(&running.client, &script).await.output, "ok\n");
    let count = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter(|entry| {
                std::fs::read(entry.path().join("cmdline"))
                    .is_ok_and(|line| line == format!("sleep\0{mark}\0").as_bytes())
            })
            .count()
    };
    until("the sleep began", async || count() == 1).await;
    fixture.backend.stop(running.workspace_id).await.unwrap();
    until("nothing is left", async || count() == 0).await;
    fixture.backend.stop(running.workspace_id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_asks_first_when_work_would_be_lost() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(worktree(&repository, "work")).await;
    let id = running.workspace_id;
    let branch = running.started.branch.clone().unwrap();
    assert!(fixture.backend.unsaved_work(id).await.unwrap().is_empty());
    execute(
        &running.client,
        "echo a > a && git add a && git commit -qm 'only here' && echo b > 'b c'",
    )
    .await;
    let work = fixture.backend.unsaved_work(id).await.unwrap();
    assert_eq!(work.uncommitted_files, ["b c"]);
    assert_eq!(work.unmerged_count, 1);
    assert!(work.unmerged_commits[0].ends_with("only here"));
    let refused = fixture.backend.delete(id, false).await.unwrap_err();
    assert!(
        matches!(refused, BackendError::UnsavedWork(ref found) if **found == work),
        "{refused}"
    );
    // Still running, nothing is gone.
    assert_eq!(execute(&running.client, "cat a").await.output, "a\n");

    // Merged and clean: nothing is lost.
    execute(&running.client, "rm 'b c'").await;
    git(&repository, &["merge", "--quiet", &branch]);
    fixture.backend.delete(id, false).await.unwrap();
    assert_eq!(fixture.backend.status(id).await.unwrap(), Status::Absent);
    assert!(!git(&repository, &["branch", "--list", "--all"]).contains("switchyard/"));
    assert_eq!(git(&repository, &["worktree", "list"]).lines().count(), 1);
    assert!(repository.join("a").exists());
    assert!(matches!(
        fixture.backend.delete(id, false).await,
        Err(BackendError::NotFound { .. })
    ));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_by_force_removes_everything_of_the_workspace_and_nothing_else() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let other = fixture.start(worktree(&repository, "other")).await;
    let running = fixture.start(worktree(&repository, "work")).await;
    execute(
        &running.client,
        "echo a > a; mkdir -p locked/in && touch locked/in/x && chmod 000 locked/in && rm .git",
    )
    .await;
    assert!(
        fixture
            .backend
            .unsaved_work(running.workspace_id)
            .await
            .unwrap()
            .unknown_because
            .is_some()
    );
    assert!(
        fixture
            .backend
            .delete(running.workspace_id, false)
            .await
            .is_err()
    );
    fixture
        .backend
        .delete(running.workspace_id, true)
        .await
        .unwrap();
    assert_eq!(git(&repository, &["worktree", "list"]).lines().count(), 2);
    assert_eq!(
        execute(&other.client, "git status --porcelain")
            .await
            .exit_code,
        Some(0)
    );

    let folder = repository.clone();
    let direct = fixture.start(Source::Direct { folder }).await;
    execute(&direct.client, "echo direct > direct").await;
    fixture
        .backend
        .delete(direct.workspace_id, false)
        .await
        .unwrap();
    assert!(repository.join("direct").exists());

    let empty = fixture.start(Source::Empty).await;
    execute(&empty.client, "echo a > a && git add a && git commit -qm a").await;
    let work = fixture
        .backend
        .unsaved_work(empty.workspace_id)
        .await
        .unwrap();
    assert_eq!((work.uncommitted_count, work.unmerged_count), (0, 1));
    let script = "echo b > a && git stash -q && echo c > a && git stash push -qm 'for later'";
    execute(&empty.client, script).await;
    let work = fixture
        .backend
        .unsaved_work(empty.workspace_id)
        .await
        .unwrap();
    assert_eq!((work.uncommitted_count, work.unmerged_count), (0, 3));
    assert!(
        work.unmerged_commits[1].ends_with("for later"),
        "{:?}",
        work.unmerged_commits
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_cannot_be_used_are_refused_with_the_way_out() {
    let fixture = Fixture::new().await;
    let root = fixture.folder.path().canonicalize().unwrap();
    let plain = root.join("plain");
    let unborn = root.join("unborn");
    std::fs::create_dir(&plain).unwrap();
    std::fs::create_dir(&unborn).unwrap();
    git(&unborn, &["init", "--quiet"]);
    let repository = fixture.repository("project");
    std::fs::create_dir(repository.join("inner")).unwrap();
    // Pretends to belong to somebody else's repository.
    let thief = root.join("thief");
    std::fs::create_dir(&thief).unwrap();
    std::fs::write(
        thief.join(".git"),
        format!("gitdir: {}/.git\n", repository.display()),
    )
    .unwrap();
    for (source, expected) in [
        (worktree(&root.join("missing"), "x"), "does not exist"),
        (
            worktree(&repository.join("readme.md"), "x"),
            "is not a folder",
        ),
        (worktree(&plain, "x"), "not the root of a git repository"),
        (
            worktree(&repository.join("inner"), "x"),
            "not the root of a git repository",
        ),
        (worktree(&unborn, "x"), "no commits yet"),
        (worktree(&thief, "x"), "belongs to another repository"),
        (
            Source::Direct {
                folder: thief.clone(),
            },
            "belongs to another repository",
        ),
        (
            Source::Direct {
                folder: fixture.data(),
            },
            "data folder",
        ),
        (
            Source::Direct { folder: "/".into() },
            "root of the file system",
        ),
        (
            Source::Direct {
                folder: "relative".into(),
            },
            "absolute",
        ),
    ] {
        let id = Uuid::now_v7();
        let error = fixture
            .try_start(id, source.clone())
            .await
            .err()
            .unwrap_or_else(|| panic!("{source:?}"))
            .to_string();
        assert!(error.contains(expected), "{source:?}: {error}");
        assert_eq!(fixture.backend.status(id).await.unwrap(), Status::Absent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_repositories_work_and_say_what_is_odd() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    git(&repository, &["checkout", "--quiet", "--detach"]);
    std::fs::write(repository.join(".gitmodules"), "").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "modules"]);
    let detached = fixture.start(worktree(&repository, "detached")).await;
    let notices = &detached.started.notices;
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert_eq!(
        execute(&detached.client, "git log --format=%s")
            .await
            .output,
        "modules\nfirst\n"
    );

    let bare = fixture.folder.path().join("bare.git");
    git(
        fixture.folder.path(),
        &["clone", "--quiet", "--bare", "project", "bare.git"],
    );
    let from_bare = fixture.start(worktree(&bare, "bare")).await;
    assert_eq!(
        execute(
            &from_bare.client,
            "cat readme.md && git commit -q --allow-empty -m x"
        )
        .await
        .output,
        "one\ntwo\nthree\n"
    );
    let error = fixture
        .backend
        .check(&Source::Direct { folder: bare })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("bare"));

    // A worktree that the owner made is a repository like any other.
    let linked = fixture.folder.path().join("linked");
    git(
        &repository,
        &["worktree", "add", "--quiet", linked.to_str().unwrap()],
    );
    let from_linked = fixture.start(worktree(&linked, "linked")).await;
    assert_eq!(
        execute(&from_linked.client, "git status --porcelain")
            .await
            .exit_code,
        Some(0)
    );

    let plain = fixture.folder.path().join("plain");
    std::fs::create_dir(&plain).unwrap();
    let direct = fixture.start(Source::Direct { folder: plain }).await;
    assert!(direct.started.notices[0].contains("not a git repository"));
    assert!(
        direct
            .client
            .git_changes(workspace::protocol::GitChangesQuery::default())
            .await
            .unwrap()
            .repositories
            .is_empty()
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_vanished_is_said_and_the_workspace_can_be_deleted() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(worktree(&repository, "gone")).await;
    let id = running.workspace_id;
    fixture.backend.stop(id).await.unwrap();
    std::fs::remove_dir_all(&running.started.folder).unwrap();
    assert_eq!(
        fixture.backend.status(id).await.unwrap(),
        Status::FolderGone
    );
    let error = fixture.try_start(id, Source::Empty).await.err().unwrap();
    assert!(error.to_string().contains("is gone"), "{error}");
    fixture.backend.delete(id, false).await.unwrap();
    assert!(!git(&repository, &["branch", "--list"]).contains("switchyard/"));
}
