//! What commands of a workspace can reach: their workspace, and nothing of the server's.

use workspace::backend::{Backend, Sandbox, Source};

use crate::support::{Fixture, execute, skip, worktree};

/// A variable of this test process, which plays the server.
const CANARY: &str = "CARGO_MANIFEST_DIR";

#[tokio::test(flavor = "multi_thread")]
async fn no_variable_of_the_server_reaches_a_command() {
    assert!(std::env::var(CANARY).is_ok());
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let environment = execute(&running.client, "env; tr '\\0' '\\n' < /proc/$PPID/environ")
        .await
        .output;
    assert!(!environment.contains(CANARY), "{environment}");
    assert!(!environment.contains("token-"), "{environment}");
    let commands = execute(&running.client, "env").await.output;
    assert!(!commands.contains("SWITCHYARD_AGENT_"), "{commands}");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn home_data_folder_and_other_workspaces_cannot_be_read_or_written() {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("bubblewrap is missing; install it to test the sandbox");
        return;
    }
    std::fs::write(fixture.data().join("secret.key"), "TOP SECRET").unwrap();
    let other = fixture.start(Source::Empty).await;
    std::fs::write(other.started.folder.join("private"), "TOP SECRET").unwrap();
    let running = fixture.start(Source::Empty).await;
    let data = fixture.data().canonicalize().unwrap();
    for path in [
        data.join("secret.key"),
        other.started.folder.join("private"),
        data.join(format!(
            "workspaces/{}/control/workspace.json",
            running.workspace_id
        )),
        "/etc/shadow".into(),
        "/root/.bashrc".into(),
        "/proc/1/root/etc/shadow".into(),
    ] {
        let output = execute(&running.client, &format!("cat {}", path.display())).await;
        assert!(
            output.exit_code != Some(0),
            "{}: {}",
            path.display(),
            output.output
        );
    }
    let output = execute(
        &running.client,
        "ls -A /root /home 2>&1; ls -d ~ && touch ~/x && ls -A ~",
    )
    .await
    .output;
    assert!(
        output.contains("/home\n") && output.contains("cannot access '/root'"),
        "{output}"
    );
    for command in [
        "touch /usr/x",
        "touch /etc/passwd",
        "mount -t tmpfs x /tmp",
        // Only asked, not done: if the sandbox was wrong this would change the machine.
        "test -w /proc/sys/kernel/core_pattern",
        "find /proc/sys /proc/sysrq-trigger /proc/irq -writable 2>/dev/null | grep .",
        "find / -xdev -writable -not -path '/proc/*' -not -path '/tmp*' -not -path '/dev*' 2>/dev/null | grep ^/usr",
    ] {
        assert_ne!(
            execute(&running.client, command).await.exit_code,
            Some(0),
            "{command}"
        );
    }
    // Only the sandbox's own processes are there: its first one, the agent, the command.
    let count = execute(&running.client, "ls -d /proc/[0-9]* | wc -l")
        .await
        .output;
    assert!(count.trim().parse::<u32>().unwrap() < 10, "{count}");
    assert_eq!(
        execute(&running.client, "grep CapEff /proc/self/status")
            .await
            .output,
        "CapEff:\t0000000000000000\n"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_cannot_be_taken_from_the_agent() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let output = execute(&running.client, "cat /proc/$PPID/environ /proc/$PPID/cmdline; cat /proc/$PPID/mem /proc/$PPID/maps; ls /proc/$PPID/fd").await;
    assert!(
        !output
            .output
            .contains(&format!("token-{}", running.agent_id))
    );
    if fixture.is_sandboxed() {
        assert!(
            output.output.contains("ermission denied"),
            "{}",
            output.output
        );
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_and_commit_but_cannot_plant_a_hook_in_the_owners_repository() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(worktree(&repository, "Fix it")).await;
    let committed = execute(&running.client, "echo x > new && git add new && git commit -qm new && git status --porcelain && cat readme.md").await;
    assert_eq!(committed.output, "one\ntwo\nthree\n");
    if !fixture.is_sandboxed() {
        skip("the rest of it, as bubblewrap is missing; install it to test the sandbox");
        return;
    }
    for command in [
        format!(
            "echo evil > {}/.git/hooks/post-checkout",
            repository.display()
        ),
        format!("echo evil >> {}/.git/config", repository.display()),
        "git config core.fsmonitor evil".to_owned(),
    ] {
        assert_ne!(
            execute(&running.client, &command).await.exit_code,
            Some(0),
            "{command}"
        );
    }
    // The folders above are the sandbox's own, so this goes nowhere.
    execute(
        &running.client,
        &format!("echo evil > {}/readme.md", repository.display()),
    )
    .await;
    assert_eq!(
        std::fs::read_to_string(repository.join("readme.md")).unwrap(),
        "one\ntwo\nthree\n"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_folder_above_the_data_folder_does_not_show_it() {
    let fixture = Fixture::new().await;
    std::fs::write(fixture.data().join("secret.key"), "TOP SECRET").unwrap();
    let running = fixture
        .start(Source::Direct {
            folder: fixture.folder.path().into(),
        })
        .await;
    if fixture.is_sandboxed() {
        assert_ne!(
            execute(&running.client, "cat data/secret.key")
                .await
                .exit_code,
            Some(0)
        );
        assert_eq!(
            execute(&running.client, "echo here > file && cat file")
                .await
                .output,
            "here\n"
        );
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_it_says_so_and_works() {
    let fixture = Fixture::with(|options| options.use_sandbox = false).await;
    assert!(
        matches!(fixture.backend.sandbox(), Sandbox::None { reason } if reason.contains("configuration"))
    );
    let running = fixture.start(Source::Empty).await;
    assert!(!running.client.about().await.unwrap().is_sandboxed);
    assert_eq!(execute(&running.client, "echo ok").await.output, "ok\n");
    let log = fixture.backend.agent_log(running.workspace_id).await;
    fixture
        .backend
        .stop(running.workspace_id)
        .await
        .unwrap_or_else(|error| panic!("{error}: {log}"));
    fixture.end().await;
}
