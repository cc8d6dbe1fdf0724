//! The tunnel: what happens when the connection is cut, the server is away, the token is refused.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::broadcast::Receiver;
use uuid::Uuid;
use workspace::{
    backend::{Backend, Source, Status},
    connection::{AgentError, ConnectionEvent, ConnectionState, Hub},
    protocol::GitEvent,
};

use crate::support::{Fixture, LONG, command, execute, until};

/// Waits for an agent's next connection.
async fn connected(events: &mut Receiver<ConnectionEvent>) {
    while !matches!(
        events.recv().await.unwrap().state,
        ConnectionState::Connected { .. }
    ) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_process_and_its_output_survive_a_cut_connection() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = running.client.for_chat(Uuid::now_v7(), vec![]);
    let script = "echo before; while ! test -e go; do sleep 0.02; done; echo after";
    let started = client.start_process(&command(script)).await.unwrap();
    let waiting = tokio::spawn({
        let (client, id) = (client.clone(), started.id);
        async move { client.process_output(id, LONG).await }
    });
    let mut events = fixture.server.hub.events();
    fixture.server.hub.disconnect_all();
    assert!(matches!(
        events.recv().await.unwrap().state,
        ConnectionState::Disconnected { .. }
    ));
    assert!(matches!(
        events.recv().await.unwrap().state,
        ConnectionState::Connected { .. }
    ));
    std::fs::write(running.started.folder.join("go"), "").unwrap();
    let output = waiting.await.unwrap().unwrap();
    assert_eq!(
        (output.output.as_str(), output.exit_code),
        ("before\nafter\n", Some(0))
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_dial_by_the_servers_socket_first_also_when_a_server_makes_it_anew() {
    let fixture = Fixture::new().await;
    // Nobody listens at the port: whoever arrives came by the socket.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let first = fixture.server.listen_beside(&fixture.data(), port);
    let mut spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    spec.server_url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    let running = fixture.start_as(spec).await.unwrap();
    let output = execute(&running.client, "echo here").await;
    assert_eq!(output.output, "here\n");

    let mut events = fixture.server.hub.events();
    first.abort();
    let _ = first.await;
    let _second = fixture.server.listen_beside(&fixture.data(), port);
    fixture.server.hub.disconnect_all();
    connected(&mut events).await;
    let output = execute(&running.client, "echo still here").await;
    assert_eq!(output.output, "still here\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_socket_agents_dial_by_the_port() {
    let fixture = Fixture::new().await;
    let port = fixture.url.port().unwrap();
    let socket = fixture.server.listen_beside(&fixture.data(), port);
    let running = fixture.start(Source::Empty).await;
    let mut events = fixture.server.hub.events();
    socket.abort();
    let _ = socket.await;
    fixture.server.hub.disconnect_all();
    connected(&mut events).await;
    let output = execute(&running.client, "echo here").await;
    assert_eq!(output.output, "here\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_ends_when_its_token_is_refused() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    fixture.server.revoke_all();
    fixture.server.hub.forget(running.agent_id);
    until("the agent ended", async || {
        fixture.backend.status(running.workspace_id).await.unwrap() == Status::Stopped
    })
    .await;
    assert!(
        fixture
            .backend
            .agent_log(running.workspace_id)
            .await
            .contains("token")
    );
    let client = running
        .client
        .with_reconnect_grace(Duration::from_millis(10));
    assert!(matches!(
        client.about().await.unwrap_err(),
        AgentError::Disconnected { .. }
    ));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_gives_up_after_its_time_without_a_server() {
    let fixture = Fixture::with(|options| options.give_up_after = Duration::from_secs(1)).await;
    let spec = workspace::backend::StartSpec {
        // Nothing listens there.
        server_url: "http://127.0.0.1:1".parse().unwrap(),
        ..fixture.spec(Uuid::now_v7(), Source::Empty)
    };
    let (log, _lines) = tokio::sync::mpsc::unbounded_channel();
    fixture.backend.start(&spec, &log).await.unwrap();
    until("the agent gave up", async || {
        fixture.backend.status(spec.workspace_id).await.unwrap() == Status::Stopped
    })
    .await;
    assert!(
        fixture
            .backend
            .agent_log(spec.workspace_id)
            .await
            .contains("could not be reached")
    );
    fixture.backend.stop(spec.workspace_id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_ends_when_its_workspace_was_removed_while_the_server_was_away() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mark = format!("{}", 200_000 + std::process::id());
    running
        .client
        .start_process(&command(&format!("sleep {mark}")))
        .await
        .unwrap();
    let is_running = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let line = format!("sleep\0{mark}\0");
        processes.into_iter().any(|entry| {
            std::fs::read(entry.path().join("cmdline")).is_ok_and(|found| found == line.as_bytes())
        })
    };
    until("the command began", async || is_running()).await;
    std::fs::remove_dir_all(fixture.data()).unwrap();
    fixture.server.hub.disconnect_all();
    // It may connect once more before it looks.
    until("the agent ended", async || {
        fixture.server.hub.disconnect_all();
        !is_running()
    })
    .await;
}

#[tokio::test]
async fn an_agent_that_never_connected_is_a_clear_error() {
    let hub = Hub::default();
    let client = hub
        .client(Uuid::now_v7())
        .with_reconnect_grace(Duration::from_millis(10));
    assert_eq!(
        client.about().await.unwrap_err(),
        AgentError::Disconnected { since: None }
    );
    let error = client
        .wait_until_connected(Duration::from_millis(10))
        .await
        .unwrap_err();
    assert!(matches!(error, AgentError::Timeout { .. }) && error.is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_share_one_connection_and_a_wait_blocks_no_other_call() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let slow = running
        .client
        .start_process(&command("sleep 300"))
        .await
        .unwrap();
    let waits: Vec<_> = (0..50)
        .map(|_| {
            let client = running.client.clone();
            tokio::spawn(async move { client.process_output(slow.id, LONG).await })
        })
        .collect();
    let outputs = futures::future::join_all((0..20).map(|number| {
        let client = running.client.clone();
        async move { execute(&client, &format!("echo {number}")).await.output }
    }))
    .await;
    assert_eq!(outputs[7], "7\n");
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    waits.iter().for_each(tokio::task::JoinHandle::abort);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_with_an_error_when_the_connection_ends() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mut watch = running.client.watch_git().await.unwrap();
    assert!(matches!(
        watch.next().await.unwrap().unwrap(),
        GitEvent::Changes(_)
    ));
    fixture.server.hub.disconnect_all();
    let last = tokio::time::timeout(LONG, async {
        loop {
            match watch.next().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    });
    assert!(matches!(
        last.await.unwrap(),
        None | Some(Err(AgentError::Disconnected { .. }))
    ));
    fixture.end().await;
}

/// An agent that answers every call with more than is read, and counts the calls.
async fn boundless(
    stream: tokio::io::DuplexStream,
    calls: std::sync::Arc<std::sync::atomic::AtomicUsize>,
) {
    let service = hyper::service::service_fn(move |_| {
        calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = http_body_util::Full::new(bytes::Bytes::from(vec![b'x'; 17 * 1024 * 1024]));
        async move { Ok::<_, std::convert::Infallible>(http::Response::new(body)) }
    });
    let io = hyper_util::rt::TokioIo::new(stream);
    let _ = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
        .serve_connection(io, service)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_is_said_and_not_asked_for_again() {
    let hub = Hub::default();
    let agent_id = Uuid::now_v7();
    let (ours, theirs) = tokio::io::duplex(1024 * 1024);
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    tokio::spawn(boundless(theirs, calls.clone()));
    tokio::spawn({
        let hub = hub.clone();
        async move { hub.accept(agent_id, ours).await }
    });
    let client = hub.client(agent_id);
    client.wait_until_connected(LONG).await.unwrap();
    let error = client.about().await.unwrap_err();
    assert!(matches!(error, AgentError::TooLarge { .. }), "{error}");
    assert!(!error.is_transient());
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 1);
}
