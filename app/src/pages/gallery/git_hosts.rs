//! What people sign in to git hosts with, and what owners set up for that: some, and none.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::external_auth::{
    ExternalAuth, ExternalAuthConfig, ExternalAuthConfigSource, ExternalAuthDevice,
    ExternalAuthFlow, ExternalAuthFlowStatus, ExternalAuthKind, ExternalAuthLink,
    ExternalAuthProvider, GitHostKind,
};
use sdk::ids::ExternalAuthFlowId;

use super::part;
use crate::pages::settings::git_hosts::{
    Entry, HostActions, config_list, device_code, hosts, outcome, sign_ins,
};
use crate::view;

const LONG: &str = "source-code.of-a-department.of-a-company-with-a-long-name.example.com";

/// The list with a host that was used, one that never was, one that works no more, one with a long name; and the list without
/// any. Where one can sign in, a code to enter, and what became of it.
pub fn lists(now: DateTime<Utc>) -> impl IntoView {
    let some = ExternalAuth {
        links: links(now),
        providers: providers(),
    };
    let actions = HostActions {
        replace: Callback::new(|_| {}),
        remove: Callback::new(|_| {}),
        device: Callback::new(|_| {}),
    };
    let entry = Entry {
        device: device(now),
        flow: None,
    };
    let ways = [
        (ExternalAuthFlowStatus::Linked, None),
        (
            ExternalAuthFlowStatus::Failed,
            Some(
                "Github.com refused it: The user has denied your application access (access_denied).",
            ),
        ),
    ];
    let outcomes = ways
        .into_iter()
        .map(|(status, problem)| outcome(Some(&flow(now, status, problem))))
        .collect_view();
    part(
        "Git hosts",
        view! {
            {outcomes}
            {outcome(None)}
            {sign_ins(&some, actions)}
            <div class="card">{hosts(some, actions)}</div>
            <div class="card">{hosts(ExternalAuth::default(), actions)}</div>
            <div class="card">
                <div class="card-body">
                    <div class="form">{device_code(&entry)}</div>
                </div>
            </div>
            <div class="card">
                <div class="card-body">{config_list(configs(now), Callback::new(|_| {}), Callback::new(|_| {}), Callback::new(|_| {}))}</div>
            </div>
            <div class="card">
                <div class="card-body">{config_list(Vec::new(), Callback::new(|_| {}), Callback::new(|_| {}), Callback::new(|_| {}))}</div>
            </div>
        },
    )
}

fn links(now: DateTime<Utc>) -> Vec<ExternalAuthLink> {
    let link = |host: &str, username: &str, last_used_at| ExternalAuthLink {
        host: host.to_owned(),
        kind: ExternalAuthKind::Token,
        config: None,
        problem: None,
        username: username.to_owned(),
        created_at: now - Duration::days(40),
        updated_at: now - Duration::days(3),
        last_used_at,
    };
    vec![
        ExternalAuthLink {
            kind: ExternalAuthKind::Oauth,
            config: Some("github".to_owned()),
            ..link("github.com", "ada", Some(now - Duration::minutes(5)))
        },
        link("git.example.com:8443", "x-access-token", None),
        ExternalAuthLink {
            kind: ExternalAuthKind::Oauth,
            config: Some("company".to_owned()),
            problem: Some(format!(
                "The sign-in at {LONG} was revoked there or has ended: The refresh token passed is incorrect or expired."
            )),
            ..link(LONG, "a.lovelace", None)
        },
    ]
}

fn providers() -> Vec<ExternalAuthProvider> {
    let provider = |id: &str, display_name: &str, host: &str| ExternalAuthProvider {
        id: id.to_owned(),
        display_name: display_name.to_owned(),
        host: host.to_owned(),
        code_flow: true,
        device_flow: true,
    };
    vec![
        provider("github", "GitHub", "github.com"),
        provider("company", LONG, LONG),
        ExternalAuthProvider {
            code_flow: false,
            ..provider("lab", "The lab", "git.lab.example.com")
        },
    ]
}

fn device(now: DateTime<Utc>) -> ExternalAuthDevice {
    ExternalAuthDevice {
        flow_id: ExternalAuthFlowId(uuid::Uuid::nil()),
        user_code: "WDJB-MJHT".to_owned(),
        verification_uri: "https://github.com/login/device".to_owned(),
        expires_at: now + Duration::minutes(15),
        interval_seconds: 5,
    }
}

fn flow(
    now: DateTime<Utc>,
    status: ExternalAuthFlowStatus,
    problem: Option<&str>,
) -> ExternalAuthFlow {
    ExternalAuthFlow {
        id: ExternalAuthFlowId(uuid::Uuid::nil()),
        config: "github".to_owned(),
        host: "github.com".to_owned(),
        status,
        problem: problem.map(str::to_owned),
        interval_seconds: 5,
        expires_at: now + Duration::minutes(5),
    }
}

fn configs(now: DateTime<Utc>) -> Vec<ExternalAuthConfig> {
    let config = |id: &str, host: &str, source| ExternalAuthConfig {
        id: id.to_owned(),
        kind: GitHostKind::Github,
        display_name: host.to_owned(),
        host: host.to_owned(),
        base_url: format!("https://{host}"),
        api_base_url: String::new(),
        client_id: "Iv1.8a61f9b3a7aba766".to_owned(),
        has_client_secret: true,
        scopes: vec!["repo".to_owned()],
        device_flow: true,
        source,
        callback_url: format!("https://switchyard.example.com/api/v2/external-auth/{id}/callback"),
        webhook_url: format!("https://switchyard.example.com/api/v2/external-auth/{id}/webhook"),
        has_webhook_secret: true,
        updated_at: Some(now - Duration::days(3)),
    };
    vec![
        config(
            "github",
            "github.com",
            ExternalAuthConfigSource::Environment,
        ),
        config("company", LONG, ExternalAuthConfigSource::Database),
    ]
}
