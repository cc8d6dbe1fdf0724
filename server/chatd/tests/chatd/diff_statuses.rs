//! What the rows of chats' branches keep, and who may look when; the same on both databases.

use chrono::{DateTime, TimeDelta, Utc};
use sdk::diff_statuses::{CheckState, PullRequestState};
use sdk::ids::ChatId;
use store::chats::list::{self, ChatFilter, ListChats, PullRequestFilter, PullRequestWanted};
use store::diff_statuses::{self, DiffStatusRow, Failed, Outcome, PullRequestRow, StaleReference};
use store::testing::for_both;
use store::{Clock, Db};

use crate::harness::seed;
use crate::store_contract::{add_chat, adopt};

const ORIGIN: &str = "https://git.example.com/ada/greeter";

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

async fn mark(db: &Db, chat: ChatId, branch: &str, now: DateTime<Utc>) -> bool {
    let reference = reference(chat, branch, now);
    diff_statuses::mark_stale(db, reference).await.unwrap()
}

fn reference(chat: ChatId, branch: &str, now: DateTime<Utc>) -> StaleReference<'_> {
    StaleReference {
        chat_id: chat,
        git_branch: branch,
        git_remote_origin: ORIGIN,
        is_fetch: false,
        stale_at: now - TimeDelta::seconds(1),
        now,
    }
}

async fn claimed(db: &Db, now: DateTime<Utc>) -> Vec<DiffStatusRow> {
    diff_statuses::claim(db, now, now + minutes(5), 50)
        .await
        .unwrap()
}

async fn known(db: &Db, chat: ChatId) -> DiffStatusRow {
    diff_statuses::get(db, chat).await.unwrap().unwrap()
}

fn pull_request() -> PullRequestRow {
    PullRequestRow {
        number: 7,
        state: PullRequestState::Open,
        title: "Greet people".to_owned(),
        is_draft: true,
        has_changes_requested: true,
        is_approved: false,
        reviewer_count: 2,
        additions: 12,
        deletions: 3,
        changed_files: 2,
        commits: 4,
        author_login: Some("ada".to_owned()),
        author_avatar_url: Some("https://a.example/1".to_owned()),
        base_branch: "main".to_owned(),
        head_branch: "topic".to_owned(),
        check_state: Some(CheckState::Pending),
    }
}

async fn record(
    db: &Db,
    claimed: &DiffStatusRow,
    pull_request: Option<&PullRequestRow>,
    now: DateTime<Utc>,
) -> bool {
    let outcome = Outcome {
        claimed,
        url: Some("https://git.example.com/ada/greeter/pull/7"),
        pull_request,
        stale_at: now + minutes(2),
        now,
    };
    diff_statuses::record(db, outcome).await.unwrap()
}

#[tokio::test]
async fn everything_that_a_host_told_is_kept() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let chat = add_chat(db, seed(db).await, |_| {}).await;
        assert!(mark(db, chat.id, "topic", now).await);
        assert!(
            !mark(db, chat.id, "topic", now).await,
            "nothing new to show"
        );
        let claimed = claimed(db, now).await;
        assert_eq!(claimed.len(), 1);
        let pull_request = pull_request();
        assert!(record(db, &claimed[0], Some(&pull_request), now).await);
        let row = known(db, chat.id).await;
        let expected = DiffStatusRow {
            url: Some("https://git.example.com/ada/greeter/pull/7".to_owned()),
            pull_request: Some(pull_request),
            refreshed_at: Some(now),
            stale_at: now + minutes(2),
            ..claimed[0].clone()
        };
        assert_eq!(row, expected);
        assert_eq!(row.owner_id, chat.owner_id);
        assert_eq!(
            diff_statuses::of_chats(db, &[chat.id, ChatId::generate()])
                .await
                .unwrap(),
            std::slice::from_ref(&row)
        );
        assert_eq!(diff_statuses::of_chats(db, &[]).await.unwrap(), []);
        let since = async |time| {
            let found = diff_statuses::changed_since(db, chat.owner_id, time, 10).await;
            found.unwrap().len()
        };
        assert_eq!((since(now - minutes(1)).await, since(now).await), (1, 0));
        assert!(record(db, &row, None, now + minutes(1)).await);
        let none = known(db, chat.id).await;
        assert_eq!(
            (none.pull_request, none.changed_at),
            (None, now + minutes(1))
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_pushed_stays_the_branch_whatever_is_fetched_afterwards() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let chat = add_chat(db, seed(db).await, |_| {}).await;
        let fetch = async |branch: &str, origin: &str| {
            let reference = StaleReference {
                git_remote_origin: origin,
                is_fetch: true,
                ..reference(chat.id, branch, now)
            };
            diff_statuses::mark_stale(db, reference).await.unwrap();
            let row = known(db, chat.id).await;
            (row.git_branch, row.git_remote_origin, row.marks)
        };
        let told =
            |branch: &str, origin: &str, marks| (branch.to_owned(), origin.to_owned(), marks);
        // As long as nothing is pushed, what is read is as good as anything.
        assert_eq!(fetch("main", ORIGIN).await, told("main", ORIGIN, 1));
        assert_eq!(fetch("review", ORIGIN).await, told("review", ORIGIN, 2));
        mark(db, chat.id, "topic", now).await;
        let claimed = claimed(db, now).await;
        record(db, &claimed[0], Some(&pull_request()), now).await;
        assert_eq!(fetch("main", ORIGIN).await, told("topic", ORIGIN, 4));
        let other = "https://git.example.com/ada/other";
        assert_eq!(fetch("topic", other).await, told("topic", ORIGIN, 5));
        assert!(known(db, chat.id).await.pull_request.is_some());
        // Another push is another branch, whose pull request is not known yet.
        mark(db, chat.id, "next", now).await;
        let next = known(db, chat.id).await;
        assert_eq!((&*next.git_branch, next.pull_request), ("next", None));
    })
    .await;
}

#[tokio::test]
async fn a_row_is_claimed_once_while_its_lease_lasts() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let seeded = seed(db).await;
        let mut chats = Vec::new();
        for minute in 0..3 {
            let chat = add_chat(db, seeded, |_| {}).await;
            mark(db, chat.id, "topic", now - minutes(minute)).await;
            chats.push(chat.id);
        }
        let archived = add_chat(db, seeded, |chat| chat.archived = true).await;
        mark(db, archived.id, "topic", now).await;
        let two = diff_statuses::claim(db, now, now + minutes(5), 2)
            .await
            .unwrap();
        let mut two: Vec<_> = two.iter().map(|row| row.chat_id).collect();
        two.sort_unstable();
        assert_eq!(two, chats[1..], "the longest due first");
        assert_eq!(claimed(db, now).await.len(), 1);
        assert_eq!(claimed(db, now).await, []);
        assert_eq!(claimed(db, now + minutes(4)).await, []);
        assert_eq!(
            claimed(db, now + minutes(5)).await.len(),
            3,
            "of whoever died with it"
        );
        let one = diff_statuses::claim_one(db, chats[0], now + minutes(20))
            .await
            .unwrap();
        assert_eq!(one.unwrap().stale_at, now + minutes(20));
        let none = diff_statuses::claim_one(db, ChatId::generate(), now)
            .await
            .unwrap();
        assert_eq!(none, None);
    })
    .await;
}

#[tokio::test]
async fn replicas_that_claim_at_once_share_the_rows() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let seeded = seed(db).await;
        for _ in 0..12 {
            let chat = add_chat(db, seeded, |_| {}).await;
            mark(db, chat.id, "topic", now).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let db = db.clone();
            tasks.spawn(async move { claimed(&db, now).await });
        }
        let mut all: Vec<_> = tasks
            .join_all()
            .await
            .into_iter()
            .flatten()
            .map(|row| row.chat_id)
            .collect();
        all.extend(claimed(db, now).await.iter().map(|row| row.chat_id));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((count, all.len()), (12, 12));
    })
    .await;
}

#[tokio::test]
async fn a_mark_during_a_look_is_not_lost() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let chat = add_chat(db, seed(db).await, |_| {}).await;
        mark(db, chat.id, "topic", now).await;
        let first = claimed(db, now).await.remove(0);
        mark(db, chat.id, "topic", now).await;
        assert!(record(db, &first, Some(&pull_request()), now).await);
        assert_eq!(claimed(db, now).await.len(), 1, "it is looked at again");
        // A look at a branch that the chat has left says nothing about the new one.
        assert!(mark(db, chat.id, "other", now).await);
        let row = known(db, chat.id).await;
        assert_eq!((row.pull_request, row.url), (None, None));
        assert!(!record(db, &first, Some(&pull_request()), now).await);
        let failed = Failed {
            claimed: &first,
            problem: "unreachable",
            stale_at: now,
            now,
        };
        assert!(!diff_statuses::fail(db, failed).await.unwrap());
        assert_eq!(known(db, chat.id).await.pull_request, None);
    })
    .await;
}

#[tokio::test]
async fn a_failure_keeps_what_was_known_and_a_new_token_hurries() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let chat = add_chat(db, seed(db).await, |_| {}).await;
        mark(db, chat.id, "topic", now).await;
        let claimed_row = claimed(db, now).await.remove(0);
        record(db, &claimed_row, Some(&pull_request()), now).await;
        let fail = async |problem, at: DateTime<Utc>| {
            let failed = Failed {
                claimed: &claimed_row,
                problem,
                stale_at: at + minutes(10),
                now: at,
            };
            assert!(diff_statuses::fail(db, failed).await.unwrap());
            known(db, chat.id).await
        };
        let once = fail("unreachable", now + minutes(1)).await;
        assert_eq!(once.pull_request, Some(pull_request()));
        assert_eq!((once.failures, once.changed_at), (1, now + minutes(1)));
        let twice = fail("unreachable", now + minutes(2)).await;
        assert_eq!(
            (twice.failures, twice.changed_at),
            (2, now + minutes(1)),
            "told once"
        );
        diff_statuses::hurry(db, chat.owner_id, now).await.unwrap();
        assert_eq!(known(db, chat.id).await.stale_at, now + minutes(12));
        fail("no_token", now + minutes(3)).await;
        diff_statuses::hurry(db, sdk::ids::UserId::generate(), now)
            .await
            .unwrap();
        assert_eq!(known(db, chat.id).await.stale_at, now + minutes(13));
        diff_statuses::hurry(db, chat.owner_id, now).await.unwrap();
        assert_eq!(known(db, chat.id).await.stale_at, now);
        mark(db, chat.id, "topic", now + minutes(4)).await;
        assert_eq!(known(db, chat.id).await.failures, 0);
    })
    .await;
}

#[tokio::test]
async fn chats_are_found_by_the_pull_requests_of_their_trees() {
    for_both(async |database| {
        let (db, now) = (&database.db, Clock::system().now());
        let seeded = seed(db).await;
        let chat = add_chat(db, seeded, |_| {}).await.id;
        let parent = add_chat(db, seeded, |_| {}).await.id;
        let child = add_chat(db, seeded, |_| {}).await.id;
        adopt(db, child, parent).await;
        let branch_alone = add_chat(db, seeded, |_| {}).await.id;
        for (chat, name) in [(chat, "topic"), (child, "other"), (branch_alone, "third")] {
            mark(db, chat, name, now).await;
        }
        let merged = PullRequestRow {
            number: 8,
            state: PullRequestState::Merged,
            is_draft: false,
            title: "Say goodbye".to_owned(),
            ..pull_request()
        };
        for row in claimed(db, now).await {
            match row.chat_id {
                id if id == chat => record(db, &row, Some(&pull_request()), now).await,
                id if id == child => record(db, &row, Some(&merged), now).await,
                _ => false,
            };
        }
        let both = PullRequestFilter::default;
        let text = |text: &str| Some(text.to_owned());
        let everything = [branch_alone, parent, chat];
        for (what, filter, expected) in [
            (
                "number",
                PullRequestFilter {
                    number: Some(7),
                    ..both()
                },
                &[chat][..],
            ),
            (
                "draft",
                PullRequestFilter {
                    state: Some(PullRequestWanted::Draft),
                    ..both()
                },
                &[chat],
            ),
            (
                "open",
                PullRequestFilter {
                    state: Some(PullRequestWanted::Open),
                    ..both()
                },
                &[chat],
            ),
            (
                "merged",
                PullRequestFilter {
                    state: Some(PullRequestWanted::Merged),
                    ..both()
                },
                &[parent],
            ),
            (
                "closed",
                PullRequestFilter {
                    state: Some(PullRequestWanted::Closed),
                    ..both()
                },
                &[],
            ),
            (
                "title",
                PullRequestFilter {
                    title_contains: text("GOOD"),
                    ..both()
                },
                &[parent],
            ),
            (
                "address",
                PullRequestFilter {
                    url_contains: text("greeter/pull"),
                    ..both()
                },
                &[parent, chat],
            ),
            (
                "remote",
                PullRequestFilter {
                    repository_contains: text("Ada/Greeter"),
                    ..both()
                },
                &everything,
            ),
            (
                "of one and the same",
                PullRequestFilter {
                    number: Some(7),
                    title_contains: text("good"),
                    ..both()
                },
                &[],
            ),
        ] {
            let query = ListChats {
                owner_id: seeded.owner,
                filter: ChatFilter {
                    pull_request: filter,
                    ..ChatFilter::default()
                },
                limit: 50,
                offset: 0,
                after: None,
            };
            let listed = list::list(db, &query).await.unwrap();
            let mut found: Vec<ChatId> = listed.into_iter().map(|listed| listed.chat.id).collect();
            let mut expected = expected.to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{what}");
        }
    })
    .await;
}
