//! What the agent does right now, as one line. Pure: status, stream and retry in, words out.

use chrono::{DateTime, Utc};
use sdk::chats::ChatStatus;
use sdk::parts::{Part, ToolResultPart};
use sdk::stream::RetryInfo;
use sdk::workspaces::WorkspaceStatus;

use super::tools::{ToolRun, describe};
use super::words;

/// The agent's present act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What happens: `Running`, `Thinking`.
    pub verb: String,
    /// To what; shown stronger.
    pub object: Option<String>,
    /// Since when, for the time beside it.
    pub since: Option<DateTime<Utc>>,
    /// When the next attempt begins, for a count-down.
    pub until: Option<DateTime<Utc>>,
    /// Words behind the time: why it waits.
    pub reason: Option<String>,
}

impl Act {
    fn new(verb: &str, since: Option<DateTime<Utc>>) -> Self {
        Self {
            verb: verb.to_owned(),
            object: None,
            since,
            until: None,
            reason: None,
        }
    }

    /// The whole line at a moment: `Running cargo test · 0:42`.
    pub fn line(&self, now: DateTime<Utc>) -> String {
        let mut line = self.verb.clone();
        if let Some(object) = &self.object {
            line.push(' ');
            line.push_str(object);
        }
        line.push_str(&self.tail(now));
        line
    }

    /// What follows the object: the time and the reason.
    pub fn tail(&self, now: DateTime<Utc>) -> String {
        let time = match (self.until, self.since) {
            (Some(until), _) => format!(" in {} s", (until - now).num_seconds().max(0)),
            (None, Some(since)) if (now - since).num_seconds() >= 1 => {
                format!(" · {}", words::clock((now - since).num_seconds()))
            }
            _ => String::new(),
        };
        match &self.reason {
            Some(reason) => format!("{time}: {reason}"),
            None => time,
        }
    }
}

/// What the running step holds: its answer is committed before its tools run, the rest is streamed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step<'parts> {
    /// Parts of the newest answer and of what follows it.
    pub committed: &'parts [Part],
    /// Parts that are being streamed.
    pub preview: &'parts [Part],
}

/// The act of a chat, or nothing when it is idle.
pub fn present(
    status: ChatStatus,
    since: Option<DateTime<Utc>>,
    step: Step<'_>,
    retry: Option<&RetryInfo>,
    workspace: Option<WorkspaceStatus>,
) -> Option<Act> {
    match status {
        ChatStatus::Waiting | ChatStatus::Paused | ChatStatus::Error => None,
        ChatStatus::Pending => Some(Act::new("Waiting for a worker", since)),
        ChatStatus::Interrupting => Some(Act::new("Stopping", since)),
        ChatStatus::RequiresAction => Some(Act {
            object: open_call(step).map(|run| run.call.tool_name),
            reason: Some("given up after 5 minutes".to_owned()),
            ..Act::new("Waiting for the client to answer", since)
        }),
        ChatStatus::Running => Some(running(since, step, retry, workspace)),
    }
}

fn running(
    since: Option<DateTime<Utc>>,
    step: Step<'_>,
    retry: Option<&RetryInfo>,
    workspace: Option<WorkspaceStatus>,
) -> Act {
    if let Some(retry) = retry {
        return Act {
            until: Some(retry.retrying_at),
            reason: Some(format!(
                "{} (attempt {})",
                first_sentence(&retry.error),
                retry.attempt + 1
            )),
            ..Act::new("Retrying", None)
        };
    }
    match open_call(step) {
        Some(run) => {
            let call_since = run.call.created_at.or(since);
            match workspace.and_then(WorkspaceStatus::start_in_words) {
                Some(words) => Act::new(words, call_since),
                None => calling(&run, call_since),
            }
        }
        None => match step.preview.last() {
            Some(Part::Text { text }) if !text.trim().is_empty() => Act::new("Writing", since),
            _ => Act::new("Thinking", since),
        },
    }
}

/// What happened, without what to do: that is being done.
fn first_sentence(words: &str) -> &str {
    words
        .split_once(". ")
        .map_or(words, |(first, _)| first)
        .trim_end_matches('.')
}

fn calling(run: &ToolRun, since: Option<DateTime<Utc>>) -> Act {
    let summary = describe(run);
    Act {
        object: Some(summary.object).filter(|object| !object.is_empty()),
        ..Act::new(&summary.verb, since)
    }
}

/// The step's first call that has not answered yet. What a provider runs beside calls of ours waits for these.
fn open_call(step: Step<'_>) -> Option<ToolRun> {
    let parts = || step.committed.iter().chain(step.preview);
    let answered = |id: &str| {
        parts().any(|part| {
            matches!(part, Part::ToolResult(ToolResultPart { tool_call_id, result: Some(_), .. }) if tool_call_id == id)
        })
    };
    let open = || {
        parts().filter_map(|part| match part {
            Part::ToolCall(call) if !answered(&call.tool_call_id) => Some(call),
            _ => None,
        })
    };
    let own = open().find(|call| !call.provider_executed);
    let call = own.or_else(|| open().next())?;
    Some(ToolRun::new(call.clone(), None, true))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chrono::{Duration, TimeZone as _};
    use sdk::parts::ToolCallPart;
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap() + Duration::seconds(seconds)
    }

    fn line(
        status: ChatStatus,
        preview: &[Part],
        retry: Option<&RetryInfo>,
        workspace: Option<WorkspaceStatus>,
    ) -> Option<String> {
        present(
            status,
            Some(at(0)),
            Step {
                preview,
                ..Step::default()
            },
            retry,
            workspace,
        )
        .map(|act| act.line(at(42)))
    }

    fn running_test() -> Vec<Part> {
        vec![Part::ToolCall(ToolCallPart {
            tool_call_id: "a".into(),
            tool_name: "execute".into(),
            args: Some(json!({"command": "cargo test"})),
            created_at: Some(at(32)),
            ..ToolCallPart::default()
        })]
    }

    #[test]
    fn says_what_runs_and_for_how_long() {
        assert_eq!(
            line(ChatStatus::Running, &running_test(), None, None).unwrap(),
            "Running cargo test · 0:10"
        );
        assert_eq!(
            line(ChatStatus::Running, &[], None, None).unwrap(),
            "Thinking · 0:42"
        );
        assert_eq!(
            line(ChatStatus::Pending, &[], None, None).unwrap(),
            "Waiting for a worker · 0:42"
        );
        assert_eq!(line(ChatStatus::Waiting, &[], None, None), None);
    }

    #[test]
    fn says_what_runs_when_the_call_is_committed_already() {
        let committed = running_test();
        let step = Step {
            committed: &committed,
            preview: &[],
        };
        let act = present(ChatStatus::Running, Some(at(0)), step, None, None);
        assert_eq!(act.unwrap().line(at(42)), "Running cargo test · 0:10");
    }

    #[test]
    fn says_which_tool_the_client_is_to_answer_and_when_that_ends() {
        let committed = running_test();
        let step = Step {
            committed: &committed,
            preview: &[],
        };
        let act = present(ChatStatus::RequiresAction, Some(at(0)), step, None, None);
        assert_eq!(
            act.unwrap().line(at(42)),
            "Waiting for the client to answer execute · 0:42: given up after 5 minutes"
        );
    }

    #[test]
    fn says_that_the_workspace_starts_while_a_tool_waits_for_it() {
        let said = line(
            ChatStatus::Running,
            &running_test(),
            None,
            Some(WorkspaceStatus::Starting),
        );
        assert_eq!(said.unwrap(), "Starting the workspace · 0:10");
    }

    #[test]
    fn counts_down_to_the_next_attempt_and_says_why() {
        let retry = RetryInfo {
            attempt: 1,
            delay_ms: 8000,
            error: "rate limited".into(),
            kind: "rate_limit".into(),
            provider: None,
            status_code: Some(429),
            retrying_at: at(50),
        };
        assert_eq!(
            line(ChatStatus::Running, &[], Some(&retry), None).unwrap(),
            "Retrying in 8 s: rate limited (attempt 2)"
        );
    }
}
