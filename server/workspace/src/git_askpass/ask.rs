//! The side of the program that git starts: read the question, ask over the socket, hand the answer to git.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use url::Url;
use uuid::Uuid;

use super::{Answer, Question, SOCKET_VARIABLE, above, place, prompt};

/// Longer than whoever answers takes to find out.
const ANSWER_DEADLINE: Duration = Duration::from_secs(40);
/// Git reads a file or two to say where it is.
const LOOK_DEADLINE: Duration = Duration::from_secs(3);
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
const LONGEST_ANSWER_BYTES: u64 = 64 * 1024;
const LONGEST_FACT_BYTES: u64 = 4096;

/// Why git is not answered; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not started by git in a workspace.
    #[error(
        "git asks for a credential (`{prompt}`) and Switchyard answers only commands of chats in its workspaces. Use a \
         remote that needs no sign-in, or your own git configuration."
    )]
    NotInWorkspace {
        /// What git asks.
        prompt: String,
    },
    /// The question is not one for Switchyard.
    #[error("git asks `{prompt}` and Switchyard does not answer that: {error}.")]
    Prompt {
        /// What git asks.
        prompt: String,
        /// Why not.
        error: prompt::PromptError,
    },
    /// There is nothing to answer with.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers.
    #[error(
        "Switchyard's agent in this workspace does not answer ({0}). Start the workspace again, then try again."
    )]
    Away(#[from] std::io::Error),
}

/// Git's question answered, for git's eyes alone.
pub fn ask(prompt: &str) -> Result<String, AskError> {
    let shown = || prompt.trim().trim_end_matches(':').to_owned();
    let Some(socket) = std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()) else {
        return Err(AskError::NotInWorkspace { prompt: shown() });
    };
    let (wanted, host) = prompt::parse(prompt).map_err(|error| AskError::Prompt {
        prompt: shown(),
        error,
    })?;
    let chat_id = std::env::var("SWITCHYARD_CHAT_ID");
    let mut question = Question {
        wanted,
        url: host.address(),
        chat_id: chat_id.ok().and_then(|id| Uuid::parse_str(&id).ok()),
        git_branch: String::new(),
        git_remote_origin: String::new(),
        is_fetch: false,
    };
    if question.chat_id.is_some() {
        question.git_branch = look(&["symbolic-ref", "--quiet", "--short", "HEAD"]);
        let origin = look(&["config", "--get", "remote.origin.url"]);
        question.git_remote_origin = without_secret(&origin);
        // The agent tells of pushes when they are done, and to which branch they went.
        question.is_fetch = above::is_fetch() || crate::agent::tells_of_pushes();
    }
    match converse(Path::new(&socket), &question)? {
        Answer::Text(text) => Ok(text),
        Answer::Refused(reason) => Err(AskError::Refused(reason)),
    }
}

fn converse(socket: &Path, question: &Question) -> std::io::Result<Answer> {
    let (_open, address) = place::short(socket)?;
    let mut stream = UnixStream::connect(address)?;
    stream.set_write_timeout(Some(ANSWER_DEADLINE))?;
    stream.set_read_timeout(Some(ANSWER_DEADLINE))?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER_BYTES)).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&answer)?)
}

/// What git says of the repository it works on, or nothing.
fn look(arguments: &[&str]) -> String {
    let child = Command::new("git")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return String::new();
    };
    let deadline = Instant::now() + LOOK_DEADLINE;
    let is_done = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_INTERVAL),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break false;
            }
        }
    };
    let mut text = String::new();
    if let (true, Some(output)) = (is_done, child.stdout.take()) {
        let _ = output.take(LONGEST_FACT_BYTES).read_to_string(&mut text);
    }
    text.trim().to_owned()
}

/// The address of a remote without a name and password in it.
fn without_secret(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if url.has_host() && url.scheme() != "ssh" => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.into()
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_stay_where_they_are() {
        for (address, told) in [
            (
                "https://me:secret@git.example.com/x.git",
                "https://git.example.com/x.git",
            ),
            (
                "https://git.example.com/x.git",
                "https://git.example.com/x.git",
            ),
            ("git@git.example.com:x.git", "git@git.example.com:x.git"),
            (
                "ssh://git@git.example.com/x.git",
                "ssh://git@git.example.com/x.git",
            ),
            ("/srv/x", "/srv/x"),
            ("", ""),
        ] {
            assert_eq!(without_secret(address), told);
        }
    }
}
