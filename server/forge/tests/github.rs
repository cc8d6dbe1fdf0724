//! What a GitHub is asked and how its answers are taken, against the stand-in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use forge::{
    Access, Forge, ForgeError, ForgeKind, Forges, HostConfig, PullRequest, RepositoryName,
};
use sdk::diff_statuses::{CheckState, PullRequestState};
use standin::github::{CheckRun, Fault, Pull, Review};

const REPOSITORY: (&str, &str) = ("ada", "greeter");

struct Stage {
    standin: standin::Handle,
    forge: Arc<dyn Forge>,
    repository: RepositoryName,
    access: Access,
}

impl Stage {
    async fn new() -> Self {
        let standin = standin::start().await.unwrap();
        let base = standin.base_url();
        let config = HostConfig::new(ForgeKind::Github, &base, None).unwrap();
        let forges = Forges::new(&[config], "test").unwrap();
        let remote = format!("{base}/ada/greeter.git").parse().unwrap();
        let forge = forges.of(&remote).unwrap();
        Self {
            repository: forge.repository(&remote).unwrap(),
            forge,
            standin,
            access: access("token-of-mia"),
        }
    }

    fn put(&self, number: i32, pull: Pull) {
        self.standin.github().put_pull(REPOSITORY, number, pull);
    }

    fn fail(&self, status: u16, message: &str, headers: &[(&str, &str)]) {
        self.standin
            .github()
            .fail(Fault::refusal(status, message, headers));
    }

    async fn find(&self) -> Result<Option<PullRequest>, ForgeError> {
        self.find_as(&self.access).await
    }

    async fn find_as(&self, access: &Access) -> Result<Option<PullRequest>, ForgeError> {
        self.forge
            .find_pull_request(access, &self.repository, "topic")
            .await
    }

    fn statuses(&self) -> Vec<u16> {
        let requests = self.standin.github().take_requests();
        requests.iter().map(|asked| asked.status).collect()
    }
}

fn access(token: &str) -> Access {
    Access {
        token: token.to_owned().into(),
        now: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    }
}

fn said(login: &str, state: &str) -> Review {
    Review {
        login: login.to_owned(),
        state: state.to_owned(),
    }
}

fn run(status: &str, conclusion: Option<&str>) -> CheckRun {
    CheckRun {
        status: status.to_owned(),
        conclusion: conclusion.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_pull_request_is_read_with_its_reviews_and_checks() {
    let stage = Stage::new().await;
    stage.put(
        7,
        Pull {
            title: " Greet\u{202e} people\n".to_owned(),
            draft: true,
            reviews: vec![
                said("sam", "CHANGES_REQUESTED"),
                said("sam", "APPROVED"),
                said("tom", "COMMENTED"),
            ],
            check_runs: vec![run("completed", Some("success")), run("in_progress", None)],
            status: Some("success".to_owned()),
            ..Pull::default()
        },
    );
    let found = stage.find().await.unwrap().unwrap();
    let base = stage.standin.base_url();
    let avatar = found.author_avatar_url.clone();
    assert!(avatar.unwrap().starts_with("https://avatars.example.com/"));
    let expected = PullRequest {
        number: 7,
        url: format!("{base}/ada/greeter/pull/7"),
        title: "Greet people".to_owned(),
        state: PullRequestState::Open,
        is_draft: true,
        author_login: Some("ada".to_owned()),
        author_avatar_url: found.author_avatar_url.clone(),
        base_branch: "main".to_owned(),
        head_branch: "topic".to_owned(),
        additions: 12,
        deletions: 3,
        changed_files: 2,
        commits: 1,
        reviewer_count: 1,
        is_approved: true,
        has_changes_requested: false,
        check_state: Some(CheckState::Pending),
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_open_pull_request_wins_and_else_the_newest() {
    let stage = Stage::new().await;
    assert_eq!(stage.find().await.unwrap_err().class(), "not_found");
    let other = Pull {
        branch: "other".to_owned(),
        ..Pull::default()
    };
    stage.put(1, other);
    assert_eq!(stage.find().await.unwrap(), None);
    let closed = |age| Pull {
        state: "closed".to_owned(),
        age,
        ..Pull::default()
    };
    stage.put(2, closed(5));
    stage.put(
        3,
        Pull {
            merged: true,
            ..closed(9)
        },
    );
    let newest = stage.find().await.unwrap().unwrap();
    assert_eq!((newest.number, newest.state), (3, PullRequestState::Merged));
    stage.put(
        4,
        Pull {
            author: None,
            ..Pull::default()
        },
    );
    let open = stage.find().await.unwrap().unwrap();
    assert_eq!(
        (open.number, open.state, open.author_login),
        (4, PullRequestState::Open, None)
    );
    stage.put(4, closed(10));
    let given_up = stage.find().await.unwrap().unwrap();
    assert_eq!(
        (given_up.number, given_up.state),
        (4, PullRequestState::Closed)
    );
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again_and_not_to_another_token() {
    let stage = Stage::new().await;
    stage.put(7, Pull::default());
    let first = stage.find().await.unwrap();
    assert_eq!(stage.statuses(), [200; 5]);
    assert_eq!(stage.find().await.unwrap(), first);
    assert_eq!(stage.statuses(), [304; 5]);
    stage.find_as(&access("token-of-sam")).await.unwrap();
    assert_eq!(stage.statuses(), [200; 5]);
    let retitled = Pull {
        title: "Another".to_owned(),
        ..Pull::default()
    };
    stage.put(7, retitled);
    assert_eq!(stage.find().await.unwrap().unwrap().title, "Another");
}

#[tokio::test]
async fn reviews_are_read_to_their_last_page() {
    let stage = Stage::new().await;
    let mut reviews = vec![said("sam", "COMMENTED"); 230];
    reviews.push(said("tom", "CHANGES_REQUESTED"));
    stage.put(
        7,
        Pull {
            reviews,
            ..Pull::default()
        },
    );
    assert!(stage.find().await.unwrap().unwrap().has_changes_requested);
}

#[tokio::test]
async fn checks_that_a_token_may_not_see_are_no_failure() {
    let stage = Stage::new().await;
    stage.put(7, Pull::default());
    stage.find().await.unwrap();
    // The list, the pull request and its reviews come first, from here on as "not modified".
    for _ in 0..3 {
        stage.standin.github().fail(Fault {
            status: 304,
            headers: [].into(),
            body: String::new(),
            delay_ms: 0,
        });
    }
    stage.fail(403, "Resource not accessible by personal access token", &[]);
    stage.fail(404, "Not Found", &[]);
    assert_eq!(stage.find().await.unwrap().unwrap().check_state, None);
}

#[tokio::test]
async fn a_rate_limit_keeps_that_token_quiet_until_its_end() {
    let stage = Stage::new().await;
    stage.put(7, Pull::default());
    let exceeded = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1800000900"),
    ];
    stage.fail(403, "API rate limit exceeded for user ID 1.", &exceeded);
    let refused = stage.find().await.unwrap_err();
    let ForgeError::RateLimited { until, .. } = &refused else {
        panic!("{refused:?}");
    };
    assert!(*until >= DateTime::from_timestamp(1_800_000_900, 0).unwrap());
    assert_eq!(stage.statuses(), [403]);
    assert_eq!(stage.find().await.unwrap_err(), refused);
    assert_eq!(
        stage.statuses(),
        [] as [u16; 0],
        "nothing was asked meanwhile"
    );
    assert!(
        stage
            .find_as(&access("token-of-sam"))
            .await
            .unwrap()
            .is_some()
    );
    let later = Access {
        now: *until + TimeDelta::seconds(1),
        ..stage.access.clone()
    };
    assert!(stage.find_as(&later).await.unwrap().is_some());
    stage.fail(
        429,
        "You have exceeded a secondary rate limit.",
        &[("retry-after", "90")],
    );
    let refused = stage.find_as(&later).await.unwrap_err();
    assert!(
        matches!(refused, ForgeError::RateLimited { until, .. } if until - later.now >= TimeDelta::seconds(90))
    );
}

#[tokio::test]
async fn every_refusal_has_its_class() {
    let stage = Stage::new().await;
    stage.put(7, Pull::default());
    let wrong = stage.find_as(&access("wrong")).await;
    let wrong = wrong.unwrap_err();
    assert_eq!(wrong.class(), "bad_credentials");
    assert!(matches!(
        wrong,
        forge::ForgeError::BadCredentials { is_told: true, .. }
    ));
    let unsendable = stage.find_as(&access("a\nb")).await;
    assert_eq!(unsendable.unwrap_err().class(), "bad_credentials");
    stage
        .standin
        .github()
        .set_readers(REPOSITORY, &["token-of-sam"]);
    assert_eq!(stage.find().await.unwrap_err().class(), "not_found");
    stage.standin.github().set_readers(REPOSITORY, &[]);
    for (status, class) in [
        (401, "bad_credentials"),
        (403, "forbidden"),
        (500, "unreachable"),
        (503, "unreachable"),
        (418, "not_understood"),
        (204, "not_understood"),
        (304, "not_understood"),
    ] {
        stage.fail(status, "No.", &[]);
        let refused = stage.find().await.unwrap_err();
        assert_eq!(refused.class(), class, "{status}");
        assert!(!matches!(
            refused,
            forge::ForgeError::BadCredentials { is_told: true, .. }
        ));
    }
    for body in [
        "",
        "<html>",
        "{}",
        "[{}]",
        "[{\"number\": 1e99, \"head\": {\"ref\": \"topic\"}}]",
    ] {
        let fault = Fault {
            status: 200,
            headers: [].into(),
            body: body.to_owned(),
            delay_ms: 0,
        };
        stage.standin.github().fail(fault);
        assert_eq!(
            stage.find().await.unwrap_err().class(),
            "not_understood",
            "{body}"
        );
    }
    let base = stage.standin.base_url();
    drop(stage.standin);
    let gone = stage
        .forge
        .find_pull_request(&stage.access, &stage.repository, "topic")
        .await;
    let gone = gone.unwrap_err();
    assert_eq!(gone.class(), "unreachable");
    assert!(
        !gone.to_string().contains("token-of-mia"),
        "{gone} at {base}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_nothing_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let config = HostConfig::new(ForgeKind::Github, &base, None).unwrap();
    let remote = format!("{base}/ada/greeter").parse().unwrap();
    let forge = Forges::new(&[config], "test").unwrap().of(&remote).unwrap();
    let repository = forge.repository(&remote).unwrap();
    let asked = forge
        .find_pull_request(&access("t"), &repository, "topic")
        .await;
    assert_eq!(asked.unwrap_err().class(), "unreachable");
}

#[tokio::test]
async fn a_redirect_is_followed_at_home_and_nowhere_else() {
    let stage = Stage::new().await;
    stage.put(7, Pull::default());
    let elsewhere = standin::start().await.unwrap();
    let base = stage.standin.base_url();
    let moved = "/api/v3/repos/ada/greeter/pulls?state=open&head=ada:topic&per_page=1";
    stage.fail(
        301,
        "Moved Permanently",
        &[("location", &format!("{base}{moved}"))],
    );
    assert_eq!(stage.find().await.unwrap().unwrap().number, 7);
    for place in [
        elsewhere.base_url(),
        base.replace("127.0.0.1", "localhost"),
        base.replace("http:", "https:"),
    ] {
        stage.fail(302, "Found", &[("location", &format!("{place}{moved}"))]);
        let refused = stage.find().await.unwrap_err();
        assert_eq!(refused.class(), "not_understood", "{place}");
        assert!(
            refused.to_string().contains("token must not go"),
            "{refused}"
        );
    }
    assert_eq!(elsewhere.github().take_requests(), []);
    for _ in 0..5 {
        stage.fail(302, "Found", &[("location", moved)]);
    }
    assert!(
        stage
            .find()
            .await
            .unwrap_err()
            .to_string()
            .contains("without end")
    );
}

#[tokio::test]
async fn diffs_are_handed_on_up_to_their_limit() {
    let stage = Stage::new().await;
    let whole = "d".repeat(forge::LARGEST_DIFF_BYTES);
    stage.put(
        7,
        Pull {
            diff: whole.clone(),
            ..Pull::default()
        },
    );
    let diff = async || {
        stage
            .forge
            .pull_request_diff(&stage.access, &stage.repository, 7)
            .await
    };
    assert_eq!(diff().await.unwrap(), whole);
    stage.put(
        7,
        Pull {
            diff: format!("{whole}d"),
            ..Pull::default()
        },
    );
    assert_eq!(diff().await.unwrap_err().class(), "too_large");
    stage.fail(
        406,
        "Sorry, the diff exceeded the maximum number of lines (20000)",
        &[],
    );
    assert_eq!(diff().await.unwrap_err().class(), "too_large");

    let github = stage.standin.github();
    github.put_comparison(REPOSITORY, "main...feat/what? #1", "diff --git a/x b/x\n");
    let branch = async |branch: &str| {
        stage
            .forge
            .branch_diff(&stage.access, &stage.repository, branch)
            .await
    };
    assert_eq!(
        branch("feat/what? #1").await.unwrap(),
        "diff --git a/x b/x\n"
    );
    assert_eq!(branch("main").await.unwrap(), "");
    assert_eq!(branch("../../x").await.unwrap_err().class(), "not_found");
}

#[tokio::test]
async fn branches_of_other_names_are_never_taken_for_it() {
    let stage = Stage::new().await;
    let body = r#"[{"number": 9, "head": {"ref": "topic-2"}}]"#.to_owned();
    stage.put(7, Pull::default());
    for _ in 0..2 {
        let fault = Fault {
            status: 200,
            headers: [].into(),
            body: body.clone(),
            delay_ms: 0,
        };
        stage.standin.github().fail(fault);
    }
    assert_eq!(stage.find().await.unwrap(), None);
}
