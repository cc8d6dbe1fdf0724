//! What a review needs: the pull requests of many chats, from a git host that answers only so much, and files that are
//! sent in.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http::Method;
use sdk::chats::ListChats;
use sdk::client::Client;
use sdk::external_auth::PutExternalAuth;
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

/// Chats that are listed at once.
const PAGE: i64 = 100;

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
    let due = count_due(&client).await?;
    take_requests(&host).await?;
    let waiting = Instant::now();
    let mut requests = 0;
    while requests == 0 {
        ensure!(
            waiting.elapsed() < FIRST_LOOK_DEADLINE,
            "no chat was looked at"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
        requests += take_requests(&host).await?;
    }
    let started = Instant::now();
    loop {
        let left = count_due(&client).await?;
        if left == 0 {
            break;
        }
        ensure!(
            started.elapsed() < PASS_DEADLINE,
            "{left} of {due} chats were not looked at"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let time = started.elapsed();
    requests += take_requests(&host).await?;
    process.stop().await?;
    ensure!(
        requests >= RATE_LIMIT,
        "the host was asked {requests} times only, so no limit was met"
    );
    Ok(vec![
        Figure::new(
            "a pass over 10,000 chats on 10,000 branches, but for archived ones: until each is looked at or put off",
            format!("{:.0} s for {due}", time.as_secs_f64()),
            "–",
        ),
        Figure::new(
            "the same: requests to a host that answers 5,000",
            requests.to_string(),
            "≤ 5,010",
        ),
    ])
}

/// The chats of whose branch nothing is known yet, not even why.
async fn count_due(client: &Client) -> Result<usize> {
    let mut query = ListChats {
        limit: Some(PAGE),
        ..ListChats::default()
    };
    let mut due = 0;
    loop {
        let chats = client.list_chats(&query).await?;
        let statuses = chats.iter().filter_map(|chat| chat.diff_status.as_ref());
        due += statuses
            .filter(|status| status.refreshed_at.is_none() && status.problem.is_none())
            .count();
        let Some(last) = chats.last() else {
            return Ok(due);
        };
        query.after_id = Some(last.id);
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
