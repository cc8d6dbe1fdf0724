//! One answer of the model: streamed to readers, tried again when that may help.

use std::time::Duration;

use futures::StreamExt;
use llm::{
    Accumulator, CancellationToken, Content, FinishReason, ReasoningEffort, Request,
    RequestMetadata, Usage,
};
use sdk::chats::ChatError;
use sdk::parts::Part;
use sdk::stream::RetryInfo;
use store::costs::Call;
use tokio::time::{Instant, sleep, sleep_until};

use super::control::Stop;
use super::cost::Told;
use super::publisher::Publisher;
use super::{Runner, Turn};
use crate::daemon::transition;
use crate::debug::{EndedStep, Outcome, Step};
use crate::sources::ResolvedModel;
use crate::state::StateError;

/// When a model configuration does not say and the model can give that much.
const DEFAULT_MAX_OUTPUT_TOKENS: u32 = 32_000;

/// A whole answer.
pub(super) struct Answer {
    pub(super) parts: Vec<Part>,
    pub(super) finish_reason: FinishReason,
    pub(super) usage: Usage,
    pub(super) runtime: Duration,
}

/// How a generation ended.
pub(super) enum Generated {
    Answer(Answer),
    /// What had been said, and what it cost as far as the provider had told.
    Stopped(Stop, Vec<Part>, Option<Call>),
    Failed(llm::Error),
}

/// With what the model said, in its own words, for the record.
enum Attempt {
    Answer(Answer, Vec<Content>),
    Stopped(Stop, Vec<Part>, Vec<Content>, Option<Call>),
    Failed(llm::Error, Option<Call>),
}

impl Runner {
    pub(super) async fn generate(&mut self, turn: &Turn) -> Result<Generated, StateError> {
        self.answered = EndedStep::default();
        let mut attempt = 0;
        let request = request(turn);
        let mut step = self.debug.step("stream", &request);
        loop {
            let error = match self.attempt(turn, request.clone(), &mut step).await {
                Attempt::Answer(answer, said) => {
                    let outcome = Outcome::Answer(&said, answer.finish_reason, &answer.usage);
                    self.answered = step.ends_with(outcome);
                    return Ok(Generated::Answer(answer));
                }
                Attempt::Stopped(stop, parts, content, told) => {
                    self.answered = step.ends_with(Outcome::Stopped(&content));
                    return Ok(Generated::Stopped(stop, parts, told));
                }
                Attempt::Failed(error, told) => {
                    self.book_told(told).await;
                    error
                }
            };
            if !error.is_retryable || attempt + 1 >= llm::retry::MAX_ATTEMPTS {
                step.ends_with(Outcome::Failed(&error));
                return Ok(Generated::Failed(error));
            }
            let pause = llm::retry::delay(attempt, error.retry_after_ms);
            let pause = pause.min(self.shared.timings.longest_retry_pause);
            step.retries(&error, pause);
            attempt += 1;
            if let Some(stop) = self.pause(attempt, pause, error).await? {
                return Ok(Generated::Stopped(stop, Vec::new(), None));
            }
        }
    }

    async fn pause(
        &mut self,
        attempt: u32,
        pause: Duration,
        error: llm::Error,
    ) -> Result<Option<Stop>, StateError> {
        let fence = self.fence();
        let delay_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let retry = RetryInfo {
            attempt: attempt.into(),
            delay_ms,
            error: error.message,
            kind: error.kind.as_str().to_owned(),
            provider: error.provider,
            status_code: error.status_code,
            retrying_at: self.shared.clock.now() + chrono::TimeDelta::milliseconds(delay_ms),
        };
        match self.record_retry(fence, retry.clone()).await {
            Err(StateError::Refused { .. }) => return Ok(Some(Stop::Interrupted)),
            outcome => outcome?,
        }
        // A reader that comes now must not see the void parts as alive.
        self.channel.live.retry(self.chat_id, retry);
        tokio::select! {
            () = sleep(pause) => {}
            stop = self.control.stopped() => return Ok(Some(stop)),
        }
        match self.record_attempt(fence).await {
            Err(StateError::Refused { .. }) => Ok(Some(Stop::Interrupted)),
            outcome => outcome.map(|()| None),
        }
    }

    async fn record_retry(
        &mut self,
        fence: crate::state::change::Fence,
        retry: RetryInfo,
    ) -> Result<(), StateError> {
        let ((), chat) = transition!(self.shared, self.chat_id, |change, locked| {
            change.record_retry(&mut locked, &fence, retry)?;
        });
        self.control.committed(chat.snapshot_version);
        self.chat = chat;
        Ok(())
    }

    async fn record_attempt(
        &mut self,
        fence: crate::state::change::Fence,
    ) -> Result<(), StateError> {
        let (_, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            change.record_attempt(&mut locked, &fence)?
        });
        self.moved_to(chat);
        Ok(())
    }

    async fn attempt(&mut self, turn: &Turn, mut request: Request, step: &mut Step) -> Attempt {
        let began = Instant::now();
        let pair = self.pair();
        let cancel = CancellationToken::new();
        let _cancels_when_dropped = cancel.clone().drop_guard();
        step.attach(&mut request);
        let mut stream = turn.model.model.stream(request, cancel);
        let mut accumulator = Accumulator::default();
        let clock = &self.shared.clock;
        let mut publisher = Publisher::new(&self.channel, self.chat_id, pair, clock, &turn.prompt);
        loop {
            let due = publisher.due();
            tokio::select! {
                biased;
                stop = self.control.stopped() => {
                    let content = accumulator.content();
                    let said = step.keep(&content);
                    let parts = publisher.parts(content);
                    return Attempt::Stopped(stop, parts, said, told(accumulator.usage(), turn, began));
                }
                part = stream.next() => match part {
                    Some(Ok(part)) => {
                        step.saw(&part);
                        let part = publisher.push(part);
                        if let Err(mut error) = accumulator.push(&part) {
                            error.provider = Some(turn.model.model.provider().to_owned());
                            return Attempt::Failed(error, told(accumulator.usage(), turn, began));
                        }
                    }
                    Some(Err(error)) => {
                        return Attempt::Failed(error, told(accumulator.usage(), turn, began));
                    }
                    None => break,
                },
                () = sleep_until(due.unwrap_or(began)), if due.is_some() => publisher.flush(),
            }
        }
        publisher.flush();
        let usage = accumulator.usage();
        let Some(response) = accumulator.finish() else {
            let error = llm::Error::truncated(Some(turn.model.model.provider()));
            return Attempt::Failed(error, told(usage, turn, began));
        };
        let said = step.keep(&response.content);
        let answer = Answer {
            parts: publisher.parts(response.content),
            finish_reason: response.finish_reason,
            usage: response.usage,
            runtime: began.elapsed(),
        };
        Attempt::Answer(answer, said)
    }
}

/// The call of an answer that did not become whole.
fn told(usage: Usage, turn: &Turn, began: Instant) -> Option<Call> {
    let told = Told::default();
    told.set(usage);
    told.call(&turn.model, began.elapsed())
}

/// The next call of a turn.
pub(super) fn request(turn: &Turn) -> Request {
    request_on(turn, &turn.model)
}

/// The same of another model.
pub(super) fn request_on(turn: &Turn, model: &ResolvedModel) -> Request {
    let options = &model.options;
    let reasoning = options
        .reasoning_effort
        .as_deref()
        .and_then(ReasoningEffort::parse);
    Request {
        system: turn.prompt.system.clone(),
        messages: turn.prompt.messages_with(&turn.files),
        tools: turn.definitions(),
        max_output_tokens: Some(max_output_tokens(model)),
        temperature: options.temperature,
        top_p: options.top_p,
        top_k: options.top_k,
        presence_penalty: options.presence_penalty,
        frequency_penalty: options.frequency_penalty,
        provider_options: options.provider_options.clone().unwrap_or_default(),
        reasoning,
        web_search: turn.searches_web,
        cache: true,
        metadata: RequestMetadata {
            headers: turn.headers.clone(),
            ..RequestMetadata::default()
        },
        ..Request::new(model.model.id())
    }
}

/// The longest answer to ask for: the configuration's number, else the default as far as the model goes. Providers
/// refuse more than a model can give, and of a small context half is left for the prompt.
fn max_output_tokens(model: &ResolvedModel) -> u32 {
    if let Some(configured) = model.options.max_output_tokens {
        return configured;
    }
    let half_of_context = u64::try_from(model.context_limit).unwrap_or(0) / 2;
    let most = model.model.limits().max_output_tokens;
    u32::try_from(most.min(half_of_context).max(1))
        .unwrap_or(u32::MAX)
        .min(DEFAULT_MAX_OUTPUT_TOKENS)
}

/// A provider's failure as people see it.
pub(crate) fn chat_error(error: llm::Error) -> ChatError {
    ChatError {
        message: error.message,
        detail: error.detail,
        kind: error.kind.as_str().to_owned(),
        provider: error.provider,
        retryable: error.is_retryable,
        status_code: error.status_code,
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

    use llm::http::HttpOptions;
    use llm::{HttpClient, ProviderConfig, ProviderKind};
    use sdk::ids::ModelConfigId;
    use sdk::models::ModelCallConfig;

    use super::*;

    fn ceiling(id: &str, context_limit: i64, configured: Option<u32>) -> u32 {
        let http = HttpClient::new(&HttpOptions::default()).unwrap();
        let config = ProviderConfig::new(ProviderKind::OpenAi, None);
        max_output_tokens(&ResolvedModel {
            model: llm::connect(&http, config).unwrap().model(id),
            model_config_id: ModelConfigId::generate(),
            context_limit,
            compression_threshold: 70,
            options: ModelCallConfig {
                max_output_tokens: configured,
                ..ModelCallConfig::default()
            },
        })
    }

    #[test]
    fn an_answer_may_be_as_long_as_the_default_where_the_model_can_give_it() {
        assert_eq!(ceiling("gpt-5.1", 400_000, None), 32_000);
        assert_eq!(ceiling("claude-sonnet-4-5", 200_000, None), 32_000);
    }

    #[test]
    fn a_model_is_never_asked_for_more_than_it_can_give() {
        assert_eq!(ceiling("gpt-4o", 128_000, None), 16_384);
        assert_eq!(ceiling("gpt-4-turbo", 128_000, None), 4_096);
        assert_eq!(ceiling("claude-3-5-sonnet-latest", 200_000, None), 8_192);
    }

    #[test]
    fn half_of_a_small_context_is_left_for_the_prompt() {
        assert_eq!(ceiling("gpt-4", 8_192, None), 4_096);
        assert_eq!(ceiling("gpt-5.1", 1, None), 1);
    }

    #[test]
    fn the_configuration_has_the_last_word() {
        assert_eq!(ceiling("gpt-4o", 128_000, Some(50_000)), 50_000);
    }
}
