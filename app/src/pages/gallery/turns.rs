//! What a turn says of itself: its present act, its failure, its connection.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::chats::{ChatError, ChatStatus};
use sdk::parts::Part;
use sdk::stream::RetryInfo;
use sdk::workspaces::WorkspaceStatus;
use serde_json::json;

use super::{part, samples};
use crate::components::chat::callouts::{ErrorCallout, Reconnecting};
use crate::components::chat::live_line::LiveLine;
use crate::live::socket::{Connection, Socket};
use crate::view;

/// Every act that the line at the end of a conversation tells of.
pub fn acts(now: DateTime<Utc>) -> impl IntoView {
    let command = Part::ToolCall(samples::call(
        "act",
        "execute",
        Some(json!({"command": "cargo test --workspace"})),
        None,
    ));
    let retry = RetryInfo {
        attempt: 2,
        delay_ms: 30_000,
        error: "the provider is overloaded (529)".to_owned(),
        kind: "overloaded".to_owned(),
        provider: None,
        status_code: Some(529),
        retrying_at: now + Duration::seconds(30),
    };
    let running = |parts, retry, workspace| (ChatStatus::Running, parts, retry, workspace);
    let still = |status| (status, Vec::new(), None, None);
    let starting = Some(WorkspaceStatus::Starting);
    let all = [
        still(ChatStatus::Pending),
        still(ChatStatus::Running),
        running(vec![Part::text("Both pass")], None, None),
        running(vec![command.clone()], None, None),
        running(vec![command.clone()], None, starting),
        running(Vec::new(), Some(retry), None),
        (ChatStatus::RequiresAction, vec![command], None, None),
        still(ChatStatus::Interrupting),
    ];
    let all = all
        .into_iter()
        .map(|(status, preview, retry, workspace)| {
            let chat = samples::open(&samples::chat(920, "", status, now), Vec::new());
            chat.preview.set(preview);
            chat.retry.set(retry);
            view! { <LiveLine chat workspace=Signal::stored(workspace)/> }
        })
        .collect_view();
    part("What happens now", view! { <div>{all}</div> })
}

/// Failures by their class, with and without the provider's words.
pub fn failures(now: DateTime<Utc>) -> impl IntoView {
    let failure = |kind: &str, message: &str, detail: Option<&str>| ChatError {
        message: message.to_owned(),
        detail: detail.map(str::to_owned),
        kind: kind.to_owned(),
        provider: Some("Anthropic".to_owned()),
        ..ChatError::default()
    };
    let all = [
        failure(
            "auth",
            "The model provider refused the key (401). Check the key under Settings → Providers.",
            Some("invalid x-api-key"),
        ),
        failure(
            "stream_silence",
            "Nothing came for 120 seconds. Try again.",
            None,
        ),
        ChatError::default(),
    ];
    let all = all
        .into_iter()
        .map(|error| {
            let mut chat = samples::chat(921, "", ChatStatus::Error, now);
            chat.last_error_info = Some(error);
            view! { <ErrorCallout chat=samples::open(&chat, Vec::new())/> }
        })
        .collect_view();
    part("A turn that failed", view! { <div>{all}</div> })
}

/// Connections that are lost; they are known in the browser only.
pub fn connections(now: DateTime<Utc>) -> impl IntoView {
    let retry_at_ms = Duration::milliseconds(now.timestamp_millis()) + Duration::seconds(30);
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970, as browsers count them"
    )]
    let retry_at_ms = retry_at_ms.num_milliseconds() as f64;
    let waiting = |is_restart| Connection::Waiting {
        retry_at_ms,
        is_restart,
    };
    let all = [waiting(false), waiting(true), Connection::Refused]
        .into_iter()
        .map(|connection| {
            let socket = Socket::new();
            Effect::new(move |_| socket.connection.set(connection));
            view! { <div class="gallery-over"><Reconnecting socket/></div> }
        })
        .collect_view();
    part("A lost connection", view! { <div>{all}</div> })
}
