//! Repositories in GitHub's shapes.

use serde_json::{Map, Value, json};

use super::people::user;
use super::{TIME, id_of, together};

/// Addresses below that of a repository.
const ADDRESSES: [(&str, &str); 38] = [
    ("archive_url", "{archive_format}{/ref}"),
    ("assignees_url", "assignees{/user}"),
    ("blobs_url", "git/blobs{/sha}"),
    ("branches_url", "branches{/branch}"),
    ("collaborators_url", "collaborators{/collaborator}"),
    ("comments_url", "comments{/number}"),
    ("commits_url", "commits{/sha}"),
    ("compare_url", "compare/{base}...{head}"),
    ("contents_url", "contents/{+path}"),
    ("contributors_url", "contributors"),
    ("deployments_url", "deployments"),
    ("downloads_url", "downloads"),
    ("events_url", "events"),
    ("forks_url", "forks"),
    ("git_commits_url", "git/commits{/sha}"),
    ("git_refs_url", "git/refs{/sha}"),
    ("git_tags_url", "git/tags{/sha}"),
    ("hooks_url", "hooks"),
    ("issue_comment_url", "issues/comments{/number}"),
    ("issue_events_url", "issues/events{/number}"),
    ("issues_url", "issues{/number}"),
    ("keys_url", "keys{/key_id}"),
    ("labels_url", "labels{/name}"),
    ("languages_url", "languages"),
    ("merges_url", "merges"),
    ("milestones_url", "milestones{/number}"),
    (
        "notifications_url",
        "notifications{?since,all,participating}",
    ),
    ("pulls_url", "pulls{/number}"),
    ("releases_url", "releases{/id}"),
    ("stargazers_url", "stargazers"),
    ("statuses_url", "statuses/{sha}"),
    ("subscribers_url", "subscribers"),
    ("subscription_url", "subscription"),
    ("tags_url", "tags"),
    ("teams_url", "teams"),
    ("trees_url", "git/trees{/sha}"),
    ("url", ""),
    ("svn_url", ""),
];

/// A repository, as part of something else.
pub(crate) fn repository(base: &str, (owner, name): (&str, &str), default_branch: &str) -> Value {
    let id = id_of(name);
    let page = format!("{base}/{owner}/{name}");
    let url = format!("{base}/api/v3/repos/{owner}/{name}");
    let addresses: Map<String, Value> = ADDRESSES
        .iter()
        .map(|(key, rest)| {
            let address = format!("{url}/{rest}");
            ((*key).to_owned(), json!(address.trim_end_matches('/')))
        })
        .collect();
    let repository = json!({
        "id": id, "node_id": format!("R_{id}"), "name": name, "full_name": format!("{owner}/{name}"), "private": true,
        "owner": user(base, owner), "html_url": page, "description": null, "fork": false,
        "default_branch": default_branch, "created_at": TIME, "updated_at": TIME, "pushed_at": TIME,
        "clone_url": format!("{page}.git"), "git_url": format!("git:{owner}/{name}.git"),
        "ssh_url": format!("git@example.com:{owner}/{name}.git"), "mirror_url": null, "homepage": null, "language": null,
        "license": null, "archived": false, "disabled": false, "visibility": "private", "size": 108, "forks": 0,
        "forks_count": 0, "open_issues": 0, "open_issues_count": 0, "stargazers_count": 0, "watchers": 0,
        "watchers_count": 0, "has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false,
        "has_downloads": true, "has_discussions": false,
    });
    together(Value::Object(addresses), repository)
}

/// A repository that was asked for by itself.
pub(crate) fn whole_repository(base: &str, place: (&str, &str), default_branch: &str) -> Value {
    let more = json!({ "network_count": 0, "subscribers_count": 0 });
    together(repository(base, place, default_branch), more)
}
