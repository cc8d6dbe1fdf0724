//! Tokens for git hosts: some, and none.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::external_auth::{ExternalAuth, ExternalAuthKind, ExternalAuthLink};

use super::part;
use crate::pages::settings::git_hosts::{HostActions, hosts};
use crate::view;

/// The list with a host that was used, one that never was, one with a long name; and the list without any.
pub fn lists(now: DateTime<Utc>) -> impl IntoView {
    let link = |host: &str, username: &str, last_used_at| ExternalAuthLink {
        host: host.to_owned(),
        kind: ExternalAuthKind::Token,
        username: username.to_owned(),
        created_at: now - Duration::days(40),
        updated_at: now - Duration::days(3),
        last_used_at,
    };
    let some = ExternalAuth {
        links: vec![
            link(
                "github.com",
                "x-access-token",
                Some(now - Duration::minutes(5)),
            ),
            link("git.example.com:8443", "ada", None),
            link(
                "source-code.of-a-department.of-a-company-with-a-long-name.example.com",
                "a.lovelace@example.com",
                None,
            ),
        ],
    };
    let actions = HostActions {
        replace: Callback::new(|_| {}),
        remove: Callback::new(|_| {}),
    };
    part(
        "Git hosts",
        view! {
            <div class="card">{hosts(some, actions)}</div>
            <div class="card">{hosts(ExternalAuth::default(), actions)}</div>
        },
    )
}
