//! Starting a shell for a command: its environment, its process group and the pipe its output comes through.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use tokio::{net::unix::pipe, process::Child};
use uuid::Uuid;

use crate::{agent::options::ENVIRONMENT_PREFIX, read_only};

/// A command that runs.
pub struct Spawned {
    pub child: Child,
    /// Standard output and error, in the order of writing.
    pub output: pipe::Receiver,
}

/// What a command is started with.
pub struct Command<'a> {
    pub script: &'a str,
    pub workdir: &'a Path,
    pub chat_id: Option<Uuid>,
    pub environment: &'a BTreeMap<String, String>,
    /// What makes git ask for credentials and tell what it pushes.
    pub git: Vec<(&'static str, OsString)>,
    /// The folder for the temporary files of a command that may change nothing else.
    pub scratch: Option<&'a Path>,
    /// With which it finds the desktop, while there is one.
    pub desktop: &'a [(&'static str, String)],
}

/// Starts the command in a process group of its own.
pub fn spawn(command: &Command<'_>) -> std::io::Result<Spawned> {
    let (reader, writer) = std::io::pipe()?;
    let wrapper = command.scratch.map(read_only::wrapper);
    let mut words = wrapper.into_iter().flatten().chain([shell().into()]);
    let mut shell = tokio::process::Command::new(words.next().unwrap_or_default());
    shell
        .args(words)
        .arg("-c")
        .arg(command.script)
        .current_dir(command.workdir)
        .env_clear()
        .envs(environment(command))
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    let child = shell.spawn()?;
    // `shell` holds the pipe's writing ends; while they are open the output never ends.
    drop(shell);
    Ok(Spawned {
        child,
        output: pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?,
    })
}

/// bash where there is one, otherwise sh.
pub fn shell() -> &'static Path {
    static SHELL: OnceLock<PathBuf> = OnceLock::new();
    SHELL.get_or_init(|| {
        let path =
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        std::env::split_paths(&path)
            .map(|folder| folder.join("bash"))
            .find(|bash| bash.is_file())
            .unwrap_or_else(|| PathBuf::from("/bin/sh"))
    })
}

/// The agent's own environment without what is for the agent alone.
pub fn inherited_environment() -> BTreeMap<OsString, OsString> {
    std::env::vars_os()
        .filter(|(name, _)| !name.to_string_lossy().starts_with(ENVIRONMENT_PREFIX))
        .collect()
}

fn environment(command: &Command<'_>) -> BTreeMap<OsString, OsString> {
    let mut environment = inherited_environment();
    let mut set = |name: &str, value: &str| {
        environment.insert(name.into(), value.into());
    };
    for name in ["EDITOR", "VISUAL", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR"] {
        set(name, "true");
    }
    for name in ["PAGER", "GIT_PAGER"] {
        set(name, "cat");
    }
    set("GIT_TERMINAL_PROMPT", "0");
    set("NO_COLOR", "1");
    set("TERM", "dumb");
    set("SWITCHYARD_AGENT", "1");
    set("CODER_CHAT_AGENT", "true");
    if let Some(chat_id) = command.chat_id {
        set("SWITCHYARD_CHAT_ID", &chat_id.to_string());
        set("CODER_CHAT_ID", &chat_id.to_string());
    }
    for (name, value) in command.desktop {
        set(name, value);
    }
    if let Some(scratch) = command.scratch {
        set("TMPDIR", &scratch.to_string_lossy());
        // `git status` would like to write down what it saw.
        set("GIT_OPTIONAL_LOCKS", "0");
    }
    for (name, value) in &command.git {
        environment.insert(name.into(), value.clone());
    }
    for (name, value) in command.environment {
        environment.insert(name.into(), value.into());
    }
    environment
}
