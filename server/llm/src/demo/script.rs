//! What a person can script: directives in a message, one on a line.
//!
//! | line | effect |
//! |---|---|
//! | `!text "words"` | streams the words; the quotes are JSON, without them the rest of the line counts |
//! | `!reason "words"` | streams them as reasoning |
//! | `!tokens 200` | streams that many words of filler |
//! | `!results` | streams the results of the step before |
//! | `!call execute {"command": "ls"}` | calls a tool; several in one step run in parallel |
//! | `!search {"query": "leptos", "pages": [{"url": "https://leptos.dev", "title": "Leptos"}]}` | searches the web as a provider does; `"error"` instead of `"pages"` is its code of a failure, neither of both a search that is not answered |
//! | `!cite {"text": "words", "url": "https://leptos.dev", "title": "Leptos"}` | streams the words with a source |
//! | `!then` | what follows is the next step, after the results of this one's calls |
//! | `!repeat 20` | plays all steps before this line that many times |
//! | `!pace 20ms` | pause between deltas, for the whole message; `0` is as fast as possible |
//! | `!error 429 retry_after=2 times=3 "words"` | fails with that status: at once, or in the middle when something was streamed; `times` ends it after so many tries |
//! | `!error-once 529 "words"` | the same with `times=1` |
//! | `!stall 30s` | sends nothing for that long |
//! | `!cut` | the connection ends early |
//! | `!usage input=10 output=5 cache_read=3 cache_write=2 reasoning=1` | the token counts of this step and those after it |
//! | `!finish length` | ends the step as one that reached the output limit; `!finish content_filter` as one that is withheld, `!finish paused` as one that the provider pauses |
//! | `!title "words"` | the title of the chat |
//!
//! Other lines of such a message are ignored. When the steps are used up the model says that the script has ended. A
//! message without any directive plays a scenario that fits the tools on offer. The same table, for people, is in
//! `docs/demo-model.md`.

use std::time::Duration;

use serde::Deserialize;

use crate::{FinishReason, Usage};

pub use super::parse::ScriptProblem;

/// A parsed message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// One for each model call of the turn.
    pub steps: Vec<Step>,
    /// Pause between deltas, if the message sets one.
    pub pace: Option<Duration>,
    /// Title of the chat, if the message sets one.
    pub title: Option<String>,
}

impl Script {
    /// Reads the directives of a message; `None` when it has none.
    pub fn parse(message: &str) -> Result<Option<Self>, ScriptProblem> {
        super::parse::script(message)
    }
}

/// What one model call answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// In order.
    pub actions: Vec<Action>,
    /// Token counts, if the script sets them.
    pub usage: Option<Usage>,
    /// Why it ends, if the script says so.
    pub finish_reason: Option<FinishReason>,
}

/// One thing the model does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Streams text.
    Text(String),
    /// Streams reasoning.
    Reason(String),
    /// Streams so many words of filler.
    Tokens(usize),
    /// Streams so many words, each the time at which it is sent.
    Clock(usize),
    /// Streams the results of the step before.
    Results,
    /// Calls a tool.
    Call {
        /// Its name.
        name: String,
        /// Raw arguments, sent as they are but for fields of earlier answers.
        arguments: String,
    },
    /// Searches the web, as a provider does itself.
    Search(Search),
    /// Streams text with a source.
    Cite(Cite),
    /// Sends nothing for a while.
    Stall(Duration),
    /// Fails.
    Fail(Failure),
    /// Ends the connection early.
    Cut,
}

/// A scripted search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// What is searched for.
    pub query: String,
    /// What is found.
    pub pages: Option<Vec<Page>>,
    /// The provider's code of a failure.
    pub error: Option<String>,
}

/// A page that is found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its address, sent as it is.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// Text with a source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cite {
    /// The text.
    pub text: String,
    /// The source's address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// A scripted error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// HTTP status.
    pub status: u16,
    /// What to say.
    pub text: String,
    /// How long to ask the client to wait.
    pub retry_after: Option<Duration>,
    /// After how many failures the call succeeds; `None` never.
    pub times: Option<u32>,
}
