//! The two servers as processes of their own, ended when dropped.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk::client::Client;
use sdk::users::Login;
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

    /// It and everything below it, the agents of its workspaces too, as folders of `/proc`.
    pub fn tree(&self) -> Result<Vec<PathBuf>> {
        let root = self.child.id().context("the process has ended")?;
        let all = fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
        let parents: HashMap<u32, u32> = all
            .filter_map(|process| {
                let id = process.file_name()?.to_str()?.parse().ok()?;
                let stat = fs::read_to_string(process.join("stat")).ok()?;
                // After the name, which may hold anything, come the state and the parent.
                let (_, fields) = stat.rsplit_once(')')?;
                let parent = fields.split_whitespace().nth(1)?.parse().ok()?;
                Some((id, parent))
            })
            .collect();
        let is_below = |id: &u32| {
            let parent = |id: &u32| parents.get(id).copied();
            std::iter::successors(Some(*id), parent).any(|above| above == root)
        };
        let below = parents.keys().filter(|id| is_below(id));
        Ok(below
            .map(|id| PathBuf::from(format!("/proc/{id}")))
            .collect())
    }

    /// Ends it as an operator would and waits.
    pub async fn stop(self) -> Result<()> {
        self.end(Ending::Stop).await
    }

    /// Ends it and waits.
    pub async fn end(mut self, ending: Ending) -> Result<()> {
        match ending {
            Ending::Kill => self.child.start_kill()?,
            Ending::Stop => {
                let id = self.child.id().context("the process has ended")?;
                Command::new("kill").arg(id.to_string()).status().await?;
            }
        }
        self.child.wait().await?;
        Ok(())
    }
}

/// How a process ends.
#[derive(Clone, Copy)]
pub enum Ending {
    /// Without a chance to do anything.
    Kill,
    /// As an operator would end it.
    Stop,
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
    let mut command = on_data(program, data_dir);
    command
        .env("OPENAI_API_KEY", "measure")
        .env("OPENAI_BASE_URL", format!("{model_url}/v1"));
    serve(command).await
}

/// Starts the server on existing data, with a git host that the stand-in plays.
pub async fn start_server_with_git_host(
    program: &Path,
    data_dir: &Path,
    git_host_url: &str,
) -> Result<Process> {
    let mut command = on_data(program, data_dir);
    command
        .env("SWITCHYARD_EXTERNAL_AUTH_0_TYPE", "github")
        .env("SWITCHYARD_EXTERNAL_AUTH_0_BASE_URL", git_host_url);
    Ok(serve(command).await?.0)
}

/// Starts one of several processes on a database.
pub async fn start_replica(
    program: &Path,
    data_dir: &Path,
    database_url: &str,
    encryption_key: &str,
) -> Result<Process> {
    let mut command = on_data(program, data_dir);
    command
        .env("SWITCHYARD_DATABASE_URL", database_url)
        .env("SWITCHYARD_ENCRYPTION_KEY", encryption_key);
    Ok(serve(command).await?.0)
}

/// What `switchyard dev seed` writes.
#[derive(Clone, Default)]
pub struct Seed {
    /// Ordinary chats.
    pub chats: usize,
    /// Messages of one more chat.
    pub messages: usize,
    /// Calls in the ledger.
    pub calls: usize,
    /// Whether each of them is made in the next chat.
    pub is_each_call_in_next_chat: bool,
    /// The repository on a branch of which each of those chats works.
    pub remote: Option<String>,
}

/// Fills a new data folder; who can sign in there.
pub async fn seed(program: &Path, data_dir: &Path, seed: Seed) -> Result<Login> {
    let next_chat = seed.is_each_call_in_next_chat;
    let output = on_data(program, data_dir)
        .args(["dev", "seed", "--members", "0"])
        .args(["--chats", &seed.chats.to_string()])
        .args(["--messages", &seed.messages.to_string()])
        .args(["--calls", &seed.calls.to_string()])
        .args(next_chat.then_some("--calls-in-next-chat"))
        .args(seed.remote.iter().flat_map(|remote| ["--remote", remote]))
        .output()
        .await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("seed: {}", String::from_utf8_lossy(&output.stderr));
    }
    // `owner@example.com  the-password  owner`
    let mut words = printed.split_whitespace().map(str::to_owned);
    let (email, password) = words.next().zip(words.next()).context("no account")?;
    Ok(Login { email, password })
}

fn on_data(program: &Path, data_dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("SWITCHYARD_DATA_DIR", data_dir)
        .env("SWITCHYARD_LOG", "warn")
        .env_remove("SWITCHYARD_DATABASE_URL")
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("OPENAI_API_KEY")
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn serve(mut command: Command) -> Result<(Process, Duration)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let base_url = format!("http://127.0.0.1:{port}");
    let started = Instant::now();
    let child = command
        .args(["serve", "--no-ollama-detection", "--listen"])
        .arg(format!("127.0.0.1:{port}"))
        .spawn()
        .context("start the server")?;
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
