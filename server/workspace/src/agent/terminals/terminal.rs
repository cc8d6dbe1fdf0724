//! One terminal: a shell, the last of its output, and whoever looks at it.
//!
//! Output waits for its readers and never piles up: the shell is read on when all have room for more. A reader that takes
//! nothing for too long is left behind, and sees the scroll-back when it takes again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use pty_process::{OwnedReadPty, OwnedWritePty};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Child,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    readers::{Next, Screen},
    shell::{self, Leader, Started},
};
use crate::protocol::{TerminalOutput, TerminalSize};

/// A terminal that nobody looks at ends after this time.
pub const UNUSED_LIMIT: Duration = Duration::from_mins(30);
/// One read of the output.
const READ_BYTES: usize = 16 * 1024;
/// A reader without room for more is waited for this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// Keys wait in so many pieces for a program that reads none; more are lost, as in any terminal.
const MAX_WAITING_INPUT: usize = 256;
/// After the shell ended, what it wrote last is there at once; what it left behind is not waited for.
const DRAIN_QUIET: Duration = Duration::from_millis(50);

/// A terminal.
pub struct Terminal {
    leader: Leader,
    screen: Mutex<Screen>,
    /// Ticks when there is output, room for more, another reader, or the end.
    changes: watch::Sender<()>,
    input: mpsc::Sender<Bytes>,
    size: watch::Sender<TerminalSize>,
    closing: CancellationToken,
}

/// What the shell's output and its end are read from.
pub struct Shell {
    child: Child,
    output: OwnedReadPty,
}

impl Terminal {
    /// Takes over a shell that was just started. The caller runs [`Terminal::attend`].
    pub fn new(started: Started) -> (Arc<Self>, Shell) {
        let (input, keys) = mpsc::channel(MAX_WAITING_INPUT);
        let (size, sizes) = watch::channel(TerminalSize::default());
        let terminal = Arc::new(Self {
            leader: started.leader,
            screen: Mutex::default(),
            changes: watch::Sender::default(),
            input,
            size,
            closing: CancellationToken::new(),
        });
        let closed = terminal.closing.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = write(started.input, keys, sizes) => {}
                () = closed.cancelled() => {}
            }
        });
        let shell = Shell {
            child: started.child,
            output: started.output,
        };
        (terminal, shell)
    }

    /// Reads the output until the shell has ended, is closed, or was not looked at for too long.
    pub async fn attend(&self, mut shell: Shell) {
        let mut buffer = vec![0; READ_BYTES];
        let unused = self.unused_for(UNUSED_LIMIT);
        tokio::pin!(unused);
        let status = loop {
            let output = async {
                self.wait_for_readers().await;
                shell.output.read(&mut buffer).await
            };
            tokio::select! {
                read = output => match read {
                    Ok(length @ 1..) => self.show(buffer.get(..length).unwrap_or_default()),
                    // Nothing holds the terminal any more, so the shell has ended or hears nothing.
                    _ => break self.end(&mut shell.child).await,
                },
                status = shell.child.wait() => {
                    self.drain(&mut shell.output, &mut buffer).await;
                    break status;
                }
                () = self.closing.cancelled() => break self.end(&mut shell.child).await,
                () = &mut unused => break self.end(&mut shell.child).await,
            }
        };
        self.closing.cancel();
        self.change(|screen| screen.exit_code = Some(shell::exit_code(&status)));
    }

    /// Ends what runs in the terminal.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// The same at once, when there is no time to wait.
    pub fn kill(&self) {
        if !self.has_ended() {
            self.leader.kill();
        }
    }

    /// Whether the shell has ended.
    pub fn has_ended(&self) -> bool {
        self.screen().exit_code.is_some()
    }

    /// Whether the end has arrived at somebody.
    pub fn is_over(&self) -> bool {
        self.screen().is_end_received
    }

    /// Types.
    pub fn type_in(&self, keys: Bytes) {
        if self.input.try_send(keys).is_err() {
            tracing::debug!("a terminal whose program reads nothing loses keys");
        }
    }

    /// Gives it another size.
    pub fn resize(&self, size: TerminalSize) {
        self.size.send_if_modified(|known| {
            let is_other = *known != size;
            *known = size;
            is_other
        });
    }

    /// Somebody looks at it from now on.
    pub fn attach(self: &Arc<Self>) -> Reader {
        Reader {
            id: self.change(Screen::attach),
            changes: self.changes.subscribe(),
            terminal: Arc::clone(self),
        }
    }

    /// A reader has worked off so many bytes.
    pub fn taken(&self, reader: Uuid, bytes: usize) {
        self.change(|screen| screen.taken(reader, bytes));
    }

    /// The end has arrived at a reader.
    pub fn end_received(&self) {
        self.change(Screen::end_received);
    }

    fn show(&self, piece: &[u8]) {
        self.change(|screen| screen.history.push(piece));
    }

    async fn drain(&self, output: &mut OwnedReadPty, buffer: &mut [u8]) {
        while let Ok(Ok(length @ 1..)) = timeout(DRAIN_QUIET, output.read(buffer)).await {
            self.show(buffer.get(..length).unwrap_or_default());
            self.wait_for_readers().await;
        }
    }

    async fn end(&self, child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
        self.leader.hang_up(child).await;
        child.wait().await
    }

    /// Waits until all readers have room, but not for ever.
    async fn wait_for_readers(&self) {
        if self.screen().has_room() {
            return;
        }
        let mut changes = self.changes.subscribe();
        let room = async { while !self.screen().has_room() && changes.changed().await.is_ok() {} };
        if timeout(PATIENCE, room).await.is_err() {
            self.screen().leave_behind();
        }
    }

    async fn unused_for(&self, limit: Duration) {
        let mut changes = self.changes.subscribe();
        loop {
            while self.screen().is_looked_at() && changes.changed().await.is_ok() {}
            let used =
                async { while !self.screen().is_looked_at() && changes.changed().await.is_ok() {} };
            if timeout(limit, used).await.is_err() {
                return;
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Screen) -> T) -> T {
        let outcome = change(&mut self.screen());
        self.changes.send_replace(());
        outcome
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes keys and sets sizes; a program that reads nothing keeps no size from being set.
async fn write(
    mut input: OwnedWritePty,
    mut keys: mpsc::Receiver<Bytes>,
    mut sizes: watch::Receiver<TerminalSize>,
) {
    let mut waiting = Bytes::new();
    loop {
        tokio::select! {
            biased;
            changed = sizes.changed() => {
                if changed.is_err() {
                    return;
                }
                shell::resize(&input, *sizes.borrow_and_update());
            }
            written = input.write(&waiting), if !waiting.is_empty() => match written {
                Ok(length) => drop(waiting.split_to(length)),
                Err(_) => return,
            },
            next = keys.recv(), if waiting.is_empty() => match next {
                Some(next) => waiting = next,
                None => return,
            },
        }
    }
}

/// Somebody who looks at a terminal. Dropping it ends that.
pub struct Reader {
    id: Uuid,
    terminal: Arc<Terminal>,
    changes: watch::Receiver<()>,
}

impl Reader {
    /// The terminal.
    pub fn terminal(&self) -> &Arc<Terminal> {
        &self.terminal
    }

    /// Which of the terminal's readers it is.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What comes next, as soon as the reader has room for it; nothing after the end.
    pub async fn next(&mut self) -> Option<TerminalOutput> {
        loop {
            self.changes.mark_unchanged();
            match self.terminal.screen().next(self.id) {
                Next::Output(output) => {
                    // There is room for more now.
                    self.terminal.changes.send_replace(());
                    return Some(output);
                }
                Next::Nothing => {}
                Next::Over => return None,
            }
            self.changes.changed().await.ok()?;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.terminal.change(|screen| screen.detach(self.id));
    }
}

#[cfg(test)]
mod tests;
