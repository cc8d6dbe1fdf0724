//! The call that makes a summary: the same prompt as the next step's, so that the provider's cache serves it, with the
//! wish for a summary at its end. Another model may be set for it, which reads all of it anew.

use std::sync::Arc;
use std::time::Duration;

use llm::{CancellationToken, Purpose, Request, ToolChoice};
use sdk::chats::ChatError;
use store::costs::Call;
use store::messages::MessageRow;
use tokio::time::{Instant, timeout};

use super::Cause;
use crate::debug;
use crate::prompt;
use crate::sources::ResolvedModel;
use crate::turn::cost::Told;
use crate::turn::generate::{chat_error, request_on};
use crate::turn::{Turn, cost};

const DEADLINE: Duration = Duration::from_secs(90);
const MAX_OUTPUT_TOKENS: u32 = 16_000;
/// A history that is too long even for its summary is halved this often.
const MAX_HALVINGS: u32 = 4;
const INSTRUCTION: &str = "Stop working and summarize this conversation for yourself: the summary replaces it, and you \
     go on from the summary alone. Keep what the person wants and every instruction that still holds, in their words \
     where they matter; what was done, with exact paths, names and commands; what was found out and decided, and why; \
     errors and how they were solved; what is being worked on now, and the next steps. Leave out what no longer \
     matters. Call no tools. Answer with the summary alone.";

/// A summary, and the call to be booked.
pub(super) struct Summary {
    /// Empty when the model gave none.
    pub(super) text: String,
    pub(super) spent: Call,
}

/// Has the model summarize a history. What a call without a summary cost is told on the way.
pub(super) async fn summarize(
    turn: &Turn,
    model: &ResolvedModel,
    history: &[MessageRow],
    cause: &Cause,
    run: &debug::Run,
    told: &Told,
) -> Result<Summary, ChatError> {
    let mut request = request_on(turn, model);
    let mut prompt = prompt::build(history, turn.facts());
    prompt.set_instructions(&turn.instructions);
    request.system = prompt.system;
    request.messages = prompt.messages;
    request.tool_choice = ToolChoice::None;
    request.max_output_tokens = Some(
        request
            .max_output_tokens
            .unwrap_or(MAX_OUTPUT_TOKENS)
            .min(MAX_OUTPUT_TOKENS),
    );
    request.metadata.purpose = Purpose::Summary;
    let began = Instant::now();
    let response = match timeout(DEADLINE, ask(model, request, cause, run, told)).await {
        Ok(answer) => answer.map_err(chat_error)?,
        Err(_) => return Err(too_slow()),
    };
    let text = response.text().trim().to_owned();
    let spent = cost::call(&response.usage, model, began.elapsed());
    Ok(Summary { text, spent })
}

/// Asks for the summary; of a history that is too long only the later part is summarized.
async fn ask(
    model: &ResolvedModel,
    request: Request,
    cause: &Cause,
    run: &debug::Run,
    told: &Told,
) -> Result<llm::Response, llm::Error> {
    let mut instruction = INSTRUCTION.to_owned();
    if let Cause::Person(wish) = cause
        && !wish.is_empty()
    {
        instruction.push_str("\n\nThe person asks that the summary keeps this above all: ");
        instruction.push_str(wish);
    }
    let mut history = Vec::clone(&request.messages);
    for _ in 0..MAX_HALVINGS {
        let mut asked = history.clone();
        asked.push(llm::Message::user(instruction.as_str()));
        let mut request = Request {
            messages: Arc::new(asked),
            ..request.clone()
        };
        let step = run.step("generate", &request);
        step.attach(&mut request);
        let answer = model.model.stream(request, CancellationToken::new());
        match step.collect(answer, told).await {
            Err(error) if is_overflow(&error) && history.len() > 2 => history = later_half(history),
            outcome => return outcome,
        }
    }
    Err(llm::Error::truncated(Some(model.model.provider())))
}

/// Begins with a message that needs none before it.
pub(super) fn later_half(mut history: Vec<llm::Message>) -> Vec<llm::Message> {
    let half = history.len() / 2;
    let start = history
        .iter()
        .enumerate()
        .skip(half)
        .find(|(_, message)| message.role != llm::Role::Tool)
        .map_or(half, |(place, _)| place);
    history.drain(..start);
    history
}

/// Whether the provider refused the conversation because it is too long.
pub(in crate::turn) fn is_overflow(error: &llm::Error) -> bool {
    const WORDS: [&str; 5] = [
        "context length",
        "maximum context",
        "prompt is too long",
        "context window",
        "too many tokens",
    ];
    let said = format!(
        "{} {}",
        error.message,
        error.detail.as_deref().unwrap_or_default()
    );
    let said = said.to_lowercase();
    error.kind == llm::ErrorKind::Config && WORDS.iter().any(|words| said.contains(words))
}

pub(super) fn failed(message: &str, kind: &str) -> ChatError {
    ChatError {
        message: message.to_owned(),
        kind: kind.to_owned(),
        retryable: true,
        ..ChatError::default()
    }
}

fn too_slow() -> ChatError {
    failed(
        "The summary was not made in time. Try again, or clear the context instead.",
        "timeout",
    )
}

pub(super) fn empty() -> ChatError {
    failed(
        "The model gave an empty summary. Try again, or clear the context instead.",
        "generic",
    )
}
