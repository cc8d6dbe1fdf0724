//! One desktop that runs: its screen, its window manager, and who uses it.
//!
//! The screen listens on a socket in a folder that only this user may enter, never on TCP, and asks programs for a cookie
//! that is made anew for each session: networks are shared between workspaces, and with them the abstract name under which
//! X listens as well.

use std::{
    fs::File,
    io,
    os::{
        fd::AsRawFd as _,
        unix::{fs::DirBuilderExt as _, fs::OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use rand::RngCore as _;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::UnixStream,
    process::{Child, Command},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{display::Display, keys::Borrowed, programs::Programs};
use crate::{agent::processes::inherited_environment, protocol::DesktopSize};

const SOCKET: &str = "vnc.sock";
const COOKIE_FILE: &str = "Xauthority";
const LOG: &str = "log";
/// As much of the log is told.
const TOLD_LINES: usize = 3;
const COOKIE_NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";
/// For whatever address and display a program asks.
const ANY_ADDRESS: [u8; 2] = [0xff, 0xff];
/// The window manager is started again so often, after a pause.
const MOST_RESTARTS: u32 = 5;
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Time for a screen to put itself away.
const END_GRACE: Duration = Duration::from_secs(2);

/// A desktop that runs.
pub struct Session {
    number: u32,
    cookie: [u8; 16],
    folder: PathBuf,
    /// The open folder: its path may be too long for a socket's address.
    directory: File,
    usage: Mutex<Usage>,
    /// Held while an action is carried out.
    pub input: Arc<Mutex<Borrowed>>,
    /// Asks it to end.
    ending: CancellationToken,
    /// It has ended.
    pub ended: CancellationToken,
}

struct Usage {
    readers: usize,
    last: Instant,
}

/// Somebody who looks at the screen; the desktop stays while there is one.
pub struct Reader(Arc<Session>);

/// What is started and must not outlive a start that fails.
struct Started(Option<Child>);

impl Session {
    /// Starts a desktop in this folder, which is emptied.
    pub async fn start(
        folder: &Path,
        programs: Programs,
        idle_limit: Duration,
    ) -> io::Result<Arc<Self>> {
        let directory = prepare(folder)?;
        let mut cookie = [0; 16];
        rand::rng().fill_bytes(&mut cookie);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.join(COOKIE_FILE))?;
        io::Write::write_all(&mut file, &authority(&cookie))?;
        let (screen, number) = start_screen(folder, &programs).await?;
        let session = Arc::new(Self {
            number,
            cookie,
            folder: folder.to_owned(),
            directory,
            usage: Mutex::new(Usage {
                readers: 0,
                last: Instant::now(),
            }),
            input: Arc::default(),
            ending: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        let painted = Arc::clone(&session);
        let painted = tokio::task::spawn_blocking(move || {
            painted.connect().and_then(|display| display.paint())
        });
        painted
            .await
            .map_err(io::Error::other)?
            .map_err(io::Error::other)?;
        let watching = Arc::clone(&session);
        // Not one of the runtime's threads: it ends with the screen.
        std::thread::spawn(move || {
            let watched = watching.connect().and_then(Display::keep_manager_awake);
            if let Err(error) = watched {
                tracing::debug!(%error, "new windows of the desktop are looked after no longer");
            }
        });
        let settings = programs.write_settings(folder)?;
        let manager = session.start_manager(&programs, settings)?;
        tokio::spawn(attend(
            Arc::clone(&session),
            screen,
            (manager, programs, settings),
            idle_limit,
        ));
        Ok(session)
    }

    /// The variables with which programs find the screen.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("DISPLAY", format!(":{}", self.number)),
            (
                "XAUTHORITY",
                self.folder.join(COOKIE_FILE).display().to_string(),
            ),
        ]
    }

    /// Connects as a program does. Blocks.
    pub fn connect(&self) -> Result<Display, super::display::DisplayError> {
        Display::connect(self.number, &self.cookie)
    }

    /// A connection that speaks RFB.
    pub async fn dial(&self) -> io::Result<UnixStream> {
        UnixStream::connect(format!(
            "/proc/self/fd/{}/{SOCKET}",
            self.directory.as_raw_fd()
        ))
        .await
    }

    /// Notes that somebody looks.
    pub fn reader(self: &Arc<Self>) -> Reader {
        self.usage().readers += 1;
        Reader(Arc::clone(self))
    }

    /// Notes that it is used.
    pub fn note_use(&self) {
        self.usage().last = Instant::now();
    }

    /// Asks it to end.
    pub fn end(&self) {
        self.ending.cancel();
    }

    /// When it is too long that nobody used it.
    fn idle_at(&self, limit: Duration) -> Instant {
        let usage = self.usage();
        let last = if usage.readers > 0 {
            Instant::now()
        } else {
            usage.last
        };
        last + limit
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_manager(&self, programs: &Programs, settings: &str) -> io::Result<Started> {
        let mut command = Command::new(&programs.window_manager);
        command
            .args(["--sm-disable", "--config-file"])
            .arg(self.folder.join(settings))
            .env_clear()
            .envs(inherited_environment())
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(&self.folder)?)
            .process_group(0);
        command.spawn().map(|child| Started(Some(child)))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut usage = self.0.usage();
        usage.readers = usage.readers.saturating_sub(1);
        usage.last = Instant::now();
    }
}

impl Started {
    /// Waits for its end; for ever when it has none.
    async fn wait(&mut self) {
        match &mut self.0 {
            Some(child) => drop(child.wait().await),
            None => std::future::pending().await,
        }
    }

    fn signal(&self, signal: Signal) {
        // One that was not waited for always has an id. Zero would mean our own group, so never signal that.
        let id = self.0.as_ref().and_then(Child::id);
        if let Some(id) = id.and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// Keeps the desktop until its screen ends, somebody ends it, or nobody used it for too long.
async fn attend(
    session: Arc<Session>,
    mut screen: Started,
    (mut manager, programs, settings): (Started, Programs, &'static str),
    idle_limit: Duration,
) {
    let mut restarts = 0;
    loop {
        let idle_at = session.idle_at(idle_limit);
        tokio::select! {
            () = screen.wait() => {
                tracing::warn!("the desktop's screen ended: {}", last_words(&session.folder));
                break;
            }
            () = session.ending.cancelled() => break,
            () = manager.wait() => {
                manager = Started(None);
                if restarts < MOST_RESTARTS {
                    restarts += 1;
                    tokio::time::sleep(RESTART_PAUSE).await;
                    match session.start_manager(&programs, settings) {
                        Ok(started) => manager = started,
                        Err(error) => tracing::warn!(%error, "the window manager could not be started again"),
                    }
                }
            }
            () = tokio::time::sleep_until(idle_at) => {
                if session.idle_at(idle_limit) <= Instant::now() {
                    tracing::info!("the desktop was not used and ends");
                    break;
                }
            }
        }
    }
    drop(manager);
    // It removes its sockets when it is asked.
    screen.signal(Signal::SIGTERM);
    let _ = tokio::time::timeout(END_GRACE, screen.wait()).await;
    drop(screen);
    session.ended.cancel();
}

/// The empty folder, for this user alone.
fn prepare(folder: &Path) -> io::Result<File> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::DirBuilder::new().mode(0o700).create(folder)?;
    File::open(folder)
}

/// A file of cookies with this one in it: family, address, display, name and cookie, each after its length.
fn authority(cookie: &[u8]) -> Vec<u8> {
    let mut file = ANY_ADDRESS.to_vec();
    for part in [&[][..], &[], COOKIE_NAME, cookie] {
        let length = u16::try_from(part.len()).unwrap_or_default();
        file.extend(length.to_be_bytes());
        file.extend(part);
    }
    file
}

/// Starts the screen and waits until it says its number.
async fn start_screen(folder: &Path, programs: &Programs) -> io::Result<(Started, u32)> {
    let DesktopSize { width, height } = DesktopSize::NATIVE;
    let mut child = Command::new(&programs.screen)
        // It looks for a number that is free, and says it on its output.
        .args(["-displayfd", "1"])
        .args(["-geometry", &format!("{width}x{height}"), "-depth", "24"])
        .args([
            "-rfbport",
            "-1",
            "-rfbunixpath",
            SOCKET,
            "-rfbunixmode",
            "0600",
        ])
        .args([
            "-SecurityTypes",
            "None",
            "-nolisten",
            "tcp",
            "-auth",
            COOKIE_FILE,
        ])
        .args([
            "-AlwaysShared",
            // All readers come from the same place: one with a bad line would shut everybody out for a while.
            "-UseBlacklist=0",
            "-AcceptSetDesktopSize=0",
            "-SendPrimary=0",
            "-SetPrimary=0",
        ])
        .args(["-desktop", "Switchyard"])
        .current_dir(folder)
        .env_clear()
        .envs(inherited_environment())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log(folder)?)
        .process_group(0)
        .spawn()?;
    let said = child.stdout.take();
    let screen = Started(Some(child));
    let mut line = String::new();
    if let Some(said) = said {
        BufReader::new(said).read_line(&mut line).await?;
    }
    match line.trim().parse() {
        Ok(number) => Ok((screen, number)),
        Err(_) => Err(io::Error::other(last_words(folder))),
    }
}

fn log(folder: &Path) -> io::Result<File> {
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.join(LOG))
}

/// What the programs said last.
pub fn last_words(folder: &Path) -> String {
    let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
    let lines: Vec<_> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = lines.len().saturating_sub(TOLD_LINES);
    lines.get(from..).unwrap_or_default().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_cookies_has_the_form_that_programs_read() {
        let file = authority(&[7; 16]);
        let expected = [
            &[0xff, 0xff, 0, 0, 0, 0, 0, 18][..],
            COOKIE_NAME,
            &[0, 16],
            &[7; 16],
        ]
        .concat();
        assert_eq!(file, expected);
    }
}
