//! Secrets on their way to git and to the git host's own API, the only ways out that they have.
//!
//! An agent names a chat, and the name may be a lie: any command of a workspace can ask for any chat. So what an agent can
//! get is what the owners of the chats that work in its workspace have for exactly the host, and nothing else.

use chrono::TimeDelta;
use sdk::external_auth::{AskExternalAuth, ExternalAuthCredential};
use sdk::ids::{AgentId, ChatId, ExternalAuthLinkId, UserId};
use sdk::users::UserStatus;
use sdk::workspace_shares::WorkspacePermission;
use secrecy::ExposeSecret as _;
use store::StoreError;
use store::chats::ChatRow;
use store::workspaces::{self, agents};
use store::{chats, external_auth, users};
use workspace::git_askpass::GitCredential;
use workspace::git_host::GitHost;

use super::links::Links;
use super::{ExternalAuthError, place};
use crate::Platform;
use crate::workspaces::permissions_of;

/// How exactly is noted when a token was last used.
const USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);

const NOT_HERE: &str = "This chat does not work in this workspace, so its owner's tokens are not for it. Run git as a command \
                        of a chat that does.";
const NOT_SHARED: &str =
    "The workspace is no longer shared with the chat's owner. Tell the user to ask for it.";
const SUSPENDED: &str = "The account of the chat's owner is suspended.";

impl Platform {
    /// What git of a chat's command signs in to a host with, for the agent of the workspace in which it runs. Marks what is
    /// known of that chat's branch as out of date.
    pub async fn credential_for(
        &self,
        agent: AgentId,
        question: &AskExternalAuth,
    ) -> Result<ExternalAuthCredential, ExternalAuthError> {
        let chat = self.chat_of_agent(agent, question.chat_id).await?;
        let host = GitHost::of_repository(&question.url).map_err(|error| {
            ExternalAuthError::Refused(format!("Git asks for {:?}: {error}.", question.url))
        })?;
        let reference = (&*question.git_branch, &*question.git_remote_origin);
        self.mark_diff_status_stale(&chat, reference, question.is_fetch)
            .await;
        let stored = self.0.links.held(chat.owner_id, &host).await;
        let stored = stored.map_err(|error| match error {
            ExternalAuthError::Broken(problem) => ExternalAuthError::Refused(format!(
                "{problem} The chat's owner can link {host} again under Settings → Git hosts."
            )),
            error => error,
        })?;
        let held = stored.ok_or_else(|| {
            ExternalAuthError::Refused(format!(
                "The chat's owner has no token for {host}. They can add one under Settings → Git hosts."
            ))
        })?;
        Ok(ExternalAuthCredential {
            username: held.credential.username,
            access_token: held.credential.token,
        })
    }

    /// The chat, when it works in the agent's workspace and its owner may.
    pub(crate) async fn chat_of_agent(
        &self,
        agent: AgentId,
        chat: ChatId,
    ) -> Result<ChatRow, ExternalAuthError> {
        let db = &self.0.db;
        let refused = |reason: &str| ExternalAuthError::Refused(reason.to_owned());
        let agent = agents::get(db, agent).await?;
        let agent = agent.filter(|agent| agent.stopped_at.is_none());
        let agent = agent.ok_or(ExternalAuthError::AgentGone)?;
        let workspace = workspaces::get(db, agent.workspace_id).await?;
        let workspace = workspace.filter(|workspace| !workspace.deleted);
        let workspace = workspace.ok_or(ExternalAuthError::AgentGone)?;
        let chat = chats::get(db, chat).await?;
        let chat =
            chat.filter(|chat| chat.workspace_id == Some(agent.workspace_id) && !chat.archived);
        let chat = chat.ok_or_else(|| refused(NOT_HERE))?;
        let permissions = permissions_of(db, &workspace, chat.owner_id).await?;
        if !permissions.is_some_and(|all| all.contains(&WorkspacePermission::Ssh)) {
            return Err(refused(NOT_SHARED));
        }
        let owner = users::get(db, chat.owner_id).await?;
        if !owner.is_some_and(|owner| owner.status == UserStatus::Active) {
            return Err(refused(SUSPENDED));
        }
        Ok(chat)
    }
}

/// What a person has for a host.
pub(crate) struct Held {
    pub(crate) credential: GitCredential,
    pub(crate) token: HeldToken,
}

/// Which token of which link was handed out.
pub(crate) struct HeldToken {
    link: ExternalAuthLinkId,
    /// As it is stored; another one, also of the same link, is another text.
    sealed: Vec<u8>,
}

impl Links {
    /// What a clone of this address signs in with for a person, and where; nothing for an address without tokens.
    pub(crate) async fn for_clone(
        &self,
        user: UserId,
        address: &str,
    ) -> Result<Option<(GitHost, GitCredential)>, ExternalAuthError> {
        let Ok(host) = GitHost::of_repository(address) else {
            return Ok(None);
        };
        let held = self.held(user, &host).await?;
        Ok(held.map(|held| (host, held.credential)))
    }

    /// What a person has for a host, by the name that tokens are kept under.
    pub(crate) async fn for_host(
        &self,
        user: UserId,
        host: &str,
    ) -> Result<Option<Held>, ExternalAuthError> {
        let Ok(host) = GitHost::of_entry(host) else {
            return Ok(None);
        };
        self.held(user, &host).await
    }

    /// The host said that a token is none of its own: the link works no more until it is replaced. One that was replaced or
    /// renewed since it was handed out stays as it is.
    pub(crate) async fn refused(&self, host: &str, token: &HeldToken) -> Result<(), StoreError> {
        let problem =
            format!("{host} no longer takes the token: it was revoked there or has expired.");
        let HeldToken { link, sealed } = token;
        if external_auth::mark_broken(&self.db, *link, sealed, &problem).await? {
            tracing::info!(host, link_id = %link, "a link to a git host works no more");
        }
        Ok(())
    }

    /// Refreshed before, where it ends soon.
    async fn held(&self, user: UserId, host: &GitHost) -> Result<Option<Held>, ExternalAuthError> {
        let Some(row) = external_auth::get(&self.db, user, host.name()).await? else {
            return Ok(None);
        };
        let row = self.fresh(user, row).await?;
        let token = self.secrets.unseal(place(row.id), &row.token_sealed);
        let token = token.map_err(|error| ExternalAuthError::Unseal {
            host: host.name().to_owned(),
            error,
        })?;
        let now = self.clock.now();
        let is_noted = row
            .link
            .last_used_at
            .is_some_and(|at| now - at < USE_INTERVAL);
        if !is_noted {
            external_auth::touch(&self.db, row.id, now).await?;
        }
        Ok(token.map(|token| Held {
            credential: GitCredential {
                username: row.link.username,
                token: token.expose_secret().to_owned(),
            },
            token: HeldToken {
                link: row.id,
                sealed: row.token_sealed,
            },
        }))
    }
}
