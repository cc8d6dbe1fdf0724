//! Two processes on one PostgreSQL database: how long a chat stands still when its process is gone.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use sdk::chats::CreateChat;
use sdk::client::Client;
use sdk::ids::{ChatId, MessageId};
use sdk::stream::StreamEventKind;

use crate::drive::{self, TURN_DEADLINE};
use crate::figures::{Figure, milliseconds};
use crate::processes::{self, Ending, Process};

const CHATS: usize = 8;
const LONG_ANSWER: &str = "!pace 50ms\n!tokens 2000";
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Kills a process, then stops one in order; without a database of the kind nothing is measured.
pub async fn run(server: &Path, database_url: Option<&str>) -> Result<Vec<Figure>> {
    let Some(database_url) = database_url else {
        let none = "not measured: no PostgreSQL (SWITCHYARD_TEST_POSTGRES_URL)";
        return Ok(vec![Figure::new("take-over", none, "≤ 30 s")]);
    };
    let folders = tempfile::tempdir()?;
    let start = async |name: &str| {
        processes::start_replica(server, &folders.path().join(name), database_url, KEY).await
    };
    let (first, second) = (start("first").await?, start("second").await?);
    let token = crate::scenarios::set_up(&Client::new(&first.base_url)?).await?;
    let client = |process: &Process| -> Result<Client> {
        Ok(Client::new(&process.base_url)?.with_token(token.clone()))
    };
    let killed = measure(&client(&first)?, &client(&second)?, first, Ending::Kill).await?;
    let third = start("third").await?;
    let stopped = measure(&client(&second)?, &client(&third)?, second, Ending::Stop).await?;
    third.stop().await?;
    Ok(vec![
        Figure::new(
            "take-over of 8 running chats after SIGKILL, until the last goes on",
            milliseconds(killed),
            "≤ 30 s",
        ),
        Figure::new(
            "the same after an orderly stop",
            milliseconds(stopped),
            "at once",
        ),
    ])
}

/// Chats made at one process and read at the other: from the end of the one to the first new text of each at the other.
async fn measure(
    at: &Client,
    elsewhere: &Client,
    process: Process,
    ending: Ending,
) -> Result<Duration> {
    let mut chats = Vec::with_capacity(CHATS);
    for _ in 0..CHATS {
        let request = CreateChat {
            content: drive::content(LONG_ANSWER),
            ..CreateChat::default()
        };
        chats.push(at.create_chat(&request).await?.id);
    }
    try_join_all(chats.iter().map(|chat| new_text(elsewhere, *chat))).await?;
    process.end(ending).await?;
    let ended_at = Instant::now();
    // What was on its way when the process ended has come by then.
    tokio::time::sleep(Duration::from_millis(20)).await;
    try_join_all(chats.iter().map(|chat| new_text(elsewhere, *chat))).await?;
    let time = ended_at.elapsed();
    for chat in chats {
        elsewhere.interrupt_chat(chat).await?;
    }
    Ok(time)
}

/// Waits for live text of the chat that comes after the snapshot.
async fn new_text(client: &Client, chat: ChatId) -> Result<()> {
    let mut stream = client.stream_chat(chat, MessageId(0)).await?;
    let deadline = Instant::now() + TURN_DEADLINE;
    let mut is_snapshot = true;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let frame = tokio::time::timeout(left, stream.next()).await;
        let events = frame
            .context("no text came")?
            .context("the stream ended")??;
        let has_text = events
            .iter()
            .any(|event| matches!(event.kind, StreamEventKind::MessagePart { .. }));
        if has_text && !std::mem::replace(&mut is_snapshot, false) {
            return Ok(());
        }
    }
}
