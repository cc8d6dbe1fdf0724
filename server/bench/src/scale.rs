//! Much of everything: a long chat, a long list, a thousand readers. Each is measured against the little of the same.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use futures::future::try_join_all;
use http::Method;
use sdk::chat_config::UpdateCompactionThreshold;
use sdk::chats::{ChatStatus, ListChats};
use sdk::client::Client;
use sdk::ids::{ChatId, ModelConfigId};
use sdk::live::LiveChat;
use sdk::messages::{CreateMessage, ListMessages, Message, Role};
use sdk::parts::Part;
use sdk::stream::StreamEventKind;

use crate::drive::{self, SHORT_ANSWER, TURN_DEADLINE};
use crate::figures::{Figure, Times, milliseconds};
use crate::processes::{self, Process, Seed};
use crate::scenarios::wait_for_model;

const MANY_CHATS: usize = 5_000;
const MANY_MESSAGES: usize = 10_000;
const FEW_MESSAGES: usize = 50;
const RUNNING_CHATS: usize = 200;
const READERS_OF_EACH: usize = 5;
/// Words that carry the time at which the model sent them.
const CLOCKS: &str = "!pace 50ms\n!clock 100";

/// Runs everything on seeded data.
pub async fn run(server: &Path, model_url: &str, rounds: usize) -> Result<Vec<Figure>> {
    let much = Seeded::start(server, model_url, MANY_CHATS, MANY_MESSAGES).await?;
    // The same list beside it: only the history differs.
    let little = Seeded::start(server, model_url, MANY_CHATS, FEW_MESSAGES).await?;
    let mut figures = opening(&much, &little, rounds).await.context("open")?;
    figures.push(listing(&much, rounds).await.context("list")?);
    let model = wait_for_model(&much.client).await?;
    figures.push(sending(&much, model, rounds).await.context("send")?);
    little.process.stop().await?;
    figures.push(readers(&much, model).await.context("1,000 readers")?);
    much.process.stop().await?;
    Ok(figures)
}

/// The sends to a long chat alone.
pub async fn run_sending(server: &Path, model_url: &str, rounds: usize) -> Result<Figure> {
    let much = Seeded::start(server, model_url, FEW_MESSAGES, MANY_MESSAGES).await?;
    let model = wait_for_model(&much.client).await?;
    let figure = sending(&much, model, rounds).await?;
    much.process.stop().await?;
    Ok(figure)
}

/// A server on data that `switchyard dev seed` wrote.
struct Seeded {
    process: Process,
    client: Client,
    cookie: String,
    long_chat: ChatId,
    _data: tempfile::TempDir,
}

impl Seeded {
    async fn start(server: &Path, model_url: &str, chats: usize, messages: usize) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let seed = Seed {
            chats,
            messages,
            ..Seed::default()
        };
        let login = processes::seed(server, data.path(), seed).await?;
        let (process, _) = processes::start_server(server, data.path(), model_url).await?;
        let client = Client::new(&process.base_url)?;
        let token = client.login(&login).await?.session_token;
        let client = client.with_token(token.clone());
        let long_chat = long_chat(&client, messages).await?;
        Ok(Self {
            process,
            client,
            cookie: format!("switchyard_session={token}"),
            long_chat,
            _data: data,
        })
    }

    /// A document of the server's: how long it took and how many bytes came.
    async fn get(&self, path: &str) -> Result<(Duration, usize)> {
        let started = Instant::now();
        let response = self
            .client
            .request(Method::GET, path)?
            .header(http::header::COOKIE, &self.cookie)
            .send()
            .await?
            .error_for_status()?;
        let bytes = response.bytes().await?.len();
        Ok((started.elapsed(), bytes))
    }
}

/// The seeded chat of so many messages.
pub async fn long_chat(client: &Client, messages: usize) -> Result<ChatId> {
    let wanted = format!("{messages} messages");
    let query = ListChats {
        q: Some(format!("title:\"{wanted}\"")),
        ..ListChats::default()
    };
    let found = client.list_chats(&query).await?;
    let chat = found
        .first()
        .with_context(|| format!("no chat {wanted:?}"))?;
    Ok(chat.id)
}

/// A long chat against a short one, by turns: the newest messages as the API gives them, and the page.
async fn opening(much: &Seeded, little: &Seeded, rounds: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let documents = [
        (
            "open a 10,000-message chat against a 50-message one: the API's newest page",
            "/api/experimental/chats/{chat}/messages?limit=50",
        ),
        ("the same: the rendered page", "/agents/{chat}"),
    ];
    for (name, path) in documents {
        let [long_path, short_path] =
            [much, little].map(|seeded| path.replace("{chat}", &seeded.long_chat.to_string()));
        let (mut long, mut short, mut bytes) = (Vec::new(), Vec::new(), (0, 0));
        for _ in 0..rounds {
            let (time, length) = much.get(&long_path).await?;
            long.push(time);
            bytes.0 = length;
            let (time, length) = little.get(&short_path).await?;
            short.push(time);
            bytes.1 = length;
        }
        let (long, short) = (Times::new(long), Times::new(short));
        figures.push(Figure::new(
            name,
            format!(
                "{:.2} × (medians {}); {} against {} bytes",
                long.ratio(&short),
                long.against(&short),
                bytes.0,
                bytes.1
            ),
            "≤ 1.2 ×",
        ));
    }
    Ok(figures)
}

async fn listing(much: &Seeded, rounds: usize) -> Result<Figure> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        times.push(much.get("/api/experimental/chats?limit=50").await?.0);
    }
    Ok(Figure::new(
        "list 5,000 chats, the first page of 50",
        Times::new(times).summary(),
        "≤ 15 ms",
    ))
}

/// From the request to its answer; the turn that follows is waited for and not counted. The whole history goes to the
/// model each time: summaries are switched off.
async fn sending(much: &Seeded, model: ModelConfigId, rounds: usize) -> Result<Figure> {
    let never = UpdateCompactionThreshold {
        threshold_percent: 100,
    };
    let changed = much.client.update_compaction_threshold(model, &never);
    changed.await?;
    let query = ListChats {
        limit: Some(1),
        ..ListChats::default()
    };
    let short_chat = much.client.list_chats(&query).await?;
    let short_chat = short_chat.first().context("no chats")?.id;
    ensure!(
        short_chat != much.long_chat,
        "the list begins with the long chat"
    );
    let (mut long, mut short) = (Vec::new(), Vec::new());
    for chat in [much.long_chat, short_chat] {
        send(&much.client, chat, model).await?;
    }
    for _ in 0..rounds {
        long.push(send(&much.client, much.long_chat, model).await?);
        short.push(send(&much.client, short_chat, model).await?);
    }
    let (long, short) = (Times::new(long), Times::new(short));
    Ok(Figure::new(
        "send after 10,000 messages against after few",
        format!(
            "{:.2} × (medians {})",
            long.ratio(&short),
            long.against(&short)
        ),
        "flat",
    ))
}

async fn send(client: &Client, chat: ChatId, model: ModelConfigId) -> Result<Duration> {
    let message = CreateMessage {
        model_config_id: Some(model),
        ..drive::message(SHORT_ANSWER)
    };
    let started = Instant::now();
    client.send_message(chat, &message).await?;
    let time = started.elapsed();
    loop {
        let chat = client.get_chat(chat).await?;
        if chat.status == ChatStatus::Waiting {
            return Ok(time);
        }
        ensure!(
            chat.status.is_busy() && started.elapsed() < TURN_DEADLINE,
            "the turn did not end well: {:?}",
            chat.last_error
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How long each word was on its way from the model to each reader, and whether every reader has what the store has.
async fn readers(much: &Seeded, model: ModelConfigId) -> Result<Figure> {
    let client = &much.client;
    let mut chats = Vec::with_capacity(RUNNING_CHATS);
    for _ in 0..RUNNING_CHATS {
        chats.push(
            drive::create_chat(client, model, SHORT_ANSWER, false)
                .await?
                .id,
        );
    }
    let mut tasks = Vec::new();
    let (go, _) = tokio::sync::watch::channel(false);
    for chat in &chats {
        drive::Driver::open(client, *chat).await?.rest().await?;
        for _ in 0..READERS_OF_EACH {
            tasks.push(tokio::spawn(read(client.clone(), *chat, go.subscribe())));
        }
    }
    // Until all of them are connected.
    tokio::time::sleep(Duration::from_secs(2)).await;
    go.send(true)?;
    try_join_all(
        chats
            .iter()
            .map(async |chat| client.send_message(*chat, &drive::message(CLOCKS)).await),
    )
    .await?;
    let mut delays = Vec::new();
    let mut lost = 0;
    for (number, task) in tasks.into_iter().enumerate() {
        let (mut seen, text) = task.await??;
        delays.append(&mut seen);
        let chat = chats
            .get(number / READERS_OF_EACH)
            .context("no such chat")?;
        lost += usize::from(text != stored_text(client, *chat).await?);
    }
    let count = delays.len();
    let times = Times::new(delays);
    Ok(Figure::new(
        "1,000 readers on 200 running chats, each word's way from the model to each reader",
        format!(
            "p99 {}, median {}, max {}; {count} words, {lost} readers with another text than the store",
            milliseconds(times.percentile(99)),
            milliseconds(times.percentile(50)),
            milliseconds(times.percentile(100)),
        ),
        "p99 ≤ 100 ms, no loss",
    ))
}

/// Reads a chat from before its turn to the turn's end: each word's delay, and the answer as it stands then.
async fn read(
    client: Client,
    chat: ChatId,
    mut go: tokio::sync::watch::Receiver<bool>,
) -> Result<(Vec<Duration>, String)> {
    let mut live = LiveChat::default();
    let mut stream = client.stream_chat(chat, live.cursor()).await?;
    let mut delays = Vec::new();
    let deadline = Instant::now() + TURN_DEADLINE;
    go.wait_for(|go| *go).await?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let frame = tokio::time::timeout(left, stream.next()).await?;
        let events = frame.context("the stream ended")??;
        let now = Utc::now().timestamp_micros();
        for event in events {
            if let StreamEventKind::MessagePart { message_part } = &event.kind
                && let Part::Text { text } = &message_part.part
            {
                let sent = text.split_whitespace().filter_map(|word| word.parse().ok());
                delays.extend(sent.map(|sent: i64| {
                    Duration::from_micros(u64::try_from(now - sent).unwrap_or(0))
                }));
            }
            live.apply(event);
        }
        if !delays.is_empty() && live.status == Some(ChatStatus::Waiting) {
            let newest = live.messages.last().map(Message::text);
            return Ok((delays, newest.unwrap_or_default()));
        }
    }
}

async fn stored_text(client: &Client, chat: ChatId) -> Result<String> {
    let query = ListMessages {
        limit: Some(1),
        ..ListMessages::default()
    };
    let page = client.list_messages(chat, &query).await?;
    let newest = page.messages.first().context("no messages")?;
    ensure!(newest.role == Role::Assistant, "the turn left no answer");
    Ok(newest.text())
}
