//! `process_output`, `process_list` and `process_signal`, and what they share with `execute`: the wait and the shape.

use std::time::Duration;

use sdk::parts::ToolCallPart;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;
use workspace::connection::{AgentClient, AgentError};
use workspace::protocol::{ProcessOutput, ProcessSignal};

use super::arguments::parse;
use super::workspace_tools::agent_error;
use super::{Outcome, ToolContext, duration};

/// How long `process_output` waits when the model does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// How long an agent that was lost while a process was waited for has to come back.
const RETURN_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct OutputArguments {
    process_id: String,
    #[serde(default, deserialize_with = "duration::deserialize")]
    wait_timeout: Option<Duration>,
}

#[derive(Deserialize)]
struct SignalArguments {
    process_id: String,
    signal: String,
}

pub(super) async fn process_output(
    client: &AgentClient,
    call: &ToolCallPart,
    context: &ToolContext,
) -> Result<Outcome, Outcome> {
    let arguments: OutputArguments = parse(call)?;
    let id = process_id(&arguments.process_id)?;
    let timeout = arguments.wait_timeout.unwrap_or(DEFAULT_WAIT);
    let output = tokio::select! {
        output = wait(client, id, timeout) => output,
        () = context.cancel.cancelled() => return Err(Outcome::stopped()),
    };
    let output = output.map_err(|error| agent_error(&error))?;
    Ok(Outcome::success(describe(id, output)))
}

pub(super) async fn process_list(client: &AgentClient) -> Result<Outcome, Outcome> {
    let list = client
        .list_processes()
        .await
        .map_err(|error| agent_error(&error))?;
    Ok(Outcome::success(json!({ "processes": list.processes })))
}

pub(super) async fn process_signal(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: SignalArguments = parse(call)?;
    let id = process_id(&arguments.process_id)?;
    let signal = match arguments.signal.as_str() {
        "terminate" => ProcessSignal::Terminate,
        "kill" => ProcessSignal::Kill,
        other => {
            return Err(Outcome::error(format!(
                "The signal must be terminate or kill, not {other:?}."
            )));
        }
    };
    let done = client
        .signal_process(id, signal)
        .await
        .map_err(|error| agent_error(&error))?;
    Ok(Outcome::success(
        json!({ "ok": true, "message": done.message }),
    ))
}

fn process_id(text: &str) -> Result<Uuid, Outcome> {
    Uuid::parse_str(text.trim()).map_err(|_| {
        Outcome::error(format!(
            "{text:?} is no process id; process_list shows those of this chat."
        ))
    })
}

/// A process's state at its end or after `timeout`. When the connection is lost meanwhile the process did not notice:
/// it is looked at once more when its agent is back, for what is left of the wait.
pub(super) async fn wait(
    client: &AgentClient,
    id: Uuid,
    timeout: Duration,
) -> Result<ProcessOutput, AgentError> {
    let deadline = Instant::now() + timeout;
    match client.process_output(id, timeout).await {
        Err(error) if error.is_transient() => {
            client.wait_until_connected(RETURN_DEADLINE).await?;
            let remaining = deadline.saturating_duration_since(Instant::now());
            client.process_output(id, remaining).await
        }
        outcome => outcome,
    }
}

/// A process's state as a result.
pub(super) fn describe(id: Uuid, output: ProcessOutput) -> Value {
    let mut fields = Map::new();
    let succeeded = !output.running && output.exit_code == Some(0);
    fields.insert("success".to_owned(), (output.running || succeeded).into());
    fields.insert("output".to_owned(), output.output.into());
    fields.insert("exit_code".to_owned(), output.exit_code.into());
    fields.insert(
        "wall_duration_ms".to_owned(),
        output.wall_duration_ms.into(),
    );
    if output.running {
        fields.insert("background_process_id".to_owned(), id.to_string().into());
    }
    if let Some(truncated) = output.truncated {
        fields.insert("truncated".to_owned(), json!(truncated));
    }
    if let Some(path) = output.output_path {
        fields.insert("output_path".to_owned(), path.into());
    }
    if let Some(notice) = output.notice {
        fields.insert("note".to_owned(), notice.into());
    }
    Value::Object(fields)
}
