//! Trees of chats, and the order of pins: all of it at once, on both databases.

use std::time::Duration;

use chatd::state::change::Fence;
use chatd::state::details::Details;
use chatd::state::people::{Mode, Outgoing, RUNNING_SUBAGENTS, Sent};
use chatd::state::{Change, StateError};
use sdk::ids::{ChatId, RunnerId, WorkerId};
use sdk::messages::BusyBehavior;
use sdk::parts::Part;
use store::chats::{self, ChatRow, Status};
use store::testing::{TestDb, for_both};
use store::{Clock, Db, Notices};

use crate::harness::{Bench, Seed, TestTools, daemon, new_chat, seed};
use crate::store_contract::adopt;

/// An idle chat, or one that a worker that is gone left running.
async fn chat(db: &Db, seed: Seed, parent: Option<ChatId>, status: Status) -> ChatId {
    let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
    let (mut locked, _) = change.create(new_chat(seed, "hello")).await.unwrap();
    let id = locked.chat.id;
    let (worker, runner) = (WorkerId::generate(), RunnerId::generate());
    let fence = change.acquire(&mut locked, worker, runner).await.unwrap();
    if status == Status::Waiting {
        change.finish_turn(&mut locked, &fence).await.unwrap();
    }
    change.close(locked).await.unwrap();
    change.commit(&Notices::in_process()).await.unwrap();
    if let Some(parent) = parent {
        adopt(db, id, parent).await;
    }
    id
}

async fn row(db: &Db, id: ChatId) -> ChatRow {
    chats::get(db, id).await.unwrap().unwrap()
}

async fn archived(db: &Db, ids: &[ChatId]) -> Vec<bool> {
    let mut archived = Vec::new();
    for id in ids {
        archived.push(row(db, *id).await.archived);
    }
    archived
}

#[tokio::test]
async fn a_tree_is_archived_and_taken_out_as_one() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Waiting).await;
        let child = chat(db, seed, Some(root), Status::Waiting).await;
        let other = chat(db, seed, None, Status::Waiting).await;
        let daemon = daemon(db, &Notices::in_process(), &TestTools::default());
        let pinned = Details {
            pin_order: Some(1),
            ..Details::default()
        };
        daemon.update_details(root, pinned).await.unwrap();
        let before = row(db, child).await;

        let archived_root = daemon.archive(root, None).await.unwrap();
        assert!(archived_root.archived && archived_root.pin_order == 0);
        assert_eq!(
            archived(db, &[root, child, other]).await,
            [true, true, false]
        );
        assert_eq!(
            row(db, child).await.snapshot_version,
            before.snapshot_version + 1
        );
        daemon.unarchive(root, None).await.unwrap();
        assert_eq!(archived(db, &[root, child, other]).await, [false; 3]);
        let again = daemon.unarchive(root, None).await;
        assert!(matches!(again, Err(StateError::NotArchived)), "{again:?}");
        daemon.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_child_takes_its_whole_tree_along_and_keeps_its_own_fields() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Waiting).await;
        let child = chat(db, seed, Some(root), Status::Waiting).await;
        let daemon = daemon(db, &Notices::in_process(), &TestTools::default());
        let named = |title: &str| Details {
            title: Some(title.to_owned()),
            labels: Some([("place".to_owned(), title.to_owned())].into()),
            ..Details::default()
        };
        let before = row(db, root).await;
        let put_away = daemon.archive(child, Some(named("put away"))).await;
        assert_eq!(put_away.unwrap().id, child);
        assert_eq!(archived(db, &[root, child]).await, [true, true]);
        assert_eq!(row(db, child).await.title, "put away");
        let after = row(db, root).await;
        assert_eq!(
            (after.title, after.labels, after.is_title_fallback),
            (before.title, before.labels, before.is_title_fallback)
        );

        let alone = daemon.unarchive(child, Some(named("alone"))).await;
        assert!(
            matches!(alone, Err(StateError::ParentArchived)),
            "{alone:?}"
        );
        assert_eq!(row(db, child).await.title, "put away");
        daemon.unarchive(root, Some(named("back"))).await.unwrap();
        assert_eq!(archived(db, &[root, child]).await, [false, false]);
        assert_eq!(row(db, root).await.title, "back");
        assert_eq!(row(db, child).await.title, "put away");
        daemon.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_tree_with_a_chat_at_work_is_stopped_first_and_goes_as_a_whole() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Waiting).await;
        let busy = chat(db, seed, Some(root), Status::Running).await;
        let idle = chat(db, seed, Some(root), Status::Waiting).await;
        let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
        change.archive_family(root).await.unwrap();
        change.commit(&Notices::in_process()).await.unwrap();
        assert_eq!(archived(db, &[root, busy, idle]).await, [false; 3]);
        let row_of_busy = row(db, busy).await;
        assert!(row_of_busy.archive_requested);

        // The worker of the busy one ends the interruption.
        let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
        let mut locked = change.lock(busy).await.unwrap();
        let runner = locked.chat.runner_id;
        change
            .finish_interruption(&mut locked, runner, Vec::new())
            .await
            .unwrap();
        change.close(locked).await.unwrap();
        change.archive_family(root).await.unwrap();
        change.commit(&Notices::in_process()).await.unwrap();
        assert_eq!(archived(db, &[root, busy, idle]).await, [true; 3]);
    })
    .await;
}

#[tokio::test]
async fn a_tree_follows_as_soon_as_its_busy_child_has_stopped() {
    let bench = Bench::sqlite().await;
    let root = chat(&bench.db, bench.seed, None, Status::Waiting).await;
    let child = bench.create("!call wait {}").await;
    adopt(&bench.db, child, root).await;
    let archiving = bench.daemon.archive(root, None);
    let archived_root = tokio::time::timeout(Duration::from_secs(8), archiving).await;
    assert!(archived_root.expect("no deadline passes").unwrap().archived);
    assert_eq!(archived(&bench.db, &[root, child]).await, [true, true]);
    bench.end().await;
}

#[tokio::test]
async fn a_worker_archives_the_rest_of_a_tree_that_a_dead_server_left() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let root = chat(&bench.db, bench.seed, None, Status::Waiting).await;
    let mut change = Change::begin(&bench.db, Clock::system().now())
        .await
        .unwrap();
    let mut locked = change.lock(root).await.unwrap();
    change.archive(&mut locked).unwrap();
    change.close(locked).await.unwrap();
    change.commit(&bench.notices).await.unwrap();
    let child = chat(&bench.db, bench.seed, Some(root), Status::Waiting).await;
    bench.daemon.start();
    bench
        .until(child, "the child to follow", |row| row.archived)
        .await;
    bench.end().await;
}

#[tokio::test]
async fn pins_that_move_at_once_wait_for_each_other_and_stay_dense() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let daemon = daemon(db, &Notices::in_process(), &TestTools::default());
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(chat(db, seed, None, Status::Waiting).await);
        }
        let pin = |id: ChatId, order: i32| {
            let details = Details {
                pin_order: Some(order),
                ..Details::default()
            };
            let daemon = daemon.clone();
            async move { daemon.update_details(id, details).await.unwrap() }
        };
        for id in &ids {
            pin(*id, 1).await;
        }
        for round in 0..5 {
            let moves = ids
                .iter()
                .zip(round..)
                .map(|(id, place)| pin(*id, place % 4 + 1));
            tokio::time::timeout(Duration::from_mins(1), futures::future::join_all(moves))
                .await
                .expect("no move waits for ever");
            let mut orders = Vec::new();
            for id in &ids {
                orders.push(row(db, *id).await.pin_order);
            }
            orders.sort_unstable();
            assert_eq!(orders, [1, 2, 3, 4]);
        }
        daemon.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_queued_message_that_was_edited_keeps_the_model_chosen_for_it() {
    use chatd::state::queue::QueuedEdit;
    let bench = Bench::sqlite().await;
    let chat = bench.create("!stall 60s").await;
    bench.send(chat, "!text \"a\"", BusyBehavior::Queue).await;
    let queued = store::queue::list(&bench.db, chat).await.unwrap();
    let model = bench.seed.model;
    let with_model = QueuedEdit {
        model_config_id: Some(model),
        ..QueuedEdit::default()
    };
    bench
        .daemon
        .edit_queued(chat, queued[0].id, with_model)
        .await
        .unwrap();
    let text = QueuedEdit {
        content: Some(vec![sdk::parts::Part::text("!text \"b\"")]),
        ..QueuedEdit::default()
    };
    let queue = bench
        .daemon
        .edit_queued(chat, queued[0].id, text)
        .await
        .unwrap();
    assert_eq!(queue[0].model_config_id, Some(model));
    bench.daemon.interrupt(chat).await.unwrap();
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert!(
        messages.last().unwrap().text().contains('b'),
        "{messages:?}"
    );
    bench.end().await;
}

/// Puts a chat into the archive, with its last change so many days ago.
async fn put_away(db: &Db, id: ChatId, archived: bool, days: i64) {
    const SET: &str = "UPDATE chats SET archived = $2, updated_at = $3 WHERE id = $1";
    let updated_at = Clock::system().now() - chrono::TimeDelta::days(days);
    let changed = match db {
        Db::Sqlite { writer, .. } => {
            let query = sqlx::query(SET).bind(id.0).bind(archived).bind(updated_at);
            query.execute(writer).await.unwrap().rows_affected()
        }
        Db::Postgres(pool) => {
            let query = sqlx::query(SET).bind(id.0).bind(archived).bind(updated_at);
            query.execute(pool).await.unwrap().rows_affected()
        }
    };
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn only_what_is_archived_and_old_is_deleted_with_what_is_below_it() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let idle = async |parent| chat(db, seed, parent, Status::Waiting).await;
        let (old, older, fresh, open) = (
            idle(None).await,
            idle(None).await,
            idle(None).await,
            idle(None).await,
        );
        let (below_old, below_fresh) = (idle(Some(old)).await, idle(Some(fresh)).await);
        for (id, archived, days) in [
            (old, true, 31),
            // It is its tree's root that counts.
            (below_old, true, 1),
            (older, true, 40),
            (fresh, true, 29),
            (below_fresh, true, 90),
            (open, false, 90),
        ] {
            put_away(db, id, archived, days).await;
        }
        let before = Clock::system().now() - chrono::TimeDelta::days(30);
        let delete = async |limit| {
            chats::retention::delete_archived(db, before, limit)
                .await
                .unwrap()
        };
        assert_eq!(delete(1).await, 1, "the oldest first");
        assert_eq!(chats::get(db, older).await.unwrap(), None);
        assert_eq!(delete(10).await, 2);
        assert_eq!(delete(10).await, 0);
        for gone in [old, below_old] {
            assert_eq!(chats::get(db, gone).await.unwrap(), None);
            let all = store::messages::prompt(db, gone).await.unwrap();
            assert!(all.is_empty(), "its messages go with it");
        }
        for kept in [fresh, below_fresh, open] {
            row(db, kept).await;
        }
    })
    .await;
}

async fn message_agent(
    db: &Db,
    seed: Seed,
    (parent, child): (ChatId, ChatId),
) -> Result<Sent, StateError> {
    let mut change = Change::begin(db, Clock::system().now()).await?;
    let outgoing = Outgoing {
        content: vec![Part::text("more")],
        model_config_id: None,
        created_by: seed.owner,
        mode: Mode::default(),
    };
    let sent = change
        .message_agent((parent, child), outgoing, BusyBehavior::Queue)
        .await;
    let (locked, sent) = sent?;
    change.close(locked).await?;
    change.commit(&Notices::in_process()).await?;
    Ok(sent)
}

#[tokio::test]
async fn a_message_begins_no_work_beyond_what_may_be_at_work_at_once() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Running).await;
        let mut busy = Vec::new();
        for _ in 0..RUNNING_SUBAGENTS {
            busy.push(chat(db, seed, Some(root), Status::Running).await);
        }
        let done = chat(db, seed, Some(root), Status::Waiting).await;
        let refused = message_agent(db, seed, (root, done)).await;
        assert!(
            matches!(
                refused,
                Err(StateError::TooManySubagents {
                    limit: RUNNING_SUBAGENTS
                })
            ),
            "{refused:?}"
        );
        assert_eq!(row(db, done).await.status, Status::Waiting);
        let queued = message_agent(db, seed, (root, busy[0])).await;
        assert!(matches!(queued, Ok(Sent::Queued(_))), "{queued:?}");
        let foreign = chat(db, seed, None, Status::Waiting).await;
        let refused = message_agent(db, seed, (root, foreign)).await;
        assert!(
            matches!(refused, Err(StateError::ChatNotFound)),
            "{refused:?}"
        );

        finish(db, busy[1]).await;
        let begun = message_agent(db, seed, (root, done)).await;
        assert!(matches!(begun, Ok(Sent::Committed(_))), "{begun:?}");
        assert_eq!(row(db, done).await.status, Status::Running);
        let refused = message_agent(db, seed, (root, busy[1])).await;
        assert!(refused.is_err(), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn people_have_no_more_agents_work_at_once_either() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Waiting).await;
        let mut busy = Vec::new();
        for _ in 0..RUNNING_SUBAGENTS {
            busy.push(chat(db, seed, Some(root), Status::Running).await);
        }
        let done = chat(db, seed, Some(root), Status::Waiting).await;
        let lock = async |id| {
            let mut change = Change::begin(db, Clock::system().now()).await?;
            let locked = change.lock_to_work(id).await?;
            Ok::<_, StateError>(locked.chat.status)
        };
        let refused = lock(done).await;
        let is_refused = matches!(refused, Err(StateError::TooManySubagents { .. }));
        assert!(is_refused, "{refused:?}");
        // What is at work already takes what is said into its queue, and the chat above is none of them.
        assert_eq!(lock(busy[0]).await.unwrap(), Status::Running);
        assert_eq!(lock(root).await.unwrap(), Status::Waiting);
        let other = chat(db, seed, None, Status::Waiting).await;
        let elsewhere = chat(db, seed, Some(other), Status::Waiting).await;
        assert_eq!(lock(elsewhere).await.unwrap(), Status::Waiting);
        let nobody = lock(ChatId::generate()).await;
        assert!(
            matches!(nobody, Err(StateError::ChatNotFound)),
            "{nobody:?}"
        );

        finish(db, busy[1]).await;
        assert_eq!(lock(done).await.unwrap(), Status::Waiting);
    })
    .await;
}

/// Ends the turn of a chat.
async fn finish(db: &Db, id: ChatId) {
    let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
    let mut locked = change.lock(id).await.unwrap();
    let fence = Fence::of(&locked.chat, locked.chat.runner_id.unwrap());
    change.finish_turn(&mut locked, &fence).await.unwrap();
    change.close(locked).await.unwrap();
    change.commit(&Notices::in_process()).await.unwrap();
}

#[tokio::test]
async fn a_chat_that_was_stopped_begins_no_work_of_others() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = chat(db, seed, None, Status::Running).await;
        let done = chat(db, seed, Some(root), Status::Waiting).await;
        let spawn = async || {
            let mut change = Change::begin(db, Clock::system().now()).await?;
            let (locked, _) = change.spawn(root, new_chat(seed, "hello")).await?;
            change.close(locked).await?;
            change.commit(&Notices::in_process()).await
        };
        spawn().await.unwrap();

        let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
        let mut locked = change.lock(root).await.unwrap();
        change.interrupt(&mut locked).await.unwrap();
        change.close(locked).await.unwrap();
        change.commit(&Notices::in_process()).await.unwrap();
        // Its tools still have a moment to end.
        let late = spawn().await;
        assert!(matches!(late, Err(StateError::ParentStopped)), "{late:?}");
        let late = message_agent(db, seed, (root, done)).await;
        assert!(matches!(late, Err(StateError::ParentStopped)), "{late:?}");
        assert_eq!(row(db, done).await.status, Status::Waiting);
        assert_eq!(chats::family(db, root).await.unwrap().len(), 3);

        let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
        let mut locked = change.lock(root).await.unwrap();
        let runner = locked.chat.runner_id;
        change
            .finish_interruption(&mut locked, runner, Vec::new())
            .await
            .unwrap();
        change.close(locked).await.unwrap();
        change.commit(&Notices::in_process()).await.unwrap();
        let late = spawn().await;
        assert!(matches!(late, Err(StateError::ParentStopped)), "{late:?}");
    })
    .await;
}
