//! Objects in GitHub's shapes.

use serde_json::{Value, json};

use super::script::{CheckRun, Pull, Review};

const TIME: &str = "2026-01-02T03:04:05Z";

/// A number that stands for a person and stays the same.
fn id_of(login: &str) -> i64 {
    login
        .bytes()
        .fold(7, |id, byte| (id * 31 + i64::from(byte)) % 1_000_000_007)
}

pub(super) fn user(base: &str, login: &str) -> Value {
    let id = id_of(login);
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": "User", "site_admin": false,
        "avatar_url": format!("https://avatars.example.com/u/{id}?v=4"), "gravatar_id": "",
        "url": format!("{base}/api/v3/users/{login}"), "html_url": format!("{base}/{login}"),
    })
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

pub(super) fn repository(base: &str, (owner, name): (&str, &str), default_branch: &str) -> Value {
    let id = id_of(name);
    json!({
        "id": id, "node_id": format!("R_{id}"), "name": name, "full_name": format!("{owner}/{name}"), "private": true,
        "owner": user(base, owner), "html_url": format!("{base}/{owner}/{name}"), "description": null, "fork": false,
        "url": format!("{base}/api/v3/repos/{owner}/{name}"), "default_branch": default_branch,
        "created_at": TIME, "updated_at": TIME, "pushed_at": TIME,
    })
}

/// A row of a list: without the numbers, which only the whole object has.
pub(super) fn listed(base: &str, repository: (&str, &str), (number, pull): (i32, &Pull)) -> Value {
    let (owner, name) = repository;
    let is_open = pull.state == "open" && !pull.merged;
    let page = format!("{base}/{owner}/{name}/pull/{number}");
    json!({
        "id": 1000 + number, "node_id": format!("PR_{number}"), "number": number, "title": pull.title, "body": null,
        "state": if is_open { "open" } else { "closed" }, "draft": pull.draft, "locked": false,
        "url": format!("{base}/api/v3/repos/{owner}/{name}/pulls/{number}"), "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "user": pull.author.as_deref().map(|login| user(base, login)), "labels": [], "assignees": [],
        "requested_reviewers": [], "requested_teams": [], "milestone": null, "auto_merge": null,
        "author_association": "OWNER", "merge_commit_sha": null, "created_at": TIME, "updated_at": TIME,
        "closed_at": (!is_open).then_some(TIME), "merged_at": pull.merged.then_some(TIME),
        "head": branch(base, repository, &pull.branch), "base": branch(base, repository, &pull.base),
    })
}

pub(super) fn pull(base: &str, repository: (&str, &str), (number, pull): (i32, &Pull)) -> Value {
    let mut object = listed(base, repository, (number, pull));
    let more = json!({
        "merged": pull.merged, "mergeable": true, "mergeable_state": "clean", "rebaseable": true, "merged_by": null,
        "comments": 0, "review_comments": 0, "maintainer_can_modify": false, "commits": pull.commits,
        "additions": pull.additions, "deletions": pull.deletions, "changed_files": pull.changed_files,
    });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

pub(super) fn review(base: &str, (place, review): (usize, &Review)) -> Value {
    json!({
        "id": place + 1, "node_id": format!("PRR_{place}"), "user": user(base, &review.login), "body": "",
        "state": review.state, "html_url": base, "pull_request_url": base, "author_association": "MEMBER",
        "submitted_at": TIME, "commit_id": sha_of("review"),
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
