//! The analytics of a large ledger, on both databases: as people make it, in turns, and the worst, each call in the next chat.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use sdk::client::Client;
use sdk::costs::{CostRange, ListUserCosts};
use tokio::process::Command;

use crate::figures::{Figure, Times};
use crate::processes::{self, Seed};

const CALLS: usize = 1_000_000;
const CHATS: usize = 500;

/// A ledger to fill and to ask.
struct Ledger {
    /// Each call is alone in the hour of its chat, and each chat has calls on each day, so that sums spare least.
    is_each_call_in_next_chat: bool,
    /// What the figures of one person and of everybody are called.
    names: [&'static str; 2],
}

const LEDGERS_ON_SQLITE: [Ledger; 2] = [
    Ledger {
        is_each_call_in_next_chat: false,
        names: [
            "analytics over 1,000,000 calls in 500 chats and 90 days, SQLite: one person's",
            "the same: everybody's sums",
        ],
    },
    Ledger {
        is_each_call_in_next_chat: true,
        names: [
            "the same, each call in the next chat, which is the worst: one person's",
            "the same, each call in the next chat: everybody's sums",
        ],
    },
];
const LEDGERS_ON_POSTGRES: [Ledger; 2] = [
    Ledger {
        is_each_call_in_next_chat: false,
        names: [
            "analytics over 1,000,000 calls in 500 chats and 90 days, PostgreSQL: one person's",
            "the same on PostgreSQL: everybody's sums",
        ],
    },
    Ledger {
        is_each_call_in_next_chat: true,
        names: [
            "the same on PostgreSQL, each call in the next chat, which is the worst: one person's",
            "the same on PostgreSQL, each call in the next chat: everybody's sums",
        ],
    },
];

/// Asks all ledgers; without a server for it those on PostgreSQL are not measured.
pub async fn run(
    server: &Path,
    model_url: &str,
    rounds: usize,
    database_url: Option<&str>,
) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for ledger in LEDGERS_ON_SQLITE {
        let data = tempfile::tempdir()?;
        figures.extend(measure(server, model_url, rounds, data.path(), &ledger, "≤ 150 ms").await?);
    }
    let Some(database_url) = database_url else {
        let none = "not measured: no PostgreSQL (SWITCHYARD_TEST_POSTGRES_URL)";
        figures.push(Figure::new("analytics, PostgreSQL", none, "≤ 100 ms"));
        return Ok(figures);
    };
    for (number, ledger) in LEDGERS_ON_POSTGRES.into_iter().enumerate() {
        let data = tempfile::tempdir()?;
        let name = format!("switchyard_ledger_{number}");
        let url = create_database(database_url, &name).await?;
        let settings = format!("database_url = {url:?}\n");
        fs::write(data.path().join("switchyard.toml"), settings)?;
        figures.extend(measure(server, model_url, rounds, data.path(), &ledger, "≤ 100 ms").await?);
    }
    Ok(figures)
}

/// A new database on the server of another one; its URL.
async fn create_database(beside: &str, name: &str) -> Result<String> {
    let output = Command::new("createdb")
        .args(["--maintenance-db", beside, name])
        .output()
        .await
        .context("run createdb, a program of PostgreSQL's client")?;
    ensure!(
        output.status.success(),
        "createdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (address, options) = beside.split_once('?').unwrap_or((beside, ""));
    let (server, _) = address
        .rsplit_once('/')
        .context("the URL names no database")?;
    Ok(format!("{server}/{name}?{options}"))
}

async fn measure(
    server: &Path,
    model_url: &str,
    rounds: usize,
    data: &Path,
    ledger: &Ledger,
    goal: &'static str,
) -> Result<Vec<Figure>> {
    let seed = Seed {
        chats: CHATS,
        calls: CALLS,
        is_each_call_in_next_chat: ledger.is_each_call_in_next_chat,
        ..Seed::default()
    };
    let login = processes::seed(server, data, seed).await?;
    let (process, _) = processes::start_server(server, data, model_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = client.login(&login).await?.session_token;
    let client = client.with_token(token);
    let figures = ask(&client, rounds, ledger.names, goal).await?;
    process.stop().await?;
    Ok(figures)
}

/// Of the last 90 days, all of them with calls.
async fn ask(
    client: &Client,
    rounds: usize,
    names: [&'static str; 2],
    goal: &'static str,
) -> Result<Vec<Figure>> {
    let now = Utc::now();
    let (start_date, end_date) = (Some(now - TimeDelta::days(90)), Some(now));
    let range = CostRange {
        start_date,
        end_date,
    };
    let everybody = ListUserCosts {
        start_date,
        end_date,
        ..ListUserCosts::default()
    };
    let (mut own, mut all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        client.get_cost_summary("me", &range).await?;
        own.push(started.elapsed());
        let started = Instant::now();
        client.list_user_costs(&everybody).await?;
        all.push(started.elapsed());
    }
    let figures = names.into_iter().zip([own, all]);
    Ok(figures
        .map(|(name, times)| Figure::new(name, Times::new(times).summary(), goal))
        .collect())
}
