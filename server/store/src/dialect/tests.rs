//! Both schemas mean the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;

use chrono::TimeZone;
use sqlx::Row;

use super::*;
use crate::Db;
use crate::testing::TestDb;

/// One line for each column, index and foreign key, in words of our own. The full-text index is each database's own:
/// `search` makes the two alike.
type Schema = BTreeSet<String>;

#[tokio::test]
async fn both_schemas_have_the_same_tables_columns_indexes_and_references() {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    let (in_sqlite, in_postgres) = (
        sqlite_schema(&sqlite.db).await,
        postgres_schema(&postgres.db).await,
    );
    let only_sqlite: Vec<_> = in_sqlite.difference(&in_postgres).collect();
    let only_postgres: Vec<_> = in_postgres.difference(&in_sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "only SQLite: {only_sqlite:#?}\nonly PostgreSQL: {only_postgres:#?}"
    );
    assert!(
        in_sqlite.len() > 100,
        "the schema was not read: {in_sqlite:#?}"
    );
    for kind in ["column", "index", "reference", "check"] {
        assert!(
            in_sqlite.iter().any(|line| line.starts_with(kind)),
            "no {kind} was read"
        );
    }
    postgres.remove().await;
}

async fn sqlite_schema(db: &Db) -> Schema {
    const TABLES: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'table' \
         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
         AND name NOT LIKE 'chat_search_index%'";
    const COLUMNS: &str = "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1)";
    const INDEXES: &str = "SELECT l.name, l.\"unique\", l.partial, \
         (SELECT group_concat(name, ', ') FROM (SELECT i.name FROM pragma_index_info(l.name) i ORDER BY i.seqno)) \
         FROM pragma_index_list($1) l WHERE l.origin = 'c'";
    const REFERENCES: &str =
        "SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list($1)";
    let Db::Sqlite { writer, .. } = db else {
        panic!("not SQLite")
    };
    let mut schema = Schema::new();
    for table in sqlx::query(TABLES).fetch_all(writer).await.unwrap() {
        let (name, sql): (String, String) = (table.get(0), table.get(1));
        schema.insert(format!("check {name} {}", sql.matches("CHECK (").count()));
        for row in sqlx::query(COLUMNS)
            .bind(&name)
            .fetch_all(writer)
            .await
            .unwrap()
        {
            let (column, kind): (String, String) = (row.get(0), row.get(1));
            let is_key = row.get::<i64, _>(3) > 0;
            let is_required = row.get::<bool, _>(2) || is_key;
            schema.insert(format!(
                "column {name}.{column} {} required={is_required} key={is_key}",
                sqlite_type(&name, &column, &kind)
            ));
        }
        for row in sqlx::query(INDEXES)
            .bind(&name)
            .fetch_all(writer)
            .await
            .unwrap()
        {
            let (index, columns): (String, String) = (row.get(0), row.get(3));
            let (unique, partial): (bool, bool) = (row.get(1), row.get(2));
            schema.insert(format!(
                "index {name}.{index} ({columns}) unique={unique} partial={partial}"
            ));
        }
        for row in sqlx::query(REFERENCES)
            .bind(&name)
            .fetch_all(writer)
            .await
            .unwrap()
        {
            let parts: Vec<String> = (0..4).map(|position| row.get(position)).collect();
            schema.insert(format!(
                "reference {name}.{} to {}.{} {}",
                parts[0], parts[1], parts[2], parts[3]
            ));
        }
    }
    schema
}

/// Text that holds JSON or a time has a type of its own only in PostgreSQL; the column's name tells which it is.
fn sqlite_type(table: &str, column: &str, kind: &str) -> &'static str {
    const JSON: [(&str, &str); 17] = [
        ("audit_log", "before"),
        ("audit_log", "after"),
        ("chat_client_tools", "tools"),
        ("users", "preferences"),
        ("settings", "value"),
        ("user_settings", "value"),
        ("model_configs", "options"),
        ("templates", "environment"),
        ("templates", "parameters"),
        ("workspaces", "sandbox"),
        ("workspaces", "parameters"),
        ("chats", "last_error"),
        ("chats", "labels"),
        ("chats", "mcp_server_ids"),
        ("chats", "retry_state"),
        ("chat_messages", "content"),
        ("chat_queued_messages", "content"),
    ];
    let is_time = column.ends_with("_at") || column.ends_with("_since");
    match kind {
        "TEXT" if JSON.contains(&(table, column)) => "json",
        "TEXT" if is_time => "time",
        "TEXT" => "text",
        "BLOB" if column == "data" || column.ends_with("_hash") || column.ends_with("_sealed") => {
            "bytes"
        }
        "BLOB" => "uuid",
        "INTEGER" => "integer",
        "BOOLEAN" => "boolean",
        other => panic!("{table}.{column} has the unknown type {other}"),
    }
}

async fn postgres_schema(db: &Db) -> Schema {
    const COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
         c.is_nullable = 'NO', EXISTS (SELECT 1 FROM information_schema.key_column_usage k \
         JOIN information_schema.table_constraints t USING (constraint_name, table_name) \
         WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name) \
         FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name <> '_sqlx_migrations'";
    const INDEXES: &str = "SELECT t.relname::text, i.relname::text, x.indisunique, x.indpred IS NOT NULL, \
         (SELECT string_agg(a.attname, ', ' ORDER BY k.position) FROM unnest(x.indkey) WITH ORDINALITY k(number, position) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE n.nspname = 'public' AND NOT x.indisprimary AND t.relname <> '_sqlx_migrations' \
         AND i.relname <> 'chat_search_index'";
    const REFERENCES: &str = "SELECT t.relname::text, a.attname::text, r.relname::text, b.attname::text, \
         c.confdeltype::text FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
         JOIN pg_class r ON r.oid = c.confrelid \
         CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (own, other) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.own \
         JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = k.other WHERE c.contype = 'f'";
    const CHECKS: &str = "SELECT t.relname::text, COUNT(c.oid) FROM pg_class t \
         JOIN pg_namespace n ON n.oid = t.relnamespace \
         LEFT JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'c' \
         WHERE n.nspname = 'public' AND t.relkind = 'r' AND t.relname <> '_sqlx_migrations' GROUP BY t.relname";
    let Db::Postgres(pool) = db else {
        panic!("not PostgreSQL")
    };
    let mut schema = Schema::new();
    for row in sqlx::query(COLUMNS).fetch_all(pool).await.unwrap() {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (is_required, is_key): (bool, bool) = (row.get(3), row.get(4));
        let kind = postgres_type(&kind);
        schema.insert(format!(
            "column {table}.{column} {kind} required={is_required} key={is_key}"
        ));
    }
    for row in sqlx::query(INDEXES).fetch_all(pool).await.unwrap() {
        let (table, index, columns): (String, String, String) =
            (row.get(0), row.get(1), row.get(4));
        let (unique, partial): (bool, bool) = (row.get(2), row.get(3));
        schema.insert(format!(
            "index {table}.{index} ({columns}) unique={unique} partial={partial}"
        ));
    }
    for row in sqlx::query(REFERENCES).fetch_all(pool).await.unwrap() {
        let parts: Vec<String> = (0..5).map(|position| row.get(position)).collect();
        let action = match parts[4].as_str() {
            "c" => "CASCADE",
            "n" => "SET NULL",
            _ => "NO ACTION",
        };
        schema.insert(format!(
            "reference {}.{} to {}.{} {action}",
            parts[0], parts[1], parts[2], parts[3]
        ));
    }
    for row in sqlx::query(CHECKS).fetch_all(pool).await.unwrap() {
        schema.insert(format!(
            "check {} {}",
            row.get::<String, _>(0),
            row.get::<i64, _>(1)
        ));
    }
    schema
}

fn postgres_type(kind: &str) -> &'static str {
    match kind {
        "uuid" => "uuid",
        "text" => "text",
        "jsonb" => "json",
        "timestamp with time zone" => "time",
        "bytea" => "bytes",
        "bigint" | "integer" => "integer",
        "boolean" => "boolean",
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn times_are_cut_to_microseconds() {
    let exact = Utc.timestamp_nanos(1_700_000_000_123_456_789);
    assert_eq!(
        to_micros(exact),
        Utc.timestamp_nanos(1_700_000_000_123_456_000)
    );
}
