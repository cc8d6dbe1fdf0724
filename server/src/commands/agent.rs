//! `switchyard agent`: the program inside a workspace. The server starts it; people seldom do.

use tracing_subscriber::EnvFilter;
use workspace::agent::{AgentOptions, run as run_agent};

/// Serves the workspace until the server no longer wants it.
pub async fn run() -> anyhow::Result<()> {
    // What the agent writes is kept by the backend and shown when a workspace does not start.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info"))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))?;
    run_agent(AgentOptions::from_environment()?).await?;
    Ok(())
}
