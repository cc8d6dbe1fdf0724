//! When a row is looked at again.

use chrono::{DateTime, TimeDelta, Utc};
use sdk::diff_statuses::PullRequestState;
use store::diff_statuses::{DiffStatusRow, PullRequestRow};

use super::refresh::Problem;

/// How long a row belongs to whoever took it. Longer than any look takes; a process that dies gives it back by this.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Of an open pull request.
const FRESH: TimeDelta = TimeDelta::seconds(120);
/// Of one that went in or was given up; only a new one on the same branch would change it.
const FRESH_WHEN_DONE: TimeDelta = TimeDelta::minutes(30);
/// A pull request is usually made right after a push.
const JUST_WORKED_ON: TimeDelta = TimeDelta::minutes(2);
const SOON: TimeDelta = TimeDelta::seconds(15);
const FRESH_WITHOUT: TimeDelta = TimeDelta::minutes(5);
/// Nothing changes before somebody acts; a new token makes the row due at once.
const NEEDS_SOMEBODY: TimeDelta = TimeDelta::minutes(10);
const FIRST_BACK_OFF: TimeDelta = TimeDelta::minutes(2);
const LONGEST_BACK_OFF: TimeDelta = TimeDelta::minutes(30);

/// After an answer.
pub(super) fn after_answer(
    claimed: &DiffStatusRow,
    pull_request: Option<&PullRequestRow>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    now + match pull_request.map(|pull| pull.state) {
        Some(PullRequestState::Open) => FRESH,
        Some(PullRequestState::Closed | PullRequestState::Merged) => FRESH_WHEN_DONE,
        None if now - claimed.updated_at < JUST_WORKED_ON => SOON,
        None => FRESH_WITHOUT,
    }
}

/// After a failure: at the end of a limit, or after a pause that doubles.
pub(super) fn after_failure(
    claimed: &DiffStatusRow,
    problem: &Problem,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if let Some(until) = problem.limited_until() {
        return until.max(now + SOON);
    }
    if problem.needs_somebody() {
        return now + NEEDS_SOMEBODY;
    }
    let doublings = claimed.failures.clamp(0, 8);
    now + (FIRST_BACK_OFF * (1 << doublings)).min(LONGEST_BACK_OFF)
}
