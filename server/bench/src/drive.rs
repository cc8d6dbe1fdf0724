//! A chat as a person drives it, timed; and the model server asked directly, as the limit of what is possible.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::StreamExt as _;
use http::Method;
use sdk::chats::{Chat, ChatStatus, CreateChat};
use sdk::client::{Client, Subscription};
use sdk::ids::{ChatId, ModelConfigId};
use sdk::live::LiveChat;
use sdk::messages::{CreateMessage, Role};
use sdk::parts::{InputPart, Part};
use sdk::stream::{StreamEvent, StreamEventKind};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};

/// A turn whose answer is there at once.
pub const SHORT_ANSWER: &str = "!pace 0\n!text \"ok\"";
/// Longer than any turn takes.
pub const TURN_DEADLINE: Duration = Duration::from_mins(2);

/// An open chat.
pub struct Driver {
    client: Client,
    chat_id: ChatId,
    stream: Subscription<Vec<StreamEvent>>,
    live: LiveChat,
}

/// How long a turn took.
pub struct Turn {
    /// To the first text of the answer.
    pub first_text: Duration,
    /// To the chat's rest.
    pub whole: Duration,
}

/// A new chat with its first message.
pub async fn create_chat(
    client: &Client,
    model: ModelConfigId,
    text: &str,
    with_workspace: bool,
) -> Result<Chat> {
    let empty = CreateWorkspace {
        mode: Some(WorkspaceMode::Empty),
        ..CreateWorkspace::default()
    };
    let request = CreateChat {
        content: content(text),
        model_config_id: Some(model),
        new_workspace: with_workspace.then_some(empty),
        ..CreateChat::default()
    };
    client.create_chat(&request).await.context("create a chat")
}

/// A message of this text.
pub fn message(text: &str) -> CreateMessage {
    CreateMessage {
        content: content(text),
        ..CreateMessage::default()
    }
}

/// What a message of this text holds.
pub fn content(text: &str) -> Vec<InputPart> {
    vec![InputPart::Text {
        text: text.to_owned(),
    }]
}

impl Driver {
    /// Opens the chat's stream.
    pub async fn open(client: &Client, chat_id: ChatId) -> Result<Self> {
        let stream = client
            .subscribe(&format!("/api/experimental/chats/{chat_id}/stream"))
            .await?;
        Ok(Self {
            client: client.clone(),
            chat_id,
            stream,
            live: LiveChat::default(),
        })
    }

    /// Waits until no turn is under way.
    pub async fn rest(&mut self) -> Result<()> {
        let deadline = Instant::now() + TURN_DEADLINE;
        while self.live.status.is_none_or(ChatStatus::is_busy) {
            self.next(deadline).await?;
        }
        if self.live.status == Some(ChatStatus::Error) {
            bail!("the turn failed: {:?}", self.live.error);
        }
        Ok(())
    }

    /// Sends a message and waits for the end of its turn.
    pub async fn send(&mut self, text: &str) -> Result<Turn> {
        let message = message(text);
        let started = Instant::now();
        let client = self.client.clone();
        let chat_id = self.chat_id;
        let sent = tokio::spawn(async move { client.send_message(chat_id, &message).await });
        let turn = self.turn(started).await?;
        sent.await?.context("send a message")?;
        Ok(turn)
    }

    /// Follows a turn that began at `started`.
    pub async fn turn(&mut self, started: Instant) -> Result<Turn> {
        let deadline = started + TURN_DEADLINE;
        let mut first_text = None;
        let mut has_run = false;
        loop {
            for kind in self.next(deadline).await? {
                if is_text(&kind) && first_text.is_none() {
                    first_text = Some(started.elapsed());
                }
            }
            has_run |= self.live.is_busy() || first_text.is_some();
            if has_run && !self.live.is_busy() {
                break;
            }
        }
        if self.live.status == Some(ChatStatus::Error) {
            bail!("the turn failed: {:?}", self.live.error);
        }
        let first_text = first_text.context("the answer held no text")?;
        Ok(Turn {
            first_text,
            whole: started.elapsed(),
        })
    }

    async fn next(&mut self, deadline: Instant) -> Result<Vec<StreamEventKind>> {
        let left = deadline.saturating_duration_since(Instant::now());
        let frame = tokio::time::timeout(left, self.stream.next())
            .await
            .context("the turn did not end in time")?
            .context("the stream ended")??;
        let kinds = frame.iter().map(|event| event.kind.clone()).collect();
        for event in frame {
            self.live.apply(event);
        }
        Ok(kinds)
    }
}

/// Text of the answer, live or, when the answer was over before a live part could be sent, committed.
fn is_text(kind: &StreamEventKind) -> bool {
    match kind {
        StreamEventKind::MessagePart { message_part } => {
            matches!(message_part.part, Part::Text { .. })
        }
        StreamEventKind::Message { message } => {
            message.role == Role::Assistant && !message.text().is_empty()
        }
        _ => false,
    }
}

/// The same message put to the model server itself: time to the first text.
pub async fn ask_directly(model: &Client, text: &str) -> Result<Duration> {
    let body = serde_json::json!({
        "model": "standin",
        "stream": true,
        "messages": [{"role": "user", "content": text}],
    });
    let started = Instant::now();
    let response = model
        .request(Method::POST, "/v1/chat/completions")?
        .json(&body)
        .send()
        .await?;
    if !response.status().is_success() {
        bail!(
            "the model server answered {}: {}",
            response.status(),
            response.text().await?
        );
    }
    let mut chunks = response.bytes_stream();
    let mut seen = String::new();
    let mut first = None;
    while let Some(chunk) = chunks.next().await {
        seen.push_str(&String::from_utf8_lossy(&chunk?));
        if first.is_none()
            && seen.contains("\"content\":\"")
            && !seen.trim_end().ends_with("\"content\":\"\"")
        {
            first = Some(started.elapsed());
        }
    }
    first.context("the model server sent no text")
}
