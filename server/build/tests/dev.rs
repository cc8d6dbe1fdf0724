//! `make dev` over a tree of its own, with a `cargo` that only says whether it builds and a server that only says that it runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::tests_outside_test_module,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_mins(1);

/// Copies what the source says into the place of the server; fails while there is a file `broken`.
const CARGO: &str = r#"#!/bin/sh
[ -e broken ] && exit 101
[ "$1" = build ] && cp app/lib.rs "$CARGO_TARGET_DIR/debug/version"
exit 0
"#;
/// Says which source it was built of, its process id and its options.
const SERVER: &str = r#"#!/bin/sh
echo "$(cat "$CARGO_TARGET_DIR/debug/version") $$ $*" >> "$CARGO_TARGET_DIR/log"
exec sleep 1000
"#;

struct Tree {
    folder: tempfile::TempDir,
    script: Child,
}

impl Drop for Tree {
    fn drop(&mut self) {
        if self.script.try_wait().unwrap().is_none() {
            self.end();
        }
    }
}

impl Tree {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in [
            "app",
            "frontend",
            "server/build",
            "style",
            "migrations",
            ".cargo",
            "cache",
            "bin",
            "target/debug",
        ] {
            fs::create_dir_all(at(path)).unwrap();
        }
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["dev.sh", "lib.sh"] {
            fs::copy(scripts.join(name), at("server/build").join(name)).unwrap();
        }
        for path in ["Cargo.toml", "Cargo.lock", "cache/toolchain.env"] {
            fs::write(at(path), "").unwrap();
        }
        fs::write(at("app/lib.rs"), "one").unwrap();
        program(&at("bin/cargo"), CARGO);
        program(&at("target/debug/switchyard"), SERVER);
        let path = std::env::var("PATH").unwrap();
        let output = fs::File::create(at("output")).unwrap();
        let script = Command::new("bash")
            .arg(at("server/build/dev.sh"))
            .args(["--listen", "127.0.0.1:0"])
            .env("PATH", format!("{}:{path}", at("bin").display()))
            .env("CARGO_TARGET_DIR", at("target"))
            .env("SWITCHYARD_CACHE_DIR", at("cache"))
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, script }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    fn change(&self, source: &str) {
        fs::write(self.at("app/lib.rs"), source).unwrap();
    }

    /// Waits for a server that was built of this source; its process id and its options.
    fn served(&self, source: &str) -> (u32, String) {
        let line = until(&format!("a server of {source:?}"), || {
            let log = self.read("target/log");
            let line = log.lines().find_map(|line| line.strip_prefix(source));
            line.map(str::to_owned)
        });
        let (id, options) = line.trim().split_once(' ').unwrap();
        (id.parse().unwrap(), options.to_owned())
    }

    /// Ends it as Ctrl+C in a terminal or an operator would.
    fn end(&mut self) {
        let id = self.script.id().to_string();
        Command::new("kill").arg(id).status().unwrap();
        self.script.wait().unwrap();
    }
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_running(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn a_change_is_built_and_served_and_one_that_does_not_build_leaves_the_server() {
    let mut tree = Tree::start();
    let (first, options) = tree.served("one");
    let site = tree.at("target/site-dev-out");
    let wanted = format!("serve --site-dir {} --listen 127.0.0.1:0", site.display());
    assert_eq!(options, wanted);

    tree.change("two");
    let (second, _) = tree.served("two");
    assert!(!is_running(first), "one server at a time");

    fs::write(tree.at("broken"), "").unwrap();
    tree.change("three");
    until("word of the failed build", || {
        let is_said = tree
            .read("output")
            .contains("Not built; the server before goes on");
        is_said.then_some(())
    });
    assert!(is_running(second));

    fs::remove_file(tree.at("broken")).unwrap();
    tree.change("four");
    let (last, _) = tree.served("four");
    assert!(!is_running(second));

    tree.end();
    assert!(!is_running(last), "nothing is left behind");
}

#[test]
fn a_server_that_ended_by_itself_is_told_and_started_with_the_next_change() {
    let tree = Tree::start();
    let (first, _) = tree.served("one");
    Command::new("kill")
        .arg(first.to_string())
        .status()
        .unwrap();
    until("word of the server's end", || {
        let is_said = tree.read("output").contains("The server has ended");
        is_said.then_some(())
    });
    tree.change("two");
    tree.served("two");
}
