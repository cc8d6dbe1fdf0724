//! Check runs and commit statuses of a commit, taken together.

use sdk::diff_statuses::CheckState;

use super::Github;
use super::wire::{CheckRun, CheckRuns, CombinedStatus};
use crate::{Access, ForgeError, RepositoryName};

/// A hundred runs each.
const MOST_PAGES: usize = 3;

impl Github {
    /// Nothing where there are no checks, or the token may not see them: many do not reach so far.
    pub(super) async fn check_state(
        &self,
        access: &Access,
        repository: &RepositoryName,
        commit: &str,
    ) -> Result<Option<CheckState>, ForgeError> {
        if commit.is_empty() {
            return Ok(None);
        }
        let address = |last: &str| {
            let mut url = self.api(&[
                "repos",
                &repository.owner,
                &repository.name,
                "commits",
                commit,
                last,
            ]);
            url.set_query(Some("per_page=100"));
            url
        };
        let runs = seen(
            self.pages::<CheckRuns>(access, address("check-runs"), MOST_PAGES)
                .await,
        )?;
        let statuses = seen(self.json::<CombinedStatus>(access, address("status")).await)?;
        let pages = runs.unwrap_or_default();
        let runs = pages.iter().flat_map(|page| &page.check_runs).map(of_run);
        let statuses = statuses.and_then(|(combined, _)| of_statuses(&combined));
        Ok(runs.chain(statuses).reduce(worse))
    }
}

fn seen<T>(answer: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ForgeError::Forbidden { .. } | ForgeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn of_run(run: &CheckRun) -> CheckState {
    match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success" | "neutral" | "skipped" | "stale")) => CheckState::Success,
        ("completed", _) => CheckState::Failure,
        _ => CheckState::Pending,
    }
}

/// Without any status GitHub says `pending` too.
fn of_statuses(combined: &CombinedStatus) -> Option<CheckState> {
    let state = match combined.state.as_str() {
        "success" => CheckState::Success,
        "pending" => CheckState::Pending,
        _ => CheckState::Failure,
    };
    (combined.total_count > 0).then_some(state)
}

const fn worse(one: CheckState, other: CheckState) -> CheckState {
    match (one, other) {
        (CheckState::Failure, _) | (_, CheckState::Failure) => CheckState::Failure,
        (CheckState::Pending, _) | (_, CheckState::Pending) => CheckState::Pending,
        _ => CheckState::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: &str, conclusion: Option<&str>) -> CheckState {
        of_run(&CheckRun {
            status: status.to_owned(),
            conclusion: conclusion.map(str::to_owned),
        })
    }

    #[test]
    fn a_failure_outweighs_what_runs_and_that_what_is_through() {
        let (through, failed) = (
            run("completed", Some("skipped")),
            run("completed", Some("timed_out")),
        );
        let runs = run("in_progress", None);
        assert_eq!(worse(through, runs), CheckState::Pending);
        assert_eq!(worse(worse(through, runs), failed), CheckState::Failure);
        assert_eq!(
            worse(through, run("completed", Some("success"))),
            CheckState::Success
        );
    }

    #[test]
    fn no_status_is_not_a_waiting_one() {
        let combined = |state: &str, total_count| CombinedStatus {
            state: state.to_owned(),
            total_count,
        };
        assert_eq!(of_statuses(&combined("pending", 0)), None);
        assert_eq!(
            of_statuses(&combined("pending", 1)),
            Some(CheckState::Pending)
        );
        assert_eq!(
            of_statuses(&combined("error", 1)),
            Some(CheckState::Failure)
        );
    }
}
