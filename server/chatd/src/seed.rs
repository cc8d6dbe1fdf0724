//! Many chats and long ones at once, for developers and measurements: copies of a chat that was really played.
//!
//! Nothing runs and nobody is told; it is meant for a deployment that nobody uses yet.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sdk::ids::{ChatId, MessageId};
use sdk::messages::{MessageUsage, Role};
use sdk::parts::Part;
use store::chats::{self, ChatRow, Status, details};
use store::costs::{self, Call};
use store::messages::{self, NewMessage};
use store::{Db, StoreError, Tx};

/// Chats written in one transaction.
const BATCH: usize = 250;
/// Calls booked in one transaction.
const CALLS_BATCH: usize = 10_000;
/// How far back calls go.
const CALLS_DAYS: i64 = 90;
/// Messages of an ordinary chat.
const FEW: usize = 2;

const SUBJECTS: [&str; 12] = [
    "login form",
    "invoice export",
    "flaky test",
    "search index",
    "dark theme",
    "rate limit",
    "date picker",
    "upload queue",
    "release notes",
    "memory leak",
    "retry policy",
    "Übersetzung",
];
const VERBS: [&str; 8] = [
    "Fix", "Explain", "Refactor", "Speed up", "Document", "Test", "Review", "Plan",
];
const AREAS: [&str; 3] = ["ui", "server", "docs"];

/// How much to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Ordinary chats, a message and an answer each. Some are archived, pinned, labelled or unread.
    pub chats: usize,
    /// One more chat with this many messages; none when 0.
    pub long_chat_messages: usize,
    /// Calls to the model in the ledger, spread over the ordinary chats and the last 90 days; none without such chats.
    pub calls: usize,
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Seeded {
    /// The ordinary chats, the oldest first.
    pub chats: Vec<ChatId>,
    /// The long one.
    pub long_chat: Option<ChatId>,
}

/// Copies a chat. Times go back from `now`, a minute for each chat.
pub async fn seed(
    db: &Db,
    template: &ChatRow,
    plan: Plan,
    now: DateTime<Utc>,
) -> Result<Seeded, StoreError> {
    let mut seeded = Seeded::default();
    let numbers: Vec<usize> = (0..plan.chats).collect();
    for batch in numbers.chunks(BATCH) {
        let mut tx = db.begin().await?;
        for number in batch {
            let minutes = i64::try_from(plan.chats - number).unwrap_or(0);
            let chat = ordinary(template, *number, now - TimeDelta::minutes(minutes));
            write(&mut tx, &chat, FEW).await?;
            if number % 3 != 0 {
                details::mark_read_in(&mut tx, chat.id, chat.changed_at).await?;
            }
            seeded.chats.push(chat.id);
        }
        tx.commit().await?;
    }
    if plan.long_chat_messages > 0 {
        let title = format!("{} messages", plan.long_chat_messages);
        let chat = copy(template, title, now);
        let mut tx = db.begin().await?;
        write(&mut tx, &chat, plan.long_chat_messages).await?;
        tx.commit().await?;
        seeded.long_chat = Some(chat.id);
    }
    let model = template.last_model_config_id;
    book(db, &seeded.chats, plan.calls, now, |number| Call {
        model_config_id: model,
        usage: MessageUsage {
            input_tokens: Some(1_000 + number % 500),
            output_tokens: Some(80),
            cache_read_tokens: Some(number % 2_000),
            ..MessageUsage::default()
        },
        // Of one in ten no price is known.
        total_cost_micros: (number % 10 != 0).then_some(3_000 + number % 100),
        runtime_ms: Some(1_200),
    })
    .await?;
    Ok(seeded)
}

/// Books calls by turns in each of the chats, the newest first.
async fn book(
    db: &Db,
    chats: &[ChatId],
    count: usize,
    now: DateTime<Utc>,
    call: impl Fn(i64) -> Call,
) -> Result<(), StoreError> {
    let all = i64::try_from(count).unwrap_or(i64::MAX);
    let seconds = TimeDelta::days(CALLS_DAYS).num_seconds();
    let mut calls = (0..all).zip(chats.iter().cycle()).peekable();
    while calls.peek().is_some() {
        let mut tx = db.begin().await?;
        for (number, chat) in calls.by_ref().take(CALLS_BATCH) {
            let at = now - TimeDelta::seconds(number * seconds / all);
            costs::book(&mut tx, *chat, at, &call(number)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn ordinary(template: &ChatRow, number: usize, time: DateTime<Utc>) -> ChatRow {
    let pick = |words: &[&'static str], step: usize| {
        let position = (number / step) % words.len().max(1);
        words.get(position).copied().unwrap_or_default()
    };
    let title = format!(
        "{} the {} ({number})",
        pick(&VERBS, 1),
        pick(&SUBJECTS, VERBS.len())
    );
    let mut chat = copy(template, title, time);
    chat.archived = number % 10 == 9;
    if number.is_multiple_of(4) {
        let area = pick(&AREAS, 4).to_owned();
        chat.labels = BTreeMap::from([("area".to_owned(), area)]);
    }
    // Of the newest ones a few are pinned.
    if !chat.archived && number % 997 == 1 {
        chat.pin_order = i32::try_from(number / 997 + 1).unwrap_or(1);
    }
    chat
}

fn copy(template: &ChatRow, title: String, time: DateTime<Utc>) -> ChatRow {
    ChatRow {
        id: ChatId::generate(),
        workspace_id: None,
        build_id: None,
        agent_id: None,
        parent_chat_id: None,
        root_chat_id: None,
        title,
        is_title_fallback: false,
        status: Status::Waiting,
        status_since: time,
        last_error: None,
        labels: BTreeMap::new(),
        plan_mode: template.plan_mode,
        mcp_server_ids: template.mcp_server_ids.clone(),
        chat_mode: template.chat_mode,
        archived: false,
        archive_requested: false,
        pin_order: 0,
        last_read_message_id: MessageId(0),
        worker_id: None,
        runner_id: None,
        queue_version: 0,
        generation_attempt: 0,
        retry_state: None,
        retry_state_version: 0,
        requires_action_deadline_at: None,
        created_at: time,
        updated_at: time,
        changed_at: time,
        ..template.clone()
    }
}

/// The chat and its messages, two for each version as a turn writes them.
async fn write(tx: &mut Tx, chat: &ChatRow, count: usize) -> Result<(), StoreError> {
    let turns = count.div_ceil(2);
    let last_version = i64::try_from(turns).unwrap_or(i64::MAX);
    let chat = ChatRow {
        snapshot_version: last_version,
        history_version: last_version,
        ..chat.clone()
    };
    chats::insert(tx, &chat).await?;
    for (turn, version) in (0..turns).zip(1_i64..) {
        let mut pair = vec![question(&chat, turn), answer(&chat, turn)];
        pair.truncate(count - turn * 2);
        messages::insert(tx, chat.id, version, chat.created_at, pair).await?;
    }
    Ok(())
}

fn question(chat: &ChatRow, turn: usize) -> NewMessage {
    NewMessage {
        created_by: Some(chat.owner_id),
        model_config_id: Some(chat.last_model_config_id),
        ..NewMessage::new(
            Role::User,
            vec![Part::text(format!(
                "{}: what about step {turn}?",
                chat.title
            ))],
        )
    }
}

fn answer(chat: &ChatRow, turn: usize) -> NewMessage {
    let text = format!(
        "Step {turn} of **{}** is done.\n\n- read the file\n- changed `src/step_{turn}.rs`\n- ran the tests\n\n\
         ```rust\nfn step_{turn}() -> u32 {{\n    {turn}\n}}\n```\n",
        chat.title
    );
    NewMessage {
        model_config_id: Some(chat.last_model_config_id),
        runtime_ms: Some(1500),
        ..NewMessage::new(Role::Assistant, vec![Part::text(text)])
    }
}
