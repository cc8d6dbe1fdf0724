//! What a reader asks costs the same however long a chat's history is and however many chats there are.
//!
//! Nothing is timed: on SQLite the steps of its virtual machine are counted, on PostgreSQL the rows that were read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chatd::StreamOptions;
use chatd::hub::Hub;
use chatd::seed::{Plan, seed};
use futures::StreamExt as _;
use sdk::ids::{ChatId, MessageId, UserId};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use store::chats::list::{self, ChatFilter, ListChats, ListedChat};
use store::search::Wanted;
use store::testing::{TestDb, for_both};
use store::{Clock, Db, OpenOptions, messages};

use crate::harness;
use crate::store_contract::add_chat;

/// A database whose reads are counted.
struct Meter {
    db: Db,
    steps: Arc<AtomicU64>,
}

impl Meter {
    async fn on(database: &TestDb) -> Self {
        let steps = Arc::new(AtomicU64::new(0));
        let db = match (&database.db, &database.options) {
            (
                Db::Sqlite {
                    writer, log, lock, ..
                },
                OpenOptions::SqliteFile(path),
            ) => {
                let counter = Arc::clone(&steps);
                let reader = SqlitePoolOptions::new()
                    .max_connections(1)
                    .after_connect(move |connection, _| {
                        let counter = Arc::clone(&counter);
                        Box::pin(async move {
                            let mut handle = connection.lock_handle().await?;
                            handle.set_progress_handler(1, move || {
                                counter.fetch_add(1, Ordering::Relaxed);
                                true
                            });
                            Ok(())
                        })
                    })
                    .connect_with(SqliteConnectOptions::new().filename(path))
                    .await
                    .unwrap();
                Db::Sqlite {
                    reader,
                    writer: writer.clone(),
                    log: log.clone(),
                    lock: lock.clone(),
                }
            }
            (_, OpenOptions::PostgresUrl(url)) => {
                let pool = PgPoolOptions::new().max_connections(1).connect(url).await;
                let pool = pool.unwrap();
                // As the database does by itself after a while.
                sqlx::query("ANALYZE").execute(&pool).await.unwrap();
                Db::Postgres(pool)
            }
            other => panic!("{other:?}"),
        };
        Self { db, steps }
    }

    async fn so_far(&self) -> u64 {
        let Db::Postgres(pool) = &self.db else {
            return self.steps.load(Ordering::Relaxed);
        };
        let flush = "SELECT pg_stat_force_next_flush()";
        sqlx::query(flush).execute(pool).await.unwrap();
        let read = "SELECT SUM(COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables \
             WHERE relname IN ('chats', 'chat_messages', 'chat_search')";
        let read: i64 = sqlx::query_scalar(read).fetch_one(pool).await.unwrap();
        u64::try_from(read).unwrap()
    }

    /// Closes its own connections.
    async fn end(self) {
        match &self.db {
            Db::Sqlite { reader, .. } => reader.close().await,
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// What the second time costs; the first one prepares the statements.
    async fn cost(&self, ask: impl AsyncFn(&Db)) -> u64 {
        ask(&self.db).await;
        let before = self.so_far().await;
        ask(&self.db).await;
        self.so_far().await - before
    }
}

/// A fifth and a little more: PostgreSQL reads some rows in the order of the table when it expects to be lucky soon.
fn assert_flat(what: &str, small: u64, large: u64) {
    assert!(small > 0, "{what}: nothing was counted");
    let limit = small + small / 5 + 100;
    assert!(
        large <= limit,
        "{what}: {small} with little, {large} with much"
    );
}

#[tokio::test]
async fn a_long_chat_opens_like_a_short_one() {
    for_both(async |database| {
        let seeded = harness::seed(&database.db).await;
        let template = add_chat(&database.db, seeded, |_| {}).await;
        let now = Clock::system().now();
        let mut chats = Vec::new();
        for long_chat_messages in [50, 5_000] {
            let plan = Plan {
                long_chat_messages,
                ..Plan::default()
            };
            let made = seed(&database.db, &template, plan, now).await.unwrap();
            chats.push(made.long_chat.unwrap());
        }
        let meter = Meter::on(database).await;
        let flat = async |what: &str, ask: &dyn AsyncAsk| {
            let small = meter.cost(async |db| ask.ask(db, chats[0]).await).await;
            let large = meter.cost(async |db| ask.ask(db, chats[1]).await).await;
            assert_flat(what, small, large);
        };
        flat("the newest page", &NewestPage).await;
        flat("the stream from the newest message", &Snapshot).await;
        flat("what changed last", &Changes).await;
        flat("the last step", &LastStep).await;
        flat("unread", &Unread).await;
        meter.end().await;
    })
    .await;
}

/// A question about one chat.
#[async_trait::async_trait]
trait AsyncAsk {
    async fn ask(&self, db: &Db, chat: ChatId);
}

struct NewestPage;
struct Snapshot;
struct Changes;
struct LastStep;
struct Unread;

#[async_trait::async_trait]
impl AsyncAsk for NewestPage {
    async fn ask(&self, db: &Db, chat: ChatId) {
        let page = messages::before(db, chat, MessageId(i64::MAX), 51).await;
        assert!(page.unwrap().len() >= 50);
    }
}

#[async_trait::async_trait]
impl AsyncAsk for Snapshot {
    async fn ask(&self, db: &Db, chat: ChatId) {
        let newest = messages::before(db, chat, MessageId(i64::MAX), 1).await;
        let options = StreamOptions {
            after_id: newest.unwrap()[0].message.id,
            ..StreamOptions::default()
        };
        let frames = chatd::stream::open(db.clone(), &Hub::default(), chat, options);
        futures::pin_mut!(frames);
        frames.next().await.unwrap().unwrap();
    }
}

#[async_trait::async_trait]
impl AsyncAsk for Changes {
    async fn ask(&self, db: &Db, chat: ChatId) {
        let newest = store::chats::get(db, chat).await.unwrap().unwrap();
        let before = newest.snapshot_version - 1;
        let mut tx = db.begin_read().await.unwrap();
        let changed = messages::changed_since(&mut tx, chat, before, MessageId(0), 200).await;
        assert_eq!(changed.unwrap().len(), 2);
        let deleted = messages::first_deleted_since(&mut tx, chat, before).await;
        assert_eq!(deleted.unwrap(), None);
        tx.rollback().await.unwrap();
    }
}

#[async_trait::async_trait]
impl AsyncAsk for LastStep {
    async fn ask(&self, db: &Db, chat: ChatId) {
        let mut tx = db.begin_read().await.unwrap();
        assert_eq!(messages::last_step(&mut tx, chat).await.unwrap().len(), 1);
        tx.rollback().await.unwrap();
    }
}

#[async_trait::async_trait]
impl AsyncAsk for Unread {
    async fn ask(&self, db: &Db, chat: ChatId) {
        assert!(list::has_unread(db, chat).await.unwrap());
    }
}

async fn page(db: &Db, owner: UserId, offset: i64, after: Option<ListedChat>) -> Vec<ListedChat> {
    let query = ListChats {
        owner_id: owner,
        filter: ChatFilter::default(),
        limit: 50,
        offset,
        after: after.map(|listed| listed.chat),
    };
    let rows = list::list(db, &query).await.unwrap();
    assert_eq!(rows.len(), 50);
    rows
}

#[tokio::test]
async fn a_long_list_opens_like_a_short_one() {
    for_both(async |database| {
        let seeded = harness::seed(&database.db).await;
        let template = add_chat(&database.db, seeded, |_| {}).await;
        let now = Clock::system().now();
        let owner = seeded.owner;
        let mut costs = Vec::new();
        for chats in [200, 2_000] {
            let plan = Plan {
                chats,
                ..Plan::default()
            };
            seed(&database.db, &template, plan, now).await.unwrap();
            let meter = Meter::on(database).await;
            let first = meter.cost(async |db| {
                page(db, owner, 0, None).await;
            });
            let first = first.await;
            // Somewhere in the middle; the row is looked for before it is counted.
            let middle = page(&database.db, owner, 100, None).await.remove(0);
            let next = meter.cost(async |db| {
                page(db, owner, 0, Some(middle.clone())).await;
            });
            costs.push((first, next.await));
            meter.end().await;
        }
        assert_search_is_cheap(database, owner).await;
        assert_flat("the first page", costs[0].0, costs[1].0);
        assert_flat("a further page", costs[0].1, costs[1].1);
    })
    .await;
}

/// A search reads the person's titles and what the index names, nothing again and again.
async fn assert_search_is_cheap(database: &TestDb, owner: UserId) {
    let meter = Meter::on(database).await;
    for (word, hits) in [("absent", 0), ("invoice", 1), ("step", 50)] {
        let cost = meter.cost(async |db| {
            let query = ListChats {
                owner_id: owner,
                filter: ChatFilter {
                    words: vec![Wanted::new(word)],
                    ..ChatFilter::default()
                },
                limit: 50,
                offset: 0,
                after: None,
            };
            let rows = list::list(db, &query).await.unwrap();
            assert!(rows.len() >= hits, "{word}");
        });
        let cost = cost.await;
        let messages = 2 * 2_200;
        assert!(cost < messages * 100, "{word} costs {cost}");
    }
    meter.end().await;
}
