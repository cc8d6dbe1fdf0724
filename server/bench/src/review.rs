//! What a review needs: the pull requests of many chats, from a git host that answers only so much, and files that are
//! sent in.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http::Method;
use sdk::client::{Client, Subscription};
use sdk::external_auth::PutExternalAuth;
use sdk::ids::ChatId;
use sdk::stream::{WatchEvent, WatchEventKind};
use serde_json::{Value, json};

use crate::figures::{Figure, Times};
use crate::processes::{self, Seed};
use crate::scenarios::set_up;

const CHATS: usize = 10_000;
/// Every tenth branch has a pull request.
const PULL_REQUESTS: usize = CHATS / 10;
/// What GitHub answers a person in an hour.
const RATE_LIMIT: usize = 5_000;
const RATE_LIMIT_SECONDS: u64 = 3_600;
/// From the start of the server to the first look, which the seed has put off.
const FIRST_LOOK_DEADLINE: Duration = Duration::from_mins(2);
const PASS_DEADLINE: Duration = Duration::from_mins(5);

const UPLOADS: usize = 20;
const FILE_BYTES: usize = 8 * 1024 * 1024;

/// Runs everything on data of its own.
pub async fn run(server: &Path, standin_url: &str) -> Result<Vec<Figure>> {
    let mut figures = pass(server, standin_url)
        .await
        .context("a pass of the worker")?;
    figures.push(uploads(server, standin_url).await.context("uploads")?);
    Ok(figures)
}

/// All chats are due at once. What the host answers is looked at; once it answers no more it is not asked any more, and what
/// is left is put off until it does again.
async fn pass(server: &Path, standin_url: &str) -> Result<Vec<Figure>> {
    let host = Client::new(standin_url)?;
    for number in 0..PULL_REQUESTS {
        let branch = format!("topic-{}", number * (CHATS / PULL_REQUESTS));
        let path = format!("/__github/repos/ada/greeter/pulls/{}", number + 1);
        tell(&host, &path, &json!({ "branch": branch })).await?;
    }
    let data = tempfile::tempdir()?;
    let seed = Seed {
        chats: CHATS,
        remote: Some(format!("{standin_url}/ada/greeter.git")),
        ..Seed::default()
    };
    let login = processes::seed(server, data.path(), seed).await?;
    let process = processes::start_server_with_git_host(server, data.path(), standin_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = client.login(&login).await?.session_token;
    let client = client.with_token(token);
    let link = PutExternalAuth {
        token: "a-personal-token".to_owned(),
        username: None,
    };
    let name = standin_url.trim_start_matches("http://");
    client.put_external_auth(name, &link).await?;
    let limit = json!({ "requests": RATE_LIMIT, "seconds": RATE_LIMIT_SECONDS });
    tell(&host, "/__github/rate-limit", &limit).await?;
    take_requests(&host).await?;
    let mut watch = client.watch_chats().await?;
    let told = tokio::time::timeout(FIRST_LOOK_DEADLINE, next_told(&mut watch)).await;
    let mut told = HashSet::from([told.context("no chat was looked at")??]);
    let started = Instant::now();
    while told.len() < CHATS {
        let left = PASS_DEADLINE.saturating_sub(started.elapsed());
        let next = tokio::time::timeout(left, next_told(&mut watch)).await;
        let next = next.with_context(|| format!("only {} chats were looked at", told.len()))?;
        told.insert(next?);
    }
    let time = started.elapsed();
    let requests = take_requests(&host).await?;
    watch.close().await;
    process.stop().await?;
    ensure!(
        requests >= RATE_LIMIT,
        "the host was asked {requests} times only, so no limit was met"
    );
    Ok(vec![
        Figure::new(
            "a pass over 10,000 due chats on 10,000 branches: until each is looked at or put off",
            format!("{:.1} s", time.as_secs_f64()),
            "–",
        ),
        Figure::new(
            "the same: requests to a host that answers 5,000",
            requests.to_string(),
            "≤ 5,010",
        ),
    ])
}

/// Whose branch something new was told of.
async fn next_told(watch: &mut Subscription<WatchEvent>) -> Result<ChatId> {
    loop {
        let event = watch.next().await.context("the list's socket ended")??;
        if event.kind == WatchEventKind::DiffStatusChange {
            return Ok(event.chat.id);
        }
    }
}

async fn tell(host: &Client, path: &str, body: &Value) -> Result<()> {
    let request = host.request(Method::PUT, path)?.json(body);
    request.send().await?.error_for_status()?;
    Ok(())
}

/// How much the git host was asked since the last call.
async fn take_requests(host: &Client) -> Result<usize> {
    let request = host.request(Method::GET, "/__github/requests")?;
    let asked: Vec<Value> = request.send().await?.json().await?;
    Ok(asked.len())
}

/// Text, which is looked through for what it is; one file after the other.
async fn uploads(server: &Path, model_url: &str) -> Result<Figure> {
    let data = tempfile::tempdir()?;
    let (process, _) = processes::start_server(server, data.path(), model_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = set_up(&client).await?;
    let client = client.with_token(token);
    let organizations = client.list_organizations().await?;
    let organization = organizations.first().context("no organization")?.id;
    let line = "A line of a log, as people paste them.\n";
    let mut times = Vec::with_capacity(UPLOADS);
    for number in 0..UPLOADS {
        let text = format!("{number}\n{}", line.repeat(FILE_BYTES / line.len()));
        let started = Instant::now();
        client
            .upload_file(organization, "log.txt", "text/plain", text.into_bytes())
            .await?;
        times.push(started.elapsed());
    }
    process.stop().await?;
    let times = Times::new(times);
    let megabytes = f64::from(u32::try_from(FILE_BYTES)?) / 1_000_000.0;
    let each_second = megabytes / times.percentile(50).as_secs_f64();
    Ok(Figure::new(
        "files of 8 MiB that are sent in one after the other, kept in SQLite",
        format!("{each_second:.0} MB/s; {}", times.summary()),
        "–",
    ))
}
