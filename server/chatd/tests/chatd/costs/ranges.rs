//! Ranges that begin and end anywhere say what the rows of the ledger say, whatever they are answered from.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::strategy::ValueTree as _;
use store::users::{self, UserRow};
use uuid::Uuid;

use super::*;

/// Range of time in which calls are made: a week that begins and ends within an hour.
const MICROS: i64 = 7 * 24 * 3_600_000_000;
const CALLS: usize = 400;
const RANGES: usize = 80;

/// A row of the ledger.
#[derive(Clone, sqlx::FromRow)]
struct Row {
    user_id: Uuid,
    root_chat_id: Uuid,
    model_config_id: Uuid,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_creation_tokens: Option<i64>,
    total_cost_micros: Option<i64>,
    runtime_ms: Option<i64>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn totals(&self) -> CostTotals {
        CostTotals {
            total_cost_micros: self.total_cost_micros.unwrap_or(0),
            message_count: 1,
            unpriced_message_count: i64::from(self.total_cost_micros.is_none()),
            total_input_tokens: self.input_tokens.unwrap_or(0),
            total_output_tokens: self.output_tokens.unwrap_or(0),
            total_cache_read_tokens: self.cache_read_tokens.unwrap_or(0),
            total_cache_creation_tokens: self.cache_creation_tokens.unwrap_or(0),
            total_runtime_ms: self.runtime_ms.unwrap_or(0),
        }
    }
}

async fn rows(db: &Db) -> Vec<Row> {
    const ROWS: &str = "SELECT user_id, root_chat_id, model_config_id, input_tokens, output_tokens, cache_read_tokens, \
         cache_creation_tokens, total_cost_micros, runtime_ms, created_at FROM costs";
    store::on_reader!(db, pool => sqlx::query_as(ROWS).fetch_all(pool).await.unwrap())
}

/// Anywhere in the week or a little beside it, often where a day or an hour begins.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let micros = -7_200_000_000..MICROS + 7_200_000_000;
    (micros, 0..6).prop_map(|(micros, cut)| {
        let time = beginning() + TimeDelta::microseconds(micros);
        match cut {
            0 => whole(time, 86_400),
            1 => whole(time, 3_600),
            2 => whole(time, 86_400) - TimeDelta::microseconds(1),
            _ => time,
        }
    })
}

fn whole(time: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    time - TimeDelta::microseconds(time.timestamp_micros().rem_euclid(seconds * 1_000_000))
}

fn sums<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, CostTotals> {
    let mut found: BTreeMap<K, CostTotals> = BTreeMap::new();
    for row in rows {
        found.entry(key(row)).or_default().add(&row.totals());
    }
    found
}

/// A summary and the list of people say of a range what the rows in it say.
async fn assert_said(db: &Db, owner: UserId, range: Range, all: &[Row]) {
    let within = |row: &&Row| range.start <= row.created_at && row.created_at < range.end;
    let rows: Vec<Row> = all.iter().filter(within).cloned().collect();
    let people = people::list(db, range, "", 100, 0).await.unwrap().0;
    let said = people
        .iter()
        .map(|person| (person.user_id.0, person.totals()));
    assert_eq!(
        said.collect::<BTreeMap<_, _>>(),
        sums(&rows, |row| row.user_id),
        "{range:?}"
    );
    for person in &people {
        let chats = rows.iter().filter(|row| row.user_id == person.user_id.0);
        let chats: BTreeSet<Uuid> = chats.map(|row| row.root_chat_id).collect();
        assert_eq!(
            usize::try_from(person.chat_count).unwrap(),
            chats.len(),
            "{range:?}"
        );
    }

    let own: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.user_id == owner.0)
        .collect();
    let found = summary::of_user(db, owner, range).await.unwrap();
    let mut whole = CostTotals::default();
    for row in &own {
        whole.add(&row.totals());
    }
    assert_eq!(totals(&found), whole, "{range:?}");
    let days = found.by_day.iter().map(|day| (day.date, day.totals()));
    assert_eq!(
        days.collect::<BTreeMap<_, _>>(),
        sums(&own, |row| row.created_at.date_naive()),
        "{range:?}"
    );
    let models = found.by_model.iter();
    let models = models.map(|model| (model.model_config_id.0, model.totals()));
    assert_eq!(
        models.collect::<BTreeMap<_, _>>(),
        sums(&own, |row| row.model_config_id),
        "{range:?}"
    );
    let chats = found.by_chat.iter();
    let chats = chats.map(|chat| (chat.root_chat_id.0, chat.totals()));
    assert_eq!(
        chats.collect::<BTreeMap<_, _>>(),
        sums(&own, |row| row.root_chat_id),
        "{range:?}"
    );
}

/// A person beside the owner.
async fn add_user(db: &Db, seed: Seed) -> UserId {
    let owner = users::get(db, seed.owner).await.unwrap().unwrap();
    let user = UserRow {
        id: UserId::generate(),
        username: "grace".into(),
        email: "grace@example.com".into(),
        ..owner
    };
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

async fn give(db: &Db, chat: ChatId, owner: UserId) {
    const GIVE: &str = "UPDATE chats SET owner_id = $2 WHERE id = $1";
    let given = store::on_writer!(db, pool => sqlx::query(GIVE)
        .bind(chat.0).bind(owner.0).execute(pool).await.unwrap().rows_affected());
    assert_eq!(given, 1);
}

/// Makes the sums by the day anew from those by the hour, as a database does that had none of them.
async fn migrate_again(db: &Db) {
    const WITHOUT: &str = "DROP TABLE cost_days; DROP INDEX cost_hours_hour; \
         CREATE INDEX cost_hours_root ON cost_hours (root_chat_id);";
    let migration = match db {
        Db::Sqlite { .. } => include_str!("../../../../../migrations/sqlite/0020_cost_days.sql"),
        Db::Postgres(_) => include_str!("../../../../../migrations/postgres/0020_cost_days.sql"),
    };
    for statements in [WITHOUT, migration] {
        store::on_writer!(db, pool => drop(sqlx::raw_sql(statements).execute(pool).await.unwrap()));
    }
}

#[tokio::test]
async fn a_range_that_begins_and_ends_anywhere_says_what_its_rows_say() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let other_model = ModelConfigId::generate();
        let mut chats = Vec::new();
        for _ in 0..6 {
            chats.push(add_chat(db, seed, |_| {}).await.id);
        }
        adopt(db, chats[1], chats[0]).await;
        let other = add_user(db, seed).await;
        give(db, chats[5], other).await;

        let mut runner = TestRunner::default();
        let calls = vec((0..6_usize, any::<bool>(), 0..2_000_000_i64, time()), CALLS);
        for (chat, is_other, counted, now) in calls.new_tree(&mut runner).unwrap().current() {
            let call = Call {
                model_config_id: if is_other { other_model } else { seed.model },
                usage: usage(counted, counted / 7),
                ..call(seed, (counted % 3 != 0).then_some(counted))
            };
            book(db, chats[chat], now, &call).await;
        }
        let ranges = vec((time(), time()), RANGES);
        let ranges = ranges.new_tree(&mut runner).unwrap().current();
        let ranges: Vec<Range> = ranges
            .into_iter()
            .map(|(one, two)| Range {
                start: one.min(two),
                end: one.max(two),
            })
            .collect();

        let booked = rows(db).await;
        assert_eq!(booked.len(), CALLS);
        for range in &ranges {
            assert_said(db, seed.owner, *range, &booked).await;
        }
        price(db, seed.model).await;
        let priced = rows(db).await;
        let without = |rows: &[Row]| {
            rows.iter()
                .filter(|row| row.total_cost_micros.is_none())
                .count()
        };
        assert!(without(&priced) < without(&booked));
        for range in &ranges {
            assert_said(db, seed.owner, *range, &priced).await;
        }
        migrate_again(db).await;
        for range in &ranges {
            assert_said(db, seed.owner, *range, &priced).await;
        }
    })
    .await;
}
