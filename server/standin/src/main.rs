//! `switchyard-standin`: the stand-in model server as a program, for benchmarks and for clients in other languages.
//!
//! It prints one line with its address and serves until it is ended.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use standin::Options;
use tokio::net::TcpListener;

/// Speaks the wire formats of OpenAI, Anthropic and Ollama, driven by scripts in the messages.
#[derive(Debug, Parser)]
#[command(name = "switchyard-standin", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Pause between two deltas in milliseconds, where a message sets none.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pace: u64,
    /// Take requests without a key, as Ollama does.
    #[arg(long)]
    without_key: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    println!("http://{}", listener.local_addr()?);
    let pace = Duration::from_millis(arguments.pace);
    let options = Options {
        pace,
        requires_key: !arguments.without_key,
        ..Options::default()
    };
    standin::serve(listener, options)
        .await
        .context("the server failed")
}
