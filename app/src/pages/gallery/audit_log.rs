//! The audit log: entries of each kind, and none.

use chrono::DateTime;
use leptos::prelude::*;

use super::part;
use crate::api::audit_log::{AuditChange, AuditPage, AuditQuery, AuditRow};
use crate::pages::audit_log::content;
use crate::view;

/// The page's content in its states.
pub fn pages() -> impl IntoView {
    let nothing = AuditPage {
        rows: Vec::new(),
        newest: String::new(),
        older: String::new(),
        ..page()
    };
    let not_found = AuditPage {
        query: AuditQuery {
            actor: "zed".to_owned(),
            ..AuditQuery::default()
        },
        ..nothing.clone()
    };
    part(
        "Audit log",
        view! {
            <div class="settings-column">{content(page())}</div>
            <div class="settings-column">{content(nothing)}</div>
            <div class="settings-column">{content(not_found)}</div>
        },
    )
}

fn page() -> AuditPage {
    let option = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let change = |field: &str, before: Option<&str>, after: Option<&str>| AuditChange {
        field: field.to_owned(),
        before: before.map(ToOwned::to_owned),
        after: after.map(ToOwned::to_owned),
    };
    let price = "model_config.cost.input_price_per_million_tokens";
    AuditPage {
        query: AuditQuery::default(),
        actions: vec![option("model.update", "Model changed")],
        kinds: vec![option("model", "Model")],
        rows: vec![
            row(
                ["olga", "", "Model changed"],
                ["Model", "Claude Sonnet 4.5", "192.0.2.7"],
                vec![
                    change(price, None, Some("3")),
                    change("enabled", Some("no"), Some("yes")),
                ],
            ),
            row(
                [
                    "an-uncommonly-long-user-name-of-somebody",
                    "API token nightly",
                    "Prompt changed",
                ],
                ["Prompt", "system_prompt", "2001:db8:0:1:1:1:1:1"],
                vec![change(
                    "system_prompt",
                    Some("Be brief."),
                    Some(
                        "Be brief.\n\nSay what you did and what you did not. Name files by their whole path, so that people can open them.",
                    ),
                )],
            ),
            row(
                ["Command line", "on the server's machine", "Password set"],
                ["User", "mia", ""],
                vec![change(
                    "password",
                    Some("secret, set"),
                    Some("secret, replaced"),
                )],
            ),
            row(
                ["mia", "", "Signed out everywhere"],
                ["User", "mia", "192.0.2.9"],
                Vec::new(),
            ),
        ],
        newest: "/dev/gallery".to_owned(),
        older: "/dev/gallery".to_owned(),
    }
}

fn row(
    [who, via, action]: [&str; 3],
    [kind, target, from]: [&str; 3],
    changes: Vec<AuditChange>,
) -> AuditRow {
    AuditRow {
        at: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_500),
        who: who.to_owned(),
        via: via.to_owned(),
        action: action.to_owned(),
        kind: kind.to_owned(),
        target: target.to_owned(),
        from: from.to_owned(),
        changes,
    }
}
