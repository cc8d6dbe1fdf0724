//! The log in words, and the page's address as a query.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use sdk::audit_log::{
    AuditAction, AuditEntry, AuditFields, AuditLog, AuditTargetKind, AuditVia, ListAuditLog,
};
use sdk::errors::Validation;
use serde_json::Value;

use super::{AuditChange, AuditPage, AuditQuery, AuditRow, PAGE};

/// What an address asks for.
pub(super) fn wanted(query: &AuditQuery) -> Result<ListAuditLog, Vec<Validation>> {
    let mut refused = Vec::new();
    let mut refuse = |field: &str, detail: &str| {
        refused.push(Validation {
            field: field.to_owned(),
            detail: detail.to_owned(),
        });
    };
    let action = AuditAction::parse(&query.action);
    if action.is_none() && !query.action.is_empty() {
        refuse("action", "There is no such action. Choose another one.");
    }
    let target_kind = AuditTargetKind::parse(&query.kind);
    if target_kind.is_none() && !query.kind.is_empty() {
        refuse("kind", "There is no such kind. Choose another one.");
    }
    let before_id = query.before.parse().ok();
    if before_id.is_none() && !query.before.is_empty() {
        refuse(
            "before",
            "Open the page anew: this part of it is not known.",
        );
    }
    let (from, to) = (day(&query.from), day(&query.to));
    for (field, text, day) in [("from", &query.from, from), ("to", &query.to, to)] {
        if day.is_none() && !text.is_empty() {
            refuse(field, "Give a day such as 2026-03-01.");
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let actor = Some(query.actor.trim().to_owned());
    Ok(ListAuditLog {
        limit: None,
        before_id,
        actor: actor.filter(|actor| !actor.is_empty()),
        action,
        target_kind,
        from: from.map(midnight),
        // The last day ends before the next one begins.
        to: to.and_then(|day| day.succ_opt()).map(midnight),
    })
}

fn day(text: &str) -> Option<NaiveDate> {
    let day: Option<NaiveDate> = text.parse().ok();
    day.filter(|day| (1970..=9000).contains(&day.year()))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// A page of the log.
pub(super) fn page(query: AuditQuery, log: AuditLog) -> AuditPage {
    let option = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let actions = AuditAction::ALL.iter();
    let kinds = AuditTargetKind::ALL.iter();
    let older = log.next_before_id;
    AuditPage {
        actions: actions.map(|it| option(it.as_str(), done(*it))).collect(),
        kinds: kinds.map(|it| option(it.as_str(), kind(*it))).collect(),
        newest: if query.before.is_empty() {
            String::new()
        } else {
            address(&query, None)
        },
        older: older.map_or_else(String::new, |id| address(&query, Some(id.to_string()))),
        rows: log.entries.into_iter().map(row).collect(),
        query,
    }
}

fn address(query: &AuditQuery, before: Option<String>) -> String {
    let before = before.unwrap_or_default();
    let fields = [
        ("actor", &query.actor),
        ("action", &query.action),
        ("kind", &query.kind),
        ("from", &query.from),
        ("to", &query.to),
        ("before", &before),
    ];
    let asked = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let pairs = asked.map(|(name, value)| {
        let value = leptos_router::location::Url::escape(value);
        format!("{name}={value}")
    });
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() {
        PAGE.to_owned()
    } else {
        format!("{PAGE}?{}", pairs.join("&"))
    }
}

fn row(entry: AuditEntry) -> AuditRow {
    let actor = entry.actor;
    let via = match actor.via {
        AuditVia::Session => String::new(),
        AuditVia::Token => format!("API token {}", actor.token_name),
        AuditVia::CommandLine => "on the server's machine".to_owned(),
        AuditVia::Agent => "through an agent".to_owned(),
        AuditVia::PasswordLink => "with a link to set their password".to_owned(),
        AuditVia::Setup => "setting up the server".to_owned(),
    };
    AuditRow {
        at: entry.at,
        who: if actor.username.is_empty() {
            "Command line".to_owned()
        } else {
            actor.username
        },
        via,
        action: done(entry.action).to_owned(),
        kind: kind(entry.target.kind).to_owned(),
        target: entry.target.name,
        from: actor.address,
        changes: changes(&entry.before, &entry.after),
    }
}

fn changes(before: &AuditFields, after: &AuditFields) -> Vec<AuditChange> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let change = |name: &String| AuditChange {
        field: name.clone(),
        before: before.get(name).map(shown),
        after: after.get(name).map(shown),
    };
    names.into_iter().map(change).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        value => value["secret"]
            .as_str()
            .map_or_else(|| value.to_string(), |what| format!("secret, {what}")),
    }
}

const fn done(action: AuditAction) -> &'static str {
    match action {
        AuditAction::UserCreate => "User created",
        AuditAction::UserUpdate => "User changed",
        AuditAction::UserSetPassword => "Password set",
        AuditAction::UserCreatePasswordLink => "Link to set a password made",
        AuditAction::UserSignOutEverywhere => "Signed out everywhere",
        AuditAction::UserSignOutElsewhere => "Signed out elsewhere",
        AuditAction::UserDelete => "User deleted",
        AuditAction::SessionDelete => "Session ended",
        AuditAction::TokenCreate => "API token created",
        AuditAction::TokenDelete => "API token revoked",
        AuditAction::ExternalAuthCreate => "Git host added",
        AuditAction::ExternalAuthUpdate => "Git host changed",
        AuditAction::ExternalAuthDelete => "Git host removed",
        AuditAction::ExternalAuthConfigCreate => "Git sign-in added",
        AuditAction::ExternalAuthConfigUpdate => "Git sign-in changed",
        AuditAction::ExternalAuthConfigDelete => "Git sign-in removed",
        AuditAction::ProviderCreate => "Provider added",
        AuditAction::ProviderUpdate => "Provider changed",
        AuditAction::ProviderDelete => "Provider deleted",
        AuditAction::ProviderKeyCreate => "Own key added",
        AuditAction::ProviderKeyUpdate => "Own key replaced",
        AuditAction::ProviderKeyDelete => "Own key removed",
        AuditAction::ModelCreate => "Model added",
        AuditAction::ModelUpdate => "Model changed",
        AuditAction::ModelDelete => "Model deleted",
        AuditAction::ModelBackfillCosts => "Past calls priced",
        AuditAction::PromptUpdate => "Prompt changed",
        AuditAction::SettingUpdate => "Setting changed",
        AuditAction::TemplateCreate => "Template created",
        AuditAction::TemplateUpdate => "Template changed",
        AuditAction::TemplateDelete => "Template deleted",
        AuditAction::AllowedFolderCreate => "Folder allowed",
        AuditAction::AllowedFolderDelete => "Folder no longer allowed",
    }
}

const fn kind(kind: AuditTargetKind) -> &'static str {
    match kind {
        AuditTargetKind::User => "User",
        AuditTargetKind::Session => "Session",
        AuditTargetKind::Token => "API token",
        AuditTargetKind::ExternalAuth => "Git host",
        AuditTargetKind::ExternalAuthConfig => "Git sign-in",
        AuditTargetKind::Provider => "Provider",
        AuditTargetKind::ProviderKey => "Own key",
        AuditTargetKind::Model => "Model",
        AuditTargetKind::Prompt => "Prompt",
        AuditTargetKind::Setting => "Setting",
        AuditTargetKind::Template => "Template",
        AuditTargetKind::AllowedFolder => "Folder",
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_day_is_whole() {
        let query = AuditQuery {
            from: "2026-03-01".to_owned(),
            to: "2026-03-01".to_owned(),
            ..AuditQuery::default()
        };
        let wanted = wanted(&query).unwrap();
        assert_eq!(
            wanted.to.unwrap() - wanted.from.unwrap(),
            chrono::TimeDelta::days(1)
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_where_it_stands() {
        let query = AuditQuery {
            action: "user.explode".to_owned(),
            kind: "moon".to_owned(),
            from: "yesterday".to_owned(),
            to: "99999-01-01".to_owned(),
            before: "1".to_owned(),
            ..AuditQuery::default()
        };
        let refused = wanted(&query).unwrap_err();
        let fields: Vec<&str> = refused.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["action", "kind", "before", "from", "to"]);
    }

    #[test]
    fn pages_keep_what_is_asked_for() {
        let query = AuditQuery {
            actor: "a&b".to_owned(),
            kind: "user".to_owned(),
            ..AuditQuery::default()
        };
        assert_eq!(
            address(&query, Some("7".to_owned())),
            "/settings/audit-log?actor=a%26b&kind=user&before=7"
        );
        assert_eq!(address(&AuditQuery::default(), None), "/settings/audit-log");
    }

    #[test]
    fn fields_are_told_before_and_after() {
        let before = AuditFields::from([
            ("a".to_owned(), json!("")),
            ("b".to_owned(), json!({ "secret": "set" })),
        ]);
        let after = AuditFields::from([
            ("b".to_owned(), json!({ "secret": "replaced" })),
            ("c".to_owned(), json!(["x", 1])),
        ]);
        let told = changes(&before, &after);
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.field.as_str(), it.before.as_deref(), it.after.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("a", Some("(empty)"), None),
                ("b", Some("secret, set"), Some("secret, replaced")),
                ("c", None, Some("[\"x\",1]")),
            ]
        );
    }
}
