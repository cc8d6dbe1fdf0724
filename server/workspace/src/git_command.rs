//! Running the `git` program on repositories whose content and configuration may be hostile.
//!
//! Hooks and the file-system monitor are off, nothing asks for a password, no lock is taken for looking, no
//! external diff or text conversion runs, the system's configuration is not read. Output and time are limited.
//! Nothing of this process's environment reaches git or what git starts. With a wrapper it runs inside a sandbox.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

const DEADLINE: Duration = Duration::from_mins(1);
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;
const MAX_ERROR_BYTES: u64 = 16 * 1024;
/// Where programs are found, whatever the server's own variables say.
pub const PROGRAM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SAFE_SETTINGS: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "safe.directory=*",
    "protocol.ext.allow=never",
];

/// Options of git itself, before its subcommand, whose value is the next word.
pub const OPTIONS_WITH_VALUE: [&str; 7] = [
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--super-prefix",
    "--config-env",
];

/// Why git did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The program is not there.
    #[error("git is not installed")]
    Missing,
    /// It ended with an error.
    #[error("git {action} failed: {message}")]
    Failed {
        /// The subcommand.
        action: String,
        /// What it says.
        message: String,
    },
}

/// What git printed.
pub struct GitOutput {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, trimmed.
    pub stderr: String,
    /// Whether it ended with 0.
    pub is_success: bool,
    /// Whether there was more output than is kept.
    pub is_cut: bool,
}

/// One call of git.
pub struct GitCommand {
    directory: PathBuf,
    wrapper: Vec<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    input: Option<Vec<u8>>,
    deadline: Duration,
}

impl GitCommand {
    /// Git in this directory.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
            wrapper: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: None,
            deadline: DEADLINE,
        }
    }

    /// Git of the agent: with its home and search path, which belong to the workspace already.
    pub fn in_workspace(directory: &Path) -> Self {
        let mut git = Self::new(directory);
        for name in ["HOME", "PATH"] {
            if let Some(value) = std::env::var_os(name) {
                git = git.env(name, value);
            }
        }
        git
    }

    /// Runs the program through another one, a sandbox, which takes git's command line after these words.
    pub fn wrapped(mut self, wrapper: Vec<OsString>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// The subcommand and its arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Text for standard input.
    pub fn input(mut self, input: Vec<u8>) -> Self {
        self.input = Some(input);
        self
    }

    /// Ends it after this time.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs it, whatever it ends with.
    pub async fn run(mut self) -> Result<GitOutput, GitError> {
        let action = self
            .arguments
            .first()
            .map_or_else(String::new, |action| action.to_string_lossy().into_owned());
        let failed = |message: String| GitError::Failed {
            action: action.clone(),
            message,
        };
        let deadline = self.deadline;
        let child = self.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if self.directory.is_dir() => GitError::Missing,
            _ => failed(error.to_string()),
        })?;
        let input = self.input.take();
        match tokio::time::timeout(deadline, talk(child, input)).await {
            Ok(outcome) => outcome.map_err(|error| failed(error.to_string())),
            Err(_) => Err(failed(format!(
                "it took longer than {} s",
                deadline.as_secs()
            ))),
        }
    }

    /// Runs it and returns what it printed; an error when it failed.
    pub async fn output(self) -> Result<GitOutput, GitError> {
        let action = self
            .arguments
            .first()
            .map_or_else(String::new, |action| action.to_string_lossy().into_owned());
        let output = self.run().await?;
        if output.is_success || output.is_cut {
            return Ok(output);
        }
        Err(GitError::Failed {
            action,
            message: output.stderr,
        })
    }

    /// Runs it and returns the printed text without white space at its ends.
    pub async fn text(self) -> Result<String, GitError> {
        let output = self.output().await?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The printed text when it succeeded with any.
    pub async fn optional_text(self) -> Result<Option<String>, GitError> {
        let output = self.run().await?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.is_success && !text.is_empty()).then_some(text))
    }

    /// The command itself, for those who read what it tells while it runs.
    pub fn command(&self) -> Command {
        let mut words = self
            .wrapper
            .iter()
            .map(OsString::as_os_str)
            .chain([OsStr::new("git")]);
        let mut command = Command::new(words.next().unwrap_or(OsStr::new("git")));
        command.args(words);
        command.arg("-C").arg(&self.directory);
        for setting in SAFE_SETTINGS {
            command.arg("-c").arg(setting);
        }
        command
            .args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"])
            .args(&self.arguments);
        command
            .env_clear()
            .envs([
                ("PATH", PROGRAM_PATH),
                ("HOME", "/nonexistent"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_ASKPASS", "true"),
                ("LC_ALL", "C.UTF-8"),
            ])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/");
        command
    }

    fn spawn(&self) -> std::io::Result<Child> {
        self.command()
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

async fn talk(mut child: Child, input: Option<Vec<u8>>) -> std::io::Result<GitOutput> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async move {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // Git may end before it read everything; its exit status tells.
            let _ = stdin.write_all(&input).await;
        }
    };
    let mut printed = Vec::new();
    let mut errors = Vec::new();
    let read = async {
        if let Some(stdout) = stdout {
            // Leaving the scope closes the pipe, which ends a git that has more to say.
            let mut limited = stdout.take(MAX_OUTPUT_BYTES + 1);
            limited.read_to_end(&mut printed).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let read_errors = async {
        if let Some(mut stderr) = stderr {
            (&mut stderr)
                .take(MAX_ERROR_BYTES)
                .read_to_end(&mut errors)
                .await?;
            tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let ((), read, read_errors) = tokio::join!(write, read, read_errors);
    read?;
    read_errors?;
    let status = child.wait().await?;
    let is_cut = printed.len() as u64 > MAX_OUTPUT_BYTES;
    printed.truncate(usize::try_from(MAX_OUTPUT_BYTES).unwrap_or(usize::MAX));
    let stderr = String::from_utf8_lossy(&errors).trim().to_owned();
    Ok(GitOutput {
        stdout: printed,
        stderr,
        is_success: status.success(),
        is_cut,
    })
}
