//! The two servers as processes of their own, ended when dropped.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk::client::Client;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const START_DEADLINE: Duration = Duration::from_secs(30);

/// A running process.
pub struct Process {
    /// Its address.
    pub base_url: String,
    child: Child,
}

impl Process {
    /// Its memory now: resident set size in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let id = self.child.id().context("the process has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }

    /// Ends it as an operator would and waits.
    pub async fn stop(mut self) -> Result<()> {
        let id = self.child.id().context("the process has ended")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}

/// Starts the stand-in model.
pub async fn start_standin(program: &Path) -> Result<Process> {
    let mut child = Command::new(program)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start {}", program.display()))?;
    let output = child.stdout.take().context("no output")?;
    let line = BufReader::new(output)
        .lines()
        .next_line()
        .await?
        .context("the stand-in said nothing")?;
    Ok(Process {
        base_url: line,
        child,
    })
}

/// Starts the server on existing or new data; returns it with the time to its first healthy answer.
pub async fn start_server(
    program: &Path,
    data_dir: &Path,
    model_url: &str,
) -> Result<(Process, Duration)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let base_url = format!("http://127.0.0.1:{port}");
    let started = Instant::now();
    let child = Command::new(program)
        .args([
            "serve",
            "--no-ollama-detection",
            "--log",
            "warn",
            "--listen",
        ])
        .arg(format!("127.0.0.1:{port}"))
        .arg("--data-dir")
        .arg(data_dir)
        .env_remove("ANTHROPIC_API_KEY")
        .env("OPENAI_API_KEY", "measure")
        .env("OPENAI_BASE_URL", format!("{model_url}/v1"))
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start {}", program.display()))?;
    let client = Client::new(&base_url)?;
    while client.get_build_info().await.is_err() {
        if started.elapsed() > START_DEADLINE {
            bail!(
                "the server did not answer within {} s",
                START_DEADLINE.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok((Process { base_url, child }, started.elapsed()))
}
