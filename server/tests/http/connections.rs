//! Connections: how long they may wait, how many there are, and when open sockets end.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use sdk::chats::{ChatStatus, CreateChat};
use sdk::ids::MessageId;
use sdk::parts::InputPart;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use workspace::connection::local_socket;

use crate::support::TestServer;

const PATIENCE: Duration = Duration::from_secs(30);

async fn connect(server: &TestServer) -> TcpStream {
    let address = server.base_url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Everything until the server closes the connection.
async fn rest(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, connection.read_to_end(&mut bytes))
        .await
        .expect("the connection stays open");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn questions_that_do_not_come_to_an_end_are_cut() {
    let server = TestServer::start_with(|_, options| {
        options.limits.header_deadline = Duration::from_millis(300);
    })
    .await;
    for beginning in [
        "",
        // So do requests of another version of the protocol begin.
        "P",
        "GET / HTTP/1.1\r\nhost: localhost\r\nx-slow:",
        "GET /api/v2/buildinfo HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HTTP/1.1\r\nx-slow:",
    ] {
        let mut connection = connect(&server).await;
        connection.write_all(beginning.as_bytes()).await.unwrap();
        let said = rest(&mut connection).await;
        assert_eq!(
            said.contains("HTTP/1.1 200"),
            beginning.contains("buildinfo"),
            "{beginning:?}: {said}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait_in_line() {
    let server = TestServer::start_with(|_, options| options.limits.most_connections = 1).await;
    let mut first = connect(&server).await;
    let question = b"GET /api/v2/buildinfo HTTP/1.1\r\nhost: localhost\r\n\r\n";
    first.write_all(question).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    let mut second = connect(&server).await;
    second.write_all(question).await.unwrap();
    let early = timeout(Duration::from_millis(300), second.read_u8()).await;
    assert!(early.is_err(), "the second was not made to wait: {early:?}");
    drop(first);
    timeout(PATIENCE, second.read_exact(&mut answer))
        .await
        .expect("the second is never answered")
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(second);
    server.stop().await;
}

#[tokio::test]
async fn a_socket_ends_when_its_session_expires() {
    let clock = platform::Clock::manual(chrono::Utc::now());
    let server = TestServer::start_with(|platform, options| {
        platform.clock = clock.clone();
        options.limits.socket_check_interval = Duration::from_millis(50);
    })
    .await;
    let owner = server.owner().await;
    let mut watch = owner.watch_chats().await.unwrap();
    let early = timeout(Duration::from_millis(500), watch.next()).await;
    assert!(early.is_err(), "the socket ended too early");
    clock.advance(chrono::TimeDelta::days(30));
    let end = timeout(PATIENCE, watch.next()).await;
    assert!(end.expect("the socket lives on").is_none());
    server.stop().await;
}

#[tokio::test]
async fn a_busy_socket_ends_when_its_person_signs_out() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let request = CreateChat {
        content: vec![InputPart::Text {
            text: "!pace 1ms\n!tokens 30000".to_owned(),
        }],
        ..CreateChat::default()
    };
    let chat = owner.create_chat(&request).await.unwrap();
    let mut stream = owner.stream_chat(chat.id, MessageId(0)).await.unwrap();
    for _ in 0..20 {
        let frame = timeout(PATIENCE, stream.next()).await.unwrap();
        frame.unwrap().unwrap();
    }
    owner.sign_out_everywhere().await.unwrap();
    let ended = async { while stream.next().await.is_some() {} };
    timeout(PATIENCE, ended).await.expect("the stream goes on");
    let again = server.owner().await;
    let still = again.get_chat(chat.id).await.unwrap();
    assert_eq!(still.status, ChatStatus::Running, "the turn was too short");
    again.interrupt_chat(chat.id).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn at_the_socket_for_agents_nothing_else_answers() {
    let server = TestServer::start().await;
    let (_, port) = server.base_url.rsplit_once(':').unwrap();
    let name = local_socket::name(port.parse().unwrap());
    let folder = local_socket::folder(&server.data_dir());
    let path = folder.join(name);
    for (path, mode) in [(&folder, 0o700), (&path, 0o600)] {
        let found = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
    for (asked, status) in [
        ("/api/v2/agents/connect", "HTTP/1.1 401"),
        ("/api/v2/buildinfo", "HTTP/1.1 404"),
        ("/api/v2/agents/../users/first", "HTTP/1.1 404"),
        ("/agents", "HTTP/1.1 404"),
    ] {
        let mut connection = UnixStream::connect(&path).await.unwrap();
        let question =
            format!("GET {asked} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        connection.write_all(question.as_bytes()).await.unwrap();
        let mut said = String::new();
        connection.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with(status), "{asked}: {said}");
    }
    server.stop().await;
}
