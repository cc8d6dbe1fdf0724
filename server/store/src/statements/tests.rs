//! Prepares every statement on both databases, and finds those that nobody listed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::{Executor, SqlSafeStr};

use super::Statement;
use crate::Db;
use crate::testing::TestDb;

/// Each file's list.
fn lists() -> Vec<(&'static str, &'static [Statement])> {
    vec![
        ("allowed_folders", crate::allowed_folders::STATEMENTS),
        ("audit_log", crate::audit_log::STATEMENTS),
        ("chat_config", crate::chat_config::STATEMENTS),
        ("chats", crate::chats::STATEMENTS),
        ("chats/by_workspace", crate::chats::by_workspace::STATEMENTS),
        ("chats/claim", crate::chats::claim::STATEMENTS),
        ("chats/client_tools", crate::chats::client_tools::STATEMENTS),
        ("chats/details", crate::chats::details::STATEMENTS),
        ("chats/list", crate::chats::list::STATEMENTS),
        ("chats/retention", crate::chats::retention::STATEMENTS),
        ("chats/title_locks", crate::chats::title_locks::STATEMENTS),
        ("costs", crate::costs::STATEMENTS),
        ("costs/backfill", crate::costs::backfill::STATEMENTS),
        ("costs/people", crate::costs::people::STATEMENTS),
        ("costs/summary", crate::costs::summary::STATEMENTS),
        ("debug", crate::debug::STATEMENTS),
        ("debug/chunks", crate::debug::CHUNK_STATEMENTS),
        ("debug/cleanup", crate::debug::cleanup::STATEMENTS),
        ("debug/runs", crate::debug::runs::STATEMENTS),
        ("debug/steps", crate::debug::steps::STATEMENTS),
        ("files", crate::files::STATEMENTS),
        ("diff_statuses", crate::diff_statuses::STATEMENTS),
        (
            "diff_statuses/changes",
            crate::diff_statuses::changes::STATEMENTS,
        ),
        (
            "diff_statuses/hints",
            crate::diff_statuses::hints::STATEMENTS,
        ),
        ("diff_texts", crate::diff_texts::STATEMENTS),
        ("external_auth", crate::external_auth::STATEMENTS),
        (
            "external_auth/configs",
            crate::external_auth::configs::STATEMENTS,
        ),
        (
            "external_auth/flows",
            crate::external_auth::flows::STATEMENTS,
        ),
        ("heartbeats", crate::heartbeats::STATEMENTS),
        ("messages", crate::messages::STATEMENTS),
        (
            "messages/diff_comments",
            crate::messages::diff_comments::STATEMENTS,
        ),
        ("messages/prompts", crate::messages::prompts::STATEMENTS),
        ("model_configs", crate::model_configs::STATEMENTS),
        ("organizations", crate::organizations::STATEMENTS),
        ("password_links", crate::password_links::STATEMENTS),
        ("provider_configs", crate::provider_configs::STATEMENTS),
        ("queue", crate::queue::STATEMENTS),
        ("replicas", crate::replicas::STATEMENTS),
        ("search", crate::search::STATEMENTS),
        ("sessions", crate::sessions::STATEMENTS),
        ("settings", crate::settings::STATEMENTS),
        ("templates", crate::templates::STATEMENTS),
        ("tokens", crate::tokens::STATEMENTS),
        ("user_provider_keys", crate::user_provider_keys::STATEMENTS),
        ("user_settings", crate::user_settings::STATEMENTS),
        ("users", crate::users::STATEMENTS),
        ("workspaces", crate::workspaces::STATEMENTS),
        ("workspaces/agents", crate::workspaces::agents::STATEMENTS),
        ("workspaces/builds", crate::workspaces::builds::STATEMENTS),
        ("workspaces/shares", crate::workspaces::shares::STATEMENTS),
    ]
}

/// Files whose statements belong to the machinery: they run on every opening or in every test.
const MACHINERY: [&str; 5] = [
    "clock.rs",
    "db.rs",
    "dialect.rs",
    "notices/postgres.rs",
    "statements.rs",
];

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let test = TestDb::sqlite().await;
    let Db::Sqlite { writer, .. } = &test.db else {
        panic!("not SQLite")
    };
    for (file, list) in lists() {
        for statement in list {
            let prepared = writer.prepare(statement.sqlite.into_sql_str()).await;
            prepared.unwrap_or_else(|error| panic!("{file} {}: {error}", statement.name));
        }
    }
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    let test = TestDb::postgres().await;
    let Db::Postgres(pool) = &test.db else {
        panic!("not PostgreSQL")
    };
    for (file, list) in lists() {
        for statement in list {
            let prepared = pool.prepare(statement.postgres.into_sql_str()).await;
            prepared.unwrap_or_else(|error| panic!("{file} {}: {error}", statement.name));
        }
    }
    test.remove().await;
}

#[test]
fn every_statement_stands_in_a_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing = Vec::new();
    for file in rust_files(&source) {
        let name = file
            .strip_prefix(&source)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if MACHINERY.contains(&name.as_str()) || name.contains("test") {
            continue;
        }
        let feature = name.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&file).unwrap();
        for constant in sql_constants(&text) {
            let listed = lists().into_iter().any(|(file, list)| {
                feature == file
                    && list
                        .iter()
                        .any(|statement| statement.name.split(' ').any(|name| name == constant))
            });
            if !listed {
                missing.push(format!("{name}: {constant}"));
            }
        }
    }
    assert!(missing.is_empty(), "statements in no list: {missing:#?}");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Names of the text constants that begin with an SQL verb.
fn sql_constants(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split("const ").skip(1) {
        let Some((name, rest)) = piece.split_once(": &str =") else {
            continue;
        };
        let Some((_, begin)) = rest.split_once('"') else {
            continue;
        };
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
        if verbs.iter().any(|verb| begin.starts_with(verb)) {
            found.push(name.to_owned());
        }
    }
    found
}
