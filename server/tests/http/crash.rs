//! The server is killed at random moments of a turn of many steps and started again: the turn ends, no committed
//! message is lost or changed, no step is committed twice, and no committed command runs twice.
//!
//! A failure prints its seed; `SWITCHYARD_SEED` runs the same moments again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sdk::chats::{Chat, ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::{ListMessages, Message, Role};
use sdk::parts::{InputPart, Part};
use sdk::users::Login;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use store::testing::soak::Tally;
use tokio::process::{Child, Command};

use crate::support::{PASSWORD, first_user};

const KILLS: u64 = 20;
/// So many of a hundred must hit a turn that runs.
const FEWEST_HITS_PERCENT: u64 = 75;
const STEPS: usize = 8;
/// A kill comes up to this long after the message that it waits for.
const LONGEST_PAUSE_MICROS: u64 = 40_000;
const DEADLINE: Duration = Duration::from_mins(1);

/// The server as a process, on the same address and data each time.
struct Program {
    data_dir: PathBuf,
    address: String,
}

impl Program {
    async fn start(&self) -> Child {
        let child = Command::new(env!("CARGO_BIN_EXE_switchyard"))
            .args([
                "serve",
                "--no-ollama-detection",
                "--log",
                "error",
                "--listen",
                &self.address,
                "--data-dir",
            ])
            .arg(&self.data_dir)
            .env_remove("ANTHROPIC_API_KEY")
            .env_remove("OPENAI_API_KEY")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let client = self.client();
        let started = Instant::now();
        while client.get_build_info().await.is_err() {
            assert!(started.elapsed() < DEADLINE, "the server did not start");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        child
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_survives_twenty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let program = Program {
        data_dir: folder.path().join("data"),
        address: format!("127.0.0.1:{port}"),
    };
    let mut server = program.start().await;
    program
        .client()
        .create_first_user(&first_user())
        .await
        .unwrap();
    let login = Login {
        email: first_user().email,
        password: PASSWORD.into(),
    };
    let token = program.client().login(&login).await.unwrap().session_token;
    let client = program.client().with_token(token);

    let seed = std::env::var("SWITCHYARD_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| rand::rng().random());
    println!("SWITCHYARD_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let tally = Tally::new("kills of a server on SQLite", 0);
    let mut hits = 0;
    while tally.goes_on(tally.kills.get(), KILLS) {
        tally.kills.add();
        let kill = tally.kills.get();
        let moment = Moment::any(&mut random);
        let chat = begin_turn(&client, kill).await;
        let before = watch_until(&client, chat.id, moment).await;
        server.kill().await.unwrap();
        hits += u64::from(was_running(&program.data_dir, chat.id).await);
        server = program.start().await;
        let after = at_rest(&client, chat.id).await;
        tally.cases.add();
        judge(&tally, kill, &before, &after, &program.data_dir);
    }
    server.kill().await.unwrap();
    let kills = tally.kills.get();
    println!("{hits} of {kills} kills hit a running turn");
    assert!(
        hits * 100 >= FEWEST_HITS_PERCENT * kills,
        "only {hits} of {kills} kills hit a running turn"
    );
    tally.finish();
}

/// A moment of a turn, by what is committed, so that a slow machine and a fast one are hit alike.
#[derive(Clone, Copy, Debug)]
struct Moment {
    messages: usize,
    pause: Duration,
}

impl Moment {
    fn any(random: &mut StdRng) -> Self {
        Self {
            // The person's message, then a call and its result for each step.
            messages: random.random_range(1..=2 * STEPS),
            pause: Duration::from_micros(random.random_range(0..LONGEST_PAUSE_MICROS)),
        }
    }
}

/// Whether the server that was killed left the chat in the middle of its turn.
async fn was_running(data_dir: &Path, chat: ChatId) -> bool {
    let options = store::OpenOptions::from_url(None, data_dir).unwrap();
    let db = store::Db::open_beside(&options).await.unwrap();
    let row = store::chats::get(&db, chat).await.unwrap().unwrap();
    db.close().await;
    row.status == store::chats::Status::Running
}

/// A new chat in an empty workspace whose turn runs [`STEPS`] commands one after the other.
async fn begin_turn(client: &Client, kill: u64) -> Chat {
    let steps: Vec<String> = (0..STEPS)
        .map(|step| {
            let command = format!("echo kill-{kill}-step-{step} >> steps.log");
            format!(
                "!text \"Step {step}.\"\n!call execute {}\n!then",
                serde_json::json!({ "command": command })
            )
        })
        .collect();
    let script = format!(
        "!pace 2ms\n{}\n!text \"All steps are done.\"",
        steps.join("\n")
    );
    let request = CreateChat {
        content: vec![InputPart::Text { text: script }],
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..CreateChat::default()
    };
    client.create_chat(&request).await.unwrap()
}

async fn messages(client: &Client, chat: ChatId) -> Option<Vec<Message>> {
    let query = ListMessages {
        limit: Some(200),
        ..ListMessages::default()
    };
    let mut messages = client.list_messages(chat, &query).await.ok()?.messages;
    messages.reverse();
    Some(messages)
}

/// Everything seen committed until the moment comes.
async fn watch_until(
    client: &Client,
    chat: ChatId,
    moment: Moment,
) -> BTreeMap<MessageId, Message> {
    let started = Instant::now();
    let mut seen = BTreeMap::new();
    let mut reached = None;
    while reached.is_none_or(|reached: Instant| reached.elapsed() < moment.pause) {
        for message in messages(client, chat).await.unwrap_or_default() {
            seen.insert(message.id, message);
        }
        if seen.len() >= moment.messages {
            reached.get_or_insert_with(Instant::now);
        }
        assert!(started.elapsed() < DEADLINE, "{moment:?} did not come");
    }
    seen
}

async fn at_rest(client: &Client, chat: ChatId) -> Vec<Message> {
    let started = Instant::now();
    loop {
        let seen = client.get_chat(chat).await.unwrap();
        if !seen.status.is_busy() {
            assert_eq!(seen.status, ChatStatus::Waiting, "{:?}", seen.last_error);
            return messages(client, chat).await.unwrap();
        }
        assert!(
            started.elapsed() < DEADLINE,
            "the turn did not end: {:?} since {:?}",
            seen.status,
            seen.status_since
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What was committed before the kill against what is there after it, and both against what the turn was to do.
fn judge(
    tally: &Tally,
    kill: u64,
    before: &BTreeMap<MessageId, Message>,
    after: &[Message],
    data_dir: &Path,
) {
    for message in before.values().filter(|message| !after.contains(message)) {
        tally.note_lost("a committed message is gone or changed", message);
    }
    let expected: Vec<String> = (0..STEPS)
        .map(|step| format!("echo kill-{kill}-step-{step} >> steps.log"))
        .collect();
    let committed = commands(after);
    for command in expected.iter().filter(|step| !committed.contains(step)) {
        tally.note_lost("a step of the turn is missing", command);
    }
    for command in repeated(&committed) {
        tally.note_duplicated("a step was committed twice", &command);
    }
    for line in repeated(&logged_lines(data_dir, kill)) {
        tally.note_duplicated("a committed command ran twice", &line);
    }
    let calls: Vec<&str> = after.iter().flat_map(calls_of).collect();
    let results: Vec<&str> = after.iter().flat_map(results_of).collect();
    assert_eq!(
        calls, results,
        "kill {kill}: each call has its one result, in order"
    );
    let last = after.last().unwrap();
    assert_eq!(last.role, Role::Assistant);
    assert!(
        last.text().contains("All steps are done."),
        "kill {kill}: {}",
        last.text()
    );
}

/// Those that stand there more than once.
fn repeated(lines: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    lines.iter().filter(|line| !seen.insert(*line)).collect()
}

fn commands(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .flat_map(|message| &message.content)
        .filter_map(|part| match part {
            Part::ToolCall(call) => call
                .args
                .as_ref()?
                .get("command")?
                .as_str()
                .map(str::to_owned),
            _ => None,
        })
        .collect()
}

fn calls_of(message: &Message) -> Vec<&str> {
    message
        .content
        .iter()
        .filter(|part| matches!(part, Part::ToolCall(_)))
        .filter_map(id_of)
        .collect()
}

fn results_of(message: &Message) -> Vec<&str> {
    message
        .content
        .iter()
        .filter(|part| matches!(part, Part::ToolResult(_)))
        .filter_map(id_of)
        .collect()
}

fn id_of(part: &Part) -> Option<&str> {
    match part {
        Part::ToolCall(call) => Some(&call.tool_call_id),
        Part::ToolResult(result) => Some(&result.tool_call_id),
        _ => None,
    }
}

/// Lines that the commands of this kill's turn wrote, wherever its workspace lies.
fn logged_lines(data_dir: &Path, kill: u64) -> Vec<String> {
    let wanted = format!("kill-{kill}-");
    let mut lines = Vec::new();
    let mut folders = vec![data_dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "steps.log") {
                let text = std::fs::read_to_string(path).unwrap();
                lines.extend(
                    text.lines()
                        .filter(|line| line.starts_with(&wanted))
                        .map(str::to_owned),
                );
            }
        }
    }
    lines
}
