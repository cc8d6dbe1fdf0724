//! The side that answers: one question a connection, a few at a time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use super::{Answer, GitCredential, Question, Wanted};

/// Questions that are looked into at once; further ones wait for their turn.
const MOST_AT_ONCE: usize = 8;
/// For the question to come and the answer to go; both lie ready.
const TALK_DEADLINE: Duration = Duration::from_secs(5);
const LONGEST_QUESTION_BYTES: u64 = 16 * 1024;
/// When the system has no room for another connection.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// Knows credentials, or why there is none: in words for people, with what to do.
#[async_trait]
pub(crate) trait Answerer: Send + Sync + 'static {
    async fn credential(&self, question: &Question) -> Result<GitCredential, String>;
}

/// Answers until it is dropped.
pub(crate) async fn serve(listener: UnixListener, answerer: Arc<dyn Answerer>) {
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answerer = answerer.clone();
                conversations.spawn(async move {
                    if let Err(error) = converse(stream, answerer.as_ref()).await {
                        tracing::debug!(%error, "a question of git was not answered");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a question of git cannot be taken");
                tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

async fn converse(mut stream: UnixStream, answerer: &dyn Answerer) -> std::io::Result<()> {
    let mut line = String::new();
    let question = (&mut stream).take(LONGEST_QUESTION_BYTES);
    timeout(TALK_DEADLINE, BufReader::new(question).read_line(&mut line)).await??;
    let answer = match serde_json::from_str::<Question>(&line) {
        Ok(question) => match answerer.credential(&question).await {
            Ok(credential) => Answer::Text(match question.wanted {
                Wanted::Username => credential.username,
                Wanted::Password => credential.token,
            }),
            Err(reason) => Answer::Refused(reason),
        },
        Err(_) => Answer::Refused("The question cannot be read.".to_owned()),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    timeout(TALK_DEADLINE, stream.write_all(&line)).await??;
    stream.shutdown().await
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
    use std::path::Path;

    use super::*;
    use crate::git_askpass::Place;

    struct One;

    #[async_trait]
    impl Answerer for One {
        async fn credential(&self, question: &Question) -> Result<GitCredential, String> {
            if question.url != "https://git.example.com" {
                return Err(format!("nothing for {}", question.url));
            }
            Ok(GitCredential {
                username: "me".into(),
                token: "secret".into(),
            })
        }
    }

    async fn say(place: &Path, line: &[u8]) -> String {
        let mut stream = UnixStream::connect(place.join("socket")).await.unwrap();
        // It may have hung up by then.
        let _ = stream.write_all(line).await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn answers_each_question_with_what_it_asks_for_and_nonsense_with_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("askpass");
        // As an earlier start left it.
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("socket"), "").unwrap();
        let listener = Place::at(&place).open(Path::new("/bin/true")).unwrap();
        let serving = tokio::spawn(serve(listener, Arc::new(One)));
        let ask = |wanted: &str, url: &str| {
            serde_json::json!({
                "wanted": wanted, "url": url, "chat_id": null, "git_branch": "", "git_remote_origin": "",
            })
            .to_string()
                + "\n"
        };
        let known = "https://git.example.com";
        for (line, answer) in [
            (ask("username", known), r#"{"text":"me"}"#),
            (ask("password", known), r#"{"text":"secret"}"#),
            (ask("password", "x"), r#"{"refused":"nothing for x"}"#),
        ] {
            assert_eq!(say(&place, line.as_bytes()).await.trim_end(), answer);
        }
        let endless = vec![b'x'; 20_000];
        for nonsense in [&b"\n"[..], b"{}\n", b"\"\n", &endless] {
            let answer = say(&place, nonsense).await;
            assert!(!answer.contains("text"), "{answer}");
        }
        serving.abort();
    }
}
