//! What commands of a workspace try against the network: the machine's loopback, its other addresses and abstract names,
//! other workspaces, and the metadata services of clouds.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::{linux::net::SocketAddrExt, unix::net},
};

use uuid::Uuid;
use workspace::backend::{Backend, NetworkOptions, Source};

use crate::{
    attacks::output_of,
    support::{Fixture, Running, skip},
};

/// Answers with its name.
const NAMED: &str =
    "IO::Socket::INET->new(Listen => 5, LocalAddr => q(0.0.0.0:7357), ReuseAddr => 1)";

/// A workspace with a network of its own, or nothing where there is none.
async fn with_own_network(options: NetworkOptions) -> Option<(Fixture, Running)> {
    let fixture = Fixture::with(|backend| backend.network = options).await;
    let own = fixture.backend.own_network();
    if !fixture.is_sandboxed() || own.is_err() {
        skip(&format!("there is no network of its own here: {own:?}"));
        return None;
    }
    let running = fixture.start(Source::Empty).await;
    Some((fixture, running))
}

/// Listens as a service of the machine would, and says hello to who comes.
fn service(address: &str) -> u16 {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            // Read, so that what was sent does not end the connection early.
            let _ = socket.read(&mut [0; 64]);
            let _ = socket.write_all(b"hello");
        }
    });
    port
}

/// What a connection from inside is answered, or why there is none.
async fn ask(running: &Running, address: &str, port: u16) -> String {
    let program = format!(
        "use IO::Socket::IP; $socket = IO::Socket::IP->new(PeerHost => q({address}), PeerPort => {port}, Timeout => 5) \
         or do {{ print qq(refused: $@); exit }}; print $socket qq(GET / HTTP/1.0\r\n\r\n); \
         $socket->recv($answer, 5); print $answer"
    );
    output_of(running, &format!("perl -e '{program}' 2>&1")).await
}

/// The machine's address in its own network, if it has one.
fn outer_address() -> Option<String> {
    // Sends nothing: it only asks which address would be used.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_the_machine_are_out_of_reach() {
    let Some((fixture, running)) = with_own_network(NetworkOptions::default()).await else {
        return;
    };
    let port = service("0.0.0.0:0");
    let mut addresses = vec!["127.0.0.1".to_owned(), "127.3.2.1".into(), "::1".into()];
    addresses.extend(outer_address());
    for address in addresses {
        let answer = ask(&running, &address, port).await;
        assert!(answer.starts_with("refused: "), "{address}: {answer}");
    }
    // The agent's own way to the server is the only one.
    let server_port = fixture.url.port().unwrap();
    assert_eq!(ask(&running, "127.0.0.1", server_port).await, "HTTP/");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abstract_names_of_the_machine_are_out_of_reach() {
    let Some((fixture, running)) = with_own_network(NetworkOptions::default()).await else {
        return;
    };
    let name = format!("switchyard-test-{}", std::process::id());
    let address = net::SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = net::UnixListener::bind_addr(&address).unwrap();
    let program = format!(
        "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); \
         print connect(S, pack(q(Sa*), AF_UNIX, qq(\\0{name}))) ? q(ALLOWED) : qq(refused: $!)"
    );
    let answer = output_of(&running, &format!("perl -e '{program}'")).await;
    assert_eq!(answer, "refused: Connection refused");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_services_are_refused_also_to_sockets_bound_to_a_device() {
    let Some((fixture, running)) = with_own_network(NetworkOptions::default()).await else {
        return;
    };
    // 25 is SO_BINDTODEVICE, 5 is SO_DONTROUTE: with them a socket pays no heed to routes.
    let program = "use Socket; $device = (grep { !/lo/ } map { m!/([^/]+)$! } glob(q(/sys/class/net/*)))[0] // q(eth0); \
        for $host (qw(169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192)) { \
          for $way (qw(plain device direct)) { \
            socket(S, PF_INET, SOCK_STREAM, 0); \
            setsockopt(S, SOL_SOCKET, 25, qq($device\\0)) or print qq(no device: $!) if $way ne q(plain); \
            setsockopt(S, SOL_SOCKET, 5, pack(q(i), 1)) if $way eq q(direct); \
            $SIG{ALRM} = sub { print qq($host $way: IN TIME NOT REFUSED\\n) }; alarm 4; \
            print connect(S, sockaddr_in(80, inet_aton($host))) ? qq($host $way: ALLOWED\\n) : qq($host $way: refused: $!\\n); \
            alarm 0; close S } }";
    let output = output_of(&running, &format!("perl -e '{program}' 2>&1")).await;
    assert_eq!(output.lines().count(), 15, "{output}");
    assert!(
        output.lines().all(|line| line.contains(": refused: ")),
        "{output}"
    );
    // Questions for names are let through to the machine's resolver, and nothing else at its address.
    let answer = ask(&running, "169.254.1.1", 80).await;
    assert!(answer.starts_with("refused: "), "{answer}");
    let rules = output_of(&running, "/usr/sbin/nft flush ruleset 2>&1 || echo refused").await;
    assert!(rules.contains("refused"), "{rules}");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_have_their_ports_for_themselves() {
    let Some((fixture, first)) = with_own_network(NetworkOptions::default()).await else {
        return;
    };
    let second = fixture.start(Source::Empty).await;
    for (running, name) in [(&first, "first"), (&second, "other")] {
        let program = format!(
            "use IO::Socket::INET; $server = {NAMED} or die $@; \
             exit if fork; while ($client = $server->accept) {{ <$client>; print $client q({name}); close $client }}"
        );
        let started = format!("perl -e '{program}' > /dev/null 2>&1 < /dev/null");
        output_of(running, &started).await;
    }
    assert_eq!(ask(&first, "127.0.0.1", 7357).await, "first");
    assert_eq!(ask(&second, "127.0.0.1", 7357).await, "other");
    let outside = std::net::TcpStream::connect("127.0.0.1:7357");
    assert!(outside.is_err(), "the machine reaches into a workspace");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_names_of_the_machines_loopback_is_reached() {
    let port = service("127.0.0.1:0");
    let options = NetworkOptions {
        loopback_ports: vec![port],
        ..NetworkOptions::default()
    };
    let Some((fixture, running)) = with_own_network(options).await else {
        return;
    };
    assert_eq!(ask(&running, "127.0.0.1", port).await, "hello");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_where_the_machine_finds_them() {
    let Some((fixture, running)) = with_own_network(NetworkOptions::default()).await else {
        return;
    };
    let configuration = output_of(&running, "cat /etc/resolv.conf").await;
    assert!(
        configuration.starts_with("nameserver 169.254.1.1\n"),
        "{configuration}"
    );
    let name = "deb.debian.org";
    let found = |output: &str| output.contains(name);
    let outside = std::process::Command::new("getent")
        .args(["ahosts", name])
        .output()
        .unwrap();
    let inside = output_of(&running, &format!("getent ahosts {name}")).await;
    assert_eq!(
        found(&inside),
        found(&String::from_utf8_lossy(&outside.stdout)),
        "{inside}"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_network_is_told_of_in_the_build_log() {
    let fixture = Fixture::with(|backend| {
        backend.network = NetworkOptions {
            is_shared: true,
            ..NetworkOptions::default()
        };
    })
    .await;
    if !fixture.is_sandboxed() {
        skip("bubblewrap is missing");
        return;
    }
    let spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    let (log, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let workspace_id = spec.workspace_id;
    fixture.backend.start(&spec, &log).await.unwrap();
    drop(log);
    let mut told = Vec::new();
    while let Some(event) = lines.recv().await {
        told.push(format!("{event:?}"));
    }
    let told = told.join("\n");
    assert!(told.contains("the network is shared"), "{told}");
    assert!(told.contains("configuration"), "{told}");
    fixture.backend.delete(workspace_id, true).await.unwrap();
    fixture.end().await;
}
