//! Commands that may look and change nothing.

use nix::libc;
use uuid::Uuid;
use workspace::{
    backend::Source,
    connection::AgentClient,
    protocol::{ProcessOutput, StartProcess},
};

use crate::support::{Fixture, LONG, command, execute};

/// How perl words EPERM.
const NOT_PERMITTED: &str = "Operation not permitted";

/// Runs a command that may change nothing to its end.
async fn look(client: &AgentClient, text: &str) -> ProcessOutput {
    let request = StartProcess {
        is_read_only: true,
        ..command(text)
    };
    let started = client.start_process(&request).await.unwrap();
    client.process_output(started.id, LONG).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_may_change_nothing_changes_nothing() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = running.client.for_chat(Uuid::now_v7(), vec![]);
    let prepare = "git init -q . && git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m first && \
                   echo kept > kept.txt && mkdir folder && (sleep 60 >/dev/null 2>&1 & echo $! > pid)";
    let prepared = execute(&client, prepare).await;
    assert_eq!(prepared.exit_code, Some(0), "{}", prepared.output);
    let state = "find . -path ./.git/index -prune -o -print | sort; cat kept.txt; git log --oneline | wc -l; kill -0 $(cat pid) && echo alive";
    let before = execute(&client, state).await.output;
    for attempt in [
        "echo x > new.txt",
        "echo x >> kept.txt",
        "rm kept.txt",
        "mv kept.txt other.txt",
        "mv kept.txt $TMPDIR/kept.txt",
        "truncate -s 0 kept.txt",
        "mkdir another",
        "rmdir folder",
        "ln kept.txt $TMPDIR/hard && echo x >> $TMPDIR/hard",
        "ln -s $PWD/kept.txt $TMPDIR/soft && echo x >> $TMPDIR/soft",
        "git add kept.txt",
        "git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m second",
        "setsid -w sh -c 'echo x > new.txt'",
        "kill $(cat pid)",
    ] {
        let output = look(&client, attempt).await;
        assert_ne!(output.exit_code, Some(0), "{attempt}: {}", output.output);
    }
    let looked = look(
        &client,
        "git status --porcelain kept.txt && cat kept.txt && echo mine > $TMPDIR/mine && cat $TMPDIR/mine && echo > /dev/null",
    )
    .await;
    assert_eq!(
        (looked.output.as_str(), looked.exit_code),
        ("?? kept.txt\nkept\nmine\n", Some(0))
    );
    assert_eq!(execute(&client, state).await.output, before);
    assert!(before.ends_with("\nalive\n"), "{before}");
    execute(&client, "kill $(cat pid)").await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_may_change_nothing_changes_no_mode_owner_time_or_attribute_either() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = running.client.for_chat(Uuid::now_v7(), vec![]);
    let prepared = execute(
        &client,
        "umask 022; echo kept > kept.txt; mkdir folder; touch -d 2020-01-01 kept.txt folder",
    )
    .await;
    assert_eq!(prepared.exit_code, Some(0), "{}", prepared.output);
    let state = "stat -c '%n %a %u:%g %y %z' kept.txt folder";
    let before = execute(&client, state).await.output;
    for attempt in [
        "chmod 777 kept.txt",
        "chmod u+x folder",
        "chown $(id -u) kept.txt",
        "chgrp -h $(id -g) kept.txt",
        "touch kept.txt",
        "touch -d 2001-01-01 folder",
        "setsid -w sh -c 'chmod 777 kept.txt'",
        r#"perl -e 'open F, "<", "kept.txt"; chmod(0777, *F) or exit 1'"#,
        r#"perl -e 'open F, "<", "kept.txt"; utime(1, 1, *F) or exit 1'"#,
        // A file of its own, too: the filter cannot tell which one is meant.
        "echo x > $TMPDIR/own && chmod 777 $TMPDIR/own",
    ] {
        let output = look(&client, attempt).await;
        assert_ne!(output.exit_code, Some(0), "{attempt}: {}", output.output);
    }
    // Each call by its number, as no program makes some of them.
    let calls = label_calls();
    let outcomes = look(&client, &calls).await.output;
    assert!(
        outcomes.lines().count() > 15 && outcomes.lines().all(|line| line.ends_with(NOT_PERMITTED)),
        "{outcomes}"
    );
    assert_eq!(execute(&client, state).await.output, before);
    // What is usual goes on, also with a terminal's questions and in pipes.
    let usual = look(
        &client,
        "ls -l kept.txt > $TMPDIR/list && sort $TMPDIR/list | wc -l; mktemp > $TMPDIR/name && echo made; test -t 1; cp kept.txt $TMPDIR/copy && cat $TMPDIR/copy",
    )
    .await;
    assert_eq!(usual.output, "1\nmade\nkept\n");

    // Other commands may do all of it.
    let others = execute(
        &client,
        "chmod 700 kept.txt && chown $(id -u) kept.txt && touch -d 2021-01-01 kept.txt && stat -c '%a %y' kept.txt | cut -c-14",
    )
    .await;
    assert_eq!(others.output, "700 2021-01-01\n");
    let outcomes = execute(&client, &calls).await.output;
    assert!(
        outcomes.lines().count() > 15 && !outcomes.contains(NOT_PERMITTED),
        "{outcomes}"
    );
    fixture.end().await;
}

/// A command that makes every call there is for a mode, owner, times and attributes of a file of its own, and prints how each
/// went.
fn label_calls() -> String {
    let everywhere = [
        (libc::SYS_fchmod, "$file, 0644"),
        (libc::SYS_fchmodat, "-100, $path, 0644"),
        (452, "-100, $path, 0644, 0"),
        (libc::SYS_fchown, "$file, -1, -1"),
        (libc::SYS_fchownat, "-100, $path, -1, -1, 0"),
        (libc::SYS_utimensat, "-100, $path, 0, 0"),
        (libc::SYS_setxattr, "$path, $name, $value, 1, 0"),
        (libc::SYS_lsetxattr, "$path, $name, $value, 1, 0"),
        (libc::SYS_fsetxattr, "$file, $name, $value, 1, 0"),
        (libc::SYS_removexattr, "$path, $name"),
        (libc::SYS_lremovexattr, "$path, $name"),
        (libc::SYS_fremovexattr, "$file, $name"),
        (463, "-100, $path, 0, $name, $nothing, 16"),
        (466, "-100, $path, 0, $name"),
        (469, "-100, $path, $nothing, 24, 0"),
        // Flags are asked for here, not set: the file system may not like what is not its own.
        (libc::SYS_ioctl, "$file, 0x80086601, $nothing"),
    ];
    #[cfg(target_arch = "x86_64")]
    let older = [
        (libc::SYS_chmod, "$path, 0644"),
        (libc::SYS_chown, "$path, -1, -1"),
        (libc::SYS_lchown, "$path, -1, -1"),
        (libc::SYS_utime, "$path, 0"),
        (libc::SYS_utimes, "$path, 0"),
        (libc::SYS_futimesat, "-100, $path, 0"),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let older = [];
    let calls = everywhere
        .into_iter()
        .chain(older)
        .map(|(number, arguments)| {
            format!("$! = 0; syscall({number}, {arguments}); print \"{number}: $!\\n\";")
        });
    format!(
        "perl -e 'open $handle, q(<), q(kept.txt); $file = fileno $handle; $path = q(kept.txt); $name = q(user.x); \
         $value = q(v); $nothing = qq(\\0) x 64; {}'",
        calls.collect::<String>()
    )
}
