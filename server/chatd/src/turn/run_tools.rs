//! The tool calls of one answer, all at once. Results are shown and committed in the order of the calls; a panic
//! becomes an error result. After a restart the calls that were left open come here too, and start nothing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use sdk::ids::ChatId;
use sdk::messages::Role;
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use sha2::{Digest, Sha256};
use store::messages::NewMessage;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::binding::RunningChat;
use super::control::Stop;
use super::{Runner, Turn};
use crate::hub::Channel;
use crate::live::Pair;
use crate::state::open_calls::{Unanswered, result_message};
use crate::tools::{Outcome, OutputSink, ToolContext, ToolSet};

/// No call takes longer, whatever its tool says.
const CALL_DEADLINE: Duration = Duration::from_mins(15);
/// How long stopped tools have to end before they are left.
const STOP_GRACE: Duration = Duration::from_secs(8);

/// Sends a running call's output to the readers.
struct LiveOutput {
    channel: Arc<Channel>,
    chat_id: ChatId,
    pair: Pair,
    tool_call_id: String,
    tool_name: String,
}

impl OutputSink for LiveOutput {
    fn push(&self, delta: String) {
        let part = Part::ToolResult(ToolResultPart {
            tool_call_id: self.tool_call_id.clone(),
            tool_name: self.tool_name.clone(),
            result_delta: Some(delta),
            ..ToolResultPart::default()
        });
        self.channel
            .live
            .publish(self.pair, self.chat_id, Role::Tool, part);
    }
}

/// What to do with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Run them.
    Run,
    /// A server that is gone ran them: collect what can still be found, start nothing.
    Resume,
}

impl Runner {
    /// The results that came, in the order of the calls, and why the rest did not. `revision` is that of the answer
    /// that made the calls.
    pub(super) async fn run_tools(
        &mut self,
        turn: &Turn,
        calls: &[ToolCallPart],
        mode: Mode,
        revision: i64,
    ) -> (Vec<NewMessage>, Option<Stop>) {
        let cancel = CancellationToken::new();
        let _cancels_when_dropped = cancel.clone().drop_guard();
        let pair = self.pair();
        let chat = Arc::new(RunningChat {
            shared: Arc::clone(&self.shared),
            chat_id: self.chat_id,
        });
        let mut running: FuturesOrdered<_> = calls
            .iter()
            .map(|call| {
                let output = LiveOutput {
                    channel: Arc::clone(&self.channel),
                    chat_id: self.chat_id,
                    pair,
                    tool_call_id: call.tool_call_id.clone(),
                    tool_name: call.tool_name.clone(),
                };
                let context = ToolContext {
                    chat: chat.clone(),
                    agents: chat.clone(),
                    output: Arc::new(output),
                    cancel: cancel.clone(),
                    run_id: run_id(self.chat_id, revision, &call.tool_call_id),
                };
                run_one(turn.tools.clone(), call, context, mode)
            })
            .collect();
        let mut results = Vec::with_capacity(calls.len());
        let mut stop = None;
        let mut grace_ends = Instant::now();
        self.control.ignores_draining = true;
        loop {
            tokio::select! {
                result = running.next() => match result {
                    Some((result, took)) => results.push(self.show(result, took, pair)),
                    None => break,
                },
                reason = self.control.stopped(), if stop.is_none() => {
                    stop = Some(reason);
                    cancel.cancel();
                    grace_ends = Instant::now() + STOP_GRACE;
                }
                () = sleep_until(grace_ends), if stop.is_some() => break,
            }
        }
        self.control.ignores_draining = false;
        (results, stop)
    }

    fn show(&self, mut result: ToolResultPart, took: Duration, pair: Pair) -> NewMessage {
        result.created_at = Some(self.shared.clock.now());
        self.channel.live.publish(
            pair,
            self.chat_id,
            Role::Tool,
            Part::ToolResult(result.clone()),
        );
        let runtime_ms = i64::try_from(took.as_millis()).ok();
        NewMessage {
            runtime_ms,
            ..result_message(result)
        }
    }
}

/// Names one run of a call: made of the chat, the answer's revision and the call's id, so that a restarted server
/// comes to the same name, and an id that a provider uses again does not.
fn run_id(chat: ChatId, revision: i64, tool_call_id: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(chat.0.as_bytes());
    hash.update(revision.to_be_bytes());
    hash.update(tool_call_id.as_bytes());
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

async fn run_one(
    tools: Option<Arc<dyn ToolSet>>,
    call: &ToolCallPart,
    context: ToolContext,
    mode: Mode,
) -> (ToolResultPart, Duration) {
    let began = Instant::now();
    let outcome = match (tools, mode) {
        (None, Mode::Run) => Outcome::error(format!(
            "There is no tool {:?} in this chat.",
            call.tool_name
        )),
        (None, Mode::Resume) => restarted(),
        (Some(tools), mode) => {
            let run = AssertUnwindSafe(outcome(&*tools, call, context, mode)).catch_unwind();
            match timeout(CALL_DEADLINE, run).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => Outcome::error("The tool failed inside the server. Try another way."),
                Err(_) => Outcome::error("The tool did not answer in time."),
            }
        }
    };
    let result = ToolResultPart {
        tool_call_id: call.tool_call_id.clone(),
        tool_name: call.tool_name.clone(),
        result: Some(outcome.result),
        is_error: outcome.is_error,
        interrupted: outcome.interrupted,
        ..ToolResultPart::default()
    };
    (result, began.elapsed())
}

async fn outcome(
    tools: &dyn ToolSet,
    call: &ToolCallPart,
    context: ToolContext,
    mode: Mode,
) -> Outcome {
    match mode {
        Mode::Run => tools.run(call, context).await,
        Mode::Resume => tools.resume(call, context).await.unwrap_or_else(restarted),
    }
}

fn restarted() -> Outcome {
    Outcome::interrupted(Unanswered::Restarted.text())
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
    fn a_run_has_one_name_and_no_other_run_has_it() {
        let chat = ChatId::generate();
        let name = run_id(chat, 7, "call_1");
        assert_eq!(name, run_id(chat, 7, "call_1"));
        let others = [
            run_id(chat, 8, "call_1"),
            run_id(chat, 7, "call_2"),
            run_id(ChatId::generate(), 7, "call_1"),
        ];
        assert!(!others.contains(&name), "{others:?}");
    }
}
