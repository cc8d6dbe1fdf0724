//! Time, which the tests through the tunnel have not got.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::path::Path;

use super::*;

fn started() -> (Arc<Terminal>, Shell) {
    let size = TerminalSize::default();
    Terminal::new(shell::start(Path::new("/"), size, Vec::new()).unwrap())
}

async fn exit_code(reader: &mut Reader) -> i32 {
    loop {
        match reader.next().await.unwrap() {
            TerminalOutput::Ended { exit_code } => {
                reader.terminal().end_received();
                return exit_code;
            }
            TerminalOutput::Data(data) | TerminalOutput::ScrollBack(data) => {
                reader.terminal().taken(reader.id(), data.len());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_nobody_looks_at_ends_after_its_time() {
    let (terminal, shell) = started();
    let begun = tokio::time::Instant::now();
    // Looked at for a while, then left alone; time passes by itself while nothing else is to be done.
    let reader = terminal.attach();
    let looker = tokio::spawn(async move {
        tokio::time::sleep(UNUSED_LIMIT * 2).await;
        drop(reader);
    });
    terminal.attend(shell).await;
    looker.await.unwrap();
    assert!(begun.elapsed() >= UNUSED_LIMIT * 3);
    assert!(terminal.has_ended());
    assert!(!terminal.is_over(), "nobody was told yet");
    // Hung up, or killed: the time that it is given passes by itself, too.
    let code = exit_code(&mut terminal.attach()).await;
    assert!(matches!(code, 129 | 137), "{code}");
    assert!(terminal.is_over());
}

#[tokio::test]
async fn a_closed_terminal_ends_with_all_its_jobs() {
    let (terminal, shell) = started();
    let mut reader = terminal.attach();
    let attended = tokio::spawn({
        let terminal = Arc::clone(&terminal);
        async move { terminal.attend(shell).await }
    });
    // A job in a group of its own that does not listen to being hung up.
    let job = "trap '' HUP; nohup sleep 98765 >/dev/null 2>&1 & echo job=$!.\r";
    terminal.type_in(Bytes::from_static(job.as_bytes()));
    let mut seen = String::new();
    let pid: i32 = loop {
        let output = reader.next().await.unwrap();
        if let TerminalOutput::Data(data) | TerminalOutput::ScrollBack(data) = output {
            terminal.taken(reader.id(), data.len());
            seen.push_str(&String::from_utf8_lossy(&data));
        }
        // The line that was typed is shown, too, without a number.
        let number = seen
            .rsplit_once("job=")
            .and_then(|(_, rest)| rest.split_once('.'));
        if let Some(pid) = number.and_then(|(number, _)| number.parse().ok()) {
            break pid;
        }
    };
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    terminal.close();
    attended.await.unwrap();
    assert!(exit_code(&mut reader).await >= 128);
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.map_or(true, |stat| stat.contains(") Z "))
    };
    while !is_gone() {
        tokio::task::yield_now().await;
    }
}
