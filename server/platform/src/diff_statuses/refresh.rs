//! One look at a git host, for all chats of a person that work on the same branch.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use forge::{Access, Forge, ForgeError, PullRequest, Remote, RepositoryName};
use sdk::ids::{ChatId, UserId};
use sdk::users::UserStatus;
use store::diff_statuses::{self, DiffStatusRow, Failed, Outcome, PullRequestRow};
use store::{StoreError, users};

use super::schedule;
use crate::external_auth::{ExternalAuthError, HeldToken};
use crate::{Failure as _, Platform};

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The remote is at no host that may be asked.
    #[error(
        "the remote {0} is at no git host that is asked for pull requests; an owner adds hosts under \
         Settings → Git hosts, or with SWITCHYARD_EXTERNAL_AUTH_0_TYPE and SWITCHYARD_EXTERNAL_AUTH_0_BASE_URL"
    )]
    UnknownHost(String),
    /// The chat's owner may do nothing.
    #[error("the account of the chat's owner is suspended")]
    Suspended,
    /// The host.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// The token cannot be read.
    #[error("{0}")]
    Token(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem {
    /// In one word, as it is kept.
    pub(super) const fn class(&self) -> &'static str {
        match self {
            Self::UnknownHost(_) => "unknown_host",
            Self::Suspended => "suspended",
            Self::Forge(error) => error.class(),
            Self::Token(_) => "no_token",
            Self::Store(_) => "unreachable",
        }
    }

    pub(super) const fn limited_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Forge(ForgeError::RateLimited { until, .. }) => Some(*until),
            _ => None,
        }
    }

    /// Whether nothing gets better by waiting alone.
    pub(super) const fn needs_somebody(&self) -> bool {
        matches!(
            self,
            Self::UnknownHost(_)
                | Self::Suspended
                | Self::Token(_)
                | Self::Forge(
                    ForgeError::NoToken { .. }
                        | ForgeError::BadCredentials { .. }
                        | ForgeError::Forbidden { .. }
                )
        )
    }
}

impl From<ExternalAuthError> for Problem {
    fn from(error: ExternalAuthError) -> Self {
        match error {
            ExternalAuthError::Store(error) => Self::Store(error),
            other => Self::Token(other.message()),
        }
    }
}

/// Where a row's branch is, and what to ask there with.
pub(super) struct Place {
    pub(super) forge: Arc<dyn Forge>,
    pub(super) repository: RepositoryName,
    pub(super) access: Access,
    /// Which token it is.
    pub(super) token: HeldToken,
}

impl Platform {
    /// Looks at a chat's branch now, whether it is due or not. Nothing when the chat has none.
    pub(crate) async fn refresh_chat(
        &self,
        chat: ChatId,
    ) -> Result<Option<DiffStatusRow>, Problem> {
        let lease_until = self.0.clock.now() + schedule::LEASE;
        let claimed = diff_statuses::claim_one(&self.0.db, chat, lease_until).await?;
        let Some(claimed) = claimed else {
            return Ok(None);
        };
        self.refresh(std::slice::from_ref(&claimed)).await?;
        Ok(diff_statuses::get(&self.0.db, chat).await?)
    }

    /// Looks for rows that were claimed and ask the same: of one person, one remote and one branch. Notes the outcome in
    /// each, and tells their watchers what is new.
    pub(super) async fn refresh(&self, rows: &[DiffStatusRow]) -> Result<(), Problem> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        let looked = self.look(first).await;
        let now = self.0.clock.now();
        for claimed in rows {
            let is_told = match &looked {
                Ok((url, pull_request)) => {
                    let outcome = Outcome {
                        claimed,
                        url: url.as_deref(),
                        pull_request: pull_request.as_ref(),
                        stale_at: schedule::after_answer(claimed, pull_request.as_ref(), now),
                        now,
                    };
                    diff_statuses::record(&self.0.db, outcome).await? && outcome.is_news()
                }
                Err(problem) => {
                    let failed = Failed {
                        claimed,
                        problem: problem.class(),
                        stale_at: schedule::after_failure(claimed, problem, now),
                        now,
                    };
                    let is_new = claimed.problem.as_deref() != Some(failed.problem);
                    diff_statuses::fail(&self.0.db, failed).await? && is_new
                }
            };
            if is_told {
                self.tell_diff_status(claimed.chat_id, claimed.owner_id);
            }
        }
        looked.map(drop)
    }

    async fn look(
        &self,
        row: &DiffStatusRow,
    ) -> Result<(Option<String>, Option<PullRequestRow>), Problem> {
        let place = self.place_of(row).await?;
        let Place {
            forge,
            repository,
            access,
            ..
        } = &place;
        let found = forge
            .find_pull_request(access, repository, &row.git_branch)
            .await;
        let found = self.heard(&place, found).await?;
        Ok(match found {
            Some(found) => (Some(found.url.clone()), Some(kept(found))),
            None => (forge.branch_url(repository, &row.git_branch), None),
        })
    }

    /// What a host answered; when it said that the token is none, its link is marked, so that its person is told to link again.
    pub(super) async fn heard<T>(
        &self,
        place: &Place,
        answer: Result<T, ForgeError>,
    ) -> Result<T, Problem> {
        if let Err(ForgeError::BadCredentials { is_told: true, .. }) = &answer {
            let host = place.forge.host();
            self.0.links.refused(host, &place.token).await?;
        }
        Ok(answer?)
    }

    /// The host of a row's remote with the token of the chat's owner for exactly that host.
    pub(super) async fn place_of(&self, row: &DiffStatusRow) -> Result<Place, Problem> {
        let unknown = || Problem::UnknownHost(row.git_remote_origin.clone());
        let remote: Remote = row.git_remote_origin.parse().map_err(|_| unknown())?;
        let forges = self.0.links.forges().await?;
        let forge = forges.of(&remote).ok_or_else(unknown)?;
        let repository = forge.repository(&remote).ok_or_else(unknown)?;
        self.check_active(row.owner_id).await?;
        let links = &self.0.links;
        let held = links.for_host(row.owner_id, forge.host()).await?;
        let held = held.ok_or_else(|| ForgeError::NoToken {
            host: forge.host().to_owned(),
        })?;
        Ok(Place {
            access: Access {
                token: held.credential.token.into(),
                now: self.0.clock.now(),
            },
            token: held.token,
            forge,
            repository,
        })
    }

    async fn check_active(&self, owner: UserId) -> Result<(), Problem> {
        let owner = users::get(&self.0.db, owner).await?;
        match owner {
            Some(owner) if owner.status == UserStatus::Active => Ok(()),
            _ => Err(Problem::Suspended),
        }
    }
}

fn kept(found: PullRequest) -> PullRequestRow {
    PullRequestRow {
        number: found.number,
        state: found.state,
        title: found.title,
        is_draft: found.is_draft,
        has_changes_requested: found.has_changes_requested,
        is_approved: found.is_approved,
        reviewer_count: found.reviewer_count,
        additions: found.additions,
        deletions: found.deletions,
        changed_files: found.changed_files,
        commits: found.commits,
        author_login: found.author_login,
        author_avatar_url: found.author_avatar_url,
        base_branch: found.base_branch,
        head_branch: found.head_branch,
        check_state: found.check_state,
    }
}
