//! One process: its output as it comes, its end, its signals.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::Child,
    sync::watch,
    time::{Instant, timeout},
};
use uuid::Uuid;

use super::{
    capture::{Capture, incomplete_suffix},
    spool::{self, Spool, Spooled},
};
use crate::{
    agent::{error::ApiError, redaction::Redactor},
    limit_counters::{CountedLimits, Counts},
    protocol::{ChatScope, ProcessInfo, ProcessOutput, ProcessTail},
};

/// One read of the output.
const READ_BYTES: usize = 64 * 1024;
/// A tail answer holds at most this much.
const TAIL_BYTES: usize = 64 * 1024;
/// After the command ended, output that its children still write is waited for this long.
const DRAIN_QUIET: Duration = Duration::from_millis(200);
/// … and when it never gets quiet, this long.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// A process that was started, running or ended.
pub struct Process {
    pub id: Uuid,
    pub command: String,
    pub workdir: PathBuf,
    pub background: bool,
    pub chat_id: Option<Uuid>,
    pub spool_path: PathBuf,
    started_at: DateTime<Utc>,
    started: Instant,
    group: Pid,
    capture: Mutex<Capture>,
    progress: watch::Sender<Progress>,
    limits: (CountedLimits, Counts),
    /// Nothing of it writes any more; its number may belong to somebody else.
    is_group_over: AtomicBool,
}

/// What waiters wait for.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    raw_bytes: u64,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    exit_code: i32,
    at: DateTime<Utc>,
    after: Duration,
}

/// Where the output goes, without the secrets that git was handed.
pub struct Kept {
    pub spool: Spool,
    pub redactor: Redactor,
}

/// What a process is made of besides its child.
pub struct Description {
    pub id: Uuid,
    pub command: String,
    pub workdir: PathBuf,
    pub background: bool,
    pub chat_id: Option<Uuid>,
    pub spool_path: PathBuf,
    /// Limits of the workspace, and what was counted before the command began.
    pub limits: (CountedLimits, Counts),
}

impl Process {
    /// Takes over a child that was just started as the leader of its own group.
    pub fn new(description: Description, child: &Child) -> Arc<Self> {
        let Description {
            id,
            command,
            workdir,
            background,
            chat_id,
            spool_path,
            limits,
        } = description;
        // A child that was not waited for always has an id. Zero would mean our own group, so never signal that.
        let group = Pid::from_raw(
            child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .unwrap_or(i32::MAX),
        );
        let (progress, _) = watch::channel(Progress::default());
        Arc::new(Self {
            id,
            command,
            workdir,
            background,
            chat_id,
            spool_path,
            started_at: Utc::now(),
            started: Instant::now(),
            group,
            capture: Mutex::default(),
            progress,
            is_group_over: AtomicBool::new(false),
            limits,
        })
    }

    /// Reads the output and waits for the end. Returns when the command has ended and its output is in.
    pub async fn attend(
        self: Arc<Self>,
        mut child: Child,
        mut output: pipe::Receiver,
        mut kept: Kept,
    ) {
        let mut buffer = vec![0; READ_BYTES];
        let mut status = None;
        let mut drained_at = Instant::now();
        loop {
            let quiet_at = (Instant::now() + DRAIN_QUIET).min(drained_at);
            let settled_at = Instant::now() + DRAIN_QUIET;
            tokio::select! {
                ended = child.wait(), if status.is_none() => {
                    status = Some(ended);
                    drained_at = Instant::now() + DRAIN_LIMIT;
                }
                read = output.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(length) => self.take(buffer.get(..length).unwrap_or_default(), &mut kept).await,
                },
                // A command that waits for something has printed all of it.
                () = tokio::time::sleep_until(settled_at), if status.is_none() && kept.redactor.is_holding() => {
                    self.settle(&mut kept).await;
                }
                // Something the command left behind holds the pipe: its end is not waited for.
                () = tokio::time::sleep_until(quiet_at), if status.is_some() => break,
            }
        }
        let status = match status {
            Some(status) => status,
            None => child.wait().await,
        };
        self.settle(&mut kept).await;
        self.ended(exit_code(&status));
        // What was left behind may go on writing; a closed pipe would kill it.
        while let Ok(length) = output.read(&mut buffer).await {
            if length == 0 {
                break;
            }
            self.take(buffer.get(..length).unwrap_or_default(), &mut kept)
                .await;
        }
        self.settle(&mut kept).await;
        self.is_group_over.store(true, Ordering::Relaxed);
    }

    /// Waits until the process has ended, at most so long.
    pub async fn wait_for_end(&self, wait: Duration) {
        let mut progress = self.progress.subscribe();
        let _ = timeout(wait, progress.wait_for(|progress| progress.end.is_some())).await;
    }

    /// The output so far.
    pub fn output(&self) -> ProcessOutput {
        let progress = *self.progress.borrow();
        let path = self.spool_path.display().to_string();
        let shown = self.capture().show(&path);
        ProcessOutput {
            output: shown.text,
            output_path: shown.truncated.is_some().then_some(path),
            truncated: shown.truncated,
            notice: shown.notice,
            running: progress.end.is_none(),
            exit_code: progress.end.map(|end| end.exit_code),
            wall_duration_ms: milliseconds(
                progress
                    .end
                    .map_or_else(|| self.started.elapsed(), |end| end.after),
            ),
        }
    }

    /// The output from an offset on; waits for some when there is none yet.
    pub async fn tail(&self, offset: u64, wait: Duration) -> ProcessTail {
        let mut updates = self.progress.subscribe();
        let has_news = |progress: &Progress| progress.raw_bytes > offset || progress.end.is_some();
        let _ = timeout(wait, updates.wait_for(has_news)).await;
        let progress = *self.progress.borrow();
        let (start, bytes) = self.bytes_from(offset.min(progress.raw_bytes)).await;
        let is_last = progress.end.is_some() && start + bytes.len() as u64 >= progress.raw_bytes;
        // A character that is still coming waits for the next call.
        let complete = if is_last {
            bytes.len()
        } else {
            bytes.len() - incomplete_suffix(&bytes)
        };
        let data = String::from_utf8_lossy(bytes.get(..complete).unwrap_or_default()).into_owned();
        ProcessTail {
            offset: start,
            next_offset: start + complete as u64,
            data,
            skipped_bytes: start.saturating_sub(offset),
            running: !is_last,
            exit_code: progress.end.map(|end| end.exit_code),
        }
    }

    /// Signals the whole group.
    pub fn signal(&self, signal: Signal) -> Result<(), ApiError> {
        if let Some(end) = self.progress.borrow().end {
            return Err(ApiError::conflict(format!(
                "the process has ended already, with exit code {}",
                end.exit_code
            )));
        }
        match killpg(self.group, signal) {
            Ok(()) => Ok(()),
            Err(nix::errno::Errno::ESRCH) => {
                Err(ApiError::conflict("the process has ended already"))
            }
            Err(error) => Err(ApiError::failed(format!(
                "the process cannot be signalled: {error}"
            ))),
        }
    }

    /// Kills the group, also what an ended command left behind in it.
    pub fn kill_group(&self) {
        if self.is_running() || !self.is_group_over.load(Ordering::Relaxed) {
            let _ = killpg(self.group, Signal::SIGKILL);
        }
    }

    /// Whether this chat may see the process.
    pub fn is_visible_to(&self, scope: &ChatScope) -> bool {
        self.chat_id
            .is_none_or(|owner| scope.chats().any(|chat| chat == owner))
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.progress.borrow().end.is_none()
    }

    /// As it is listed.
    pub fn info(&self) -> ProcessInfo {
        let end = self.progress.borrow().end;
        ProcessInfo {
            id: self.id,
            command: self.command.clone(),
            workdir: self.workdir.display().to_string(),
            background: self.background,
            running: end.is_none(),
            exit_code: end.map(|end| end.exit_code),
            started_at_unix: self.started_at.timestamp(),
            exited_at_unix: end.map(|end| end.at.timestamp()),
        }
    }

    async fn take(&self, piece: &[u8], kept: &mut Kept) {
        let piece = kept.redactor.push(piece);
        self.keep(&piece, &mut kept.spool).await;
    }

    /// Keeps what was held back in case it were the beginning of a secret.
    async fn settle(&self, kept: &mut Kept) {
        let rest = kept.redactor.flush();
        self.keep(&rest, &mut kept.spool).await;
    }

    async fn keep(&self, piece: &[u8], spool: &mut Spool) {
        if piece.is_empty() {
            return;
        }
        // To the file first, so that a reader who sees the count finds the bytes.
        let spooled = spool.write(piece).await;
        let mut capture = self.capture();
        capture.push(piece);
        if let Spooled::Stopped(notice) = spooled {
            capture.note(&notice);
        }
        let raw_bytes = capture.raw_bytes();
        drop(capture);
        self.progress
            .send_modify(|progress| progress.raw_bytes = raw_bytes);
    }

    fn ended(&self, exit_code: i32) {
        let (limits, before) = &self.limits;
        let reached = limits.reached_since(*before);
        let mut capture = self.capture();
        capture.end();
        if let Some(notice) = reached {
            capture.note(&notice);
        }
        drop(capture);
        let end = End {
            exit_code,
            at: Utc::now(),
            after: self.started.elapsed(),
        };
        self.progress
            .send_modify(|progress| progress.end = Some(end));
    }

    /// Bytes from an offset on, from memory or from the file; later ones when these are gone.
    async fn bytes_from(&self, offset: u64) -> (u64, Vec<u8>) {
        if let Some(bytes) = self.capture().recent_from(offset, TAIL_BYTES) {
            return (offset, bytes);
        }
        match spool::read(&self.spool_path, offset, TAIL_BYTES).await {
            Ok(bytes) if !bytes.is_empty() => (offset, bytes),
            _ => {
                let capture = self.capture();
                let start = capture.recent_start();
                (
                    start,
                    capture.recent_from(start, TAIL_BYTES).unwrap_or_default(),
                )
            }
        }
    }

    fn capture(&self) -> MutexGuard<'_, Capture> {
        self.capture.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exit_code(status: &std::io::Result<std::process::ExitStatus>) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Ok(status) => status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        Err(_) => -1,
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
