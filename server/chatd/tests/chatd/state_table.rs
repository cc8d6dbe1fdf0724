//! Every state × every transition: accepted ones land where the table says, others are refused and change nothing.

use chatd::state::change::Fence;
use chatd::state::people::{Mode, Outgoing, QUEUE_LIMIT};
use chatd::state::queue::QueuedEdit;
use chatd::state::{Change, Code, Locked, StateError, Transition, table};
use sdk::chats::ChatError;
use sdk::ids::{ChatId, MessageId, QueuedMessageId, RunnerId, WorkerId};
use sdk::messages::{BusyBehavior, ClientToolResult, Role};
use sdk::parts::{Part, ToolCallPart};
use sdk::stream::RetryInfo;
use serde_json::json;
use store::chats::{self, Status};
use store::messages::{self, NewMessage};
use store::testing::{TestDb, for_both};
use store::{Clock, Db, Notices, queue};

use crate::harness::{Seed, new_chat, seed};

struct Table {
    db: Db,
    seed: Seed,
    notices: Notices,
}

/// A chat brought into a state by transitions alone, with an open client call in A.
async fn bring(table: &Table, code: Code) -> ChatId {
    let mut change = Change::begin(&table.db, Clock::system().now())
        .await
        .unwrap();
    let (mut locked, _) = change.create(new_chat(table.seed, "hello")).await.unwrap();
    let id = locked.chat.id;
    let runner = RunnerId::generate();
    let fence = change
        .acquire(&mut locked, WorkerId::generate(), runner)
        .await
        .unwrap();
    let has_queue = matches!(code, Code::E1 | Code::R1 | Code::I1 | Code::A1 | Code::XE1);
    match code {
        Code::W | Code::XW => {
            change.finish_turn(&mut locked, &fence).await.unwrap();
        }
        Code::E0 | Code::E1 | Code::XE0 | Code::XE1 => {
            if has_queue {
                change
                    .send(&mut locked, outgoing(table, "queued"), BusyBehavior::Queue)
                    .await
                    .unwrap();
            }
            change
                .finish_error(&mut locked, Some(runner), error())
                .await
                .unwrap();
        }
        Code::I0 | Code::I1 => change.interrupt(&mut locked).await.unwrap(),
        Code::A0 | Code::A1 => {
            let call = Part::ToolCall(ToolCallPart {
                tool_call_id: "client-1".into(),
                tool_name: "ask".into(),
                args: Some(json!({})),
                ..ToolCallPart::default()
            });
            let answer = vec![NewMessage::new(Role::Assistant, vec![call])];
            change
                .commit_step(&mut locked, &fence, answer)
                .await
                .unwrap();
            let fence = Fence::of(&locked.chat, runner);
            change.enter_action(&mut locked, &fence).unwrap();
        }
        _ => {}
    }
    if has_queue && locked.queue_length == 0 {
        change
            .send(&mut locked, outgoing(table, "queued"), BusyBehavior::Queue)
            .await
            .unwrap();
    }
    if matches!(code, Code::XW | Code::XE0 | Code::XE1) {
        change.archive(&mut locked).unwrap();
    }
    assert_eq!(locked.code(), code);
    change.close(locked).await.unwrap();
    change.commit(&table.notices).await.unwrap();
    id
}

fn outgoing(table: &Table, text: &str) -> Outgoing {
    Outgoing {
        content: vec![Part::text(text)],
        model_config_id: None,
        created_by: table.seed.owner,
        mode: Mode::default(),
    }
}

fn error() -> ChatError {
    ChatError {
        message: "it failed".into(),
        ..ChatError::default()
    }
}

async fn queued_id(change: &mut Change, chat: ChatId) -> QueuedMessageId {
    queue::list_in(&mut change.tx, chat)
        .await
        .unwrap()
        .first()
        .map_or(QueuedMessageId(0), |queued| queued.id)
}

async fn first_user(change: &mut Change, chat: ChatId) -> MessageId {
    messages::after_in(&mut change.tx, chat, MessageId(0), 1)
        .await
        .unwrap()[0]
        .message
        .id
}

async fn apply(
    table: &Table,
    transition: &Transition,
    change: &mut Change,
    locked: &mut Locked,
) -> Result<(), StateError> {
    let runner = locked.chat.runner_id.unwrap_or_else(RunnerId::generate);
    let owner = locked.chat.runner_id;
    // The fence holds, so that only the state decides.
    let is_fenced = ["commit step", "record", "enter", "finish turn", "abandon"];
    if is_fenced
        .iter()
        .any(|name| transition.name.starts_with(name))
    {
        locked.chat.runner_id = Some(runner);
    }
    let fence = Fence::of(&locked.chat, runner);
    let id = locked.chat.id;
    match transition.name {
        "send, queue" => change
            .send(locked, outgoing(table, "next"), BusyBehavior::Queue)
            .await
            .map(drop),
        "send, interrupt" => change
            .send(locked, outgoing(table, "next"), BusyBehavior::Interrupt)
            .await
            .map(drop),
        "edit message" => {
            let message = first_user(change, id).await;
            change
                .edit(locked, message, outgoing(table, "edited"))
                .await
                .map(drop)
        }
        "delete queued" => {
            let queued = queued_id(change, id).await;
            change.delete_queued(locked, queued).await
        }
        "promote queued" => {
            let queued = queued_id(change, id).await;
            change.promote_queued(locked, queued).await.map(drop)
        }
        "edit queued" => {
            let queued = queued_id(change, id).await;
            let edit = QueuedEdit {
                content: Some(vec![Part::text("edited")]),
                position: Some(7),
                ..QueuedEdit::default()
            };
            change.edit_queued(locked, queued, edit).await.map(drop)
        }
        "interrupt" => change.interrupt(locked).await,
        "request compaction" => change.request_compaction(locked, String::new()).await,
        "clear context" => change.clear_context(locked).await,
        "retry turn" => change.retry(locked).await,
        "complete requires-action" => {
            let result = ClientToolResult {
                tool_call_id: "client-1".into(),
                output: json!("yes"),
                is_error: false,
            };
            change.complete_action(locked, vec![result]).await
        }
        "archive" => change.archive(locked),
        "request archive" => change.request_archive(locked).await,
        "unarchive" => match change.unarchive(locked) {
            Err(StateError::NotArchived) => Err(StateError::Refused {
                transition: "unarchive",
                state: locked.code(),
            }),
            outcome => outcome,
        },
        "acquire" => change
            .acquire(locked, WorkerId::generate(), RunnerId::generate())
            .await
            .map(drop),
        "abandon" => change.abandon(locked, runner),
        "commit step" => {
            let answer = vec![NewMessage::new(Role::Assistant, vec![Part::text("answer")])];
            change.commit_step(locked, &fence, answer).await.map(drop)
        }
        "enter requires-action" => change.enter_action(locked, &fence),
        "cancel requires-action" => change.cancel_action(locked).await,
        "record generation attempt" => change.record_attempt(locked, &fence).map(drop),
        "record retry state" => {
            let retry = RetryInfo {
                attempt: 1,
                delay_ms: 1000,
                error: "busy".into(),
                kind: "overloaded".into(),
                provider: None,
                status_code: None,
                retrying_at: Clock::system().now(),
            };
            change.record_retry(locked, &fence, retry)
        }
        "finish turn" => change.finish_turn(locked, &fence).await.map(drop),
        "finish interruption" => change
            .finish_interruption(locked, owner, Vec::new())
            .await
            .map(drop),
        "finish error" => change.finish_error(locked, owner, error()).await,
        "reconcile invalid state" => change.reconcile(locked).await,
        other => panic!("{other} is not in the test"),
    }
}

/// Where exactly it lands, where the table leaves a choice.
fn landing(name: &str, from: From) -> Option<Code> {
    use Code::{A0, A1, E0, E1, I0, I1, Invalid, R0, R1, W, XE0, XE1, XW};
    let from = match from {
        From::Valid(code) => code,
        From::Invalid if name == "reconcile invalid state" => return Some(E0),
        From::InvalidWithQueue if name == "reconcile invalid state" => return Some(E1),
        From::Invalid | From::InvalidWithQueue => Invalid,
    };
    Some(match (name, from) {
        ("send, queue" | "send, interrupt", W | E0) => R0,
        ("send, queue" | "send, interrupt", E1) => R1,
        ("send, queue", R0 | R1) => R1,
        ("send, queue", A0 | A1) => A1,
        ("send, interrupt", R0 | R1) | ("send, queue" | "send, interrupt", I0 | I1) => I1,
        ("send, interrupt", A0 | A1) => R1,
        ("edit message", W | E0 | E1 | R0 | R1 | I0 | I1 | A0 | A1) => R0,
        // One message is queued in these states, so the queue is empty afterwards.
        ("delete queued", E1) => E0,
        ("delete queued", R1) => R0,
        ("delete queued", I1) => I0,
        ("delete queued", A1) => A0,
        ("promote queued", E1 | A1) => R0,
        ("promote queued", R1 | I1) => I1,
        ("edit queued", E1 | R1 | I1 | A1) => from,
        ("request compaction", W | E0) => R0,
        ("request compaction", E1) => R1,
        ("clear context", W | E0) => W,
        ("interrupt", R0) => I0,
        ("interrupt", R1) => I1,
        ("interrupt" | "complete requires-action" | "cancel requires-action", A0) => R0,
        ("interrupt" | "complete requires-action" | "cancel requires-action", A1) => R1,
        ("retry turn", E0) => R0,
        ("retry turn", E1) => R1,
        ("archive", W) => XW,
        ("archive", E0) => XE0,
        ("archive", E1) => XE1,
        ("request archive", R0 | I0 | A0) => I0,
        ("request archive", R1 | I1 | A1) => I1,
        ("unarchive", XW) => W,
        ("unarchive", XE0) => E0,
        ("unarchive", XE1) => E1,
        ("acquire" | "abandon", R0 | R1 | I0 | I1 | A0 | A1) => from,
        ("commit step" | "record generation attempt" | "record retry state", R0 | R1) => from,
        ("enter requires-action", R0) => A0,
        ("enter requires-action", R1) => A1,
        ("finish turn", R0) => W,
        ("finish turn", R1) => R0,
        ("finish interruption", I0) => W,
        ("finish interruption", I1) => R0,
        ("finish error", W | R0) => E0,
        ("finish error", R1) => E1,
        _ => return None,
    })
}

/// Where a transition lands from a valid state; nothing where it is refused.
pub fn landing_of(name: &str, from: Code) -> Option<Code> {
    landing(name, From::Valid(from))
}

/// Where a transition is tried from.
#[derive(Clone, Copy, Debug)]
enum From {
    Valid(Code),
    /// Archived and running.
    Invalid,
    /// Waiting with a queue.
    InvalidWithQueue,
}

impl From {
    fn all() -> impl Iterator<Item = Self> {
        Code::EXISTING
            .into_iter()
            .map(Self::Valid)
            .chain([Self::Invalid, Self::InvalidWithQueue])
    }

    fn code(self) -> Code {
        match self {
            Self::Valid(code) => code,
            Self::Invalid | Self::InvalidWithQueue => Code::Invalid,
        }
    }

    async fn bring(self, table: &Table) -> ChatId {
        let (code, status, archived) = match self {
            Self::Valid(code) => return bring(table, code).await,
            Self::Invalid => (Code::R0, Status::Running, true),
            Self::InvalidWithQueue => (Code::R1, Status::Waiting, false),
        };
        let id = bring(table, code).await;
        let mut change = Change::begin(&table.db, Clock::system().now())
            .await
            .unwrap();
        let mut locked = change.lock(id).await.unwrap();
        locked.chat.status = status;
        locked.chat.archived = archived;
        assert_eq!(locked.code(), Code::Invalid);
        change.close(locked).await.unwrap();
        change.commit(&table.notices).await.unwrap();
        id
    }
}

async fn walk(database: &TestDb) {
    let table = Table {
        db: database.db.clone(),
        seed: seed(&database.db).await,
        notices: Notices::in_process(),
    };
    let mut accepted = 0;
    for transition in table::ALL
        .iter()
        .filter(|transition| transition.name != "create")
    {
        for from in From::all() {
            let expected = landing(transition.name, from);
            assert_eq!(
                expected.is_some(),
                transition.accepts.contains(&from.code()),
                "{} from {from:?}",
                transition.name
            );
            let id = from.bring(&table).await;
            let before = chats::get(&table.db, id).await.unwrap().unwrap();
            let mut change = Change::begin(&table.db, Clock::system().now())
                .await
                .unwrap();
            let mut locked = change.lock(id).await.unwrap();
            let outcome = apply(&table, transition, &mut change, &mut locked).await;
            let Some(expected) = expected else {
                let refusal = outcome.expect_err(&format!("{} from {from:?}", transition.name));
                let is_refusal =
                    matches!(refusal, StateError::Refused { .. } | StateError::Archived);
                assert!(is_refusal, "{} from {from:?}: {refusal:?}", transition.name);
                drop(change);
                assert_eq!(chats::get(&table.db, id).await.unwrap().unwrap(), before);
                continue;
            };
            outcome.unwrap_or_else(|error| panic!("{} from {from:?}: {error:?}", transition.name));
            assert_eq!(locked.code(), expected, "{} from {from:?}", transition.name);
            assert!(
                transition.lands.contains(&expected),
                "{} from {from:?}",
                transition.name
            );
            assert_eq!(
                locked.chat.snapshot_version,
                before.snapshot_version + 1,
                "{}",
                transition.name
            );
            change.close(locked).await.unwrap();
            change.commit(&table.notices).await.unwrap();
            assert_side_effects(&table, transition.name, id, &before).await;
            accepted += 1;
        }
    }
    assert!(accepted > 80, "{accepted}");
}

async fn assert_side_effects(table: &Table, name: &str, id: ChatId, before: &chats::ChatRow) {
    let after = chats::get(&table.db, id).await.unwrap().unwrap();
    let pair = |chat: &chats::ChatRow| (chat.history_version, chat.generation_attempt);
    assert!(pair(&after) >= pair(before), "{name}: the pair went back");
    assert_eq!(
        after.last_error.is_some(),
        after.status == Status::Error,
        "{name}: the error fits the status"
    );
    assert_eq!(
        after.requires_action_deadline_at.is_some(),
        after.status == Status::RequiresAction,
        "{name}"
    );
    assert!(
        after.compaction_request.is_none() || name == "request compaction",
        "{name}: a summary is asked for"
    );
    if matches!(after.status, Status::Waiting | Status::Error) {
        assert!(
            after.worker_id.is_none() && after.runner_id.is_none(),
            "{name}: idle chats have no owner"
        );
        assert!(
            after.retry_state.is_none() && !after.archive_requested,
            "{name}"
        );
    }
    if before.status != after.status && !name.contains("requires-action") {
        assert!(after.status_since >= before.status_since, "{name}");
    }
    let mut tx = table.db.begin_read().await.unwrap();
    let rows = messages::changed_since(&mut tx, id, before.snapshot_version, MessageId(0), 100)
        .await
        .unwrap();
    assert_eq!(
        after.history_version > before.history_version,
        !rows.is_empty(),
        "{name}: history version"
    );
    for row in &rows {
        assert_eq!(row.revision, after.snapshot_version, "{name}: revision");
    }
    let step = messages::last_step(&mut tx, id).await.unwrap();
    let has_user_after = step.iter().any(|row| row.message.role == Role::User);
    let is_answered = step.iter().any(|row| row.message.role == Role::Tool);
    let has_call = step.iter().any(|row| {
        row.message
            .content
            .iter()
            .any(|part| matches!(part, Part::ToolCall(_)))
    });
    if has_call && (has_user_after || after.status == Status::Running) {
        assert!(is_answered, "{name}: open calls are answered");
    }
}

#[tokio::test]
async fn every_state_meets_every_transition() {
    for_both(async |database| walk(database).await).await;
}

#[tokio::test]
async fn stale_writers_are_refused() {
    let database = TestDb::sqlite().await;
    let table = Table {
        db: database.db.clone(),
        seed: seed(&database.db).await,
        notices: Notices::in_process(),
    };
    let id = bring(&table, Code::R0).await;
    let mut change = Change::begin(&table.db, Clock::system().now())
        .await
        .unwrap();
    let mut locked = change.lock(id).await.unwrap();
    let good = Fence::of(&locked.chat, locked.chat.runner_id.unwrap());
    let stale = [
        Fence {
            runner_id: RunnerId::generate(),
            ..good
        },
        Fence {
            history_version: good.history_version - 1,
            ..good
        },
        Fence {
            generation_attempt: good.generation_attempt + 1,
            ..good
        },
    ];
    for fence in stale {
        let answer = vec![NewMessage::new(Role::Assistant, vec![Part::text("late")])];
        let outcome = change.commit_step(&mut locked, &fence, answer).await;
        assert!(matches!(outcome, Err(StateError::Stale)), "{fence:?}");
        assert!(matches!(
            change.record_attempt(&mut locked, &fence),
            Err(StateError::Stale)
        ));
        assert!(matches!(
            change.enter_action(&mut locked, &fence),
            Err(StateError::Stale)
        ));
    }
    let outcome = change.finish_turn(&mut locked, &stale[0]).await;
    assert!(matches!(outcome, Err(StateError::Stale)));
    let outcome = change
        .finish_error(&mut locked, Some(RunnerId::generate()), error())
        .await;
    assert!(matches!(outcome, Err(StateError::Stale)));
    drop(change);
    database.remove().await;
}

#[tokio::test]
async fn the_queue_holds_twenty() {
    let database = TestDb::sqlite().await;
    let table = Table {
        db: database.db.clone(),
        seed: seed(&database.db).await,
        notices: Notices::in_process(),
    };
    let id = bring(&table, Code::R0).await;
    let mut change = Change::begin(&table.db, Clock::system().now())
        .await
        .unwrap();
    let mut locked = change.lock(id).await.unwrap();
    for number in 0..QUEUE_LIMIT {
        let message = outgoing(&table, &number.to_string());
        change
            .send(&mut locked, message, BusyBehavior::Queue)
            .await
            .unwrap();
    }
    let outcome = change
        .send(
            &mut locked,
            outgoing(&table, "one too many"),
            BusyBehavior::Queue,
        )
        .await;
    assert!(matches!(outcome, Err(StateError::QueueFull { limit: 20 })));
    drop(change);
    database.remove().await;
}
