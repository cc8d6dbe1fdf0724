//! What is done in workspaces: a new chat's first command, calls one after the other, and many that wait.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::try_join_all;
use sdk::client::{Client, Subscription};
use sdk::ids::{ChatId, MessageId, ModelConfigId, WorkspaceId};
use sdk::messages::{ListMessages, Role};
use sdk::stream::{StreamEvent, StreamEventKind};
use sdk::workspaces::{CreateWorkspace, DeleteWorkspace, WorkspaceMode, WorkspaceStatus};

use crate::drive;
use crate::figures::{Figure, Times, megabytes, milliseconds};
use crate::processes::{self, Process};
use crate::scenarios::{set_up, wait_for_model};

const NEW_CHATS: usize = 10;
const IDLE: usize = 100;
/// Of the machines that this is measured on.
const PAGE_BYTES: u64 = 4096;
const DEADLINE: Duration = Duration::from_mins(2);
const FILE_BYTES: usize = 1024 * 1024;
const ONE_CALL: &str = "!pace 0\n!call execute {\"command\":\"true\"}\n!then\n!text \"ok\"";
const CALLS: &str = "!pace 0\n!call execute {\"command\":\"true\"}\n!repeat 40\n!text \"ok\"";

/// Runs everything on data of its own.
pub async fn run(server: &Path, model_url: &str) -> Result<Vec<Figure>> {
    let data = tempfile::tempdir()?;
    let (process, _) = processes::start_server(server, data.path(), model_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = set_up(&client).await?;
    let client = client.with_token(token);
    let model = wait_for_model(&client).await?;
    let mut figures = vec![new_chats(&client, model).await.context("new chats")?];
    figures.extend(calls(&client, model).await.context("calls")?);
    figures.extend(idle(&client, &process).await.context("idle")?);
    process.stop().await?;
    Ok(figures)
}

/// Waits until a workspace can be worked in.
pub async fn ready(client: &Client, id: WorkspaceId) -> Result<()> {
    let started = Instant::now();
    loop {
        let now = client.get_workspace(id).await?;
        match now.status {
            WorkspaceStatus::Ready => return Ok(()),
            WorkspaceStatus::Failed => bail!("no workspace: {:?}", now.status_reason),
            _ => ensure!(started.elapsed() < DEADLINE, "the workspace is not ready"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn new_chats(client: &Client, model: ModelConfigId) -> Result<Figure> {
    let mut times = Vec::with_capacity(NEW_CHATS);
    for _ in 0..NEW_CHATS {
        let started = Instant::now();
        let chat = drive::create_chat(client, model, ONE_CALL, true).await?;
        let mut results = Results::open(client, chat.id).await?;
        results.next().await?;
        times.push(started.elapsed());
        let workspace = chat.workspace_id.context("no workspace")?;
        settled(client, chat.id).await?;
        delete(client, workspace).await?;
    }
    Ok(Figure::new(
        "new chat with a new workspace: to its first command's result",
        Times::new(times).summary(),
        "≤ 700 ms",
    ))
}

/// Each call's time is from the result before it, so it holds the model's answer that asks for the next one as well.
async fn calls(client: &Client, model: ModelConfigId) -> Result<Vec<Figure>> {
    let chat = drive::create_chat(client, model, ONE_CALL, true).await?;
    settled(client, chat.id).await?;
    let workspace = chat.workspace_id.context("no workspace")?;
    let folder = client.get_workspace(workspace).await?.working_directory;
    let file = format!("{folder}/large.txt");
    let line = "0123456789abcdef0123456789abcdef\n";
    fs::write(&file, line.repeat(FILE_BYTES / line.len()))?;
    let last_lines = FILE_BYTES / line.len() - 100;
    let read = format!(
        "!pace 0\n!call read_file {{\"path\":{file:?},\"offset\":{last_lines}}}\n!repeat 20\n!text \"ok\""
    );
    let figures = vec![
        Figure::new(
            "`execute true`, one after the other: from a result to the next one's",
            between(client, chat.id, CALLS).await?.summary(),
            "≤ 8 ms",
        ),
        Figure::new(
            "the same with `read_file` at the end of a file of 1 MB",
            between(client, chat.id, &read).await?.summary(),
            "–",
        ),
    ];
    delete(client, workspace).await?;
    Ok(figures)
}

async fn between(client: &Client, chat: ChatId, script: &str) -> Result<Times> {
    let mut results = Results::open(client, chat).await?;
    client.send_message(chat, &drive::message(script)).await?;
    results.next().await?;
    let mut times = Vec::new();
    let mut last = Instant::now();
    while results.next().await? {
        times.push(last.elapsed());
        last = Instant::now();
    }
    ensure!(
        times.len() >= 10,
        "only {} calls were answered",
        times.len()
    );
    Ok(Times::new(times))
}

async fn idle(client: &Client, server: &Process) -> Result<Vec<Figure>> {
    let empty = CreateWorkspace {
        mode: Some(WorkspaceMode::Empty),
        ..CreateWorkspace::default()
    };
    let before = memory_bytes(server)?;
    let started = Instant::now();
    let made = try_join_all((0..IDLE).map(|_| client.create_workspace(&empty))).await?;
    for workspace in &made {
        ready(client, workspace.id).await?;
    }
    let time = started.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = memory_bytes(server)?.saturating_sub(before) / IDLE as u64;
    try_join_all(made.iter().map(|workspace| delete(client, workspace.id))).await?;
    Ok(vec![
        Figure::new(
            "100 idle workspaces: own memory of each, with what the server holds for it",
            megabytes(each),
            "–",
        ),
        Figure::new("the same: until all are ready", milliseconds(time), "–"),
    ])
}

/// What the processes take that is not of a file: the program itself is there once for all of them.
fn memory_bytes(server: &Process) -> Result<u64> {
    let mut pages = 0;
    for process in server.tree()? {
        let statm = fs::read_to_string(process.join("statm")).unwrap_or_default();
        let mut numbers = statm
            .split_whitespace()
            .filter_map(|number| number.parse().ok());
        let (resident, shared): (u64, u64) = (
            numbers.nth(1).unwrap_or_default(),
            numbers.next().unwrap_or_default(),
        );
        pages += resident.saturating_sub(shared);
    }
    Ok(pages * PAGE_BYTES)
}

async fn settled(client: &Client, chat: ChatId) -> Result<()> {
    drive::Driver::open(client, chat).await?.rest().await
}

async fn delete(client: &Client, id: WorkspaceId) -> Result<()> {
    let force = DeleteWorkspace { force: true };
    Ok(client.delete_workspace(id, force).await?)
}

/// The results of a chat's calls as a reader sees them, from the newest message on.
struct Results {
    stream: Subscription<Vec<StreamEvent>>,
    come: usize,
    was_busy: bool,
    is_over: bool,
}

impl Results {
    async fn open(client: &Client, chat: ChatId) -> Result<Self> {
        let query = ListMessages {
            limit: Some(1),
            ..ListMessages::default()
        };
        let newest = client.list_messages(chat, &query).await?.messages;
        let after = newest.first().map_or(MessageId(0), |newest| newest.id);
        Ok(Self {
            stream: client.stream_chat(chat, after).await?,
            come: 0,
            was_busy: false,
            is_over: false,
        })
    }

    /// Waits for one more result; `false` when the turn ended without.
    async fn next(&mut self) -> Result<bool> {
        while self.come == 0 && !self.is_over {
            let frame = tokio::time::timeout(DEADLINE, self.stream.next()).await;
            let frame = frame.context("no result came")?;
            for event in frame.context("the stream ended")?? {
                match event.kind {
                    StreamEventKind::Message { message } if message.role == Role::Tool => {
                        self.come += 1;
                    }
                    StreamEventKind::Status { status } => {
                        self.was_busy |= status.status.is_busy();
                        self.is_over = self.was_busy && !status.status.is_busy();
                    }
                    StreamEventKind::Error { error } => bail!("the turn failed: {error:?}"),
                    _ => {}
                }
            }
        }
        let has_one = self.come > 0;
        self.come -= usize::from(has_one);
        Ok(has_one)
    }
}
