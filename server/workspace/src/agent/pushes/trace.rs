//! What git's processes tell of themselves, one connection each: lines of JSON, of which five say what is asked here.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, BufReader},
    net::UnixListener,
    sync::mpsc,
    task::JoinSet,
};
use uuid::Uuid;

/// Of a longer line, such as one with a very long command line, the beginning is kept, which is no JSON then.
const LONGEST_LINE_BYTES: usize = 16 * 1024;
/// Processes of git that are listened to at once.
const MOST_CONNECTIONS: usize = 256;
const PREFIX: &str = "switchyard-";
/// When the system has no room for another connection.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// A push that came to a good end: also one that had nothing to bring.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The command that git ran in.
    pub process_id: Uuid,
    /// The work tree.
    pub repository: PathBuf,
    /// Git's command line.
    pub arguments: Vec<String>,
}

/// What the ids of git's processes in a command begin with.
pub fn parent_id(process_id: Uuid) -> String {
    format!("{PREFIX}{process_id}")
}

/// Listens until it is dropped. What nobody takes in time is lost: git never waits for it.
pub async fn serve(listener: UnixListener, ended: mpsc::Sender<Ended>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            // Git goes on without being listened to.
            Ok((stream, _)) if connections.len() >= MOST_CONNECTIONS => drop(stream),
            Ok((stream, _)) => {
                let ended = ended.clone();
                connections.spawn(async move {
                    let mut reader = BufReader::new(stream);
                    if let Some(push) = read(&mut reader).await {
                        let _ = ended.try_send(push);
                    }
                    // What git started may hold the connection and go on telling.
                    let _ = tokio::io::copy_buf(&mut reader, &mut tokio::io::sink()).await;
                });
            }
            Err(error) => {
                tracing::debug!(%error, "git cannot tell what it does");
                tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    /// The first line of each process.
    Version {
        sid: String,
    },
    Start {
        argv: Vec<String>,
    },
    DefRepo {
        /// From 1; submodules come after it.
        repo: u32,
        worktree: PathBuf,
    },
    CmdName {
        name: String,
    },
    /// The last line.
    Atexit {
        code: i32,
    },
    #[serde(other)]
    Other,
}

/// Reads what one process tells to its end: a push, if it was one in a command and in a repository.
async fn read(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<Ended> {
    let (mut process_id, mut repository, mut arguments) = (None, None, None);
    let (mut is_push, mut is_done) = (false, false);
    let mut line = Vec::new();
    while matches!(next_line(reader, &mut line).await, Ok(true)) {
        match serde_json::from_slice(&line) {
            Ok(Event::Version { sid }) => process_id = command_of(&sid),
            Ok(Event::Start { argv }) => arguments = Some(argv),
            Ok(Event::DefRepo { repo: 1, worktree }) => repository = Some(worktree),
            Ok(Event::CmdName { name }) => is_push = name == "push",
            Ok(Event::Atexit { code }) => {
                is_done = code == 0;
                break;
            }
            Ok(Event::DefRepo { .. } | Event::Other) | Err(_) => {}
        }
    }
    (is_push && is_done).then_some(())?;
    Some(Ended {
        process_id: process_id?,
        repository: repository?,
        arguments: arguments?,
    })
}

/// The command that an id of git's begins with, also where other processes of git stand between.
pub fn command_of(sid: &str) -> Option<Uuid> {
    let first = sid.split('/').next()?;
    first.strip_prefix(PREFIX)?.parse().ok()
}

/// Whether there was a line; it is without its end.
async fn next_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    line.clear();
    loop {
        let read = reader.fill_buf().await?;
        if read.is_empty() {
            return Ok(false);
        }
        let end = read.iter().position(|&byte| byte == b'\n');
        let part = read.get(..end.unwrap_or(read.len())).unwrap_or_default();
        let room = LONGEST_LINE_BYTES.saturating_sub(line.len());
        line.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: Uuid = Uuid::from_u128(7);

    fn told(name: &str) -> String {
        told_with(name, 0)
    }

    fn told_with(name: &str, code: i32) -> String {
        let sid = format!("{}/20261129T230437Z-P1", parent_id(PROCESS));
        [
            format!(r#"{{"event":"version","sid":"{sid}","evt":"4"}}"#),
            format!(r#"{{"event":"start","sid":"{sid}","argv":["git","{name}"]}}"#),
            r#"{"event":"def_repo","repo":1,"worktree":"/work/a"}"#.to_owned(),
            r#"{"event":"def_repo","repo":2,"worktree":"/work/a/module"}"#.to_owned(),
            format!(r#"{{"event":"cmd_name","name":"{name}","hierarchy":"{name}"}}"#),
            r#"{"event":"exit","code":0}"#.to_owned(),
            format!(r#"{{"event":"atexit","code":{code}}}"#),
            // Of a process that it left behind.
            r#"{"event":"cmd_name","name":"maintenance"}"#.to_owned(),
        ]
        .join("\n")
            + "\n"
    }

    async fn read_text(text: &str) -> Option<Ended> {
        read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn a_push_is_told_with_its_command_and_its_work_tree() {
        let push = read_text(&told("push")).await;
        let wanted = Ended {
            process_id: PROCESS,
            repository: PathBuf::from("/work/a"),
            arguments: ["git", "push"].map(str::to_owned).into(),
        };
        assert_eq!(push, Some(wanted));
        // Turned down, or ended by somebody.
        assert_eq!(read_text(&told_with("push", 1)).await, None);
        let broken = told("push").replace("atexit", "signal");
        assert_eq!(read_text(&broken).await, None);
        for other in ["status", "fetch", "send-pack"] {
            assert_eq!(read_text(&told(other)).await, None, "{other}");
        }
    }

    #[tokio::test]
    async fn what_is_no_push_of_a_command_is_nothing_however_it_looks() {
        let elsewhere = told("push").replace(PREFIX, "somebody-");
        let endless = format!("{}{}", "x".repeat(100_000), told("push"));
        let nonsense = [
            elsewhere.as_str(),
            "",
            "\n\n",
            "{}\n",
            "[[[[",
            r#"{"event":7}"#,
            endless.as_str(),
        ];
        for text in nonsense {
            assert_eq!(read_text(text).await, None);
        }
        // A line that is too long is left out, and those after it are read.
        let long = format!(
            "{{\"event\":\"start\",\"x\":\"{}\"}}\n",
            "x".repeat(100_000)
        );
        assert!(read_text(&(long + &told("push"))).await.is_some());
    }
}
