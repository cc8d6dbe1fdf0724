//! Many chats and long ones at once, for developers and measurements: copies of a chat that was really played.
//!
//! Nothing runs and nobody is told; it is meant for a deployment that nobody uses yet.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sdk::ids::{ChatId, MessageId, ModelConfigId};
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
/// Calls of a turn that follow each other in one chat.
const CALLS_PER_TURN: usize = 40;
/// Chats that have turns at the same time.
const OPEN_CHATS: usize = 12;
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
    /// Calls to models in the ledger, spread over the ordinary chats and the last 90 days; none without such chats.
    pub calls: usize,
    /// Each call in the next of the chats, all of the one model: the worst case of their sums by the hour and the day.
    /// Otherwise they come as people work: in turns of some dozens, of a dozen chats at once, each of which has its days
    /// and its model; one model is there, of others only the calls.
    pub is_each_call_in_next_chat: bool,
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
    let spread = if plan.is_each_call_in_next_chat {
        let each = |chat: &ChatId| (*chat, model);
        Spread {
            chats: seeded.chats.iter().map(each).collect(),
            calls_per_turn: 1,
            open_chats: seeded.chats.len(),
        }
    } else {
        let gone = [ModelConfigId::generate(), ModelConfigId::generate()];
        let models = [model, model, gone[0], model, gone[1]];
        // Calls are booked from now back, and the newest chats have the newest ones.
        let chats = seeded.chats.iter().rev().copied();
        Spread {
            chats: chats.zip(models.into_iter().cycle()).collect(),
            calls_per_turn: CALLS_PER_TURN,
            open_chats: OPEN_CHATS,
        }
    };
    book(db, &spread, plan.calls, now).await?;
    Ok(seeded)
}

/// Which chat a call is made in.
struct Spread {
    /// The chats, each with the model that it calls.
    chats: Vec<(ChatId, ModelConfigId)>,
    calls_per_turn: usize,
    /// Chats whose turns take turns; when they have had their share of calls, as many others follow.
    open_chats: usize,
}

impl Spread {
    /// Of call `number` of `all`; none without chats.
    fn chat(&self, number: usize, all: usize) -> Option<(ChatId, ModelConfigId)> {
        let turns = all.div_ceil(self.calls_per_turn);
        let turns_per_chat = turns.div_ceil(self.chats.len().max(1)).max(1);
        let turn = number / self.calls_per_turn;
        let open = turn / (self.open_chats * turns_per_chat).max(1) * self.open_chats;
        let place = (open + turn % self.open_chats.max(1)) % self.chats.len().max(1);
        self.chats.get(place).copied()
    }
}

/// Books calls, the newest first.
async fn book(
    db: &Db,
    spread: &Spread,
    count: usize,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let all = i64::try_from(count).unwrap_or(i64::MAX);
    let seconds = TimeDelta::days(CALLS_DAYS).num_seconds();
    let calls = (0..count).map_while(|number| spread.chat(number, count));
    let mut calls = (0..all).zip(calls).peekable();
    while calls.peek().is_some() {
        let mut tx = db.begin().await?;
        for (number, (chat, model)) in calls.by_ref().take(CALLS_BATCH) {
            let at = now - TimeDelta::seconds(number * seconds / all);
            costs::book(&mut tx, chat, at, &call(number, model)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn call(number: i64, model: ModelConfigId) -> Call {
    Call {
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
    }
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
