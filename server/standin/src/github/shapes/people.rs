//! People in GitHub's shapes.

use serde_json::{Map, Value, json};

use super::{TIME, id_of, together};

/// Addresses below that of a person.
const ADDRESSES: [(&str, &str); 9] = [
    ("followers_url", "followers"),
    ("following_url", "following{/other_user}"),
    ("gists_url", "gists{/gist_id}"),
    ("starred_url", "starred{/owner}{/repo}"),
    ("subscriptions_url", "subscriptions"),
    ("organizations_url", "orgs"),
    ("repos_url", "repos"),
    ("events_url", "events{/privacy}"),
    ("received_events_url", "received_events"),
];

/// Somebody, as part of something else.
pub(crate) fn user(base: &str, login: &str) -> Value {
    let id = id_of(login);
    let url = format!("{base}/api/v3/users/{login}");
    let addresses: Map<String, Value> = ADDRESSES
        .iter()
        .map(|(name, rest)| ((*name).to_owned(), json!(format!("{url}/{rest}"))))
        .collect();
    let user = json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": "User", "site_admin": false,
        "avatar_url": format!("https://avatars.example.com/u/{id}?v=4"), "gravatar_id": "", "url": url,
        "html_url": format!("{base}/{login}"),
    });
    together(user, Value::Object(addresses))
}

/// Whom a token stands for, as they see themselves.
pub(crate) fn own_user(base: &str, login: &str) -> Value {
    let more = json!({
        "user_view_type": "private", "name": null, "company": null, "blog": "", "location": null, "email": null,
        "hireable": null, "bio": null, "twitter_username": null, "notification_email": null, "public_repos": 1,
        "public_gists": 0, "followers": 0, "following": 0, "created_at": TIME, "updated_at": TIME, "private_gists": 0,
        "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0,
        "two_factor_authentication": true,
    });
    together(user(base, login), more)
}
