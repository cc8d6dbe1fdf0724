//! Servers at private addresses are called when their host is allowed, by whatever way an address comes about.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use llm::http::{HttpOptions, NameLookup, PrivateHost, PrivateHosts};
use llm::{Error, ErrorKind, HttpClient, ProviderKind, connect};
use url::Host;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::setup::{KINDS, answer, config};

/// A name that no proxy of the environment is asked for; where it leads is up to the test.
const NAME: &str = "localhost";
const PUBLIC: [u8; 4] = [1, 1, 1, 1];
const HERE: [u8; 4] = [127, 0, 0, 1];

/// Gives its answers one after the other, and the last one for good.
#[derive(Debug)]
struct Answers(Mutex<VecDeque<IpAddr>>);

#[async_trait]
impl NameLookup for Answers {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, NAME);
        let mut answers = self.0.lock().unwrap();
        let answer = match answers.len() {
            1 => answers[0],
            _ => answers.pop_front().unwrap(),
        };
        Ok(vec![answer])
    }
}

/// A list that changes.
#[derive(Debug, Default)]
struct Allowed(Mutex<Vec<PrivateHost>>);

impl Allowed {
    fn set(&self, hosts: &[&str]) {
        let hosts = hosts.iter().map(|text| text.parse().unwrap());
        *self.0.lock().unwrap() = hosts.collect();
    }
}

#[async_trait]
impl PrivateHosts for Allowed {
    async fn allows(&self, host: &Host) -> Result<bool, String> {
        let hosts = self.0.lock().unwrap().clone();
        hosts.allows(host).await
    }
}

fn client(answers: &[[u8; 4]]) -> (HttpClient, Arc<Allowed>) {
    let allowed = Arc::new(Allowed::default());
    let answers = answers.iter().map(|address| IpAddr::from(*address));
    let options = HttpOptions {
        private_hosts: Arc::clone(&allowed) as Arc<dyn PrivateHosts>,
        lookup: Arc::new(Answers(Mutex::new(answers.collect()))),
        ..HttpOptions::default()
    };
    (HttpClient::new(&options).unwrap(), allowed)
}

async fn ask(http: &HttpClient, kind: ProviderKind, base_url: &str) -> Error {
    let provider = connect(http, config(kind, base_url)).unwrap();
    let error = answer(&provider, "!text x").await.unwrap_err();
    let listed = provider.list_models().await.unwrap_err();
    let tested = provider.test_connection().await.unwrap_err();
    assert_eq!((listed.kind, tested.kind), (error.kind, error.kind));
    error
}

fn assert_refused(error: &Error, host: &str) {
    assert_eq!((error.kind, error.is_retryable), (ErrorKind::Config, false));
    let words = format!("The host {host} is at a private address");
    assert!(error.message.contains(&words), "{error}");
    assert_eq!(error.detail, None);
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    server
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn private_addresses_are_not_called_however_they_are_written() {
    let server = server().await;
    let port = server.address().port();
    let (http, allowed) = client(&[PUBLIC]);
    for (written, host) in [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        ("0.0.0.0", "0.0.0.0"),
        ("[::]", "[::]"),
        ("10.0.0.1", "10.0.0.1"),
    ] {
        for kind in KINDS {
            let error = ask(&http, kind, &format!("http://{written}:{port}")).await;
            assert_refused(&error, host);
        }
    }
    assert_eq!(count(&server).await, 0);
    allowed.set(&["127.0.0.1"]);
    for written in ["2130706433", "0x7f.1", "127.0.0.1.", "[::ffff:127.0.0.1]"] {
        let base_url = format!("http://{written}:{port}");
        assert_eq!(http.check_address(&base_url).await, Ok(()));
        let error = ask(&http, ProviderKind::Anthropic, &base_url).await;
        // Addresses that are mapped into IPv6 are reached where the machine has IPv6.
        assert_ne!(error.kind, ErrorKind::Config, "{written} {error}");
    }
    assert_ne!(count(&server).await, 0);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_after_it_was_checked_is_refused_at_the_connection() {
    let server = server().await;
    let base_url = format!("http://{NAME}:{}", server.address().port());
    for kind in KINDS {
        let (http, _) = client(&[PUBLIC, HERE]);
        assert_eq!(http.check_address(&base_url).await, Ok(()));
        assert_refused(&ask(&http, kind, &base_url).await, NAME);
        let refused = http.check_address(&base_url).await.unwrap_err();
        assert!(refused.contains("Add it there"), "{refused}");
    }
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn a_host_that_is_allowed_no_more_is_not_called_over_a_kept_connection_either() {
    let server = server().await;
    let base_url = format!("http://{NAME}:{}", server.address().port());
    let (http, allowed) = client(&[HERE]);
    allowed.set(&[NAME]);
    let error = ask(&http, ProviderKind::OpenAi, &base_url).await;
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
    let before = count(&server).await;
    assert_ne!(before, 0);
    allowed.set(&["elsewhere.example", "127.0.0.1"]);
    assert_refused(&ask(&http, ProviderKind::OpenAi, &base_url).await, NAME);
    assert_eq!(count(&server).await, before);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_not_followed() {
    let target = server().await;
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("location", target.uri()))
        .mount(&server)
        .await;
    let (http, allowed) = client(&[HERE]);
    allowed.set(&[NAME]);
    for kind in KINDS {
        let base_url = format!("http://{NAME}:{}", server.address().port());
        let error = ask(&http, kind, &base_url).await;
        assert_eq!(
            (error.kind, error.status_code),
            (ErrorKind::Config, Some(307))
        );
    }
    assert_eq!(count(&target).await, 0);
}
