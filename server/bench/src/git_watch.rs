//! The git watch of a large repository: how long the looks take, and what it costs to wait.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use sdk::allowed_folders::CreateAllowedFolder;
use sdk::chats::CreateChat;
use sdk::client::{Client, Subscription};
use sdk::git::GitWatchMessage;
use sdk::workspaces::{CreateWorkspace, DeleteWorkspace, WorkspaceMode};
use tokio::process::Command;

use crate::drive::content;
use crate::figures::{Figure, Times, milliseconds};
use crate::processes::{self, Process};
use crate::scenarios::{set_up, wait_for_model};
use crate::workspaces;

const FOLDERS: usize = 1_000;
const FILES_OF_EACH: usize = 50;
const CHANGES: usize = 10;
/// Long enough for one of the looks that happen anyway.
const AT_REST: Duration = Duration::from_secs(35);
const DEADLINE: Duration = Duration::from_mins(2);
/// What the kernel counts a process's time in.
const TICKS_EACH_SECOND: f64 = 100.0;

type Watch = Subscription<GitWatchMessage>;

/// Runs everything on a repository of its own.
pub async fn run(server: &Path, model_url: &str) -> Result<Vec<Figure>> {
    let data = tempfile::tempdir()?;
    let repository = tempfile::tempdir()?;
    let root = repository.path().canonicalize()?;
    fill(&root).await.context("fill a repository")?;
    let (process, _) = processes::start_server(server, data.path(), model_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = set_up(&client).await?;
    let client = client.with_token(token);
    wait_for_model(&client).await?;
    let (chat, workspace) = chat_in(&client, &root).await?;

    let started = Instant::now();
    let mut watch = client.watch_git(chat).await?;
    changed(&mut watch).await?;
    let first = started.elapsed();
    let mut times = Vec::with_capacity(CHANGES);
    for number in 0..CHANGES {
        let file = root.join(format!("folder-{number}/file-0"));
        // The watch looks at most once a second; that pause is no part of it.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let started = Instant::now();
        fs::write(file, "changed\n")?;
        changed(&mut watch).await?;
        times.push(started.elapsed());
    }
    let before = processor_seconds(&process)?;
    let told = tokio::time::timeout(AT_REST, watch.next()).await;
    if let Ok(told) = told {
        let mut told = format!("{told:?}");
        told.truncate(told.floor_char_boundary(600));
        bail!("something was told while nothing changed: {told}");
    }
    let spent = processor_seconds(&process)? - before;
    watch.close().await;
    let force = DeleteWorkspace { force: true };
    client.delete_workspace(workspace, force).await?;
    process.stop().await?;
    let percent = 100.0 * spent / AT_REST.as_secs_f64();
    Ok(vec![
        Figure::new(
            "git watch on 50,000 files: from opening it to the first snapshot",
            milliseconds(first),
            "≤ 1 s",
        ),
        Figure::new(
            "the same: from a write outside to its diff at the reader",
            Times::new(times).summary(),
            "≤ 500 ms",
        ),
        Figure::new(
            "the same: processor time of server and agent while nothing changes",
            format!(
                "{percent:.1} % of a core over {} s ({:.0} ms)",
                AT_REST.as_secs(),
                spent * 1000.0
            ),
            "≤ 1 %",
        ),
    ])
}

async fn fill(root: &Path) -> Result<()> {
    for folder in 0..FOLDERS {
        let folder = root.join(format!("folder-{folder}"));
        fs::create_dir(&folder)?;
        for file in 0..FILES_OF_EACH {
            fs::write(
                folder.join(format!("file-{file}")),
                format!("line {file}\n"),
            )?;
        }
    }
    for arguments in [
        &["init", "--quiet", "-b", "trunk"][..],
        &["add", "."],
        &["commit", "--quiet", "-m", "fifty thousand files"],
    ] {
        let identity = [
            "-c",
            "user.name=Measure",
            "-c",
            "user.email=measure@example.com",
        ];
        let mut git = Command::new("git");
        git.arg("-C").arg(root).args(identity).args(arguments);
        ensure!(git.status().await?.success(), "git {arguments:?} failed");
    }
    Ok(())
}

async fn chat_in(
    client: &Client,
    root: &Path,
) -> Result<(sdk::ids::ChatId, sdk::ids::WorkspaceId)> {
    let path = root.display().to_string();
    let folder = CreateAllowedFolder { path: path.clone() };
    client.create_allowed_folder(&folder).await?;
    let workspace = CreateWorkspace {
        folder: Some(path),
        mode: Some(WorkspaceMode::Direct),
        ..CreateWorkspace::default()
    };
    let workspace = client.create_workspace(&workspace).await?.id;
    workspaces::ready(client, workspace).await?;
    let started = Instant::now();
    let chat = CreateChat {
        content: content("!text \"ok\""),
        workspace_id: Some(workspace),
        ..CreateChat::default()
    };
    let chat = client.create_chat(&chat).await?.id;
    while client.get_chat(chat).await?.status.is_busy() {
        ensure!(started.elapsed() < DEADLINE, "the turn did not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((chat, workspace))
}

async fn changed(watch: &mut Watch) -> Result<()> {
    let next = tokio::time::timeout(DEADLINE, watch.next()).await;
    match next
        .context("nothing was told")?
        .context("the watch ended")??
    {
        GitWatchMessage::Changes { .. } => Ok(()),
        GitWatchMessage::Error { message, .. } => bail!("{message}"),
    }
}

/// What the server and its agents have spent, with the processes that they waited for.
fn processor_seconds(server: &Process) -> Result<f64> {
    let mut ticks = 0;
    for process in server.tree()? {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        // After the name, which may hold anything: fields 14 to 17 are the times, own and of children.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let times = fields.split_whitespace().skip(11).take(4);
        ticks += times
            .filter_map(|time| time.parse::<u32>().ok())
            .sum::<u32>();
    }
    ensure!(ticks > 0, "the server's own processes spent no time");
    Ok(f64::from(ticks) / TICKS_EACH_SECOND)
}
