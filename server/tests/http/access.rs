//! Every route, server function and socket, called by everyone: the matrix of what each is answered.
//!
//! Objects in the paths do not exist, so an allowed call ends in 400 or 404; what matters is who is turned away
//! (401, 403) and that nothing fails inside (5xx). A route or function without an access entry fails here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reqwest::{Method, RequestBuilder};
use sdk::client::Client;
use server::http::access::{Access, RouteEntry};
use server::http::page::server_functions;

use crate::support::{TestServer, on_both};

/// Calls that would change who is signed in, or take the test's own users away. Each has a test of its own.
const NOT_CALLED: [&str; 2] = [
    "POST /api/v2/users/logout",
    "POST /api/v2/users/me/sign-out-everywhere",
];

/// How the paths of sockets end.
const SOCKETS: [&str; 5] = [
    "/watch",
    "/stream",
    "/stream/git",
    "/agents/connect",
    "/live",
];

fn described(access: Access) -> &'static str {
    match access {
        Access::Public { .. } => "public",
        Access::SignedIn => "signed in",
        Access::Owner => "owner",
    }
}

/// The path with ids of things that do not exist.
fn concrete(path: &str) -> String {
    path.split('/')
        .map(|segment| match segment {
            "{user}" => "nobody-of-that-name",
            "{message}" | "{queued_message}" | "{queuedMessage}" => "1",
            parameter if parameter.starts_with('{') => "01890000-0000-7000-8000-000000000000",
            plain => plain,
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn request(client: &Client, method: &str, path: &str) -> RequestBuilder {
    let method: Method = method.parse().unwrap();
    let has_body = method != Method::GET && method != Method::DELETE;
    let request = client.request(method, &concrete(path)).unwrap();
    if SOCKETS.iter().any(|ending| path.ends_with(ending)) {
        request
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "c3dpdGNoeWFyZC1kb2NzIQ==")
    } else if has_body {
        request.json(&serde_json::json!({}))
    } else {
        request
    }
}

struct People {
    anonymous: Client,
    stranger: Client,
    member: Client,
    owner: Client,
}

impl People {
    async fn of(server: &TestServer) -> Self {
        Self {
            anonymous: server.anonymous(),
            stranger: server.anonymous().with_token("swy_not-a-token"),
            owner: server.owner().await,
            member: server.member("mia").await,
        }
    }

    async fn statuses(&self, method: &str, path: &str) -> [u16; 4] {
        let mut statuses = [0; 4];
        for (status, client) in
            statuses
                .iter_mut()
                .zip([&self.anonymous, &self.stranger, &self.member, &self.owner])
        {
            *status = request(client, method, path)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16();
        }
        statuses
    }
}

fn check(access: Access, name: &str, [anonymous, stranger, member, owner]: [u16; 4]) {
    let is_turned_away = |status| matches!(status, 401 | 403);
    for status in [anonymous, stranger, member, owner] {
        assert!(
            status < 500 || status == 503,
            "{name} failed inside: {status}"
        );
    }
    match access {
        Access::Public { reason } => {
            assert!(reason.len() > 10, "{name} is public without a reason");
        }
        Access::SignedIn => {
            assert_eq!((anonymous, stranger), (401, 401), "{name}");
            assert!(
                member != 401 && !is_turned_away(owner),
                "{name}: member {member}, owner {owner}"
            );
        }
        Access::Owner => {
            assert_eq!((anonymous, stranger, member), (401, 401, 403), "{name}");
            assert!(!is_turned_away(owner), "{name}: {owner}");
        }
    }
}

#[tokio::test]
async fn every_route_turns_away_whom_it_must() {
    on_both(async |server| {
        let people = People::of(server).await;
        let mut matrix = String::from("access     anonymous stranger member owner\n");
        let routes = server::routes::all();
        let mut entries: Vec<&RouteEntry> = routes.entries().iter().collect();
        entries.sort_by(|one, other| (&one.path, one.method).cmp(&(&other.path, other.method)));
        for entry in entries {
            let name = format!("{} {}", entry.method, entry.path);
            let statuses = if NOT_CALLED.contains(&name.as_str()) {
                let anonymous = request(&people.anonymous, entry.method, &entry.path)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(anonymous.status(), 401, "{name}");
                [401, 401, 0, 0]
            } else {
                let statuses = people.statuses(entry.method, &entry.path).await;
                check(entry.access, &name, statuses);
                statuses
            };
            let [anonymous, stranger, member, owner] = statuses;
            let access = described(entry.access);
            writeln!(
                matrix,
                "{access:<10} {anonymous:<9} {stranger:<8} {member:<6} {owner:<5} {name}"
            )
            .unwrap();
        }
        insta::assert_snapshot!("every_route_turns_away_whom_it_must", matrix);
    })
    .await;
}

#[tokio::test]
async fn every_server_function_has_its_entry() {
    let registered: BTreeMap<&str, Method> = server_functions::registered().collect();
    let listed: BTreeMap<&str, Access> = server_functions::ACCESS.iter().copied().collect();
    let without_entry: Vec<_> = registered
        .keys()
        .filter(|path| !listed.contains_key(*path))
        .collect();
    assert!(
        without_entry.is_empty(),
        "write an access entry in server/src/http/page/server_functions.rs for {without_entry:?}"
    );
    let gone: Vec<_> = listed
        .keys()
        .filter(|path| !registered.contains_key(*path))
        .collect();
    assert!(
        gone.is_empty(),
        "entries of functions that are gone: {gone:?}"
    );
}

#[tokio::test]
async fn every_server_function_turns_away_whom_it_must() {
    on_both(async |server| {
        let people = People::of(server).await;
        let mut matrix = String::from("access     anonymous stranger\n");
        let mut functions: Vec<(&str, Method)> = server_functions::registered().collect();
        functions.sort_by_key(|(path, _)| *path);
        for (path, method) in functions {
            let access = server_functions::access_of(path);
            let mut statuses = [0; 2];
            for (status, client) in statuses
                .iter_mut()
                .zip([&people.anonymous, &people.stranger])
            {
                *status = request(client, method.as_str(), path)
                    .send()
                    .await
                    .unwrap()
                    .status()
                    .as_u16();
            }
            let [anonymous, stranger] = statuses;
            match access {
                Access::Public { reason } => {
                    assert!(reason.len() > 10, "{path} is public without a reason");
                }
                _ => assert_eq!(statuses, [401, 401], "{path}"),
            }
            if access == Access::Owner {
                let member = request(&people.member, method.as_str(), path)
                    .send()
                    .await
                    .unwrap()
                    .status();
                assert_eq!(member, 403, "{path}");
            }
            writeln!(
                matrix,
                "{:<10} {anonymous:<9} {stranger:<8} {method} {path}",
                described(access)
            )
            .unwrap();
        }
        insta::assert_snapshot!("every_server_function_turns_away_whom_it_must", matrix);
    })
    .await;
}
