//! The audit log: every change of what a deployment consists of, told in the transaction that makes it.
//!
//! A method that changes something calls `Platform::record` before it commits. What an entry shows of a thing says its
//! `Logged`: field by field, secrets through `Fields::hide`, which keeps no more of them than whether they are there and the
//! same. So a request with a password in it cannot become an entry by mistake.

mod fields;
#[cfg(test)]
mod tests;
mod things;

use std::net::IpAddr;

use sdk::audit_log::{
    AuditAction, AuditFields, AuditLog, AuditTarget, AuditTargetKind, AuditVia, ListAuditLog,
    MAX_PAGE, USUAL_PAGE,
};
use sdk::errors::Validation;
use sdk::ids::{TokenId, UserId};
use sdk::permissions::Permission;
use store::audit_log::{self, Filter, NewEntry};
use store::{StoreError, Tx};

pub(crate) use self::fields::Fields;
pub(crate) use self::things::{OwnKey, Prompt, SessionOf, Setting, TokenOf};

use crate::actor::Via;
use crate::{Actor, Failure, FailureKind, Platform};

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// There is no log for the caller.
    #[error("There is no such page.")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for AuditLogError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NotFound => FailureKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            _ => Vec::new(),
        }
    }
}

/// What can stand in the log.
pub(crate) trait Logged {
    /// How it is called.
    fn target(&self) -> AuditTarget;
    /// What of it is shown, and what is hidden.
    fn fields(&self) -> Fields;
}

/// Who changes something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    user_id: Option<UserId>,
    token_id: Option<TokenId>,
    via: AuditVia,
    address: Option<IpAddr>,
}

impl By {
    /// The first user, who makes themself.
    pub(crate) const fn first_user(user: UserId, address: Option<IpAddr>) -> Self {
        Self {
            user_id: Some(user),
            token_id: None,
            via: AuditVia::Setup,
            address,
        }
    }

    /// Somebody who sets their own password with a link.
    pub(crate) const fn holder_of_link(user: UserId, address: Option<IpAddr>) -> Self {
        Self {
            user_id: Some(user),
            token_id: None,
            via: AuditVia::PasswordLink,
            address,
        }
    }
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        let (via, token_id) = match actor.via {
            Via::Session(_) => (AuditVia::Session, None),
            Via::Token(id) => (AuditVia::Token, Some(id)),
            Via::CommandLine => (AuditVia::CommandLine, None),
            Via::Agent => (AuditVia::Agent, None),
        };
        Self {
            user_id: (via != AuditVia::CommandLine).then_some(actor.user_id),
            token_id,
            via,
            address: actor.address,
        }
    }
}

/// A change, to be recorded.
#[derive(Debug)]
pub(crate) struct Change {
    action: AuditAction,
    target: AuditTarget,
    before: AuditFields,
    after: AuditFields,
    /// Whether it is an entry even though no field changed.
    is_deed: bool,
}

impl Change {
    /// A thing that is there now.
    pub(crate) fn created(action: AuditAction, thing: &impl Logged) -> Self {
        Self::between(
            action,
            thing.target(),
            Fields::default(),
            thing.fields(),
            true,
        )
    }

    /// A thing that changed. Nothing is recorded when it is as it was.
    pub(crate) fn updated<T: Logged>(action: AuditAction, before: &T, after: &T) -> Self {
        // Under the name that others know it by.
        let target = before.target();
        Self::between(action, target, before.fields(), after.fields(), false)
    }

    /// A thing that is gone.
    pub(crate) fn deleted(action: AuditAction, thing: &impl Logged) -> Self {
        Self::between(
            action,
            thing.target(),
            thing.fields(),
            Fields::default(),
            true,
        )
    }

    /// Something that was done to a thing and is no field of it.
    pub(crate) fn deed(action: AuditAction, thing: &impl Logged) -> Self {
        let nothing = Fields::default;
        Self::between(action, thing.target(), nothing(), nothing(), true)
    }

    fn between(
        action: AuditAction,
        target: AuditTarget,
        before: Fields,
        after: Fields,
        is_deed: bool,
    ) -> Self {
        let (before, after) = fields::changed(before, after);
        Self {
            action,
            target,
            before,
            after,
            is_deed,
        }
    }

    /// Whether there is anything to tell.
    fn is_one(&self) -> bool {
        self.is_deed || !self.before.is_empty() || !self.after.is_empty()
    }
}

impl Platform {
    /// Tells of a change in its own transaction: either both are there, or none is.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        by: impl Into<By>,
        change: Change,
    ) -> Result<(), StoreError> {
        if !change.is_one() {
            return Ok(());
        }
        let by = by.into();
        let entry = NewEntry {
            at: self.0.clock.now(),
            actor_id: by.user_id,
            via: by.via,
            token_id: by.token_id,
            address: by.address.map(|it| it.to_string()).unwrap_or_default(),
            action: change.action,
            target: change.target,
            before: change.before,
            after: change.after,
        };
        audit_log::insert(tx, &entry).await
    }

    /// The log, newest first, in pages. Needs [`Permission::ReadAuditLog`]; for others there is none.
    pub async fn list_audit_log(
        &self,
        actor: &Actor,
        query: ListAuditLog,
    ) -> Result<AuditLog, AuditLogError> {
        actor.require(Permission::ReadAuditLog, AuditLogError::NotFound)?;
        let limit = query.limit.unwrap_or(USUAL_PAGE);
        let filter = check(&query)?;
        let mut entries = audit_log::list(&self.0.db, &filter, limit + 1).await?;
        let has_more = i64::try_from(entries.len()).is_ok_and(|count| count > limit);
        if has_more {
            entries.pop();
        }
        let last = entries.last().map(|entry| entry.id);
        Ok(AuditLog {
            next_before_id: last.filter(|_| has_more),
            entries,
        })
    }
}

fn check(query: &ListAuditLog) -> Result<Filter, AuditLogError> {
    if !(1..=MAX_PAGE).contains(&query.limit.unwrap_or(USUAL_PAGE)) {
        return Err(invalid("limit", "Use a number between 1 and 200."));
    }
    // Other years have no four digits, which the databases compare differently.
    let years = 1..=9998;
    for (field, time) in [("from", query.from), ("to", query.to)] {
        if time.is_some_and(|time| !years.contains(&chrono::Datelike::year(&time))) {
            return Err(invalid(field, "Use a year between 1 and 9998."));
        }
    }
    if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
        return Err(invalid("from", "The range must begin before it ends."));
    }
    let actor = query.actor.as_deref().map(str::trim);
    let actor = actor.filter(|actor| !actor.is_empty());
    let id = actor.and_then(|actor| actor.parse().ok());
    // PostgreSQL refuses to compare such text, and nobody's name holds it.
    let name = actor.filter(|_| id.is_none());
    let name = name.map(|name| name.replace('\0', "\u{1}").to_lowercase());
    Ok(Filter {
        before_id: query.before_id,
        actor_id: id,
        actor_name: name,
        action: query.action,
        target_kind: query.target_kind,
        from: query.from.map(store::dialect::to_micros),
        to: query.to.map(store::dialect::to_micros),
    })
}

fn invalid(field: &str, detail: &str) -> AuditLogError {
    AuditLogError::Invalid(vec![Validation {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }])
}

/// The target of a kind.
fn target(kind: AuditTargetKind, id: &impl ToString, name: &str) -> AuditTarget {
    AuditTarget {
        kind,
        id: id.to_string(),
        name: name.to_owned(),
    }
}
