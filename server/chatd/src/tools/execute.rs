//! `execute`: start a command, show its output while it comes, answer with its end.
//!
//! A command that outlives its timeout keeps running and is named in the answer. A stopped turn ends its command.

use std::collections::BTreeMap;
use std::time::Duration;

use sdk::parts::ToolCallPart;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;
use workspace::connection::AgentClient;
use workspace::protocol::{ProcessSignal, StartProcess};

use super::arguments::{absolute, parse};
use super::dump::read_file_note;
use super::processes::{describe, wait};
use super::workspace_tools::agent_error;
use super::{Outcome, ToolContext, duration};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_TIMEOUT: Duration = Duration::from_mins(5);
/// Commands that are done sooner show no live output, and answer at their start.
const LIVE_DELAY: Duration = Duration::from_millis(150);
/// Live output goes out at most this often.
const LIVE_INTERVAL: Duration = Duration::from_millis(100);
/// Live output of one command is shown up to here; the answer holds its end in any case.
const MAX_LIVE_BYTES: usize = 128 * 1024;
/// How long a stopped command has to end by itself.
const TERMINATE_GRACE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Arguments {
    command: String,
    #[serde(default, deserialize_with = "duration::deserialize")]
    timeout: Option<Duration>,
    workdir: Option<String>,
    #[serde(default)]
    run_in_background: bool,
}

pub(super) async fn execute(
    client: &AgentClient,
    call: &ToolCallPart,
    context: &ToolContext,
    is_read_only: bool,
) -> Result<Outcome, Outcome> {
    let arguments: Arguments = parse(call)?;
    if arguments.command.trim().is_empty() {
        return Err(Outcome::error("The command is empty."));
    }
    if let Some(workdir) = &arguments.workdir {
        absolute(workdir)?;
    }
    let timeout = arguments
        .timeout
        .unwrap_or(DEFAULT_TIMEOUT)
        .min(MAX_TIMEOUT);
    let note = read_file_note(&arguments.command);
    let request = StartProcess {
        // Known before it starts: a restarted server finds the process under it.
        id: Some(context.run_id),
        command: arguments.command,
        workdir: arguments.workdir,
        env: BTreeMap::new(),
        background: arguments.run_in_background,
        wait_ms: milliseconds(LIVE_DELAY.min(timeout)),
        is_read_only,
    };
    let started = client
        .start_process(&request)
        .await
        .map_err(|error| agent_error(&error))?;
    if started.background {
        let output = client
            .process_output(started.id, LIVE_DELAY)
            .await
            .map_err(|error| agent_error(&error))?;
        return Ok(Outcome::success(describe(started.id, output)));
    }
    let outcome = match started.output {
        Some(output) => Outcome::success(describe(started.id, output)),
        None => foreground(client, started.id, timeout, context).await?,
    };
    Ok(with_note(outcome, note))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A note of the agent's own goes before.
fn with_note(mut outcome: Outcome, note: Option<&str>) -> Outcome {
    if let (Some(note), Value::Object(fields)) = (note, &mut outcome.result) {
        fields.entry("note").or_insert_with(|| note.into());
    }
    outcome
}

/// The outcome of a command that a server started that is gone; `None` when the workspace does not hold it any more.
pub(super) async fn resume(
    client: &AgentClient,
    call: &ToolCallPart,
    context: &ToolContext,
) -> Option<Outcome> {
    let arguments: Arguments = parse(call).ok()?;
    let output = wait(client, context.run_id, Duration::ZERO).await.ok()?;
    if arguments.run_in_background || !output.running {
        return Some(Outcome::success(describe(context.run_id, output)));
    }
    let timeout = arguments
        .timeout
        .unwrap_or(DEFAULT_TIMEOUT)
        .min(MAX_TIMEOUT);
    let outcome = foreground(client, context.run_id, timeout, context).await;
    Some(outcome.unwrap_or_else(|error| error))
}

async fn foreground(
    client: &AgentClient,
    id: Uuid,
    timeout: Duration,
    context: &ToolContext,
) -> Result<Outcome, Outcome> {
    let output = tokio::select! {
        output = wait(client, id, timeout) => output.map_err(|error| agent_error(&error))?,
        () = show(client, id, context) => return Err(Outcome::error("The live output ended.")),
        () = context.cancel.cancelled() => return Ok(stop(client, id).await),
    };
    let is_running = output.running;
    let mut result = describe(id, output);
    if let (true, Value::Object(fields)) = (is_running, &mut result) {
        let text = format!(
            "Still running after {} s; follow it with process_output.",
            timeout.as_secs()
        );
        fields.insert("error".to_owned(), text.into());
    }
    Ok(Outcome::success(result))
}

/// Sends output on while it comes. Never returns: the answer is somebody else's business.
async fn show(client: &AgentClient, id: Uuid, context: &ToolContext) {
    sleep(LIVE_DELAY).await;
    let mut offset = 0;
    let mut shown = 0;
    while shown < MAX_LIVE_BYTES {
        match client
            .process_tail(id, offset, Duration::from_secs(20))
            .await
        {
            Ok(tail) => {
                offset = tail.next_offset;
                shown += tail.data.len();
                if !tail.data.is_empty() {
                    context.output.push(tail.data);
                }
                if !tail.running {
                    break;
                }
            }
            Err(error) if error.is_transient() => {}
            Err(_) => break,
        }
        sleep(LIVE_INTERVAL).await;
    }
    std::future::pending::<()>().await;
}

async fn stop(client: &AgentClient, id: Uuid) -> Outcome {
    let _ = client.signal_process(id, ProcessSignal::Terminate).await;
    let mut ended = client.process_output(id, TERMINATE_GRACE).await;
    if ended.as_ref().is_ok_and(|output| output.running) {
        let _ = client.signal_process(id, ProcessSignal::Kill).await;
        ended = client.process_output(id, TERMINATE_GRACE).await;
    }
    let text = "The user stopped this command.";
    let Ok(output) = ended else {
        return Outcome::interrupted(text);
    };
    let mut result = describe(id, output);
    if let Value::Object(fields) = &mut result {
        fields.insert("success".to_owned(), false.into());
        fields.insert("error".to_owned(), text.into());
    }
    Outcome {
        result,
        ..Outcome::interrupted(text)
    }
}
