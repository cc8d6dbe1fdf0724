//! The PostgreSQL server of the tests: the one in the environment, else one that all test processes share.
//!
//! The shared one is started by `server/build/with-postgres.sh` around a watcher. Each test process holds a shared
//! lock on a file until it ends, however it ends; the watcher leaves when it gets the exclusive lock, and with it
//! the server. So nothing is left running after the last test, and no test starts a second server.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

const URL_VARIABLE: &str = "SWITCHYARD_TEST_POSTGRES_URL";
const WRAPPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../build/with-postgres.sh");
const START_DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);
/// Leaves the server up for a while between two test runs. Runs inside the wrapper; `$1` is the folder.
const WATCHER: &str = r#"
printf %s "$SWITCHYARD_TEST_POSTGRES_URL" > "$1/url.new" && mv "$1/url.new" "$1/url"
while sleep 20; do
    flock --exclusive --nonblock "$1/in-use" rm -f "$1/url" && exit 0
done
"#;

/// Held until the process ends.
static IN_USE: OnceLock<File> = OnceLock::new();

/// The administrator's URL of a server that is running.
pub(super) async fn url() -> String {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return url;
    }
    let folder = folder();
    hold(&folder);
    let start = File::create(folder.join("start")).expect("the start lock");
    start.lock().expect("the start lock");
    if let Some(url) = running(&folder).await {
        return url;
    }
    let _ = fs::remove_file(folder.join("url"));
    let child = spawn(&folder);
    wait_for_start(&folder, child).await
}

fn folder() -> PathBuf {
    let probe = tempfile::tempdir().expect("a temporary folder");
    let owner = probe
        .path()
        .metadata()
        .expect("the folder's metadata")
        .uid();
    let folder = std::env::temp_dir().join(format!("switchyard-test-postgres-{owner}"));
    let made = fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&folder);
    made.expect("the tests' folder");
    let found = folder.metadata().expect("the folder's metadata").uid();
    assert_eq!(
        found,
        owner,
        "{} belongs to somebody else",
        folder.display()
    );
    folder
}

fn hold(folder: &Path) {
    IN_USE.get_or_init(|| {
        let file = File::options()
            .create(true)
            .append(true)
            .open(folder.join("in-use"));
        let file = file.expect("the lock that says that tests run");
        file.lock_shared()
            .expect("the lock that says that tests run");
        file
    });
}

async fn running(folder: &Path) -> Option<String> {
    let url = fs::read_to_string(folder.join("url")).ok()?;
    let options: PgConnectOptions = url.parse().ok()?;
    let answers = tokio::time::timeout(Duration::from_secs(5), options.connect()).await;
    answers
        .is_ok_and(|connection| connection.is_ok())
        .then_some(url)
}

/// In a session of its own, so that the end of the first test's process group does not end it.
fn spawn(folder: &Path) -> Child {
    let log = File::create(folder.join("log")).expect("the server's log");
    let errors = log.try_clone().expect("the server's log");
    let mut command = Command::new("setsid");
    command
        .args([WRAPPER, "sh", "-c", WATCHER, "watcher"])
        .arg(folder);
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().expect("setsid and with-postgres.sh start")
}

async fn wait_for_start(folder: &Path, mut child: Child) -> String {
    let deadline = tokio::time::Instant::now() + START_DEADLINE;
    while tokio::time::Instant::now() < deadline {
        if let Some(url) = running(folder).await {
            return url;
        }
        if let Some(status) = child.try_wait().expect("the wrapper's status") {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("PostgreSQL for the tests did not start ({status}):\n{log}");
        }
        tokio::time::sleep(POLL).await;
    }
    panic!(
        "PostgreSQL for the tests did not start within {START_DEADLINE:?}; see {}",
        folder.display()
    );
}
