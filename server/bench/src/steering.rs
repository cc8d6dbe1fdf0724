//! What looking inside costs: the recorder of model calls against none, and the prompt of a long chat.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use http::Method;
use sdk::chat_config::{UpdateCompactionThreshold, UpdateDebugLogging, UpdateUserDebugLogging};
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::messages::CreateMessage;

use crate::drive::{self, Driver, SHORT_ANSWER};
use crate::figures::{Figure, Times};
use crate::processes::{self, Process, Seed};
use crate::scale::long_chat;
use crate::scenarios::wait_for_model;

const PROMPT_MESSAGES: usize = 2_000;
/// As fast as the model can say them.
const MANY_WORDS: &str = "!pace 0\n!tokens 5000";
/// Turns before it is switched: whether a turn is recorded is asked once, when it begins.
const BLOCK: usize = 10;
const WORDS_ROUNDS: usize = 10;
const SIZE_TURNS: u64 = 200;

/// Runs everything on a long chat's data.
pub async fn run(server: &Path, model_url: &str, rounds: usize) -> Result<Vec<Figure>> {
    let data = tempfile::tempdir()?;
    let seed = Seed {
        messages: PROMPT_MESSAGES,
        ..Seed::default()
    };
    let login = processes::seed(server, data.path(), seed).await?;
    let (process, _) = processes::start_server(server, data.path(), model_url).await?;
    let client = Client::new(&process.base_url)?;
    let token = client.login(&login).await?.session_token;
    let client = client.with_token(token.clone());
    let mut figures = Vec::new();
    let model = wait_for_model(&client).await?;
    figures.push(prompt(&client, model, rounds).await.context("prompt")?);
    let everybody = UpdateDebugLogging { allow_users: true };
    client.update_debug_logging(&everybody).await?;
    figures.extend(recorder(&client, model, rounds).await.context("recorder")?);
    process.stop().await?;
    figures.push(recorded_bytes(server, model_url, data.path(), &token).await?);
    Ok(figures)
}

/// The preview is made by the code that makes a turn's prompt, from the rows of the database on.
async fn prompt(client: &Client, model: ModelConfigId, rounds: usize) -> Result<Figure> {
    let chat = long_chat(client, PROMPT_MESSAGES).await?;
    // The model that played the seed is not offered beside a real one; and nothing is to be summarized.
    let never = UpdateCompactionThreshold {
        threshold_percent: 100,
    };
    client.update_compaction_threshold(model, &never).await?;
    let message = CreateMessage {
        model_config_id: Some(model),
        ..drive::message(SHORT_ANSWER)
    };
    client.send_message(chat, &message).await?;
    Driver::open(client, chat).await?.rest().await?;
    let path = format!("/api/v2/chats/{chat}/prompt");
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        let response = client.request(Method::GET, &path)?.send().await?;
        response.error_for_status()?.bytes().await?;
        times.push(started.elapsed());
    }
    Ok(Figure::new(
        "the prompt of 2,000 messages, read and put together, with its preview",
        Times::new(times).summary(),
        "≤ 20 ms",
    ))
}

async fn record(client: &Client, is_recorded: bool) -> Result<()> {
    let change = UpdateUserDebugLogging {
        debug_logging_enabled: is_recorded,
    };
    Ok(client.update_user_debug_logging(&change).await?)
}

/// By turns with and without, in one chat.
async fn recorder(client: &Client, model: ModelConfigId, rounds: usize) -> Result<Vec<Figure>> {
    let chat = drive::create_chat(client, model, SHORT_ANSWER, false).await?;
    let mut driver = Driver::open(client, chat.id).await?;
    driver.rest().await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for block in 0..rounds.div_ceil(BLOCK) * 2 {
        let is_recorded = block % 2 == 0;
        record(client, is_recorded).await?;
        for _ in 0..BLOCK {
            let turn = driver.send(SHORT_ANSWER).await?;
            let times = if is_recorded { &mut with } else { &mut without };
            times.push(turn.first_text);
        }
    }
    let (with, without) = (Times::new(with), Times::new(without));
    let later = with.percentile(50).as_secs_f64() - without.percentile(50).as_secs_f64();
    let first = Figure::new(
        "first text of a recorded turn against one that is not",
        format!(
            "{:+.2} ms (medians {})",
            later * 1000.0,
            with.against(&without)
        ),
        "≤ 1 ms",
    );

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..WORDS_ROUNDS * 2 {
        let is_recorded = round % 2 == 0;
        record(client, is_recorded).await?;
        let took: Duration = driver.send(MANY_WORDS).await?.whole;
        let times = if is_recorded { &mut with } else { &mut without };
        times.push(took);
    }
    let (with, without) = (Times::new(with), Times::new(without));
    let throughput = Figure::new(
        "a turn of 5,000 words without pause, recorded against not",
        format!(
            "{:.3} × (medians {})",
            with.ratio(&without),
            with.against(&without)
        ),
        "≤ 1.03 ×",
    );
    Ok(vec![first, throughput])
}

/// By how much more the database has grown after so many recorded turns than after as many that were not.
async fn recorded_bytes(
    server: &Path,
    model_url: &str,
    data_dir: &Path,
    token: &str,
) -> Result<Figure> {
    let mut grown = [0, 0];
    for (is_recorded, grown) in [false, true].into_iter().zip(&mut grown) {
        let before = database_bytes(data_dir)?;
        let (process, client, model) = reopened(server, model_url, data_dir, token).await?;
        record(&client, is_recorded).await?;
        let chat = drive::create_chat(&client, model, SHORT_ANSWER, false).await?;
        let mut driver = Driver::open(&client, chat.id).await?;
        driver.rest().await?;
        for _ in 1..SIZE_TURNS {
            driver.send(SHORT_ANSWER).await?;
        }
        // What is recorded is written behind the turn.
        tokio::time::sleep(Duration::from_secs(2)).await;
        process.stop().await?;
        *grown = database_bytes(data_dir)?.saturating_sub(before);
    }
    let [without, with] = grown;
    let each = with.saturating_sub(without) / SIZE_TURNS;
    Ok(Figure::new(
        "bytes of a recorded turn, mean of 200 turns of one chat",
        format!("{each} ({without} against {with} bytes in all)"),
        "200 turns ≤ 3 × the longest prompt and what is said once",
    ))
}

async fn reopened(
    server: &Path,
    model_url: &str,
    data_dir: &Path,
    token: &str,
) -> Result<(Process, Client, ModelConfigId)> {
    let (process, _) = processes::start_server(server, data_dir, model_url).await?;
    let client = Client::new(&process.base_url)?.with_token(token);
    let model = wait_for_model(&client).await?;
    Ok((process, client, model))
}

/// After an orderly stop everything is in one file.
fn database_bytes(data_dir: &Path) -> Result<u64> {
    let path = data_dir.join("switchyard.db");
    let about = std::fs::metadata(&path).with_context(|| path.display().to_string())?;
    Ok(about.len())
}
