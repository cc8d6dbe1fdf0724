//! Objects in GitHub's shapes, whole: `tests/github` holds them against GitHub's own description of its API.

mod people;
mod repository;

use serde_json::{Value, json};

pub(super) use self::people::{own_user, user};
pub(super) use self::repository::{repository, whole_repository};
use super::script::{CheckRun, Pull, Review};

const TIME: &str = "2026-01-02T03:04:05Z";

/// A number that stands for a person and stays the same.
fn id_of(login: &str) -> i64 {
    login
        .bytes()
        .fold(7, |id, byte| (id * 31 + i64::from(byte)) % 1_000_000_007)
}

/// Both in one object; what `more` says holds.
fn together(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// The commit that a branch points at.
pub(super) fn sha_of(branch: &str) -> String {
    format!("{:040x}", id_of(branch))
}

fn branch(base: &str, (owner, name): (&str, &str), branch: &str) -> Value {
    json!({
        "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha_of(branch), "user": user(base, owner),
        "repo": repository(base, (owner, name), "main"),
    })
}

/// A row of a list: without the numbers, which only the whole object has.
pub(super) fn listed(base: &str, repository: (&str, &str), (number, pull): (i32, &Pull)) -> Value {
    let (owner, name) = repository;
    let is_open = pull.state == "open" && !pull.merged;
    let page = format!("{base}/{owner}/{name}/pull/{number}");
    let repository_url = format!("{base}/api/v3/repos/{owner}/{name}");
    let url = format!("{repository_url}/pulls/{number}");
    let issue = format!("{repository_url}/issues/{number}");
    let statuses = format!("{repository_url}/statuses/{}", sha_of(&pull.branch));
    let addresses = json!({
        "url": url, "html_url": page, "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "issue_url": issue, "comments_url": format!("{issue}/comments"), "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"), "statuses_url": statuses,
        "review_comment_url": format!("{repository_url}/pulls/comments{{/number}}"),
        "_links": {
            "self": link(&url), "html": link(&page), "issue": link(&issue), "statuses": link(&statuses),
            "comments": link(&format!("{issue}/comments")), "commits": link(&format!("{url}/commits")),
            "review_comments": link(&format!("{url}/comments")),
            "review_comment": link(&format!("{repository_url}/pulls/comments{{/number}}")),
        },
    });
    let row = json!({
        "id": 1000 + number, "node_id": format!("PR_{number}"), "number": number, "title": pull.title, "body": null,
        "state": if is_open { "open" } else { "closed" }, "draft": pull.draft, "locked": false,
        "user": pull.author.as_deref().map(|login| user(base, login)), "labels": [], "assignee": null, "assignees": [],
        "requested_reviewers": [], "requested_teams": [], "milestone": null, "auto_merge": null,
        "author_association": "OWNER", "merge_commit_sha": null, "created_at": TIME, "updated_at": TIME,
        "closed_at": (!is_open).then_some(TIME), "merged_at": pull.merged.then_some(TIME),
        "head": branch(base, repository, &pull.branch), "base": branch(base, repository, &pull.base),
    });
    together(row, addresses)
}

fn link(address: &str) -> Value {
    json!({ "href": address })
}

pub(super) fn pull(base: &str, repository: (&str, &str), (number, pull): (i32, &Pull)) -> Value {
    let more = json!({
        "merged": pull.merged, "mergeable": true, "mergeable_state": "clean", "rebaseable": true, "merged_by": null,
        "comments": 0, "review_comments": 0, "maintainer_can_modify": false, "commits": pull.commits,
        "additions": pull.additions, "deletions": pull.deletions, "changed_files": pull.changed_files,
    });
    together(listed(base, repository, (number, pull)), more)
}

pub(super) fn review(base: &str, (place, review): (usize, &Review)) -> Value {
    json!({
        "id": place + 1, "node_id": format!("PRR_{place}"), "user": user(base, &review.login), "body": "",
        "state": review.state, "html_url": base, "pull_request_url": base, "author_association": "MEMBER",
        "submitted_at": TIME, "commit_id": sha_of("review"),
        "_links": {"html": link(base), "pull_request": link(base)},
    })
}

pub(super) fn check_run(base: &str, sha: &str, (place, run): (usize, &CheckRun)) -> Value {
    let is_over = run.status == "completed";
    json!({
        "id": place + 1, "node_id": format!("CR_{place}"), "name": format!("check {place}"), "head_sha": sha,
        "external_id": "", "url": base, "html_url": base, "details_url": base, "status": run.status,
        "conclusion": run.conclusion, "started_at": TIME, "completed_at": is_over.then_some(TIME),
        "output": {"title": null, "summary": null, "text": null, "annotations_count": 0, "annotations_url": base},
        "check_suite": {"id": 1}, "app": null, "pull_requests": [],
    })
}

pub(super) fn combined_status(
    base: &str,
    repository: &Value,
    sha: &str,
    state: Option<&str>,
) -> Value {
    json!({
        "state": state.unwrap_or("pending"), "statuses": [], "sha": sha, "total_count": i32::from(state.is_some()),
        "repository": repository, "commit_url": base, "url": base,
    })
}

/// A basic error.
pub(super) fn refusal(status: u16, message: &str) -> Value {
    json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()})
}
