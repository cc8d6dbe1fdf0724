//! Programs of a build that tell what they do while they do it: a clone, a setup script.

use std::{collections::VecDeque, process::Stdio, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{io::AsyncRead, process::Command};
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, Decoder, FramedRead};

use super::prepare::say;
use crate::backend::BuildLog;

/// Longest line of a log.
const MAX_LINE_BYTES: usize = 4096;
/// What is told of one program from its beginning; then only its last lines are kept, and told at its end.
const MAX_HEAD_BYTES: usize = 512 * 1024;
const KEPT_LAST_LINES: usize = 200;
/// Lines that a failure quotes.
const QUOTED_LINES: usize = 5;

/// Why a program did not do what it was started for.
#[derive(Debug)]
pub(super) enum Problem {
    /// It could not be started.
    NotStarted(std::io::Error),
    /// It ended with something else than success; its last lines.
    Failed { how: String, last_lines: String },
    /// It took too long and was ended.
    TookTooLong,
}

/// Everything that the program started ends with it, and when nobody waits for it any more.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = killpg(self.0, Signal::SIGKILL);
    }
}

/// Runs a program whose lines go to the build's log.
pub(super) async fn run(
    mut command: Command,
    log: &BuildLog,
    deadline: Duration,
) -> Result<(), Problem> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Problem::NotStarted)?;
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    let group = group.map(|id| Group(Pid::from_raw(id)));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut told = Told::new(log);
    let work = async {
        let lines = stream::select(lines(stdout), lines(stderr));
        futures::pin_mut!(lines);
        loop {
            tokio::select! {
                biased;
                line = lines.next() => match line {
                    Some(line) => told.line(line),
                    None => return child.wait().await,
                },
                // What it left running may hold the pipes open.
                status = child.wait() => {
                    drop(group);
                    while let Some(line) = lines.next().await {
                        told.line(line);
                    }
                    return status;
                }
            }
        }
    };
    let ended = tokio::time::timeout(deadline, work).await;
    let last_lines = told.finish();
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Problem::Failed {
            how: status.to_string(),
            last_lines,
        }),
        Ok(Err(error)) => Err(Problem::NotStarted(error)),
        Err(_) => Err(Problem::TookTooLong),
    }
}

fn lines<R: AsyncRead + Unpin>(pipe: Option<R>) -> impl Stream<Item = String> {
    stream::iter(pipe)
        .flat_map(|pipe| FramedRead::new(pipe, Lines::default()))
        .filter_map(async |line| line.ok())
}

/// Lines of any bytes. One that is too long is told of in its place, and the next ones go on.
struct Lines(AnyDelimiterCodec);

impl Default for Lines {
    fn default() -> Self {
        let end = b"\n".to_vec();
        Self(AnyDelimiterCodec::new_with_max_length(
            end.clone(),
            end,
            MAX_LINE_BYTES,
        ))
    }
}

impl Lines {
    fn told(
        line: Result<Option<Bytes>, AnyDelimiterCodecError>,
    ) -> Result<Option<String>, std::io::Error> {
        match line {
            Ok(line) => Ok(line.map(|bytes| visible(&String::from_utf8_lossy(&bytes)))),
            Err(AnyDelimiterCodecError::MaxChunkLengthExceeded) => Ok(Some(format!(
                "(a line of more than {MAX_LINE_BYTES} bytes is left out)"
            ))),
            Err(AnyDelimiterCodecError::Io(error)) => Err(error),
        }
    }
}

impl Decoder for Lines {
    type Item = String;
    type Error = std::io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, std::io::Error> {
        Self::told(self.0.decode(bytes))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, std::io::Error> {
        Self::told(self.0.decode_eof(bytes))
    }
}

/// A line as a terminal would leave it: what was overwritten is gone, colours and other commands too.
fn visible(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            // A control sequence ends at its letter.
            '\u{1b}' => {
                if characters.next() == Some('[') {
                    let _ = characters.find(|end| ('@'..='~').contains(end));
                }
            }
            '\t' => text.push('\t'),
            character if character.is_control() => {}
            character => text.push(character),
        }
    }
    text
}

/// The beginning of what a program says goes on at once, the end when it ends, however much is between them.
struct Told<'a> {
    log: &'a BuildLog,
    head_bytes: usize,
    held: VecDeque<String>,
    left_out: usize,
    quoted: VecDeque<String>,
}

impl<'a> Told<'a> {
    fn new(log: &'a BuildLog) -> Self {
        Self {
            log,
            head_bytes: 0,
            held: VecDeque::new(),
            left_out: 0,
            quoted: VecDeque::new(),
        }
    }

    fn line(&mut self, line: String) {
        if !line.trim().is_empty() {
            self.quoted.push_back(line.clone());
            if self.quoted.len() > QUOTED_LINES {
                self.quoted.pop_front();
            }
        }
        if self.head_bytes < MAX_HEAD_BYTES {
            self.head_bytes += line.len() + 1;
            say(self.log, &line);
            return;
        }
        self.held.push_back(line);
        if self.held.len() > KEPT_LAST_LINES {
            self.held.pop_front();
            self.left_out += 1;
        }
    }

    /// Tells what was held back; gives the last lines.
    fn finish(self) -> String {
        if self.left_out > 0 {
            say(
                self.log,
                &format!("({} lines are left out here)", self.left_out),
            );
        }
        for line in &self.held {
            say(self.log, line);
        }
        Vec::from(self.quoted).join("\n")
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;
    use crate::backend::BuildEvent;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/bash");
        command.args(["-c", script]);
        command
    }

    async fn told(script: &str, deadline: Duration) -> (Result<(), Problem>, Vec<String>) {
        let (log, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let outcome = run(shell(script), &log, deadline).await;
        drop(log);
        let mut all = Vec::new();
        while let Some(event) = lines.recv().await {
            if let BuildEvent::Line(line) = event {
                all.push(line);
            }
        }
        (outcome, all)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn tells_both_outputs_as_a_terminal_would_show_them() {
        let script = r"printf 'a\033[31mred\033[0m\n  1%%\r100%%\n'; printf '\377x\n' >&2";
        let (outcome, mut lines) = told(script, LONG).await;
        outcome.unwrap();
        lines.sort();
        assert_eq!(lines, ["100%", "ared", "\u{fffd}x"]);
    }

    #[tokio::test]
    async fn keeps_beginning_and_end_of_a_flood() {
        let (outcome, lines) = told("seq 1 1000000; exit 3", LONG).await;
        let Err(Problem::Failed { how, last_lines }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(how.contains('3'), "{how}");
        assert!(last_lines.ends_with("\n1000000"), "{last_lines}");
        assert_eq!(lines[0], "1");
        assert_eq!(lines.last().unwrap(), "1000000");
        let gap = lines
            .iter()
            .position(|line| line.contains("left out"))
            .unwrap();
        let left_out: usize = lines[gap][1..].split(' ').next().unwrap().parse().unwrap();
        assert_eq!(lines.len() - 1 + left_out, 1_000_000);
        assert!(lines.iter().map(String::len).sum::<usize>() < 2 * MAX_HEAD_BYTES);
    }

    #[tokio::test]
    async fn leaves_out_a_line_without_end() {
        let (outcome, lines) = told(
            "head -c 100000 /dev/zero | tr '\\0' x; echo; echo next",
            LONG,
        )
        .await;
        outcome.unwrap();
        assert!(lines[0].contains("left out"), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "next");
        assert!(lines.len() < 5, "{}", lines.len());
    }

    #[tokio::test]
    async fn ends_what_it_left_running_and_what_takes_too_long() {
        let (outcome, lines) = told("sleep 600 & echo $!", LONG).await;
        outcome.unwrap();
        let left: i32 = lines[0].parse().unwrap();
        let is_gone = async {
            while nix::sys::signal::kill(Pid::from_raw(left), None).is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG, is_gone).await.unwrap();
        let (outcome, _) = told("sleep 600", Duration::from_millis(50)).await;
        assert!(matches!(outcome, Err(Problem::TookTooLong)));
    }
}
