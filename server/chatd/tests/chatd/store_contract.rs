//! What the rows of chats, messages and queues keep, the same on both databases.

use chrono::TimeDelta;
use sdk::ids::{ChatId, MessageId, QueuedMessageId, RunnerId, WorkerId};
use sdk::messages::{MessageUsage, Role};
use sdk::parts::Part;
use store::chats::claim::{self, Claim};
use store::chats::list::{self, ChatFilter, ListChats};
use store::chats::{self, ChatRow, Status, details};
use store::messages::{self, NewMessage, Visibility};
use store::queue::{self, NewQueued};
use store::testing::for_both;
use store::{Clock, Db, Notices, heartbeats};

use crate::harness::{Seed, new_chat, seed};

pub async fn add_chat(db: &Db, seed: Seed, change: impl FnOnce(&mut ChatRow)) -> ChatRow {
    let mut state = chatd::state::Change::begin(db, Clock::system().now())
        .await
        .unwrap();
    let (mut locked, _) = state.create(new_chat(seed, "hello")).await.unwrap();
    locked.chat.status = Status::Waiting;
    change(&mut locked.chat);
    let chat = state.close(locked).await.unwrap().chat;
    state.commit(&Notices::in_process()).await.unwrap();
    chat
}

/// Makes a chat one that another spawned.
pub async fn adopt(db: &Db, child: ChatId, parent: ChatId) {
    const ADOPT: &str = "UPDATE chats SET parent_chat_id = $2, root_chat_id = $2 WHERE id = $1";
    let adopted = store::on_writer!(db, pool => sqlx::query(ADOPT)
        .bind(child.0).bind(parent.0).execute(pool).await.unwrap().rows_affected());
    assert_eq!(adopted, 1);
}

fn query(seed: Seed) -> ListChats {
    ListChats {
        owner_id: seed.owner,
        filter: ChatFilter::default(),
        limit: 2,
        offset: 0,
        after: None,
    }
}

#[tokio::test]
async fn lists_page_by_key_with_pins_first() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let now = Clock::system().now();
        let mut expected = Vec::new();
        for number in 0..9_i32 {
            // Equal times make the id decide.
            let updated_at = now - TimeDelta::seconds(i64::from(number / 3));
            let pin_order = if number >= 6 { number - 5 } else { 0 };
            expected.push(
                add_chat(db, seeded, |chat| {
                    (chat.updated_at, chat.pin_order) = (updated_at, pin_order);
                })
                .await,
            );
        }
        expected.sort_by(|one, other| {
            let key = |chat: &ChatRow| (chat.pin_order == 0, chat.pin_order);
            let newest_first = (other.updated_at, other.id).cmp(&(one.updated_at, one.id));
            key(one).cmp(&key(other)).then(newest_first)
        });
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = list::list(
                db,
                &ListChats {
                    after: after.clone(),
                    ..query(seeded)
                },
            )
            .await
            .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.chat.clone());
            listed.extend(page.into_iter().map(|listed| listed.chat));
        }
        assert_eq!(listed, expected);
        let skipped = list::list(
            db,
            &ListChats {
                offset: 8,
                ..query(seeded)
            },
        )
        .await
        .unwrap();
        assert_eq!(skipped.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn messages_keep_everything_and_page_both_ways() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let chat = add_chat(db, seeded, |_| {}).await.id;
        let now = Clock::system().now();
        let whole = NewMessage {
            usage: MessageUsage {
                input_tokens: Some(0),
                cache_read_tokens: Some(7),
                ..MessageUsage::default()
            },
            total_cost_micros: Some(0),
            runtime_ms: Some(12),
            model_config_id: Some(seeded.model),
            ..NewMessage::new(
                Role::Assistant,
                vec![Part::text("nul \0 and \u{e000}0 and 🦀")],
            )
        };
        let hidden = NewMessage {
            visibility: Visibility::Model,
            ..NewMessage::new(Role::System, vec![Part::text("hidden")])
        };
        let more = NewMessage::new(Role::User, vec![Part::text("more")]);
        let mut tx = db.begin().await.unwrap();
        let inserted = messages::insert(&mut tx, chat, 5, now, vec![whole, hidden, more])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let shown = messages::after(db, chat, MessageId(0), 100).await.unwrap();
        assert_eq!(
            shown.len(),
            3,
            "the first message, the answer and the last one"
        );
        assert_eq!(shown[1].message, inserted[0]);
        assert_eq!(shown[1].revision, 5);
        assert_eq!(
            shown[1].message.usage.unwrap().input_tokens,
            Some(0),
            "zero is not unknown"
        );
        let newest = messages::before(db, chat, MessageId(i64::MAX), 2)
            .await
            .unwrap();
        assert_eq!(
            newest.iter().map(|row| row.message.id).collect::<Vec<_>>(),
            [inserted[2].id, inserted[0].id]
        );
        let between = messages::between(db, chat, shown[0].message.id, inserted[2].id, 2)
            .await
            .unwrap();
        assert_eq!(
            between.iter().map(|row| row.message.id).collect::<Vec<_>>(),
            [inserted[0].id]
        );

        assert_eq!(messages::prompt(db, chat).await.unwrap().len(), 4);
        let since = messages::prompt_since(db, chat, 4).await.unwrap();
        assert_eq!(since.len(), 3);
        assert!(
            messages::prompt_since(db, chat, 5)
                .await
                .unwrap()
                .is_empty()
        );
        let mut tx = db.begin().await.unwrap();
        assert_eq!(messages::last_step(&mut tx, chat).await.unwrap().len(), 3);
        assert_eq!(
            messages::delete_from(&mut tx, chat, inserted[0].id, 6)
                .await
                .unwrap(),
            3
        );
        let changed = messages::changed_since(&mut tx, chat, 5, MessageId(0), 100)
            .await
            .unwrap();
        assert_eq!(changed, [], "deleted rows are not read again");
        let first_deleted = async |tx: &mut store::Tx, revision| {
            messages::first_deleted_since(tx, chat, revision)
                .await
                .unwrap()
        };
        assert_eq!(first_deleted(&mut tx, 5).await, Some(inserted[0].id));
        assert_eq!(first_deleted(&mut tx, 6).await, None);
        let alive = messages::newest_alive_up_to(&mut tx, chat, inserted[2].id)
            .await
            .unwrap();
        assert_eq!(alive, shown[0].message.id);
        tx.commit().await.unwrap();
        assert_eq!(
            messages::after(db, chat, MessageId(0), 100)
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn unread_ends_with_the_read_cursor() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let chat = add_chat(db, seeded, |_| {}).await.id;
        assert!(!list::has_unread(db, chat).await.unwrap());
        let answer = NewMessage::new(Role::Assistant, vec![Part::text("answer")]);
        let mut tx = db.begin().await.unwrap();
        messages::insert(&mut tx, chat, 2, Clock::system().now(), vec![answer])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(list::has_unread(db, chat).await.unwrap());
        let now = Clock::system().now();
        let told = details::mark_read(db, chat, now).await.unwrap();
        assert_eq!(told, Some(seeded.owner));
        assert_eq!(details::mark_read(db, chat, now).await.unwrap(), None);
        assert!(!list::has_unread(db, chat).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_queue_keeps_its_order() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let chat = add_chat(db, seeded, |_| {}).await.id;
        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for number in 0..4 {
            let new = NewQueued {
                content: vec![Part::text(number.to_string())],
                model_config_id: Some(seeded.model),
                created_by: Some(seeded.owner),
                created_at: Clock::system().now(),
            };
            ids.push(queue::append(&mut tx, chat, &new).await.unwrap());
        }
        assert!(queue::move_to_head(&mut tx, chat, ids[2]).await.unwrap());
        assert!(queue::move_to_head(&mut tx, chat, ids[2]).await.unwrap());
        assert!(queue::delete(&mut tx, chat, ids[0]).await.unwrap());
        assert!(!queue::delete(&mut tx, chat, ids[0]).await.unwrap());
        assert!(
            !queue::move_to_head(&mut tx, chat, QueuedMessageId(0))
                .await
                .unwrap()
        );
        let order: Vec<_> = queue::list_in(&mut tx, chat)
            .await
            .unwrap()
            .iter()
            .map(|queued| queued.id)
            .collect();
        assert_eq!(order, [ids[2], ids[1], ids[3]]);
        assert_eq!(queue::clear(&mut tx, chat).await.unwrap(), 3);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_takes_what_nobody_alive_owns() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let now = Clock::system().now();
        let (me, other) = (WorkerId::generate(), WorkerId::generate());
        let free = add_chat(db, seeded, |chat| chat.status = Status::Running).await;
        let runner = RunnerId::generate();
        let owned = add_chat(db, seeded, |chat| {
            chat.status = Status::Interrupting;
            (chat.worker_id, chat.runner_id) = (Some(other), Some(runner));
        })
        .await;
        add_chat(db, seeded, |_| {}).await;
        let mut tx = db.begin().await.unwrap();
        heartbeats::begin(&mut tx, owned.id, runner, now)
            .await
            .unwrap();
        let stranger = (owned.id, RunnerId::generate());
        let beaten = heartbeats::beat(&mut tx, &[stranger], now).await.unwrap();
        assert_eq!(beaten, []);
        let beats = [(free.id, RunnerId::generate()), (owned.id, runner)];
        let beaten = heartbeats::beat(&mut tx, &beats, now).await.unwrap();
        assert_eq!(beaten, [owned.id]);
        tx.commit().await.unwrap();
        let claim = Claim {
            now,
            worker_id: me,
            is_alone: false,
            expired_before: now - TimeDelta::seconds(30),
        };
        let taken = async |claim: Claim| -> Vec<ChatId> {
            let found = claim::claimable(db, &claim, 10).await.unwrap();
            for chat in [free.id, owned.id] {
                let mut tx = db.begin().await.unwrap();
                let row = claim::lock_claimable(&mut tx, &claim, chat).await.unwrap();
                tx.rollback().await.unwrap();
                assert_eq!(row.map(|row| row.id), found.contains(&chat).then_some(chat));
            }
            found
        };
        assert_eq!(taken(claim).await, [free.id]);
        assert_eq!(
            taken(Claim {
                expired_before: now,
                ..claim
            })
            .await,
            [free.id, owned.id]
        );
        assert_eq!(
            taken(Claim {
                is_alone: true,
                ..claim
            })
            .await,
            [free.id, owned.id]
        );
        assert_eq!(
            taken(Claim {
                is_alone: true,
                worker_id: other,
                ..claim
            })
            .await,
            [free.id]
        );
        assert_eq!(chats::get(db, ChatId::generate()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn two_postgres_workers_never_take_the_same_chat() {
    let database = store::testing::TestDb::postgres().await;
    let db = &database.db;
    let seeded = seed(db).await;
    let now = Clock::system().now();
    let chat = add_chat(db, seeded, |chat| chat.status = Status::Running).await;
    let claim = || Claim {
        now,
        worker_id: WorkerId::generate(),
        is_alone: false,
        expired_before: now,
    };
    let mut first = db.begin().await.unwrap();
    let mut second = db.begin().await.unwrap();
    let taken = claim::lock_claimable(&mut first, &claim(), chat.id)
        .await
        .unwrap();
    assert_eq!(taken.map(|row| row.id), Some(chat.id));
    let taken = claim::lock_claimable(&mut second, &claim(), chat.id)
        .await
        .unwrap();
    assert_eq!(taken, None, "what another worker is taking is skipped");
    first.rollback().await.unwrap();
    second.rollback().await.unwrap();
    database.remove().await;
}
