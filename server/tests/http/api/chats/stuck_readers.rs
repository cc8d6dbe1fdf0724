//! Readers that take nothing: they are told, not dropped, and come back to what they missed. And readers to whom nothing is
//! said: they see that the connection lives.

use std::time::Duration;

use futures::StreamExt as _;
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::live::LiveChat;
use sdk::messages::ListMessages;
use sdk::stream::{StreamEvent, StreamEventKind, WATCH_PING};
use sdk::users::Login;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

use super::{PATIENCE, message, new_chat, next};
use crate::support::{PASSWORD, TestServer, first_user};

/// Together more than the system keeps for a connection.
const LONG_MESSAGES: usize = 30;
const LONG: usize = 240_000;

/// A reader behind a window so small that nothing waits on its side.
async fn narrow_reader(server: &TestServer, path: &str) -> WebSocketStream<TcpStream> {
    let login = Login {
        email: first_user().email,
        password: PASSWORD.into(),
    };
    let token = server.anonymous().login(&login).await.unwrap();
    let address = server.base_url.strip_prefix("http://").unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let connection = socket.connect(address.parse().unwrap()).await.unwrap();
    let url = format!("ws://{address}/api/experimental/chats/{path}");
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {}", token.session_token).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    client_async(request, connection).await.unwrap().0
}

/// Sends, and waits for the answer without reading the chat.
async fn say(client: &Client, chat: ChatId, text: &str) {
    client.send_message(chat, &message(text)).await.unwrap();
    until_idle(client, chat).await;
}

async fn until_idle(client: &Client, chat: ChatId) {
    let idle = async {
        while client.get_chat(chat).await.unwrap().status.is_busy() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, idle).await.expect("the turn goes on");
}

/// Everything until the server says goodbye; the code that it says it with.
async fn read_to_the_end(
    stuck: &mut WebSocketStream<TcpStream>,
    live: &mut LiveChat,
) -> Option<u16> {
    while let Some(Ok(frame)) = timeout(PATIENCE, stuck.next()).await.unwrap() {
        match frame {
            tungstenite::Message::Text(text) => {
                for event in serde_json::from_str::<Vec<StreamEvent>>(&text).unwrap() {
                    live.apply(event);
                }
            }
            tungstenite::Message::Close(goodbye) => return Some(goodbye?.code.into()),
            _ => {}
        }
    }
    None
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_told_to_come_again_and_catches_up() {
    let deadline = Duration::from_secs(3);
    let server = TestServer::start_with(|_, options| options.limits.reader_deadline = deadline);
    let server = server.await;
    let owner = server.owner().await;
    let long = "x".repeat(LONG);
    let chat = owner
        .create_chat(&new_chat("!text \"hello\""))
        .await
        .unwrap();
    let chat = chat.id;
    until_idle(&owner, chat).await;
    for _ in 0..LONG_MESSAGES {
        say(&owner, chat, &format!("!text \"ok\"\n# {long}")).await;
    }
    let mut stuck = narrow_reader(&server, &format!("{chat}/stream")).await;
    // It reads again after it was given up, and before its connection is.
    sleep(deadline * 3 / 2).await;
    let mut live = LiveChat::default();
    assert_eq!(read_to_the_end(&mut stuck, &mut live).await, Some(1013));

    say(&owner, chat, "!text \"meanwhile\"").await;
    let query = ListMessages {
        limit: Some(200),
        ..ListMessages::default()
    };
    let mut stored = owner.list_messages(chat, &query).await.unwrap().messages;
    stored.reverse();
    let mut frames = owner.stream_chat(chat, live.cursor()).await.unwrap();
    while live.messages.len() < stored.len() || live.is_busy() {
        for event in next(&mut frames).await {
            live.apply(event);
        }
    }
    assert_eq!(live.messages, stored);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_socket_shows_that_it_lives() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let chat = owner
        .create_chat(&new_chat("!text \"hello\""))
        .await
        .unwrap()
        .id;
    until_idle(&owner, chat).await;
    let pings = ["watch".to_owned(), format!("{chat}/stream")].map(async |path| {
        let mut quiet = narrow_reader(&server, &path).await;
        while let Some(Ok(frame)) = timeout(PATIENCE, quiet.next()).await.unwrap() {
            let tungstenite::Message::Text(text) = frame else {
                continue;
            };
            let is_ping = match serde_json::from_str::<Vec<StreamEvent>>(&text) {
                Ok(events) => matches!(
                    events[..],
                    [StreamEvent {
                        kind: StreamEventKind::Ping,
                        ..
                    }]
                ),
                Err(_) => text.as_str() == WATCH_PING,
            };
            if is_ping {
                return true;
            }
        }
        false
    });
    assert_eq!(futures::future::join_all(pings).await, [true, true]);
    server.stop().await;
}
