//! Processes through the tunnel.

use std::time::{Duration, Instant};

use uuid::Uuid;
use workspace::{
    backend::Source,
    connection::AgentError,
    protocol::{ProcessSignal, StartProcess},
};

use crate::support::{Fixture, LONG, command, execute, until};

#[tokio::test(flavor = "multi_thread")]
async fn runs_commands_with_the_environment_that_was_promised() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let chat = Uuid::now_v7();
    let client = running.client.for_chat(chat, vec![]);
    let output = execute(&client, "pwd; echo $EDITOR $GIT_TERMINAL_PROMPT $NO_COLOR $TERM $GIT_PAGER $SWITCHYARD_AGENT $CODER_CHAT_AGENT $PROJECT_SETTING; echo $VISUAL $GIT_EDITOR $GIT_SEQUENCE_EDITOR $PAGER; echo $SWITCHYARD_CHAT_ID $CODER_CHAT_ID; exit 3").await;
    let expected = format!(
        "{}\ntrue 0 1 dumb cat 1 true given\ntrue true true cat\n{chat} {chat}\n",
        running.started.folder.display()
    );
    assert_eq!(output.output, expected);
    assert_eq!((output.exit_code, output.running), (Some(3), false));
    assert_eq!(execute(&client, "kill -9 $$").await.exit_code, Some(137));
    let invalid = execute(&client, r"printf 'a\xff\xfeb\xe2\x82'; printf 'error' >&2").await;
    assert_eq!(invalid.output, "a\u{fffd}\u{fffd}b\u{fffd}error");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_what_cannot_be_started() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let refused = [
        command("  "),
        StartProcess {
            workdir: Some("relative".into()),
            ..command("true")
        },
        StartProcess {
            workdir: Some("/does/not/exist".into()),
            ..command("true")
        },
        StartProcess {
            env: [("A=B".into(), "c".into())].into(),
            ..command("true")
        },
    ];
    for request in refused {
        let error = running.client.start_process(&request).await.unwrap_err();
        assert!(
            matches!(error, AgentError::Refused { status, .. } if status == 400),
            "{request:?}: {error}"
        );
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_never_ends_stays_until_its_whole_group_is_killed() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = running.client.for_chat(Uuid::now_v7(), vec![]);
    // A shell with a child and a grandchild; the first ignores the polite signal.
    let script =
        "trap '' TERM; echo begun; (sleep 1000.25 & sleep 1000.5) & sleep 1000.75; sleep 1000.75";
    let started = client.start_process(&command(script)).await.unwrap();
    until("it began", async || {
        client
            .process_output(started.id, Duration::ZERO)
            .await
            .unwrap()
            .output
            == "begun\n"
    })
    .await;
    let output = client
        .process_output(started.id, Duration::from_millis(50))
        .await
        .unwrap();
    assert!(output.running && output.exit_code.is_none());
    assert!(client.list_processes().await.unwrap().processes[0].running);

    client
        .signal_process(started.id, ProcessSignal::Kill)
        .await
        .unwrap();
    let output = client.process_output(started.id, LONG).await.unwrap();
    assert_eq!(output.exit_code, Some(137));
    let left = execute(&client, "grep -la 'sleep.1000\\.' /proc/[0-9]*/cmdline 2>/dev/null | grep -v self | grep -v $$ | wc -l").await;
    assert_eq!(left.output.trim(), "0");
    let error = client
        .signal_process(started.id, ProcessSignal::Terminate)
        .await
        .unwrap_err();
    assert!(
        matches!(error, AgentError::Refused { status, .. } if status == 409),
        "{error}"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_leaves_behind_does_not_hold_up_its_result() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let begun = Instant::now();
    let output = execute(&running.client, "sleep 300 & echo done; exit 4").await;
    assert_eq!(
        (output.output.as_str(), output.exit_code),
        ("done\n", Some(4))
    );
    assert!(begun.elapsed() < Duration::from_secs(100));
    let started = running
        .client
        .start_process(&command("sleep 300 &"))
        .await
        .unwrap();
    assert!(started.background);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chat_sees_nothing_but_a_descendant_does() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let (parent, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let owner = running.client.for_chat(parent, vec![]);
    let started = owner.start_process(&command("sleep 300")).await.unwrap();
    let stranger = running.client.for_chat(stranger, vec![]);
    for client in [&stranger, &running.client] {
        let errors = [
            client
                .process_output(started.id, Duration::ZERO)
                .await
                .unwrap_err(),
            client
                .process_tail(started.id, 0, Duration::ZERO)
                .await
                .unwrap_err(),
            client
                .signal_process(started.id, ProcessSignal::Kill)
                .await
                .unwrap_err(),
        ];
        assert!(
            errors
                .iter()
                .all(|error| matches!(error, AgentError::NotFound { .. })),
            "{errors:?}"
        );
        assert!(client.list_processes().await.unwrap().processes.is_empty());
    }
    let descendant = running.client.for_chat(Uuid::now_v7(), vec![parent]);
    assert!(
        descendant
            .process_output(started.id, Duration::ZERO)
            .await
            .unwrap()
            .running
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_running_ones_first_and_at_most_ten() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let first = running
        .client
        .start_process(&command("sleep 300"))
        .await
        .unwrap();
    for number in 0..12 {
        execute(&running.client, &format!("echo {number}")).await;
    }
    let listed = running.client.list_processes().await.unwrap().processes;
    assert_eq!(listed.len(), 10);
    assert_eq!(listed[0].id, first.id);
    assert_eq!(listed[1].command, "echo 11");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_repeated_runs_once() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let request = StartProcess {
        id: Some(Uuid::now_v7()),
        ..command("echo x >> count")
    };
    for _ in 0..3 {
        let started = running.client.start_process(&request).await.unwrap();
        running
            .client
            .process_output(started.id, LONG)
            .await
            .unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(running.started.folder.join("count")).unwrap(),
        "x\n"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_waits_holds_the_output_of_what_ended_meanwhile() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let waiting = |text: &str, wait_ms| StartProcess {
        wait_ms,
        ..command(text)
    };
    let start = async |request| running.client.start_process(&request).await.unwrap();

    let quick = start(waiting("echo out; exit 3", 60_000)).await;
    let output = quick.output.unwrap();
    assert_eq!(
        (output.output.as_str(), output.exit_code),
        ("out\n", Some(3))
    );
    for request in [
        waiting("sleep 60", 50),
        waiting("echo out", 0),
        waiting("echo out &", 60_000),
    ] {
        let started = start(request.clone()).await;
        assert_eq!(started.output, None, "{}", request.command);
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_can_be_followed_while_it_comes() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let script = "echo first; while ! test -e go; do sleep 0.02; done; echo zweite ä; seq 1 40000";
    let started = running
        .client
        .start_process(&command(script))
        .await
        .unwrap();
    let mut text = String::new();
    let mut offset = 0;
    loop {
        let tail = running
            .client
            .process_tail(started.id, offset, Duration::from_secs(10))
            .await
            .unwrap();
        assert_eq!((tail.offset, tail.skipped_bytes), (offset, 0));
        text.push_str(&tail.data);
        offset = tail.next_offset;
        if text == "first\n" {
            assert!(tail.running);
            std::fs::write(running.started.folder.join("go"), "").unwrap();
        }
        if !tail.running {
            assert_eq!(tail.exit_code, Some(0));
            break;
        }
    }
    let numbers: Vec<String> = (1..=40_000).map(|number| number.to_string()).collect();
    let numbers = numbers.join(
        "
",
    ) + "
";
    assert_eq!(text, format!("first\nzweite ä\n{numbers}"));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_of_output_takes_no_memory_and_keeps_its_beginning_and_end() {
    print_much(1 << 30).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; `make soak` runs it"]
async fn soak_ten_gigabytes_of_output_take_no_memory_either() {
    print_much(10 << 30).await;
}

async fn print_much(bytes: u64) {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let before = resident_kib(&running.client).await;
    let script = format!(
        "echo the beginning; yes 'a line of output that is repeated very often' | head -c {bytes}; echo; echo the end"
    );
    let started = running
        .client
        .start_process(&command(&script))
        .await
        .unwrap();
    let output = loop {
        let wait = Duration::from_secs(280);
        let output = running.client.process_output(started.id, wait).await;
        let output = output.unwrap();
        if !output.running {
            break output;
        }
    };
    let truncated = output.truncated.unwrap();
    assert_eq!(truncated.original_bytes, bytes + 14 + 1 + 8);
    assert_eq!(truncated.retained_bytes, 32 * 1024);
    assert!(output.output.starts_with("the beginning\n") && output.output.ends_with("\nthe end\n"));
    assert!(
        output.notice.unwrap().contains("limit"),
        "the file on disk is limited and says so"
    );
    let path = output.output_path.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 256 * 1024 * 1024);
    let tail = running
        .client
        .process_tail(started.id, 500_000_000, Duration::ZERO)
        .await
        .unwrap();
    assert!(tail.skipped_bytes > 0 && !tail.running && tail.data.ends_with("the end\n"));
    let after = resident_kib(&running.client).await;
    assert!(
        after < before + 20 * 1024,
        "the agent grew from {before} to {after} KiB"
    );
    fixture.end().await;
}

/// The agent's resident memory: it is the parent of every command.
async fn resident_kib(client: &workspace::connection::AgentClient) -> u64 {
    let output = execute(client, "grep VmRSS /proc/$PPID/status").await;
    output
        .output
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}
