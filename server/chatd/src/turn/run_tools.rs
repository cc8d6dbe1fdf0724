//! The tool calls of one answer, all at once. Results are shown and committed in the order of the calls; a panic
//! becomes an error result.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use sdk::ids::ChatId;
use sdk::messages::Role;
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use store::messages::NewMessage;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::control::Stop;
use super::{Runner, Turn};
use crate::hub::Channel;
use crate::live::Pair;
use crate::state::open_calls::result_message;
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

impl Runner {
    /// The results that came, in the order of the calls, and why the rest did not.
    pub(super) async fn run_tools(
        &mut self,
        turn: &Turn,
        calls: &[ToolCallPart],
    ) -> (Vec<NewMessage>, Option<Stop>) {
        let cancel = CancellationToken::new();
        let _cancels_when_dropped = cancel.clone().drop_guard();
        let pair = self.pair();
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
                    output: Arc::new(output),
                    cancel: cancel.clone(),
                };
                run_one(turn.tools.clone(), call, context)
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

async fn run_one(
    tools: Option<Arc<dyn ToolSet>>,
    call: &ToolCallPart,
    context: ToolContext,
) -> (ToolResultPart, Duration) {
    let began = Instant::now();
    let outcome = match tools {
        None => Outcome::error(format!(
            "There is no tool {:?} in this chat.",
            call.tool_name
        )),
        Some(tools) => {
            let run = AssertUnwindSafe(tools.run(call, context)).catch_unwind();
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
        ..ToolResultPart::default()
    };
    (result, began.elapsed())
}
