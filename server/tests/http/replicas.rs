//! Several server processes on one PostgreSQL database: live text crosses over, work goes on when one is killed or
//! stopped, and SQLite refuses a second process.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use rand::Rng as _;
use sdk::chats::{ChatStatus, CreateChat, ListChats};
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::live::{Applied, LiveChat};
use sdk::messages::{ListMessages, Message, Role};
use sdk::parts::{InputPart, Part};
use sdk::users::Login;
use store::testing::TestDb;
use store::testing::soak::Tally;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest as _};

use crate::support::running::RunningServer;
use crate::support::{PASSWORD, first_user};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const PATIENCE: Duration = Duration::from_secs(90);

fn replica(database: &TestDb, name: &str) -> RunningServer {
    let data_dir = database.folder().join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--no-ollama-detection",
            "--log",
            "warn",
        ])
        .env("SWITCHYARD_DATA_DIR", data_dir)
        .env("SWITCHYARD_DATABASE_URL", database.url().unwrap())
        .env("SWITCHYARD_ENCRYPTION_KEY", KEY)
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("OPENAI_API_KEY");
    RunningServer::spawn(command)
}

/// The first user at one process; sessions hold at all of them.
async fn sign_in(servers: &[&RunningServer]) -> Vec<Client> {
    let client = |server: &RunningServer| Client::new(&server.base_url).unwrap();
    let first = client(servers[0]);
    first.create_first_user(&first_user()).await.unwrap();
    let login = Login {
        email: first_user().email,
        password: PASSWORD.into(),
    };
    let token = first.login(&login).await.unwrap().session_token;
    servers
        .iter()
        .map(|server| client(server).with_token(token.clone()))
        .collect()
}

async fn create(client: &Client, script: &str) -> ChatId {
    let text = script.to_owned();
    let chat = CreateChat {
        content: vec![InputPart::Text { text }],
        ..CreateChat::default()
    };
    client.create_chat(&chat).await.unwrap().id
}

/// Reads at a process, coming back after each cut, until `done`.
async fn read(
    client: &Client,
    chat: ChatId,
    live: &mut LiveChat,
    done: impl Fn(&LiveChat) -> bool,
) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let Ok(mut frames) = client.stream_chat(chat, live.cursor()).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        'frames: while let Ok(Some(Ok(events))) =
            tokio::time::timeout(PATIENCE, frames.next()).await
        {
            for event in events {
                if live.apply(event) == Applied::Resync {
                    break 'frames;
                }
            }
            if done(live) {
                return;
            }
        }
    }
    panic!("it did not come: {live:?}");
}

fn preview(live: &LiveChat) -> usize {
    live.preview
        .parts
        .iter()
        .map(|part| match part {
            Part::Text { text } => text.len(),
            _ => 0,
        })
        .sum()
}

fn is_settled(live: &LiveChat) -> bool {
    live.status == Some(ChatStatus::Waiting)
}

/// Oldest first.
async fn stored(client: &Client, chat: ChatId) -> Vec<Message> {
    let query = ListMessages::default();
    let mut messages = client.list_messages(chat, &query).await.unwrap().messages;
    messages.reverse();
    messages
}

async fn assert_equal(client: &Client, chat: ChatId, live: &LiveChat) {
    let stored = stored(client, chat).await;
    assert_eq!(live.messages, stored);
    let answers = stored
        .iter()
        .filter(|message| message.role == Role::Assistant);
    assert_eq!(
        answers
            .filter(|message| message.text().contains("the end"))
            .count(),
        1
    );
    assert!(live.preview.parts.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_elsewhere_sees_the_text_while_it_is_written() {
    let database = TestDb::postgres().await;
    let (one, two) = (replica(&database, "one"), replica(&database, "two"));
    let clients = sign_in(&[&one, &two]).await;
    let chat = create(&clients[0], "!pace 20ms\n!tokens 300\n!text \"the end\"").await;
    let mut live = LiveChat::default();
    read(&clients[1], chat, &mut live, |live| preview(live) > 200).await;
    assert_eq!(live.messages.len(), 1, "nothing was committed yet");
    read(&clients[1], chat, &mut live, is_settled).await;
    assert_equal(&clients[0], chat, &live).await;
    drop((one, two));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_killed_process_goes_on_within_thirty_seconds() {
    let tally = Tally::new("kills of a server on PostgreSQL", 0);
    while tally.goes_on(tally.kills.get(), 1) {
        kill_one_of_three(&tally).await;
    }
    tally.finish();
}

/// A chat runs at one process, is read at another and looked at in the end at a third.
async fn kill_one_of_three(tally: &Tally) {
    let database = TestDb::postgres().await;
    let (one, two, three) = (
        replica(&database, "one"),
        replica(&database, "two"),
        replica(&database, "three"),
    );
    let clients = sign_in(&[&one, &two, &three]).await;
    let script = "!text \"first\"\n!call list_processes {}\n!then\n!pace 20ms\n!tokens 400\n!text \"the end\"";
    let chat = create(&clients[0], script).await;
    let mut live = LiveChat::default();
    let characters = rand::rng().random_range(1..1_500);
    read(&clients[1], chat, &mut live, |live| {
        live.messages.len() == 3 && preview(live) >= characters
    })
    .await;
    let committed = live.messages.clone();
    one.stop("KILL");
    tally.kills.add();
    let killed = Instant::now();
    let pair = live.preview.pair;
    read(&clients[1], chat, &mut live, |live| {
        live.preview.pair > pair && preview(live) > 0
    })
    .await;
    let taken_over = killed.elapsed();
    println!("taken over {taken_over:?} after SIGKILL");
    assert!(
        taken_over < Duration::from_secs(30),
        "taken over after {taken_over:?}"
    );
    read(&clients[2], chat, &mut live, is_settled).await;
    for message in committed
        .iter()
        .filter(|message| !live.messages.contains(message))
    {
        tally.note_lost("a committed message is gone or changed", message);
    }
    tally.judge_reader(&live, &stored(&clients[1], chat).await, &[]);
    assert_equal(&clients[1], chat, &live).await;
    drop((two, three));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_stopped_process_goes_on_at_once() {
    let database = TestDb::postgres().await;
    let (one, two) = (replica(&database, "one"), replica(&database, "two"));
    let clients = sign_in(&[&one, &two]).await;
    let chat = create(&clients[0], "!pace 20ms\n!tokens 400\n!text \"the end\"").await;
    let mut live = LiveChat::default();
    read(&clients[1], chat, &mut live, |live| preview(live) > 100).await;
    let pair = live.preview.pair;
    let stopped = Instant::now();
    let stopping = tokio::task::spawn_blocking(move || one.stop("TERM"));
    read(&clients[1], chat, &mut live, |live| {
        is_settled(live) || live.preview.pair > pair && preview(live) > 0
    })
    .await;
    let taken_over = stopped.elapsed();
    println!("taken over {taken_over:?} after SIGTERM");
    // Given back at once, whatever still reads at the process that stops.
    assert!(
        taken_over < Duration::from_secs(3),
        "taken over after {taken_over:?}"
    );
    let (code, _) = stopping.await.unwrap();
    assert_eq!(code, Some(0));
    read(&clients[1], chat, &mut live, is_settled).await;
    assert_equal(&clients[1], chat, &live).await;
    drop(two);
    database.remove().await;
}

#[tokio::test]
async fn live_text_is_for_processes_of_the_deployment_only() {
    let database = TestDb::postgres().await;
    let one = replica(&database, "one");
    let clients = sign_in(&[&one]).await;
    let chat = create(&clients[0], "!text \"the end\"").await;
    // A signed-in owner is no process of the deployment.
    let refused = clients[0].follow_replica(chat).await.err().unwrap();
    assert_eq!(refused.status(), Some(401));
    drop(one);
    database.remove().await;
}

fn second_on(data_dir: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(["serve", "--listen", "127.0.0.1:0", "--no-ollama-detection"])
        .env("SWITCHYARD_DATA_DIR", data_dir)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn sqlite_refuses_a_second_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = RunningServer::start(folder.path());
    let second = second_on(folder.path());
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        text.contains("switchyard.db.lock") && text.contains("PostgreSQL"),
        "{text}"
    );
    drop(first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_a_process_that_stops_are_told_to_come_back_and_it_takes_no_new_work() {
    let folder = tempfile::tempdir().unwrap();
    let server = RunningServer::start(folder.path());
    let client = Client::new(&server.base_url).unwrap();
    client.create_first_user(&first_user()).await.unwrap();
    let login = Login {
        email: first_user().email,
        password: PASSWORD.into(),
    };
    let token = client.login(&login).await.unwrap().session_token;
    let client = client.with_token(token.clone());
    let chat = create(&client, "!pace 20ms\n!tokens 4000").await;
    let mut sockets = Vec::new();
    for path in ["watch".to_owned(), format!("{chat}/stream")] {
        let address = server.base_url.replace("http://", "ws://");
        let url = format!("{address}/api/experimental/chats/{path}");
        let mut request = url.into_client_request().unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        sockets.push(tokio_tungstenite::connect_async(request).await.unwrap().0);
    }
    let stopping = tokio::task::spawn_blocking(move || server.stop("TERM"));
    for mut socket in sockets {
        let code = async {
            while let Some(Ok(frame)) = socket.next().await {
                if let tungstenite::Message::Close(goodbye) = frame {
                    return goodbye.map(|goodbye| u16::from(goodbye.code));
                }
            }
            None
        };
        let code = tokio::time::timeout(PATIENCE, code).await.unwrap();
        // "Service restart": the page comes back by itself.
        assert_eq!(code, Some(1012));
    }
    let request = CreateChat {
        content: vec![InputPart::Text {
            text: "late".into(),
        }],
        ..CreateChat::default()
    };
    client.create_chat(&request).await.unwrap_err();
    let (exit_code, _) = stopping.await.unwrap();
    assert_eq!(exit_code, Some(0));

    let again = RunningServer::start(folder.path());
    let client = Client::new(&again.base_url).unwrap().with_token(token);
    let chats = client.list_chats(&ListChats::default()).await.unwrap();
    assert_eq!(chats.iter().map(|chat| chat.id).collect::<Vec<_>>(), [chat]);
}
