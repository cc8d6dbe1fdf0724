//! The audit log, as its page shows it. The server writes the words; the browser only lays them out.

#[cfg(feature = "ssr")]
mod words;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
use crate::error::AppError;

/// Where the page stands.
pub const PAGE: &str = "/settings/audit-log";

/// What the address of the page asks for; empty fields are not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// User name or id of who did it.
    pub actor: String,
    /// An action.
    pub action: String,
    /// A kind of things that it was done to.
    pub kind: String,
    /// First day, `2026-03-01`, in UTC.
    pub from: String,
    /// Last day, in UTC.
    pub to: String,
    /// Only entries older than this one.
    pub before: String,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// What was asked for.
    pub query: AuditQuery,
    /// Actions that can be asked for: name and words.
    pub actions: Vec<(String, String)>,
    /// Kinds that can be asked for.
    pub kinds: Vec<(String, String)>,
    /// The entries.
    pub rows: Vec<AuditRow>,
    /// Address of the newest entries; empty = these are the newest.
    pub newest: String,
    /// Address of the next page; empty = none.
    pub older: String,
}

/// An entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// How they came, where it is not the page.
    pub via: String,
    /// What was done.
    pub action: String,
    /// The kind of thing that it was done to.
    pub kind: String,
    /// Its name.
    pub target: String,
    /// Address of the client.
    pub from: String,
    /// Changed fields.
    pub changes: Vec<AuditChange>,
}

/// A changed field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChange {
    /// Its name.
    pub field: String,
    /// What it was; nothing when it was not there.
    pub before: Option<String>,
    /// What it is; nothing when it is gone.
    pub after: Option<String>,
}

/// A page of the log, for owners; for others there is none.
#[server(name = ListAuditLog, prefix = "/api/page", endpoint = "list_audit_log", protocol = Page)]
pub async fn list_audit_log(query: AuditQuery) -> Result<AuditPage, AppError> {
    let (platform, actor) = super::signed_in()?;
    let wanted = words::wanted(&query).map_err(|refused| {
        // The page has no fields to say it at when it cannot be shown.
        let details = refused.iter().map(|it| it.detail.as_str());
        let detail = details.collect::<Vec<_>>().join(" ");
        AppError {
            detail: Some(detail),
            ..super::refused(refused)
        }
    })?;
    let log = platform
        .list_audit_log(&actor, wanted)
        .await
        .map_err(super::failed)?;
    Ok(words::page(query, log))
}
