//! Measures the release binary and prints the table of `docs/performance.md`.
//!
//! Everything is real: the server and the stand-in model run as processes of their own on loopback, the client is the
//! typed one of `sdk`. The stand-in is also asked directly, so that "added" is what Switchyard adds. A number is the
//! median with minimum and maximum; the machine's load stands above the table.

mod analytics;
mod drive;
mod figures;
mod git_watch;
mod processes;
mod review;
mod scale;
mod scenarios;
mod steering;
mod take_over;
mod workspaces;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

#[derive(Parser)]
#[command(about = "Measures the release binary and prints the table of docs/performance.md")]
struct Arguments {
    /// The `switchyard` binary.
    #[arg(long)]
    server: PathBuf,
    /// The `switchyard-standin` binary.
    #[arg(long)]
    standin: PathBuf,
    /// Rounds of the short measurements.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// A PostgreSQL database that two processes may share, on a server that lets others be created; take-over and analytics on
    /// PostgreSQL are not measured without.
    #[arg(long, env = "SWITCHYARD_TEST_POSTGRES_URL")]
    database_url: Option<String>,
    /// Measure only this.
    #[arg(long)]
    only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The chats of one person.
    Chats,
    /// Much of everything.
    Scale,
    /// Only the sends to a long chat, of `scale`.
    Send,
    /// Several processes on one database.
    TakeOver,
    /// What is done in workspaces.
    Workspaces,
    /// The git watch of a large repository.
    GitWatch,
    /// The recorder of model calls, the prompt.
    Steering,
    /// The analytics of a large ledger.
    Analytics,
    /// Pull requests of many chats, and files that are sent in.
    Review,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    println!("load before: {}", load());
    println!("rounds of the short measurements: {}", arguments.rounds);
    println!();
    let Arguments {
        server,
        standin,
        rounds,
        database_url,
        only,
    } = arguments;
    let model_server = processes::start_standin(&standin).await?;
    let model_url = &model_server.base_url;
    let is_wanted = |part| only.is_none_or(|only| only == part);
    let mut figures = Vec::new();
    if is_wanted(Part::Chats) {
        figures.extend(scenarios::run(&server, model_url, rounds).await?);
    }
    if is_wanted(Part::Scale) {
        figures.extend(scale::run(&server, model_url, rounds).await?);
    }
    if only == Some(Part::Send) {
        figures.push(scale::run_sending(&server, model_url, rounds).await?);
    }
    if is_wanted(Part::TakeOver) {
        figures.extend(take_over::run(&server, database_url.as_deref()).await?);
    }
    if is_wanted(Part::Workspaces) {
        figures.extend(workspaces::run(&server, model_url).await?);
    }
    if is_wanted(Part::GitWatch) {
        figures.extend(git_watch::run(&server, model_url).await?);
    }
    if is_wanted(Part::Steering) {
        figures.extend(steering::run(&server, model_url, rounds).await?);
    }
    if is_wanted(Part::Analytics) {
        figures.extend(analytics::run(&server, model_url, rounds, database_url.as_deref()).await?);
    }
    if is_wanted(Part::Review) {
        figures.extend(review::run(&server, model_url).await?);
    }
    model_server.stop().await?;
    figures::print(&figures);
    println!();
    println!("load after: {}", load());
    Ok(())
}

/// The machine's load in the last 1, 5 and 15 minutes.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.trim().to_owned()
}
