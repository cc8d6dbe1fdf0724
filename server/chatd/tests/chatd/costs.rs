//! The ledger: its sums agree with its rows to the micro-dollar, whoever writes meanwhile, and nothing that happens to
//! chats changes what was spent.

mod ranges;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sdk::costs::{ChatCost, CostSummary, CostTotals, DayCost, ModelCost};
use sdk::ids::{ChatId, ModelConfigId, UserId};
use sdk::messages::{MessageUsage, Role};
use sdk::models::ModelPrices;
use sdk::parts::Part;
use store::chats::{self, retention};
use store::costs::backfill::{self, Hour};
use store::costs::{self, Call, Range, people, summary};
use store::messages::{self, NewMessage};
use store::testing::{TestDb, for_both};
use store::{Clock, Db};

use crate::harness::{Seed, seed};
use crate::store_contract::{add_chat, adopt};

/// When the first call of a test may have been made.
fn beginning() -> DateTime<Utc> {
    "2026-03-01T22:10:00Z".parse().unwrap()
}

fn usage(input: i64, output: i64) -> MessageUsage {
    MessageUsage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        ..MessageUsage::default()
    }
}

fn call(seed: Seed, cost: Option<i64>) -> Call {
    Call {
        model_config_id: seed.model,
        usage: usage(10, 5),
        total_cost_micros: cost,
        runtime_ms: Some(3),
    }
}

async fn book(db: &Db, chat: ChatId, now: DateTime<Utc>, call: &Call) {
    let mut tx = db.begin().await.unwrap();
    chats::lock(&mut tx, chat).await.unwrap().unwrap();
    costs::book(&mut tx, chat, now, call).await.unwrap();
    tx.commit().await.unwrap();
}

async fn spent(db: &Db, user: UserId, minutes: std::ops::Range<i64>) -> CostSummary {
    let range = Range {
        start: beginning() + TimeDelta::minutes(minutes.start),
        end: beginning() + TimeDelta::minutes(minutes.end),
    };
    summary::of_user(db, user, range).await.unwrap()
}

#[tokio::test]
async fn a_range_holds_its_start_and_not_its_end() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        for minute in 0..200 {
            let now = beginning() + TimeDelta::minutes(minute);
            book(db, chat, now, &call(seed, Some(minute))).await;
        }
        for (start, end) in [
            (0, 200),
            (0, 1),
            (5, 5),
            (49, 51),
            (50, 110),
            (50, 170),
            (51, 169),
        ] {
            let found = spent(db, seed.owner, start..end).await;
            assert_eq!(found.priced_message_count, end - start, "{start}..{end}");
            let expected: i64 = (start..end).sum();
            assert_eq!(found.total_cost_micros, expected, "{start}..{end}");
        }
    })
    .await;
}

#[tokio::test]
async fn days_are_those_of_utc() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        for minute in [0, 109, 110, 111] {
            let now = beginning() + TimeDelta::minutes(minute);
            book(db, chat, now, &call(seed, Some(1))).await;
        }
        let days: Vec<(NaiveDate, i64)> = spent(db, seed.owner, 0..10_000)
            .await
            .by_day
            .iter()
            .map(|day| (day.date, day.total_cost_micros))
            .collect();
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(days, [(day("2026-03-01"), 2), (day("2026-03-02"), 2)]);
    })
    .await;
}

#[tokio::test]
async fn free_is_no_unknown_price_and_a_call_without_counts_is_none() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        book(db, chat, beginning(), &call(seed, Some(0))).await;
        book(db, chat, beginning(), &call(seed, None)).await;
        let uncounted = Call {
            usage: MessageUsage {
                context_limit: Some(1000),
                ..MessageUsage::default()
            },
            ..call(seed, None)
        };
        book(db, chat, beginning(), &uncounted).await;
        // Once from the rows, once from their sums.
        for minutes in [0..1, -600..600] {
            let found = spent(db, seed.owner, minutes).await;
            assert_eq!(found.priced_message_count, 1);
            assert_eq!(found.unpriced_message_count, 1);
            assert_eq!(found.total_cost_micros, 0);
            assert_eq!(found.total_input_tokens, 20);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_provider_claims_beyond_reason_breaks_no_sum() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        for _ in 0..3 {
            let absurd = Call {
                usage: usage(i64::MAX, i64::MAX),
                total_cost_micros: Some(i64::MAX),
                ..call(seed, None)
            };
            book(db, chat, beginning(), &absurd).await;
        }
        let found = spent(db, seed.owner, -600..600).await;
        assert_eq!(found.total_input_tokens, 3_000_000_000_000);
        assert_eq!(found.total_cost_micros, 3_000_000_000_000);
    })
    .await;
}

#[tokio::test]
async fn subagents_count_under_their_root_and_an_edit_refunds_nothing() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let root = add_chat(db, seed, |_| {}).await;
        let child = add_chat(db, seed, |_| {}).await;
        adopt(db, child.id, root.id).await;
        let answer = NewMessage {
            model_config_id: Some(seed.model),
            usage: usage(100, 50),
            total_cost_micros: Some(40),
            ..NewMessage::new(Role::Assistant, vec![Part::text("answer")])
        };
        let mut tx = db.begin().await.unwrap();
        let inserted = messages::insert(&mut tx, root.id, 2, beginning(), vec![answer])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        book(db, child.id, beginning(), &call(seed, Some(7))).await;
        let mut tx = db.begin().await.unwrap();
        let edited = messages::delete_from(&mut tx, root.id, inserted[0].id, 3).await;
        assert_eq!(edited.unwrap(), 1);
        tx.commit().await.unwrap();

        let found = spent(db, seed.owner, 0..1).await;
        assert_eq!(found.by_chat.len(), 1);
        assert_eq!(found.by_chat[0].root_chat_id, root.id);
        assert_eq!(found.by_chat[0].total_cost_micros, 47);
        let of_root = costs::of_chat(db, root.id, root.id).await.unwrap();
        assert_eq!(
            (of_root.total_cost_micros, of_root.subagents_cost_micros),
            (47, 7)
        );
        let of_child = costs::of_chat(db, child.id, root.id).await.unwrap();
        assert_eq!(
            (of_child.total_cost_micros, of_child.subagents_cost_micros),
            (7, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_chat_was_spent_all_the_same() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |chat| chat.archived = true).await;
        book(db, chat.id, beginning(), &call(seed, Some(12))).await;
        let before = spent(db, seed.owner, 0..60).await;
        assert_eq!(before.by_chat[0].chat_title, chat.title);
        let later = Clock::system().now() + TimeDelta::days(1);
        let gone = retention::delete_archived(db, later, 10).await.unwrap();
        assert_eq!(gone, 1);
        let after = spent(db, seed.owner, 0..60).await;
        assert_eq!(after.total_cost_micros, 12);
        assert_eq!(after.by_model, before.by_model);
        assert_eq!(after.by_chat[0].root_chat_id, chat.id);
        assert_eq!(after.by_chat[0].chat_title, "");
        let range = Range {
            start: beginning(),
            end: beginning() + TimeDelta::hours(1),
        };
        let (everybody, count) = people::list(db, range, "", 10, 0).await.unwrap();
        assert_eq!((count, everybody[0].chat_count), (1, 1));
        let (nobody, none) = people::list(db, range, "a%a", 10, 0).await.unwrap();
        assert_eq!((nobody.len(), none), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_backfill_prices_what_has_no_price_and_only_that() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        let other_model = Call {
            model_config_id: ModelConfigId::generate(),
            ..call(seed, None)
        };
        for minute in [0, 1, 70, 140] {
            let now = beginning() + TimeDelta::minutes(minute);
            book(db, chat, now, &call(seed, None)).await;
        }
        book(db, chat, beginning(), &call(seed, Some(0))).await;
        book(db, chat, beginning(), &other_model).await;
        let uncounted = Call {
            usage: MessageUsage {
                total_tokens: Some(9),
                ..MessageUsage::default()
            },
            ..call(seed, None)
        };
        book(db, chat, beginning(), &uncounted).await;

        let priced = price(db, seed.model).await;
        assert_eq!(priced, 4);
        let found = spent(db, seed.owner, -600..600).await;
        assert_eq!(found.total_cost_micros, 4 * 3, "10 tokens at 0.25 are 2.5");
        assert_eq!(found.unpriced_message_count, 2);
        assert_eq!(totals_of_rows(db, -600..600).await, totals(&found));
    })
    .await;
}

/// Prices the calls of a model that have no price; how many.
async fn price(db: &Db, model: ModelConfigId) -> i64 {
    let prices = ModelPrices {
        input_price_per_million_tokens: Some("0.25".parse().unwrap()),
        ..ModelPrices::default()
    };
    let (mut priced, mut after) = (0, Hour::FIRST);
    loop {
        let hours = backfill::hours(db, model, after).await.unwrap();
        let Some(last) = hours.last() else {
            return priced;
        };
        after = *last;
        for hour in hours {
            let price =
                |call: &backfill::Unpriced| chatd::cost_micros(&call.usage(), Some(&prices));
            priced += backfill::price_hour(db, model, hour, price)
                .await
                .unwrap()
                .0;
        }
    }
}

fn totals(summary: &CostSummary) -> CostTotals {
    CostTotals {
        total_cost_micros: summary.total_cost_micros,
        message_count: summary.priced_message_count + summary.unpriced_message_count,
        unpriced_message_count: summary.unpriced_message_count,
        total_input_tokens: summary.total_input_tokens,
        total_output_tokens: summary.total_output_tokens,
        total_cache_read_tokens: summary.total_cache_read_tokens,
        total_cache_creation_tokens: summary.total_cache_creation_tokens,
        total_runtime_ms: summary.total_runtime_ms,
    }
}

/// What the rows themselves say, added up here.
async fn totals_of_rows(db: &Db, minutes: std::ops::Range<i64>) -> CostTotals {
    type Row = (
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
    );
    const ROWS: &str = "SELECT total_cost_micros, input_tokens, output_tokens, cache_read_tokens, \
         cache_creation_tokens, runtime_ms FROM costs WHERE created_at >= $1 AND created_at < $2";
    let rows: Vec<Row> = store::on_reader!(db, pool => sqlx::query_as(ROWS)
        .bind(beginning() + TimeDelta::minutes(minutes.start))
        .bind(beginning() + TimeDelta::minutes(minutes.end))
        .fetch_all(pool)
        .await
        .unwrap());
    let mut sum = CostTotals::default();
    for (cost, input, output, read, written, runtime) in rows {
        sum.add(&CostTotals {
            total_cost_micros: cost.unwrap_or(0),
            message_count: 1,
            unpriced_message_count: i64::from(cost.is_none()),
            total_input_tokens: input.unwrap_or(0),
            total_output_tokens: output.unwrap_or(0),
            total_cache_read_tokens: read.unwrap_or(0),
            total_cache_creation_tokens: written.unwrap_or(0),
            total_runtime_ms: runtime.unwrap_or(0),
        });
    }
    sum
}

/// A call of a random run: minutes after the beginning, its usage, what it cost.
type Planned = (i64, [Option<u32>; 4], Option<u32>);

fn planned() -> impl Strategy<Value = Planned> {
    let count = || proptest::option::of(0..2_000_000_u32);
    // Some within a few hours, some within a few days.
    let minute = prop_oneof![0..300_i64, 0..MINUTES];
    (minute, [count(), count(), count(), count()], count())
}

fn as_call(seed: Seed, (_, counts, cost): &Planned) -> Call {
    let count = |position: usize| counts[position].map(i64::from);
    Call {
        usage: MessageUsage {
            input_tokens: count(0),
            output_tokens: count(1),
            cache_read_tokens: count(2),
            cache_creation_tokens: count(3),
            ..MessageUsage::default()
        },
        ..call(seed, cost.map(i64::from))
    }
}

/// Writers of one chat each, and beside them a reader and somebody who prices what has no price; then the sums are compared with the rows.
async fn write_at_once(db: &Db, seed: Seed, writers: Vec<Vec<Planned>>, range: (i64, i64)) {
    let root = add_chat(db, seed, |_| {}).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, calls) in writers.into_iter().enumerate() {
        let chat = add_chat(db, seed, |_| {}).await;
        if number % 2 == 1 {
            adopt(db, chat.id, root.id).await;
        }
        let db = db.clone();
        tasks.spawn(async move {
            for planned in calls {
                let now = beginning() + TimeDelta::minutes(planned.0);
                book(&db, chat.id, now, &as_call(seed, &planned)).await;
            }
        });
    }
    let other = db.clone();
    tasks.spawn(async move {
        price(&other, seed.model).await;
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
        let seen = spent(db, seed.owner, range.0..range.1).await;
        assert_agrees(&seen);
    }
    let seen = spent(db, seed.owner, range.0..range.1).await;
    assert_agrees(&seen);
    assert_eq!(totals(&seen), totals_of_rows(db, range.0..range.1).await);
}

/// One summary says the same whichever way it is cut.
fn assert_agrees(seen: &CostSummary) {
    let add = |parts: Vec<CostTotals>| {
        let mut sum = CostTotals::default();
        for part in &parts {
            sum.add(part);
        }
        sum
    };
    let whole = totals(seen);
    assert_eq!(
        whole,
        add(seen.by_model.iter().map(ModelCost::totals).collect())
    );
    assert_eq!(
        whole,
        add(seen.by_chat.iter().map(ChatCost::totals).collect())
    );
    assert_eq!(
        whole,
        add(seen.by_day.iter().map(DayCost::totals).collect())
    );
}

/// In which the calls of a random run are made.
const MINUTES: i64 = 4 * 24 * 60;
/// Runs on one database.
const CASES: u32 = 12;

fn run(open: impl AsyncFnOnce() -> TestDb) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(open());
    let seed = runtime.block_on(seed(&database.db));
    let writers = proptest::collection::vec(proptest::collection::vec(planned(), 1..12), 2..6);
    let length = prop_oneof![0..310_i64, 0..MINUTES];
    let cases = (writers, -10..300_i64, length);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&cases, |(writers, start, length)| {
        let range = (start, start + length);
        runtime.block_on(write_at_once(&database.db, seed, writers, range));
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(database.remove());
}

#[test]
fn a_summary_agrees_with_the_rows_that_many_write_at_once_on_sqlite() {
    run(TestDb::sqlite);
}

#[test]
fn a_summary_agrees_with_the_rows_that_many_write_at_once_on_postgres() {
    run(TestDb::postgres);
}
