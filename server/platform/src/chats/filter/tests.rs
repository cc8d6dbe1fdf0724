//! What `q` may say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;

fn parse(text: &str) -> ChatFilter {
    Filter::parse(text).unwrap().chats
}

#[test]
fn reads_keys_and_words() {
    assert_eq!(Filter::parse("").unwrap(), Filter::default());
    let filter = parse("login archived:TRUE \"sign up\" STATUS:error");
    assert!(filter.archived);
    assert_eq!(filter.status, Some(Status::Error));
    assert_eq!(filter.words, [Wanted::new("login"), Wanted::new("sign up")]);
}

#[test]
fn reads_every_key() {
    let filter = parse(
        "pinned:true has_unread:false title:\"a b\" model:Opus label:team label:area=ui label:of:it",
    );
    assert_eq!(filter.is_pinned, Some(true));
    assert_eq!(filter.has_unread, Some(false));
    assert_eq!(filter.title_contains.as_deref(), Some("a b"));
    assert_eq!(filter.model_contains.as_deref(), Some("Opus"));
    let label = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
    assert_eq!(
        filter.labels,
        [
            label("team", None),
            label("area", Some("ui")),
            label("of", Some("it"))
        ]
    );
    assert!(Filter::parse("status:paused").unwrap().finds_nothing);
}

#[test]
fn reads_what_is_wanted_of_pull_requests() {
    let wanted = parse("pr:#12 repo:team/project pr_title:\"Greet people\" diff_url:\"https://x\"");
    let wanted = wanted.pull_request;
    assert_eq!((wanted.number, wanted.state), (Some(12), None));
    assert_eq!(wanted.repository_contains.as_deref(), Some("team/project"));
    assert_eq!(wanted.title_contains.as_deref(), Some("Greet people"));
    assert_eq!(wanted.url_contains.as_deref(), Some("https://x"));
    for state in ["open", "DRAFT", "merged", "closed"] {
        let wanted = parse(&format!("pr:{state}")).pull_request.state;
        assert_eq!(wanted, PullRequestWanted::parse(state), "{state}");
        assert!(wanted.is_some());
    }
}

#[test]
fn pending_and_running_are_told_apart() {
    assert_eq!(parse("status:pending").is_owned, Some(false));
    assert_eq!(parse("status:running").is_owned, Some(true));
    assert_eq!(parse("status:completed").status, Some(Status::Waiting));
}

#[test]
fn refuses_what_it_does_not_know() {
    let long = "word ".repeat(33);
    for text in [
        "colour:red",
        "archived:maybe",
        "archived:",
        ":true",
        "a:b:c",
        "title:a:b",
        "label:=x",
        "status:7",
        "pr:0",
        "pr:-1",
        "pr:mine",
        "\"open",
        "nul\0",
        long.as_str(),
    ] {
        assert!(Filter::parse(text).is_err(), "{text}");
    }
}

#[test]
fn labels_of_the_list_are_key_and_value() {
    let mut filter = Filter::default();
    filter.add_label("team:a:b").unwrap();
    assert_eq!(
        filter.chats.labels,
        [("team".to_owned(), Some("a:b".to_owned()))]
    );
    for wrong in ["", "team", ":a", "team:", "a\0:b"] {
        assert!(filter.add_label(wrong).is_err(), "{wrong}");
    }
}
