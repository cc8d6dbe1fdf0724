//! Measures the release binary and prints the table of `docs/performance.md`.
//!
//! Everything is real: the server and the stand-in model run as processes of their own on loopback, the client is the
//! typed one of `sdk`. The stand-in is also asked directly, so that "added" is what Switchyard adds. A number is the
//! median with minimum and maximum; the machine's load stands above the table.

mod drive;
mod figures;
mod git_watch;
mod processes;
mod scale;
mod scenarios;
mod take_over;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

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
    /// A PostgreSQL database that two processes may share; take-over is not measured without.
    #[arg(long, env = "SWITCHYARD_TEST_POSTGRES_URL")]
    database_url: Option<String>,
    /// Measure only the chats of one person, not much of everything and several processes.
    #[arg(long)]
    short: bool,
    /// Measure only the git watch of a large repository.
    #[arg(long)]
    git_watch: bool,
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
        short,
        git_watch,
    } = arguments;
    let model_server = processes::start_standin(&standin).await?;
    let model_url = &model_server.base_url;
    let mut figures = Vec::new();
    if !git_watch {
        figures.extend(scenarios::run(&server, model_url, rounds).await?);
    }
    if !short && !git_watch {
        figures.extend(scale::run(&server, model_url, rounds).await?);
        figures.extend(take_over::run(&server, database_url.as_deref()).await?);
    }
    if !short {
        figures.extend(git_watch::run(&server, model_url).await?);
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
