//! Opening: locks, versions, transactions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;
use crate::testing::{TestDb, bare_postgres_url, for_both};

const INSERT: &str = "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)";
const COUNT: &str = "SELECT COUNT(*) FROM settings";

async fn insert(tx: &mut Tx, key: &str) {
    insert_value(tx, key, serde_json::json!(1)).await;
}

async fn insert_value(tx: &mut Tx, key: &str, value: serde_json::Value) {
    let value = sqlx::types::Json(value);
    let now = crate::Clock::system().now();
    crate::on_tx!(tx, connection =>
        sqlx::query(INSERT).bind(key).bind(&value).bind(now).execute(connection).await.map(|_| ()).unwrap());
}

async fn count(db: &Db) -> i64 {
    crate::on_reader!(db, pool => sqlx::query_scalar(COUNT).fetch_one(pool).await.unwrap())
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_until_the_first_closes() {
    let first = TestDb::sqlite().await;
    let refusal = Db::open(&first.options).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Locked { .. }), "{refusal}");
    assert!(
        refusal.to_string().contains("switchyard.db.lock"),
        "{refusal}"
    );
    first.db.close().await;
    Db::open(&first.options).await.unwrap().close().await;
}

#[tokio::test]
async fn a_command_works_beside_a_running_server() {
    let server = TestDb::sqlite().await;
    let command = Db::open_beside(&server.options).await.unwrap();
    let mut tx = command.begin().await.unwrap();
    insert(&mut tx, "key").await;
    tx.commit().await.unwrap();
    command.close().await;
    assert_eq!(count(&server.db).await, 1);
    assert!(
        Db::open(&server.options).await.is_err(),
        "the command gave the server's lock away"
    );
}

#[tokio::test]
async fn a_command_alone_keeps_a_server_from_starting_only_while_it_runs() {
    let test = TestDb::sqlite().await;
    test.db.close().await;
    let command = Db::open_beside(&test.options).await.unwrap();
    assert!(matches!(
        Db::open(&test.options).await,
        Err(StoreError::Locked { .. })
    ));
    command.close().await;
    Db::open(&test.options).await.unwrap();
}

#[tokio::test]
async fn a_command_does_not_change_the_schema_under_a_running_server() {
    let server = TestDb::sqlite().await;
    let forget = "DELETE FROM _sqlx_migrations";
    crate::on_writer!(&server.db, pool => sqlx::query(forget).execute(pool).await.map(|_| ()).unwrap());
    let refusal = Db::open_beside(&server.options).await.unwrap_err();
    assert!(
        matches!(refusal, StoreError::OlderDatabase { found: 0, .. }),
        "{refusal}"
    );
}

#[tokio::test]
async fn refuses_a_database_of_a_newer_binary_and_leaves_it_alone() {
    for_both(async |test| {
        let newer = "UPDATE _sqlx_migrations SET version = 999999 WHERE version = 1";
        crate::on_writer!(&test.db, pool => sqlx::query(newer).execute(pool).await.map(|_| ()).unwrap());
        test.db.close().await;
        let refusal = Db::open(&test.options).await.unwrap_err();
        let StoreError::NewerDatabase { found, known } = refusal else { panic!("{refusal}") };
        assert_eq!(found, 999_999);
        assert!(known < found);
    })
    .await;
}

#[tokio::test]
async fn opening_twice_migrates_once() {
    for_both(async |test| {
        test.db.close().await;
        let again = Db::open(&test.options).await.unwrap();
        again.check_ready().await.unwrap();
        again.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_new_postgres_database_is_migrated_by_two_servers_at_once() {
    let options = OpenOptions::PostgresUrl(bare_postgres_url().await);
    let (first, second) = tokio::join!(Db::open(&options), Db::open(&options));
    first.unwrap().close().await;
    second.unwrap().close().await;
}

#[tokio::test]
async fn a_rolled_back_or_dropped_transaction_leaves_nothing() {
    for_both(async |test| {
        let mut tx = test.db.begin().await.unwrap();
        insert(&mut tx, "rolled back").await;
        tx.rollback().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        insert(&mut tx, "dropped").await;
        drop(tx);
        let mut tx = test.db.begin().await.unwrap();
        insert(&mut tx, "kept").await;
        tx.commit().await.unwrap();
        assert_eq!(count(&test.db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_read_transaction_sees_one_state() {
    for_both(async |test| {
        let mut read = test.db.begin_read().await.unwrap();
        let before: i64 = crate::on_tx!(&mut read, connection =>
            sqlx::query_scalar(COUNT).fetch_one(connection).await.unwrap());
        let mut tx = test.db.begin().await.unwrap();
        insert(&mut tx, "later").await;
        tx.commit().await.unwrap();
        let after: i64 = crate::on_tx!(&mut read, connection =>
            sqlx::query_scalar(COUNT).fetch_one(connection).await.unwrap());
        assert_eq!((before, after), (0, 0));
        assert_eq!(count(&test.db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_read_transaction_cannot_write() {
    for_both(async |test| {
        let mut read = test.db.begin_read().await.unwrap();
        let delete = "DELETE FROM settings";
        let refused = crate::on_tx!(&mut read, connection =>
            sqlx::query(delete).execute(connection).await.is_err());
        assert!(refused);
    })
    .await;
}

#[test]
fn a_url_is_postgres_or_refused() {
    let folder = Path::new("/data");
    assert!(
        matches!(OpenOptions::from_url(None, folder), Ok(OpenOptions::SqliteFile(path)) if path.starts_with(folder))
    );
    assert!(matches!(
        OpenOptions::from_url(Some("postgres://u@h/d"), folder),
        Ok(OpenOptions::PostgresUrl(_))
    ));
    assert!(matches!(
        OpenOptions::from_url(Some("mysql://u@h/d"), folder),
        Err(StoreError::UnknownUrl)
    ));
}

#[test]
fn options_do_not_print_the_password() {
    let options = OpenOptions::PostgresUrl("postgres://user:hunter2@host/db".to_owned());
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_keeps_what_was_there() {
    let test = TestDb::sqlite().await;
    let Db::Sqlite { writer, .. } = &test.db else {
        panic!("not SQLite")
    };
    let mut tx = test.db.begin().await.unwrap();
    insert(&mut tx, "before").await;
    tx.commit().await.unwrap();
    let full = "PRAGMA max_page_count = 1";
    sqlx::query(full).execute(writer).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    let huge = serde_json::json!("x".repeat(1_000_000));
    let refusal = crate::settings::put(&mut tx, "huge", &huge, crate::Clock::system().now()).await;
    assert!(matches!(refusal, Err(StoreError::Full(_))), "{refusal:?}");
    drop(tx);
    assert_eq!(count(&test.db).await, 1);
    // There is space again.
    let enough = "PRAGMA max_page_count = 4294967294";
    sqlx::query(enough).execute(writer).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    insert(&mut tx, "after").await;
    crate::settings::put(&mut tx, "huge", &huge, crate::Clock::system().now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&test.db).await, 3);
}

#[tokio::test]
async fn a_database_that_is_away_is_told_apart() {
    for_both(async |test| {
        test.db.check_ready().await.unwrap();
        test.db.close().await;
        let refusal = test.db.check_ready().await.unwrap_err();
        assert!(matches!(refusal, StoreError::Unreachable(_)), "{refusal:?}");
        assert!(!refusal.to_string().contains("pool"), "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn the_log_moves_into_the_file_without_the_writer() {
    let test = TestDb::sqlite().await;
    let OpenOptions::SqliteFile(file) = &test.options else {
        panic!("not a file");
    };
    let mut tx = test.db.begin().await.unwrap();
    let large = "x".repeat(1024 * 1024);
    insert_value(&mut tx, "large", serde_json::json!(large)).await;
    tx.commit().await.unwrap();
    let is_moved = || std::fs::metadata(file).unwrap().len() > 1024 * 1024;
    let moved = async {
        while !is_moved() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), moved)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_for_the_disk_share_its_calls() {
    let test = TestDb::sqlite().await;
    let Db::Sqlite { log, .. } = &test.db else {
        panic!("not SQLite")
    };
    let mut tx = test.db.begin().await.unwrap();
    insert(&mut tx, "key").await;
    tx.commit().await.unwrap();
    let before = log.calls();
    test.db.durable().await.unwrap();
    assert_eq!(log.calls(), before + 1);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let db = test.db.clone();
        waiting.spawn(async move { db.durable().await });
    }
    while let Some(served) = waiting.join_next().await {
        served.unwrap().unwrap();
    }
    // Each call serves all who asked before it began; 50 calls would mean that nobody shared.
    assert!(log.calls() < before + 40, "{}", log.calls());
}
