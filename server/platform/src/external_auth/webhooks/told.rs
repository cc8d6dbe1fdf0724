//! What GitHub says in a webhook: the branches and pull requests that may have changed.

use serde::Deserialize;

use crate::diff_statuses::{Told, Told::Branch, Told::PullRequest};

/// A commit can be in very many branches.
const MOST_TOLD: usize = 100;
const MOST_BRANCH_BYTES: usize = 255;

/// `null` and what is absent are the same; what is not read is not looked at.
#[derive(Default, Deserialize)]
struct Body {
    repository: Option<Repository>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    pull_request: Option<Pull>,
    check_run: Option<CheckRun>,
    check_suite: Option<Suite>,
    #[serde(default)]
    branches: Vec<Branches>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Pull {
    number: i32,
    head: Option<Head>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "ref")]
    name: String,
    /// That of a fork; none when it was deleted.
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct CheckRun {
    check_suite: Option<Suite>,
    #[serde(default)]
    pull_requests: Vec<Numbered>,
}

#[derive(Deserialize)]
struct Suite {
    head_branch: Option<String>,
    #[serde(default)]
    pull_requests: Vec<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    number: i32,
}

#[derive(Deserialize)]
struct Branches {
    name: String,
}

/// What the body of an event tells; nothing of an event that is of no interest.
pub(super) fn read(event: &str, body: &[u8]) -> Result<Option<Vec<Told>>, serde_json::Error> {
    let read: fn(Body, &str) -> Vec<Told> = match event {
        "ping" => |_, _| Vec::new(),
        "pull_request" | "pull_request_review" => of_pull_request,
        "check_run" => of_check_run,
        "check_suite" => of_check_suite,
        "status" => of_status,
        "push" => of_push,
        _ => return Ok(None),
    };
    let mut body: Body = serde_json::from_slice(body)?;
    let Some(repository) = body.repository.take() else {
        return Ok(Some(Vec::new()));
    };
    let mut told = read(body, &repository.full_name);
    told.retain(|told| match told {
        Branch { branch, .. } => !branch.is_empty() && branch.len() <= MOST_BRANCH_BYTES,
        PullRequest { .. } => true,
    });
    told.truncate(MOST_TOLD);
    Ok(Some(told))
}

fn branch(repository: &str, branch: String) -> Told {
    Branch {
        repository: repository.to_owned(),
        branch,
    }
}

fn numbers(repository: &str, numbered: Vec<Numbered>) -> impl Iterator<Item = Told> {
    numbered
        .into_iter()
        .map(move |Numbered { number }| PullRequest {
            repository: repository.to_owned(),
            number,
        })
}

fn of_pull_request(body: Body, repository: &str) -> Vec<Told> {
    let Some(Pull { number, head }) = body.pull_request else {
        return Vec::new();
    };
    // The branch is in the repository that it was pushed to, the number counts in the one that it is to go into.
    let head = head.and_then(|head| Some(branch(&head.repo?.full_name, head.name)));
    let numbered = numbers(repository, vec![Numbered { number }]);
    head.into_iter().chain(numbered).collect()
}

fn of_check_run(body: Body, repository: &str) -> Vec<Told> {
    let Some(run) = body.check_run else {
        return Vec::new();
    };
    let suite = run.check_suite.into_iter();
    let suite = suite.flat_map(|suite| of_suite(suite, repository));
    suite
        .chain(numbers(repository, run.pull_requests))
        .collect()
}

fn of_check_suite(body: Body, repository: &str) -> Vec<Told> {
    let suite = body.check_suite.into_iter();
    suite
        .flat_map(|suite| of_suite(suite, repository))
        .collect()
}

fn of_suite(suite: Suite, repository: &str) -> Vec<Told> {
    let head = suite.head_branch.map(|name| branch(repository, name));
    let numbered = numbers(repository, suite.pull_requests);
    head.into_iter().chain(numbered).collect()
}

fn of_status(body: Body, repository: &str) -> Vec<Told> {
    let branches = body.branches.into_iter();
    branches.map(|it| branch(repository, it.name)).collect()
}

fn of_push(body: Body, repository: &str) -> Vec<Told> {
    let pushed = body.git_ref.unwrap_or_default();
    let name = pushed.strip_prefix("refs/heads/");
    name.map(|name| branch(repository, name.to_owned()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn told(event: &str, mut body: Value) -> Vec<String> {
        body["repository"] = json!({ "full_name": "ada/greeter" });
        let told = read(event, body.to_string().as_bytes()).unwrap().unwrap();
        let words = told.into_iter().map(|told| match told {
            Branch { repository, branch } => format!("{repository} {branch}"),
            PullRequest { repository, number } => format!("{repository} #{number}"),
        });
        words.collect()
    }

    #[test]
    fn each_event_names_its_branches_and_pull_requests() {
        let pull = json!({ "number": 7, "head": { "ref": "topic", "repo": { "full_name": "bob/greeter" } } });
        for event in ["pull_request", "pull_request_review"] {
            let body = json!({ "action": "x", "pull_request": pull });
            assert_eq!(told(event, body), ["bob/greeter topic", "ada/greeter #7"]);
        }
        let deleted =
            json!({ "pull_request": { "number": 7, "head": { "ref": "topic", "repo": null } } });
        assert_eq!(told("pull_request", deleted), ["ada/greeter #7"]);
        let suite = json!({ "head_branch": "topic", "pull_requests": [{ "number": 7 }] });
        let both = ["ada/greeter topic", "ada/greeter #7"];
        assert_eq!(told("check_suite", json!({ "check_suite": suite })), both);
        let run = json!({ "check_run": { "check_suite": suite, "pull_requests": [] } });
        assert_eq!(told("check_run", run), both);
        let of_fork = json!({ "check_suite": { "head_branch": null, "pull_requests": [] } });
        assert!(told("check_suite", of_fork).is_empty());
        let status = json!({ "branches": [{ "name": "one" }, { "name": "two" }] });
        assert_eq!(
            told("status", status),
            ["ada/greeter one", "ada/greeter two"]
        );
        assert_eq!(
            told("push", json!({ "ref": "refs/heads/a/b" })),
            ["ada/greeter a/b"]
        );
        assert!(told("push", json!({ "ref": "refs/tags/v1" })).is_empty());
        assert!(told("ping", json!({ "zen": "Design for failure." })).is_empty());
    }

    #[test]
    fn what_is_of_no_interest_or_no_use_tells_nothing() {
        assert!(read("issues", b"not even JSON").unwrap().is_none());
        assert!(read("", b"{}").unwrap().is_none());
        assert!(read("push", b"{").is_err());
        assert!(
            read("push", b"[]")
                .unwrap_or_default()
                .unwrap_or_default()
                .is_empty()
        );
        assert!(
            read("push", br#"{"ref": "refs/heads/main"}"#)
                .unwrap()
                .unwrap()
                .is_empty()
        );
        let many: Vec<Value> = (0..1000)
            .map(|n| json!({ "name": format!("b{n}") }))
            .collect();
        assert_eq!(told("status", json!({ "branches": many })).len(), MOST_TOLD);
        let long = format!("refs/heads/{}", "x".repeat(300));
        assert!(told("push", json!({ "ref": long })).is_empty());
    }
}
