//! Where one is signed in: looking at one's sessions, and ending those that are left open elsewhere.
//!
//! They are a person's own in every role: those who manage accounts end sessions by suspending one or setting its password.

#[cfg(test)]
mod tests;

use sdk::audit_log::AuditAction;
use sdk::ids::SessionId;
use sdk::sessions::Session;
use store::{Notice, sessions, users};

use super::{SessionError, browsers};
use crate::actor::Via;
use crate::audit_log::{Change, SessionOf};
use crate::{Actor, Platform};

/// Sessions in a list. Those used before these end by [`Platform::sign_out_elsewhere`], or by themselves.
const MAX_LISTED: i64 = 100;

impl Platform {
    /// The caller's sessions, last used first, at most a hundred.
    pub async fn list_sessions(&self, actor: &Actor) -> Result<Vec<Session>, SessionError> {
        let now = self.0.clock.now();
        let rows = sessions::list(&self.0.db, actor.user_id, now, MAX_LISTED).await?;
        let seen = rows.into_iter().map(|row| Session {
            id: row.id,
            browser: browsers::in_words(&row.user_agent),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            is_current: actor.via == Via::Session(row.id),
        });
        Ok(seen.collect())
    }

    /// Ends one of the caller's sessions at once, also the one that the request came with.
    pub async fn delete_session(&self, actor: &Actor, id: SessionId) -> Result<(), SessionError> {
        let mut tx = self.0.db.begin().await?;
        // The person first, as everywhere: in another order two changes would wait for each other.
        let user = users::lock(&mut tx, actor.user_id).await?;
        let user = user.ok_or(SessionError::NotFound)?;
        let now = self.0.clock.now();
        let user_agent = sessions::get_user_agent(&mut tx, user.id, id, now).await?;
        let thing = SessionOf {
            id,
            browser: &browsers::in_words(&user_agent.ok_or(SessionError::NotFound)?),
            username: &user.username,
        };
        let change = Change::deleted(AuditAction::SessionDelete, &thing);
        self.record(&mut tx, actor, change).await?;
        // Signing out does not wait for the person's lock.
        if !sessions::delete_one_of_user(&mut tx, user.id, id).await? {
            return Err(SessionError::NotFound);
        }
        tx.commit().await?;
        self.0
            .notices
            .publish(Notice::UserChanged { user_id: user.id });
        Ok(())
    }

    /// Ends all of the caller's sessions but the one that the request came with. API tokens go on.
    pub async fn sign_out_elsewhere(&self, actor: &Actor) -> Result<(), SessionError> {
        let keep = match actor.via {
            Via::Session(id) => Some(id),
            Via::Token(_) | Via::CommandLine | Via::Agent => None,
        };
        let mut tx = self.0.db.begin().await?;
        let user = users::lock(&mut tx, actor.user_id).await?;
        let ended = sessions::delete_of_user(&mut tx, actor.user_id, keep).await?;
        if let Some(user) = user.filter(|_| ended > 0) {
            let deed = Change::deed(AuditAction::UserSignOutElsewhere, &user);
            self.record(&mut tx, actor, deed).await?;
        }
        tx.commit().await?;
        self.0.notices.publish(Notice::UserChanged {
            user_id: actor.user_id,
        });
        Ok(())
    }
}
