//! A proxy between the typed client and the server cuts connections at every frame's end and at random bytes. What a
//! reader shows only grows, is always a beginning of what the server holds in the end, and in the end is exactly that.
//!
//! A soak makes it long (`store::testing::soak`).

use std::sync::Arc;

use rand::Rng as _;
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::live::{Applied, LiveChat};
use sdk::messages::ListMessages;
use sdk::users::Login;
use store::testing::soak::Tally;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::{PATIENCE, new_chat};
use crate::support::{PASSWORD, TestServer, first_user};

const READERS: u64 = 20;

/// Where the next connection breaks, as seen from the client.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// After so many whole frames.
    Frames(u64),
    /// After so many bytes of what follows the handshake.
    Bytes(u64),
}

/// One reader's proxy.
struct Proxy {
    base_url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    async fn start(server: &TestServer, mut cuts: impl FnMut() -> Cut + Send + 'static) -> Self {
        let upstream = server.base_url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                tokio::spawn(carry(client, server, cuts()));
            }
        });
        Self { base_url, task }
    }
}

/// Carries both ways until the cut.
async fn carry(client: TcpStream, server: TcpStream, cut: Cut) {
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = carry_frames(from_server, to_client, cut) => {}
    }
}

async fn carry_frames(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    cut: Cut,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    to.write_all(&head).await?;
    let mut bytes = 0;
    let mut frames = 0;
    loop {
        let frame = read_frame(&mut from).await?;
        let kept = match cut {
            Cut::Bytes(limit) => {
                let left = usize::try_from(limit - bytes).unwrap();
                &frame[..frame.len().min(left)]
            }
            Cut::Frames(_) => &frame[..],
        };
        to.write_all(kept).await?;
        bytes += frame.len() as u64;
        frames += 1;
        let is_over = match cut {
            Cut::Bytes(limit) => bytes >= limit,
            Cut::Frames(limit) => frames >= limit,
        };
        if is_over {
            return Ok(());
        }
    }
}

/// One frame from the server, which masks none.
async fn read_frame(from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![from.read_u8().await?, from.read_u8().await?];
    let extra = match frame[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut length = u64::from(frame[1] & 0x7f);
    if extra > 0 {
        length = 0;
        for _ in 0..extra {
            let byte = from.read_u8().await?;
            length = length << 8 | u64::from(byte);
            frame.push(byte);
        }
    }
    let start = frame.len();
    frame.resize(start + usize::try_from(length).unwrap(), 0);
    from.read_exact(&mut frame[start..]).await?;
    Ok(frame)
}

/// One reader's life behind its proxy: everything that it showed, and what it has in the end.
async fn read(client: Client, chat: ChatId, tally: Arc<Tally>) -> (LiveChat, Vec<String>) {
    let mut live = LiveChat::default();
    let mut history = Vec::new();
    loop {
        if let Ok(mut frames) = client.stream_chat(chat, live.cursor()).await {
            while let Some(Ok(events)) =
                tokio::time::timeout(PATIENCE, frames.next()).await.unwrap()
            {
                for event in events {
                    assert_ne!(live.apply(event), Applied::Resync);
                }
                history.push(live.answer_text());
                let is_over = live
                    .messages
                    .iter()
                    .any(|message| message.text().contains("the end"));
                if is_over && live.status.is_some() && !live.is_busy() {
                    return (live, history);
                }
            }
        }
        tally.cuts.add();
    }
}

fn script() -> String {
    let mut random = rand::rng();
    let words = random.random_range(5..60);
    let more = random.random_range(5..60);
    format!(
        "!pace 3ms\n!reason \"a thought\"\n!tokens {words}\n!call list_processes {{}}\n!then\n!tokens {more}\n!text \"the end\""
    )
}

/// The reader of this number is cut after each first, second, third … frame, or at random bytes.
fn cuts_of(reader: u64) -> impl FnMut() -> Cut + Send + 'static {
    let mut connections = 0;
    move || {
        connections += 1;
        if reader.is_multiple_of(2) {
            // Every boundary comes once; later connections last longer, so that every reader arrives.
            Cut::Frames(reader / 2 + connections)
        } else {
            let longest = 200 * connections * connections;
            Cut::Bytes(rand::rng().random_range(1..=longest.max(400)))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_behind_a_proxy_that_cuts_loses_and_repeats_nothing() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let login = Login {
        email: first_user().email,
        password: PASSWORD.into(),
    };
    let token = server
        .anonymous()
        .login(&login)
        .await
        .unwrap()
        .session_token;
    let tally = Arc::new(Tally::new("readers behind a proxy that cuts", 0));
    let mut rounds = 0;
    while tally.goes_on(rounds, 5) {
        rounds += 1;
        let chat = owner.create_chat(&new_chat(&script())).await.unwrap().id;
        let mut readers = Vec::new();
        for number in 0..READERS {
            let proxy = Proxy::start(&server, cuts_of(number)).await;
            let client = Client::new(&proxy.base_url)
                .unwrap()
                .with_token(token.clone());
            let tally = Arc::clone(&tally);
            readers.push(tokio::spawn(async move {
                let outcome = read(client, chat, tally).await;
                drop(proxy);
                outcome
            }));
        }
        let mut outcomes = Vec::new();
        for reader in readers {
            outcomes.push(reader.await.unwrap());
        }
        let page = owner
            .list_messages(chat, &ListMessages::default())
            .await
            .unwrap();
        let mut stored = page.messages;
        stored.reverse();
        for (live, history) in outcomes {
            tally.judge_reader(&live, &stored, &history);
        }
    }
    assert_eq!(tally.cases.get(), rounds * READERS);
    tally.finish();
    server.stop().await;
}
