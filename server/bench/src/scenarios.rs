//! What is measured, in the order of the table.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::users::{CreateFirstUser, Login};

use crate::drive::{self, Driver, SHORT_ANSWER};
use crate::figures::{Figure, Times, megabytes, megabytes_between};
use crate::processes::{self, Process};

const PASSWORD: &str = "measure-me-please";
/// 20 sequential shell calls, then a word.
const TWENTY_CALLS: &str =
    "!pace 0\n!call execute {\"command\":\"true\"}\n!repeat 20\n!text \"done\"";
/// Two tool calls, then 100 words, one each 20 ms.
const TWO_TOOLS: &str = "!pace 20ms\n!call execute {\"command\":\"true\"}\n!then\n!call execute {\"command\":\"true\"}\n!then\n!tokens 100";
/// Each with the memory that it takes.
const STARTS: usize = 5;
const AT_ONCE_ROUNDS: usize = 5;
/// Turns of the short chat while it counts as short.
const EARLY_ROUNDS: usize = 10;
const HUNDRED_WORDS: &str = "!pace 20ms\n!tokens 100";

/// Runs everything.
pub async fn run(server: &Path, model_url: &str, rounds: usize) -> Result<Vec<Figure>> {
    let data = tempfile::tempdir()?;
    let (first, _) = processes::start_server(server, data.path(), model_url).await?;
    let token = set_up(&Client::new(&first.base_url)?).await?;
    wait_for_model(&Client::new(&first.base_url)?.with_token(token.clone())).await?;
    first.stop().await?;

    let (mut starts, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (process, start) = processes::start_server(server, data.path(), model_url).await?;
        starts.push(start);
        idle.push(memory_at_rest(&process).await?);
        process.stop().await?;
    }
    let (process, _) = processes::start_server(server, data.path(), model_url).await?;
    let client = Client::new(&process.base_url)?.with_token(token);
    let model = wait_for_model(&client).await?;
    let direct_client = Client::new(model_url)?.with_token("measure");

    let mut figures = vec![Figure::new(
        "start to first healthy answer, existing data",
        Times::new(starts).summary(),
        "≤ 100 ms",
    )];
    figures.push(Figure::new(
        "memory idle (RSS)",
        megabytes_between(idle),
        "≤ 35 MB",
    ));

    let direct = direct(&direct_client, rounds).await?;
    figures.push(Figure::new(
        "the model server asked directly, to first text",
        direct.summary(),
        "–",
    ));
    figures.push(
        warm(&client, model, rounds, &direct)
            .await
            .context("warm chat")?,
    );
    figures.push(
        new_chat(&client, model, rounds / 2, &direct)
            .await
            .context("new chat")?,
    );
    figures.push(twenty_calls(&client, model).await.context("20 calls")?);
    figures.push(
        at_once(
            &client,
            model,
            20,
            TWO_TOOLS,
            true,
            "20 chats at once (2 tools, 100 tokens at 20 ms)",
            "≤ 2.1 s",
        )
        .await?,
    );
    figures.extend(
        two_hundred(&client, model, &process)
            .await
            .context("200 chats")?,
    );
    figures.extend(
        long_chat(&client, model, &process, rounds)
            .await
            .context("long chat")?,
    );
    figures.push(Figure::new(
        "size on disk",
        megabytes(std::fs::metadata(server)?.len()),
        "≤ 45 MB",
    ));
    process.stop().await?;
    Ok(figures)
}

/// The first user's session.
pub async fn set_up(client: &Client) -> Result<String> {
    let email = "measure@example.com".to_owned();
    let user = CreateFirstUser {
        email: email.clone(),
        username: "measure".to_owned(),
        name: None,
        password: PASSWORD.to_owned(),
    };
    client
        .create_first_user(&user)
        .await
        .context("create the first user")?;
    let login = Login {
        email,
        password: PASSWORD.to_owned(),
    };
    Ok(client.login(&login).await.context("sign in")?.session_token)
}

/// The environment's models are listed in the background: waits for the stand-in's.
pub async fn wait_for_model(client: &Client) -> Result<ModelConfigId> {
    for _ in 0..200 {
        let catalogue = client.list_models().await?;
        let models = catalogue
            .providers
            .iter()
            .filter(|provider| provider.available)
            .flat_map(|provider| &provider.models);
        if let Some(model) = models.into_iter().find(|model| model.model != "demo") {
            return Ok(model.id);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the stand-in's models were not offered within 10 s")
}

/// After two seconds without work.
async fn memory_at_rest(process: &Process) -> Result<u64> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    process.resident_bytes()
}

async fn direct(model: &Client, rounds: usize) -> Result<Times> {
    drive::ask_directly(model, SHORT_ANSWER).await?;
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        times.push(drive::ask_directly(model, SHORT_ANSWER).await?);
    }
    Ok(Times::new(times))
}

async fn warm(
    client: &Client,
    model: ModelConfigId,
    rounds: usize,
    direct: &Times,
) -> Result<Figure> {
    let chat = drive::create_chat(client, model, SHORT_ANSWER, false).await?;
    let mut driver = Driver::open(client, chat.id).await?;
    driver.rest().await?;
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        times.push(
            driver
                .send(&format!("{SHORT_ANSWER}\nround {round}"))
                .await?
                .first_text,
        );
    }
    Ok(Figure::new(
        "added to first text, warm chat",
        added(times, direct),
        "≤ 2 ms median, ≤ 5 ms p95",
    ))
}

async fn new_chat(
    client: &Client,
    model: ModelConfigId,
    rounds: usize,
    direct: &Times,
) -> Result<Figure> {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let started = Instant::now();
        let chat = drive::create_chat(
            client,
            model,
            &format!("!pace 20ms\n!tokens 5\nround {round}"),
            false,
        )
        .await?;
        let mut driver = Driver::open(client, chat.id).await?;
        times.push(driver.turn(started).await?.first_text);
    }
    Ok(Figure::new(
        "first prompt of a new chat, stream opened after it",
        added(times, direct),
        "≤ 5 ms without a workspace",
    ))
}

/// What is left of each time when the model server's own median is taken away, and how many times as long as that median
/// the whole takes: the median's ratio and that of 95 in 100.
fn added(times: Vec<Duration>, direct: &Times) -> String {
    let limit = direct.percentile(50);
    let whole = Times::new(times.clone());
    let ratio = |percent| whole.percentile(percent).as_secs_f64() / limit.as_secs_f64();
    let added = times.into_iter().map(|time| time.saturating_sub(limit));
    format!(
        "{}; with the model {:.1} × it alone, p95 {:.1} ×",
        Times::new(added.collect()).summary(),
        ratio(50),
        ratio(95)
    )
}

async fn twenty_calls(client: &Client, model: ModelConfigId) -> Result<Figure> {
    let chat = drive::create_chat(
        client,
        model,
        "!pace 0\n!call execute {\"command\":\"true\"}\n!then\n!text \"ready\"",
        true,
    )
    .await?;
    let mut driver = Driver::open(client, chat.id).await?;
    driver.rest().await?;
    let mut times = Vec::new();
    for round in 0..5 {
        times.push(
            driver
                .send(&format!("{TWENTY_CALLS}\nround {round}"))
                .await?
                .whole,
        );
    }
    Ok(Figure::new(
        "one turn, 20 sequential shell calls",
        Times::new(times).summary(),
        "≤ 150 ms",
    ))
}

async fn at_once(
    client: &Client,
    model: ModelConfigId,
    count: usize,
    script: &str,
    with_workspace: bool,
    name: &'static str,
    goal: &'static str,
) -> Result<Figure> {
    let mut drivers = Vec::with_capacity(count);
    for _ in 0..count {
        let warm_up = if with_workspace {
            "!call execute {\"command\":\"true\"}\n!then\n!text \"ready\""
        } else {
            SHORT_ANSWER
        };
        let chat = drive::create_chat(client, model, warm_up, with_workspace).await?;
        drivers.push(Driver::open(client, chat.id).await?);
    }
    for driver in &mut drivers {
        driver.rest().await?;
    }
    // The model's own pace, which nothing can be quicker than.
    let first = drivers.first_mut().context("no chats")?;
    let mut alone = Vec::with_capacity(AT_ONCE_ROUNDS);
    for _ in 0..AT_ONCE_ROUNDS {
        alone.push(first.send(script).await?.whole);
    }
    let mut together = Vec::with_capacity(AT_ONCE_ROUNDS);
    for _ in 0..AT_ONCE_ROUNDS {
        let started = Instant::now();
        try_join_all(drivers.iter_mut().map(|driver| driver.send(script))).await?;
        together.push(started.elapsed());
    }
    let (alone, together) = (Times::new(alone), Times::new(together));
    Ok(Figure::new(
        name,
        format!(
            "{}; one of them alone {}",
            together.seconds(),
            alone.seconds()
        ),
        goal,
    ))
}

async fn two_hundred(
    client: &Client,
    model: ModelConfigId,
    process: &Process,
) -> Result<Vec<Figure>> {
    let figure = at_once(
        client,
        model,
        200,
        HUNDRED_WORDS,
        false,
        "200 chats streaming at once (100 tokens at 20 ms)",
        "as one alone",
    )
    .await?;
    let memory = Figure::new(
        "memory after 200 chats (RSS)",
        megabytes(memory_at_rest(process).await?),
        "–",
    );
    Ok(vec![figure, memory])
}

/// A chat in which so many turns followed the first.
async fn after(client: &Client, model: ModelConfigId, turns: usize) -> Result<Driver> {
    let chat = drive::create_chat(client, model, SHORT_ANSWER, false).await?;
    let mut driver = Driver::open(client, chat.id).await?;
    driver.rest().await?;
    for _ in 0..turns {
        driver.send(SHORT_ANSWER).await?;
    }
    Ok(driver)
}

async fn long_chat(
    client: &Client,
    model: ModelConfigId,
    process: &Process,
    rounds: usize,
) -> Result<Vec<Figure>> {
    let mut long = after(client, model, 249).await?;
    let memory = megabytes(memory_at_rest(process).await?);
    // By turns, so that both are measured on the same machine; the short one is replaced before it is long.
    let (mut late, mut early) = (Vec::new(), Vec::new());
    for _ in 0..rounds.div_ceil(EARLY_ROUNDS) {
        let mut short = after(client, model, 9).await?;
        for _ in 0..EARLY_ROUNDS {
            late.push(long.send(SHORT_ANSWER).await?.first_text);
            early.push(short.send(SHORT_ANSWER).await?.first_text);
        }
    }
    let (late, early) = (Times::new(late), Times::new(early));
    Ok(vec![
        Figure::new("memory after a 500-message chat (RSS)", memory, "≤ 45 MB"),
        Figure::new(
            "first text after 500 messages against after 20",
            format!(
                "{:.2} × (medians {})",
                late.ratio(&early),
                late.against(&early)
            ),
            "≤ 1.1 ×",
        ),
    ])
}
