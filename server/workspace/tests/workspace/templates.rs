//! What a template adds to a start: a clone, a setup script, an environment.

use std::path::PathBuf;
use std::process::Command;

use uuid::Uuid;
use workspace::backend::{
    Backend as _, BackendError, BuildEvent, Phase, Source, StartSpec, Status,
};

use crate::support::{Fixture, git, until};

/// A repository with the branches `main` and `next`.
fn origin(fixture: &Fixture) -> PathBuf {
    let folder = fixture.repository("origin");
    git(&folder, &["switch", "--quiet", "--create", "next"]);
    std::fs::write(folder.join("a.txt"), "next\n").unwrap();
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "--message=second"]);
    git(&folder, &["switch", "--quiet", "main"]);
    folder
}

/// Starts, and gives what the build told.
async fn start(
    fixture: &Fixture,
    spec: &StartSpec,
) -> (
    Result<workspace::backend::Started, BackendError>,
    Vec<BuildEvent>,
) {
    let (log, mut events) = tokio::sync::mpsc::unbounded_channel();
    let started = fixture.backend.start(spec, &log).await;
    drop(log);
    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    (started, told)
}

fn phases(told: &[BuildEvent]) -> Vec<Phase> {
    let phases = told.iter().filter_map(|event| match event {
        BuildEvent::Phase(phase) => Some(*phase),
        BuildEvent::Line(_) => None,
    });
    phases.collect()
}

fn says(told: &[BuildEvent], words: &str) -> bool {
    told.iter()
        .any(|event| matches!(event, BuildEvent::Line(line) if line.contains(words)))
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_a_branch_and_runs_the_script_once_in_it() {
    let fixture = Fixture::new().await;
    let origin = origin(&fixture);
    let source = Source::Clone {
        url: origin.display().to_string(),
        branch: Some("next".to_owned()),
    };
    let mut spec = fixture.spec(Uuid::now_v7(), source);
    spec.setup_script =
        "pwd; echo \"$PROJECT_SETTING\" >> set-up.txt; git status --short".to_owned();
    let (started, told) = start(&fixture, &spec).await;
    let started = started.unwrap();
    assert_eq!(
        phases(&told),
        [Phase::Cloning, Phase::SettingUp, Phase::Starting]
    );
    assert!(
        started.folder.ends_with("work/origin"),
        "{}",
        started.folder.display()
    );
    assert!(
        says(&told, &started.folder.display().to_string()),
        "{told:?}"
    );
    assert!(says(&told, "?? set-up.txt"), "{told:?}");
    let text = |name| std::fs::read_to_string(started.folder.join(name)).unwrap();
    assert_eq!(
        (text("a.txt").as_str(), text("set-up.txt").as_str()),
        ("next\n", "given\n")
    );

    let work = fixture
        .backend
        .unsaved_work(spec.workspace_id)
        .await
        .unwrap();
    assert_eq!(work.uncommitted_files, ["set-up.txt"]);
    git(&started.folder, &["add", "."]);
    git(&started.folder, &["commit", "--quiet", "--message=third"]);
    let work = fixture
        .backend
        .unsaved_work(spec.workspace_id)
        .await
        .unwrap();
    assert_eq!(
        (work.uncommitted_count, work.unmerged_count),
        (0, 1),
        "{work:?}"
    );

    fixture.backend.stop(spec.workspace_id).await.unwrap();
    let (again, told) = start(&fixture, &spec).await;
    again.unwrap();
    assert_eq!(phases(&told), [Phase::Starting]);
    assert_eq!(text("set-up.txt"), "given\n");
    fixture
        .backend
        .delete(spec.workspace_id, true)
        .await
        .unwrap();
    assert!(!started.folder.exists() && origin.exists());
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_says_why_and_runs_again() {
    let fixture = Fixture::new().await;
    let mut spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    spec.setup_script = "echo one\necho missing: cc >&2\nfalse\necho never".to_owned();
    let (started, told) = start(&fixture, &spec).await;
    let error = started.unwrap_err().to_string();
    assert!(
        error.contains("missing: cc") && error.contains("exit status: 1"),
        "{error}"
    );
    assert!(says(&told, "one") && !says(&told, "never"), "{told:?}");
    assert_eq!(
        fixture.backend.status(spec.workspace_id).await.unwrap(),
        Status::Stopped
    );
    spec.setup_script = "#!/usr/bin/env python3\nprint('from python')".to_owned();
    let (started, told) = start(&fixture, &spec).await;
    started.unwrap();
    assert!(says(&told, "from python"), "{told:?}");
    fixture
        .backend
        .delete(spec.workspace_id, true)
        .await
        .unwrap();
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_cloned_leaves_nothing_behind() {
    let fixture = Fixture::new().await;
    for url in [
        "http://127.0.0.1:1/nothing.git".to_owned(),
        fixture.data().join("nowhere").display().to_string(),
    ] {
        let source = Source::Clone { url, branch: None };
        let spec = fixture.spec(Uuid::now_v7(), source);
        let (started, _) = start(&fixture, &spec).await;
        started.unwrap_err();
        assert_eq!(
            fixture.backend.status(spec.workspace_id).await.unwrap(),
            Status::Absent
        );
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_given_up_takes_its_script_and_its_folders_along() {
    let fixture = Fixture::new().await;
    let mut spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    let mark = format!("{}", 300_000 + std::process::id());
    spec.setup_script = format!("echo begun; sleep {mark}");
    let (log, mut events) = tokio::sync::mpsc::unbounded_channel();
    {
        let starting = fixture.backend.start(&spec, &log);
        let begun = async {
            while let Some(event) = events.recv().await {
                if event == BuildEvent::Line("begun".to_owned()) {
                    return;
                }
            }
        };
        tokio::select! {
            started = starting => panic!("{started:?}"),
            () = begun => {}
        }
    }
    until("the script ended", async || {
        let found = Command::new("pgrep")
            .args(["-f", &format!("sleep {mark}")])
            .status();
        !found.unwrap().success()
    })
    .await;
    fixture
        .backend
        .delete(spec.workspace_id, true)
        .await
        .unwrap();
    assert_eq!(
        fixture.backend.status(spec.workspace_id).await.unwrap(),
        Status::Absent
    );
    fixture.end().await;
}
