//! Titles that the chat's model makes, or the one that is set for titles: one for a new chat beside its first turn, others
//! when a person asks. Until the first is there, and when it fails, the first words stand for it. What a title costs is
//! booked in the chat.

mod sample;

use std::sync::Arc;
use std::time::Duration;

use llm::{CancellationToken, Purpose, Request, SystemBlock};
use sdk::chat_config::ModelPurpose;
use sdk::chats::ChatError;
use sdk::debug::{DebugRunKind, DebugStatus};
use sdk::ids::ChatId;
use store::chats::ChatRow;
use store::costs::{self, Call};
use tokio::time::{Instant, timeout};

use super::cost::Told;
use super::generate::chat_error;
use super::model_overrides::model_for;
use super::{Runner, cost, headers};
use crate::daemon::{Shared, transition};
use crate::debug;
use crate::sources::ResolvedModel;
use crate::state::StateError;
pub(crate) use sample::conversation;

const DEADLINE: Duration = Duration::from_secs(30);
const MAX_OUTPUT_TOKENS: u32 = 256;
const MAX_SOURCE_CHARACTERS: usize = 2000;
const MAX_WORDS: usize = 8;
const MAX_CHARACTERS: usize = 80;
const FALLBACK_WORDS: usize = 6;
/// The title of a chat that begins without a word.
pub(super) const UNTITLED: &str = "New Chat";
const INSTRUCTION: &str = "Write a title of two to six words for a conversation that begins with the message below. \
     Answer with the title alone: no quotes, no full stop, sentence case, in the message's language.";
/// For a conversation that has gone on for a while.
pub(crate) const INSTRUCTION_LATER: &str = "Write a title of two to six words for the conversation below; what it is \
     about now counts most. Answer with the title alone: no quotes, no full stop, sentence case, in the language of the \
     conversation.";

/// What a model made, and what that used.
pub(crate) struct Made {
    /// The title; `None` when the answer had none.
    pub(crate) title: Option<String>,
    /// The call, to be booked.
    pub(crate) spent: Call,
}

/// Why there is no title, and what the provider had counted until then.
pub(crate) struct Unmade {
    pub(crate) error: ChatError,
    /// The call, to be booked; nothing where the provider told nothing.
    pub(crate) spent: Option<Call>,
}

impl Runner {
    /// Makes a title of the first words.
    pub(super) fn make_title(&self, text: &str, model: &ResolvedModel) {
        let source: String = text.chars().take(MAX_SOURCE_CHARACTERS).collect();
        let (shared, model) = (Arc::clone(&self.shared), model.clone());
        let (chat_id, unchanged) = (self.chat_id, self.chat.title.clone());
        let chat = self.chat.clone();
        self.shared.tasks.spawn(async move {
            let stopped = shared.stopped.clone();
            let kind = DebugRunKind::TitleGeneration;
            let wanted = model_for(&shared, ModelPurpose::Title, chat.owner_id).await;
            let model = wanted.unwrap_or(model);
            let run = shared.debug.begin(kind, &chat, &model).await;
            let made = tokio::select! {
                made = ask(&chat, &model, INSTRUCTION, source, run) => made,
                () = stopped.cancelled() => return,
            };
            let made = match made {
                Ok(made) => made,
                Err(unmade) => {
                    tracing::debug!(
                        error = unmade.error.message,
                        "no title was made; the first words stay"
                    );
                    book_told(&shared, chat_id, unmade.spent).await;
                    return;
                }
            };
            if let Err(error) = write(&shared, chat_id, &unchanged, made).await {
                tracing::warn!(%error, chat = %chat_id, "a title could not be written");
            }
        });
    }
}

/// Asks the model for a title of the chat.
pub(crate) async fn ask(
    chat: &ChatRow,
    model: &ResolvedModel,
    instruction: &str,
    source: String,
    run: debug::Run,
) -> Result<Made, Unmade> {
    let (began, told) = (Instant::now(), Told::default());
    let mut request = Request {
        system: vec![SystemBlock::new(instruction)],
        messages: Arc::new(vec![llm::Message::user(source)]),
        max_output_tokens: Some(MAX_OUTPUT_TOKENS),
        ..Request::new(model.model.id())
    };
    request.metadata.purpose = Purpose::Title;
    request.metadata.headers = headers::of(chat);
    let step = run.step("generate", &request);
    step.attach(&mut request);
    let stream = model.model.stream(request, CancellationToken::new());
    let asked = step.collect(stream, &told);
    let outcome = timeout(DEADLINE, asked).await;
    run.ends_as(if matches!(outcome, Ok(Ok(_))) {
        DebugStatus::Completed
    } else {
        DebugStatus::Error
    });
    let answer = match outcome {
        Ok(answer) => answer.map_err(chat_error),
        Err(_) => Err(too_slow()),
    };
    let response = answer.map_err(|error| Unmade {
        error,
        spent: told.call(model, began.elapsed()),
    })?;
    let spent = cost::call(&response.usage, model, began.elapsed());
    Ok(Made {
        title: clean(&response.text()),
        spent,
    })
}

fn too_slow() -> ChatError {
    ChatError {
        message: "The model did not answer with a title in time. Try again.".to_owned(),
        kind: "timeout".to_owned(),
        retryable: true,
        ..ChatError::default()
    }
}

/// Books a call that made no title. Nothing waits for it.
pub(crate) async fn book_told(shared: &Shared, chat_id: ChatId, spent: Option<Call>) {
    let Some(spent) = spent else {
        return;
    };
    if let Err(error) = cost::book(shared, chat_id, &spent).await {
        tracing::warn!(%error, chat = %chat_id, "what a broken title cost could not be booked");
    }
}

async fn write(
    shared: &Shared,
    chat_id: ChatId,
    unchanged: &str,
    made: Made,
) -> Result<(), StateError> {
    transition!(shared, chat_id, |change, locked| {
        if let Some(title) = made.title {
            change.set_generated_title(&mut locked, unchanged, title);
        }
        costs::book(&mut change.tx, chat_id, change.now, &made.spent).await?;
    });
    Ok(())
}

/// A model's words as a title; `None` when nothing is left.
fn clean(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.trim_matches(|letter: char| {
        matches!(letter, '"' | '\'' | '`' | '*' | '#' | '“' | '”' | ' ')
    });
    let words: Vec<&str> = words_of(line).take(MAX_WORDS).collect();
    let title: String = words.join(" ").chars().take(MAX_CHARACTERS).collect();
    let title = title.trim_end_matches(['.', ' ']).to_owned();
    (!title.is_empty()).then_some(title)
}

/// The words of a text; a NUL character, which PostgreSQL cannot hold, ends a word too.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || letter == '\0')
        .filter(|word| !word.is_empty())
}

/// The first words of a message, for a chat that has no title yet.
pub fn first_words(text: &str) -> String {
    let mut words = words_of(text);
    let mut title = words
        .by_ref()
        .take(FALLBACK_WORDS)
        .collect::<Vec<_>>()
        .join(" ");
    let is_cut = words.next().is_some();
    if title.chars().count() >= MAX_CHARACTERS {
        title = title.chars().take(MAX_CHARACTERS - 1).collect();
        title.push('…');
    } else if is_cut {
        title.push('…');
    }
    if title.is_empty() {
        UNTITLED.to_owned()
    } else {
        title
    }
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

    use super::*;

    #[test]
    fn cleans_what_models_answer() {
        assert_eq!(
            clean("\n\"Fix the login form.\"\n\nSure!").as_deref(),
            Some("Fix the login form")
        );
        assert_eq!(
            clean("one two three four five six seven eight nine")
                .unwrap()
                .split(' ')
                .count(),
            8
        );
        assert_eq!(clean("  \n \"\" "), None);
    }

    #[test]
    fn falls_back_to_the_first_words() {
        assert_eq!(first_words("Make it blue"), "Make it blue");
        assert_eq!(first_words("a b c d e f g"), "a b c d e f…");
        assert_eq!(first_words(" \n "), "New Chat");
        assert_eq!(first_words("Make\0it \0 blue"), "Make it blue");
        assert!(first_words(&"x".repeat(500)).chars().count() <= MAX_CHARACTERS);
    }
}
