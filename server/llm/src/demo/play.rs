//! Turns a call into beats: what to send, in order, before anything is put on a wire.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::conversation::{Conversation, ToolAnswer};
use super::script::{Action, Cite, Failure, Script, Search, Step};
use super::{scenario, title, words};
use crate::{FinishReason, Purpose, Request, Usage};

/// What every answer of the demo model says.
pub const NOTICE: &str = "This is the scripted demo model, not an AI";

/// Calls with a numbered error that are remembered at most.
const MOST_REMEMBERED: usize = 10_000;

/// One thing to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Beat {
    /// A piece of text.
    Text(Cow<'static, str>),
    /// The time at which it is sent, as a piece of text.
    Clock,
    /// A piece of reasoning.
    Reasoning(Cow<'static, str>),
    /// The reasoning is whole.
    ReasoningEnd,
    /// A tool call begins.
    CallStart {
        /// Position among the calls of this answer.
        index: usize,
        /// Its id.
        id: String,
        /// The tool.
        name: String,
    },
    /// A piece of its arguments.
    CallDelta {
        /// Which call.
        index: usize,
        /// Raw JSON.
        text: String,
    },
    /// The call is whole.
    CallEnd {
        /// Which call.
        index: usize,
        /// Its id.
        id: String,
        /// The tool.
        name: String,
        /// All of its arguments.
        arguments: String,
    },
    /// A search of the web that the provider makes itself.
    Search {
        /// Its id.
        id: String,
        /// What is searched for and found.
        search: Search,
    },
    /// Text with a source.
    Cite(Cite),
    /// Nothing, for a while.
    Stall(Duration),
    /// An error; before anything else it stands instead of the answer.
    Fail(Failure),
    /// The connection ends here.
    Cut,
}

impl Beat {
    /// Whether the pace applies after it.
    pub fn is_delta(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Clock
                | Self::Reasoning(_)
                | Self::CallDelta { .. }
                | Self::Search { .. }
                | Self::Cite(_)
        )
    }

    /// The beat as it is sent now: a clock shows the microseconds since 1970.
    #[must_use]
    pub fn at_once(self) -> Self {
        match self {
            Self::Clock => Self::Text(format!("{} ", chrono::Utc::now().timestamp_micros()).into()),
            beat => beat,
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// What to send. Nothing comes after a [`Beat::Fail`] or a [`Beat::Cut`].
    pub beats: Vec<Beat>,
    /// Pause between deltas.
    pub pace: Duration,
    /// Why it ends.
    pub reason: FinishReason,
    /// What it cost.
    pub usage: Usage,
    /// Its id, the same for the same conversation.
    pub response_id: String,
}

/// Makes answers. It remembers nothing but how often a call with a numbered error was made.
#[derive(Debug)]
pub struct Player {
    pace: Duration,
    has_notice: bool,
    failures: Mutex<HashMap<u64, u32>>,
}

impl Player {
    /// A player that pauses `pace` between deltas unless a message says otherwise.
    pub fn new(pace: Duration) -> Self {
        Self {
            pace,
            has_notice: false,
            failures: Mutex::default(),
        }
    }

    /// Adds to each scripted answer that it is one.
    #[must_use]
    pub fn with_notice(self) -> Self {
        Self {
            has_notice: true,
            ..self
        }
    }

    /// Answers a call.
    pub fn play(&self, request: &Request) -> Play {
        let conversation = Conversation::new(request);
        if request.metadata.purpose == Purpose::Title {
            return self.compose(request, &text_step(title::title(&conversation)), None);
        }
        if request.metadata.purpose == Purpose::Summary {
            let summary = format!(
                "{NOTICE}: a summary of {} messages would stand here.",
                request.messages.len()
            );
            return self.compose(request, &text_step(summary), None);
        }
        match Script::parse(&conversation.last_words()) {
            Ok(Some(script)) => {
                let pace = script.pace;
                self.compose(
                    request,
                    &self.scripted_step(script, conversation.step()),
                    pace,
                )
            }
            Ok(None) => self.compose(request, &scenario::step(&conversation), None),
            Err(problem) => {
                let text = format!(
                    "{NOTICE}: the script in your message cannot be played. {problem}. The directives are described in `docs/demo-model.md`."
                );
                self.compose(request, &text_step(text), None)
            }
        }
    }

    fn scripted_step(&self, script: Script, number: usize) -> Step {
        let usage = script.steps.last().and_then(|step| step.usage);
        let Some(mut step) = script.steps.into_iter().nth(number) else {
            return Step {
                usage,
                ..text_step(format!("{NOTICE}: the script has ended."))
            };
        };
        let has_calls = step
            .actions
            .iter()
            .any(|action| matches!(action, Action::Call { .. }))
            || step.finish_reason == Some(FinishReason::Paused);
        // Without a call the turn ends here, whatever the script has yet.
        if self.has_notice && !has_calls {
            step.actions.push(Action::Text(format!("\n\n({NOTICE}.)")));
        }
        step
    }

    fn compose(&self, request: &Request, step: &Step, pace: Option<Duration>) -> Play {
        let mut composer = Composer::new(request);
        for action in &step.actions {
            match action {
                Action::Fail(failure) if self.has_passed(request, failure) => {}
                _ => composer.add(action),
            }
        }
        let usual = if composer.call_count > 0 {
            FinishReason::ToolCalls
        } else {
            FinishReason::Stop
        };
        let reason = step.finish_reason.unwrap_or(usual);
        Play {
            pace: pace.unwrap_or(self.pace),
            reason,
            usage: step.usage.unwrap_or_else(|| composer.guessed_usage()),
            response_id: format!("demo-{}", request.messages.len()),
            beats: composer.finish(),
        }
    }

    /// Counts the failures of a call that fails a number of times; the try after the last one passes and is forgotten.
    fn has_passed(&self, request: &Request, failure: &Failure) -> bool {
        let Some(times) = failure.times else {
            return false;
        };
        let key = fingerprint(request, failure);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_REMEMBERED {
            failures.clear();
        }
        let count = failures.entry(key).or_insert(0);
        if *count >= times {
            failures.remove(&key);
            return true;
        }
        *count += 1;
        false
    }
}

/// Tells calls of different chats apart (their headers differ) and finds the repetition of the same call.
fn fingerprint(request: &Request, failure: &Failure) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.metadata.headers.hash(&mut hasher);
    request.messages.len().hash(&mut hasher);
    let conversation = Conversation::new(request);
    conversation.first_words().hash(&mut hasher);
    conversation.last_words().hash(&mut hasher);
    (failure.status, &failure.text).hash(&mut hasher);
    hasher.finish()
}

/// Arguments with fields of earlier answers: `{{2.chat_id}}` is the field `chat_id` of the second answer of this turn. What
/// names none stays.
fn filled(arguments: &str, answers: &[ToolAnswer]) -> String {
    let mut filled = String::new();
    let mut rest = arguments;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let found = after.split_once("}}").and_then(|(name, after)| {
            let (number, field) = name.split_once('.')?;
            let at = number.parse::<usize>().ok()?.checked_sub(1)?;
            Some((answers.get(at)?.field(field), after))
        });
        if let Some((value, after)) = found {
            filled.push_str(&value);
            rest = after;
        } else {
            filled.push_str("{{");
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

fn text_step(text: String) -> Step {
    Step {
        actions: vec![Action::Text(text)],
        ..Step::default()
    }
}

struct Composer<'a> {
    request: &'a Request,
    beats: Vec<Beat>,
    call_count: usize,
    search_count: usize,
    is_reasoning: bool,
    reasoning_tokens: u64,
    output_tokens: u64,
}

impl<'a> Composer<'a> {
    fn new(request: &'a Request) -> Self {
        Self {
            request,
            beats: Vec::new(),
            call_count: 0,
            search_count: 0,
            is_reasoning: false,
            reasoning_tokens: 0,
            output_tokens: 0,
        }
    }

    fn add(&mut self, action: &Action) {
        if !matches!(
            action,
            Action::Reason(_) | Action::Stall(_) | Action::Fail(_) | Action::Cut
        ) {
            self.end_reasoning();
        }
        match action {
            Action::Text(text) => self.add_text(words::pieces(text)),
            Action::Tokens(count) => self.add_text(words::filler(*count)),
            Action::Clock(count) => {
                self.beats.extend(std::iter::repeat_n(Beat::Clock, *count));
                self.output_tokens += u64::try_from(*count).unwrap_or(u64::MAX);
            }
            Action::Results => self.add_results(),
            Action::Reason(text) => {
                let before = self.beats.len();
                self.beats.extend(words::pieces(text).map(Beat::Reasoning));
                self.reasoning_tokens += length_since(&self.beats, before);
                self.is_reasoning = true;
            }
            Action::Call { name, arguments } => {
                let answers = Conversation::new(self.request).answers();
                self.add_call(name, &filled(arguments, &answers));
            }
            Action::Search(search) => {
                let (place, number) = (self.request.messages.len(), self.search_count);
                self.search_count += 1;
                self.beats.push(Beat::Search {
                    id: format!("srvtoolu_demo_{place}_{number}"),
                    search: search.clone(),
                });
                self.output_tokens += 1;
            }
            Action::Cite(cite) => {
                self.beats.push(Beat::Cite(cite.clone()));
                self.output_tokens += 1;
            }
            Action::Stall(duration) => self.beats.push(Beat::Stall(*duration)),
            Action::Fail(failure) => self.beats.push(Beat::Fail(failure.clone())),
            Action::Cut => self.beats.push(Beat::Cut),
        }
    }

    fn add_text(&mut self, pieces: impl Iterator<Item = Cow<'static, str>>) {
        let before = self.beats.len();
        self.beats.extend(pieces.map(Beat::Text));
        self.output_tokens += length_since(&self.beats, before);
    }

    fn add_results(&mut self) {
        for answer in Conversation::new(self.request).last_answers() {
            let outcome = if answer.is_error {
                "failed"
            } else {
                "answered"
            };
            self.add_text(words::pieces(&format!(
                "{} {outcome}: {}\n",
                answer.name, answer.text
            )));
        }
    }

    fn add_call(&mut self, name: &str, arguments: &str) {
        let index = self.call_count;
        self.call_count += 1;
        let (id, name) = (
            format!("demo_{}_{index}", self.request.messages.len()),
            name.to_owned(),
        );
        self.beats.push(Beat::CallStart {
            index,
            id: id.clone(),
            name: name.clone(),
        });
        let before = self.beats.len();
        self.beats.extend(
            words::argument_pieces(arguments)
                .into_iter()
                .map(|text| Beat::CallDelta { index, text }),
        );
        self.output_tokens += length_since(&self.beats, before) + 1;
        self.beats.push(Beat::CallEnd {
            index,
            id,
            name,
            arguments: arguments.to_owned(),
        });
    }

    fn end_reasoning(&mut self) {
        if std::mem::take(&mut self.is_reasoning) {
            self.beats.push(Beat::ReasoningEnd);
        }
    }

    fn guessed_usage(&self) -> Usage {
        let input = words::prompt_tokens(self.request);
        let output = self.output_tokens + self.reasoning_tokens;
        Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            total_tokens: Some(input + output),
            reasoning_tokens: (self.reasoning_tokens > 0).then_some(self.reasoning_tokens),
            ..Usage::default()
        }
    }

    /// Nothing comes after an end of the stream.
    fn finish(mut self) -> Vec<Beat> {
        self.end_reasoning();
        if let Some(last) = self
            .beats
            .iter()
            .position(|beat| matches!(beat, Beat::Fail(_) | Beat::Cut))
        {
            self.beats.truncate(last + 1);
        }
        self.beats
    }
}

fn length_since(beats: &[Beat], before: usize) -> u64 {
    u64::try_from(beats.len().saturating_sub(before)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_take_fields_of_earlier_answers() {
        let answer = |text: &str| ToolAnswer {
            name: "a".to_owned(),
            text: text.to_owned(),
            is_error: false,
        };
        let answers = [answer("{\"id\": \"x\"}"), answer("{\"id\": \"y\"}")];
        assert_eq!(
            filled("{\"a\": \"{{2.id}} {{1.id}}\"}", &answers),
            "{\"a\": \"y x\"}"
        );
        for text in ["{}", "{{", "{{3.id}}", "{{0.id}}", "{{id}}", "{{1.id"] {
            assert_eq!(filled(text, &answers), text);
        }
    }
}
