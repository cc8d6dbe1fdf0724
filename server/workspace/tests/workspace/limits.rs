//! What a workspace may take of the machine: memory, processes, disk. It ends its own commands, never more.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;
use workspace::{
    backend::{Backend, LocalBackend, LocalOptions, Source, Status, WorkspaceLimits},
    connection::AgentClient,
    protocol::ProcessSignal,
};

use crate::support::{Fixture, LONG, agent_program, command, execute, run_ignored, skip, until};

const MEMORY: u64 = 256 * 1024 * 1024;
const PROCESSES: u64 = 96;
/// The folder of a small file system, for the test that runs in it.
const SMALL_DISK: &str = "SWITCHYARD_TEST_SMALL_DISK";
const NOT_MOUNTED: &str = "not mounted";
/// Belongs to nobody.
const ORDINARY_USER: u32 = 54_321;

async fn limited() -> Fixture {
    Fixture::with(|options| {
        options.limits = Some(WorkspaceLimits {
            memory_bytes: Some(MEMORY),
            processes: PROCESSES,
        });
    })
    .await
}

/// Whether this machine's control groups keep the limits, and says so when they do not.
fn holds(fixture: &Fixture) -> bool {
    let limits = fixture.backend.limits();
    let holds = limits == format!("at most 256 MiB of memory, at most {PROCESSES} processes");
    if !holds {
        skip(&format!("no control group here can be used ({limits})"));
    }
    holds
}

/// The control groups of a start.
fn groups_of(agent_id: Uuid) -> Vec<PathBuf> {
    let name = agent_id.to_string();
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().ends_with(&name) {
                found.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    found
}

/// Starts a fork bomb whose processes wait once there can be no more. It would stop by itself at 512 of them, so that
/// nobody's machine goes down with a limit that does not hold.
async fn start_fork_bomb(client: &AgentClient) -> Uuid {
    let bomb =
        "perl -e '$| = 1; for (1..9) { defined fork or print(\"refused\\n\"), last } sleep 1000'";
    let started = client.start_process(&command(bomb)).await.unwrap();
    until("no process can be started any more", async || {
        let tail = client.process_tail(started.id, 0, Duration::ZERO).await;
        tail.unwrap().data.contains("refused")
    })
    .await;
    started.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_eats_memory_is_ended_and_the_model_is_told() {
    let fixture = limited().await;
    if !holds(&fixture) {
        return;
    }
    let running = fixture.start(Source::Empty).await;
    let output = execute(
        &running.client,
        "perl -e '$x = \"a\" x (1 << 30); print \"fed\"'",
    )
    .await;
    assert_eq!((output.output.as_str(), output.exit_code), ("", Some(137)));
    let notice = output.notice.unwrap();
    assert!(
        notice.starts_with("the workspace's memory limit of 256 MiB was reached"),
        "{notice}"
    );
    let output = execute(&running.client, "echo on").await;
    assert_eq!((output.output.as_str(), output.notice), ("on\n", None));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_memory_count_and_are_gone_when_the_workspace_stops() {
    let fixture = limited().await;
    if !holds(&fixture) || !fixture.is_sandboxed() {
        return;
    }
    let (running, other) = (
        fixture.start(Source::Empty).await,
        fixture.start(Source::Empty).await,
    );
    let fill = "head -c 1G /dev/zero > /dev/shm/file; echo $? > code";
    let started = running.client.start_process(&command(fill)).await.unwrap();
    // The agent may be ended too: no process holds such files, so ending one frees nothing.
    let client = running
        .client
        .with_reconnect_grace(Duration::from_millis(10));
    let _ = client.process_output(started.id, LONG).await;
    assert_eq!(execute(&other.client, "echo on").await.output, "on\n");
    let id = running.workspace_id;
    fixture.backend.stop(id).await.unwrap();
    assert_eq!(groups_of(running.agent_id), Vec::<PathBuf>::new());
    let again = fixture.try_start(id, Source::Empty).await.unwrap();
    let output = execute(&again.client, "ls /dev/shm; cat code").await.output;
    assert_ne!(output, "0\n");
    assert!(!output.contains("file\n"), "{output}");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_script_that_eats_memory_says_so() {
    let fixture = limited().await;
    if !holds(&fixture) {
        return;
    }
    let mut spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    spec.setup_script = "perl -e '$x = \"a\" x (1 << 30)'".into();
    let (log, _lines) = tokio::sync::mpsc::unbounded_channel();
    let error = fixture.backend.start(&spec, &log).await.unwrap_err();
    assert!(
        error.to_string().contains("memory limit of 256 MiB"),
        "{error}"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_stays_in_its_workspace_and_can_be_ended() {
    let fixture = limited().await;
    if !holds(&fixture) {
        return;
    }
    let (running, other) = (
        fixture.start(Source::Empty).await,
        fixture.start(Source::Empty).await,
    );
    let bomb = start_fork_bomb(&running.client).await;
    assert_eq!(execute(&other.client, "echo on").await.output, "on\n");
    assert!(running.client.about().await.is_ok());
    running
        .client
        .signal_process(bomb, ProcessSignal::Kill)
        .await
        .unwrap();
    let output = running.client.process_output(bomb, LONG).await.unwrap();
    let notice = output.notice.unwrap();
    assert!(notice.contains("limit of 96 processes"), "{notice}");
    until("commands can be started again", async || {
        running.client.start_process(&command("true")).await.is_ok()
    })
    .await;
    fixture.end().await;
}

#[test]
fn without_control_groups_the_number_of_processes_is_still_limited_for_all_but_root() {
    let test = "limits::as_a_user_without_control_groups";
    let tests = std::env::current_exe().unwrap();
    if !nix::unistd::geteuid().is_root() {
        run_ignored(test, std::process::Command::new(tests)).unwrap();
        return;
    }
    // Copies, as others may not enter the folder that these were built in.
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        (tests, "deps/tests"),
        (agent_program(), "examples/workspace_agent"),
    ] {
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
    std::os::unix::fs::chown(folder.path(), Some(ORDINARY_USER), Some(ORDINARY_USER)).unwrap();
    let (user, group) = (
        format!("--reuid={ORDINARY_USER}"),
        format!("--regid={ORDINARY_USER}"),
    );
    let mut command = std::process::Command::new("setpriv");
    command
        .args([&user, &group, "--clear-groups", "--"])
        .arg(folder.path().join("deps/tests"))
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .current_dir("/");
    run_ignored(test, command).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as an ordinary user, for another test"]
async fn as_a_user_without_control_groups() {
    let fixture = limited().await;
    let limits = fixture.backend.limits();
    if !limits.ends_with("at most 96 processes of this user") {
        skip(&format!("this user has control groups ({limits})"));
        return;
    }
    let running = fixture.start(Source::Empty).await;
    assert_eq!(execute(&running.client, "ulimit -Hu").await.output, "96\n");
    let bomb = start_fork_bomb(&running.client).await;
    assert!(
        std::process::Command::new("true")
            .status()
            .unwrap()
            .success()
    );
    let kill = running.client.signal_process(bomb, ProcessSignal::Kill);
    kill.await.unwrap();
    running.client.process_output(bomb, LONG).await.unwrap();
    assert_eq!(execute(&running.client, "echo on").await.output, "on\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_full_of_processes_can_be_stopped_and_leaves_no_group() {
    let fixture = limited().await;
    if !holds(&fixture) {
        return;
    }
    let running = fixture.start(Source::Empty).await;
    start_fork_bomb(&running.client).await;
    assert!(!groups_of(running.agent_id).is_empty());
    fixture.backend.stop(running.workspace_id).await.unwrap();
    assert_eq!(groups_of(running.agent_id), Vec::<PathBuf>::new());
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_keeps_the_groups_of_running_workspaces_and_removes_those_that_were_left() {
    let fixture = limited().await;
    if !holds(&fixture) {
        return;
    }
    let running = fixture.start(Source::Empty).await;
    let left = Uuid::now_v7();
    for group in groups_of(running.agent_id) {
        let name = group.file_name().unwrap().to_str().unwrap();
        let name = name.replace(&running.agent_id.to_string(), &left.to_string());
        std::fs::create_dir(group.with_file_name(name)).unwrap();
    }
    let mut options = LocalOptions::new(fixture.data(), std::env::current_exe().unwrap());
    // A short command beside the server leaves everything alone.
    options.limits = None;
    LocalBackend::new(options.clone()).await.unwrap();
    assert!(!groups_of(left).is_empty());
    options.limits = Some(WorkspaceLimits::default());
    let next = LocalBackend::new(options).await.unwrap();
    assert!(groups_of(left).is_empty() && !groups_of(running.agent_id).is_empty());
    assert_eq!(execute(&running.client, "echo on").await.output, "on\n");
    let status = next.status(running.workspace_id).await.unwrap();
    assert!(matches!(status, Status::Running { .. }), "{status:?}");
    next.stop(running.workspace_id).await.unwrap();
    assert!(groups_of(running.agent_id).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_means_no_limit_and_commands_still_go_before_the_server() {
    let fixture = Fixture::with(|options| {
        options.limits = Some(WorkspaceLimits {
            memory_bytes: Some(0),
            processes: 0,
        });
    })
    .await;
    assert_eq!(
        fixture.backend.limits(),
        "no limit of memory, no limit of processes"
    );
    let running = fixture.start(Source::Empty).await;
    let script =
        "ulimit -u; cat /proc/$PPID/oom_score_adj /proc/self/oom_score_adj /proc/1/oom_score_adj";
    let output = execute(&running.client, script).await.output;
    let scores: Vec<&str> = output.lines().skip(1).collect();
    let expected = if fixture.is_sandboxed() { 3 } else { 2 };
    assert_eq!(scores[..expected], ["500"].repeat(expected), "{output}");
    fixture.end().await;
}

#[test]
fn a_workspace_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().display();
    // In a mount namespace of its own, so that the small file system is nobody else's.
    let inner = format!(
        "mount -t tmpfs -o size=24m tmpfs {disk} || {{ echo {NOT_MOUNTED}; exit 1; }}; exec \"$0\" \"$@\""
    );
    let mut unshare = std::process::Command::new("unshare");
    if nix::unistd::geteuid().is_root() {
        unshare.arg("--mount");
    } else {
        unshare.args(["--mount", "--map-root-user"]);
    }
    unshare
        .args(["sh", "-c", &inner])
        .arg(std::env::current_exe().unwrap())
        .env("TMPDIR", folder.path())
        .env(SMALL_DISK, folder.path());
    let outcome = run_ignored("limits::on_a_small_disk", unshare);
    match outcome {
        Err(text) if text.contains("unshare failed") || text.contains(NOT_MOUNTED) => {
            skip(&format!("no file system can be mounted here: {text}"));
        }
        outcome => drop(outcome.unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a mount namespace that another test makes"]
async fn on_a_small_disk() {
    let Some(disk) = std::env::var_os(SMALL_DISK) else {
        return;
    };
    let fixture = Fixture::new().await;
    assert!(fixture.folder.path().starts_with(Path::new(&disk)));
    let running = fixture.start(Source::Empty).await;
    let (client, folder) = (&running.client, &running.started.folder);
    let kept = folder.join("kept").display().to_string();
    client.write_file(&kept, "before").await.unwrap();
    let output = execute(client, "head -c 1G /dev/zero > fill").await;
    assert!(output.output.contains("No space left"), "{output:?}");

    let error = client
        .write_file(&kept, "after".repeat(10_000))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(&client.read_file(&kept).await.unwrap()[..], b"before");
    let output = execute(client, "seq 1 40000; echo ran").await;
    assert!(output.output.ends_with("ran\n"), "{output:?}");
    let notice = output.notice.unwrap();
    assert!(notice.contains("No space left"), "{notice}");

    execute(client, "rm fill").await;
    client.write_file(&kept, "after").await.unwrap();
    assert_eq!(execute(client, "cat kept").await.output, "after");
    fixture.end().await;
}
