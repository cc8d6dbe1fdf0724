//! The binary as a process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server in a process of its own. Dropping it kills it.
pub struct RunningServer {
    pub base_url: String,
    pub ready_line: String,
    child: Child,
    output: BufReader<ChildStdout>,
    log: Option<std::thread::JoinHandle<String>>,
}

impl RunningServer {
    /// `switchyard serve` on a free port with this data folder.
    pub fn start(data_dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--no-ollama-detection"])
            .env("SWITCHYARD_DATA_DIR", data_dir)
            // No test may ask a real model for something because a developer's shell holds a key.
            .env_remove("ANTHROPIC_API_KEY")
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_BASE_URL");
        Self::spawn(command)
    }

    /// Runs a command that serves and waits for its line.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut errors = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let mut ready_line = String::new();
        output.read_line(&mut ready_line).unwrap();
        let ready_line = ready_line.trim_end().to_owned();
        assert!(
            !ready_line.is_empty(),
            "the server did not start: {}",
            log.join().unwrap()
        );
        let base_url = ready_line.rsplit(' ').next().unwrap().to_owned();
        Self {
            base_url,
            ready_line,
            child,
            output,
            log: Some(log),
        }
    }

    /// Sends a signal by name; returns the exit code and what else was on standard output.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (code, rest)
    }

    /// Ends the server and returns what it logged.
    pub fn stop_and_read_log(mut self) -> String {
        let sent = Command::new("kill")
            .args(["-s", "TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        self.child.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
