//! The diff of a chat's branch, as its git host makes it.

use forge::ForgeError;
use sdk::diff_statuses::ChatDiff;
use sdk::ids::ChatId;
use store::diff_statuses::{self, DiffStatusRow};

use super::refresh::{Place, Problem};
use crate::chats::ChatFailure;
use crate::failure::sentence_case;
use crate::{Actor, FailureKind, Platform};

impl Platform {
    /// What a chat's branch changes at its git host, asked now: a new pull request takes the place of an old one on the way.
    /// Without a branch only the chat is named; without a token, or at a host that is not asked, there is no diff.
    pub async fn get_chat_diff(&self, actor: &Actor, id: ChatId) -> Result<ChatDiff, ChatFailure> {
        self.own_chat(actor, id).await?;
        let refreshed = match self.refresh_chat(id).await {
            Ok(row) => row.map(|row| (row, true)),
            Err(Problem::Store(error)) => return Err(error.into()),
            Err(problem) if problem.needs_somebody() && !is_refusal(&problem) => {
                diff_statuses::get(&self.0.db, id)
                    .await?
                    .map(|row| (row, false))
            }
            Err(problem) => return Err(self.failed(&problem)),
        };
        let Some((row, can_ask)) = refreshed else {
            return Ok(ChatDiff {
                chat_id: id,
                provider: None,
                remote_origin: None,
                branch: None,
                pull_request_url: None,
                diff: None,
            });
        };
        let (mut provider, mut diff) = (None, None);
        if can_ask {
            let place = self
                .place_of(&row)
                .await
                .map_err(|problem| self.failed(&problem))?;
            provider = Some(place.forge.kind().as_str().to_owned());
            let told = diff_of(&place, &row).await;
            let told = self.heard(&place, told).await;
            diff = told.map_err(|problem| self.failed(&problem))?;
        }
        Ok(ChatDiff {
            chat_id: id,
            provider,
            pull_request_url: row.url.filter(|_| row.pull_request.is_some()),
            remote_origin: Some(row.git_remote_origin),
            branch: Some(row.git_branch),
            diff,
        })
    }

    fn failed(&self, problem: &Problem) -> ChatFailure {
        let kind = match problem.limited_until() {
            Some(until) => FailureKind::TooMany {
                retry_after_s: u64::try_from((until - self.0.clock.now()).num_seconds())
                    .unwrap_or_default()
                    .max(1),
            },
            None => FailureKind::Unavailable,
        };
        ChatFailure::GitHost {
            message: sentence_case(&problem.to_string()),
            kind,
        }
    }
}

/// A token that the host refused, now or before, is told; that there is none is seen in the answer.
const fn is_refusal(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Token(_)
            | Problem::Forge(ForgeError::BadCredentials { .. } | ForgeError::Forbidden { .. })
    )
}

async fn diff_of(place: &Place, row: &DiffStatusRow) -> Result<Option<String>, ForgeError> {
    let Place {
        forge,
        repository,
        access,
        ..
    } = place;
    if let Some(pull) = &row.pull_request {
        // It may be in a repository that was renamed since.
        let told = row
            .url
            .as_deref()
            .and_then(|url| forge.parse_pull_request_url(url));
        let repository = told.map_or_else(|| repository.clone(), |(repository, _)| repository);
        let diff = forge
            .pull_request_diff(access, &repository, pull.number)
            .await?;
        return Ok(Some(diff));
    }
    match forge.branch_diff(access, repository, &row.git_branch).await {
        Ok(diff) => Ok(Some(diff)),
        // Not pushed yet.
        Err(ForgeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
