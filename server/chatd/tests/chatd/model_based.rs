//! Random commands of people and workers against a model in memory: the same states, queues, histories and prompts.

mod expected;

use chatd::state::change::Fence;
use chatd::state::context::{SUMMARIZED, card, compressed};
use chatd::state::people::{Mode, Outgoing};
use chatd::state::queue::QueuedEdit;
use chatd::state::{Change, Code, StateError};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sdk::chats::ChatError;
use sdk::ids::{ChatId, MessageId, QueuedMessageId, RunnerId, WorkerId};
use sdk::messages::{BusyBehavior, ClientToolResult, Role};
use sdk::parts::{Part, ToolCallPart};
use serde_json::json;
use store::messages::NewMessage;
use store::testing::TestDb;
use store::testing::soak::Tally;
use store::{Clock, Db, Notices, messages, queue};

use self::expected::{Expected, Refusal};
use crate::harness::{Seed, label, new_chat, seed};

#[derive(Clone, Debug)]
enum Command {
    Send(BusyBehavior),
    EditFirst,
    DeleteQueued(usize),
    PromoteQueued(usize),
    EditQueued(usize),
    MoveQueued(usize, usize),
    Interrupt,
    Retry,
    RequestCompaction,
    CommitCompaction,
    ClearContext,
    Archive,
    RequestArchive,
    Unarchive,
    Acquire,
    Abandon,
    CommitStep,
    EnterAction,
    CompleteAction,
    CancelAction,
    RecordAttempt,
    FinishTurn,
    FinishInterruption,
    FinishError,
    Reconcile,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => Just(Command::Send(BusyBehavior::Queue)),
        2 => Just(Command::Send(BusyBehavior::Interrupt)),
        1 => Just(Command::EditFirst),
        1 => (0..3_usize).prop_map(Command::DeleteQueued),
        1 => (0..3_usize).prop_map(Command::PromoteQueued),
        1 => (0..3_usize).prop_map(Command::EditQueued),
        2 => (0..4_usize, 0..6_usize).prop_map(|(from, to)| Command::MoveQueued(from, to)),
        2 => Just(Command::Interrupt),
        1 => Just(Command::Retry),
        2 => Just(Command::RequestCompaction),
        2 => Just(Command::CommitCompaction),
        1 => Just(Command::ClearContext),
        1 => Just(Command::Archive),
        1 => Just(Command::RequestArchive),
        2 => Just(Command::Unarchive),
        3 => Just(Command::Acquire),
        1 => Just(Command::Abandon),
        4 => Just(Command::CommitStep),
        2 => Just(Command::EnterAction),
        2 => Just(Command::CompleteAction),
        1 => Just(Command::CancelAction),
        1 => Just(Command::RecordAttempt),
        4 => Just(Command::FinishTurn),
        3 => Just(Command::FinishInterruption),
        1 => Just(Command::FinishError),
        1 => Just(Command::Reconcile),
    ]
}

impl Command {
    /// Whether a worker gives it under its fence.
    fn is_fenced(&self) -> bool {
        matches!(
            self,
            Self::CommitStep
                | Self::CommitCompaction
                | Self::EnterAction
                | Self::RecordAttempt
                | Self::FinishTurn
        )
    }
}

async fn queued_at(
    change: &mut Change,
    chat: ChatId,
    place: usize,
) -> Result<QueuedMessageId, StateError> {
    let queued = queue::list_in(&mut change.tx, chat).await?;
    queued
        .get(place)
        .map(|queued| queued.id)
        .ok_or(StateError::QueuedNotFound)
}

fn client_call(text: &str) -> NewMessage {
    let call = ToolCallPart {
        tool_call_id: format!("call of {text}"),
        tool_name: "ask".into(),
        args: Some(json!({})),
        ..ToolCallPart::default()
    };
    NewMessage::new(Role::Assistant, vec![Part::ToolCall(call)])
}

async fn apply(
    db: &Db,
    seed: Seed,
    chat: ChatId,
    command: &Command,
    text: &str,
) -> Result<(), StateError> {
    let mut change = Change::begin(db, Clock::system().now()).await?;
    let mut locked = change.lock(chat).await?;
    let outgoing = Outgoing {
        content: vec![Part::text(text)],
        model_config_id: None,
        created_by: seed.owner,
        mode: Mode::default(),
    };
    let has_work = matches!(locked.code(), Code::R0 | Code::R1);
    if locked.chat.runner_id.is_none() && command.is_fenced() && has_work {
        change
            .acquire(&mut locked, WorkerId::generate(), RunnerId::generate())
            .await?;
    }
    let runner = locked.chat.runner_id;
    let fence = Fence::of(&locked.chat, runner.unwrap_or_else(RunnerId::generate));
    match command {
        Command::Send(behavior) => change
            .send(&mut locked, outgoing, *behavior)
            .await
            .map(drop)?,
        Command::EditFirst => {
            let first = messages::after_in(&mut change.tx, chat, MessageId(0), 1).await?[0]
                .message
                .id;
            change.edit(&mut locked, first, outgoing).await.map(drop)?;
        }
        Command::DeleteQueued(place) => {
            let id = queued_at(&mut change, chat, *place).await?;
            change.delete_queued(&mut locked, id).await?;
        }
        Command::PromoteQueued(place) => {
            let id = queued_at(&mut change, chat, *place).await?;
            change.promote_queued(&mut locked, id).await.map(drop)?;
        }
        Command::EditQueued(place) => {
            let id = queued_at(&mut change, chat, *place).await?;
            let edit = QueuedEdit {
                content: Some(outgoing.content),
                ..QueuedEdit::default()
            };
            change.edit_queued(&mut locked, id, edit).await.map(drop)?;
        }
        Command::MoveQueued(place, to) => {
            let id = queued_at(&mut change, chat, *place).await?;
            let edit = QueuedEdit {
                position: Some(*to),
                ..QueuedEdit::default()
            };
            change.edit_queued(&mut locked, id, edit).await.map(drop)?;
        }
        Command::Interrupt => change.interrupt(&mut locked).await?,
        Command::Retry => change.retry(&mut locked).await?,
        Command::RequestCompaction => {
            change
                .request_compaction(&mut locked, String::new())
                .await?;
        }
        Command::CommitCompaction => {
            let mut rows = vec![compressed(text.to_owned())];
            rows.extend(card(SUMMARIZED, json!({}), json!({}), false, change.now));
            change
                .commit_compaction(&mut locked, &fence, rows)
                .await
                .map(drop)?;
        }
        Command::ClearContext => change.clear_context(&mut locked).await?,
        Command::Archive => change.archive(&mut locked)?,
        Command::RequestArchive => change.request_archive(&mut locked).await?,
        Command::Unarchive => change.unarchive(&mut locked)?,
        Command::Acquire => {
            change
                .acquire(&mut locked, WorkerId::generate(), RunnerId::generate())
                .await
                .map(drop)?;
        }
        Command::Abandon => change.abandon(&mut locked, fence.runner_id)?,
        Command::CommitStep => {
            let answer = vec![NewMessage::new(Role::Assistant, vec![Part::text(text)])];
            change
                .commit_step(&mut locked, &fence, answer)
                .await
                .map(drop)?;
        }
        Command::EnterAction => {
            let answer = vec![client_call(text)];
            change.commit_step(&mut locked, &fence, answer).await?;
            let fence = Fence::of(&locked.chat, fence.runner_id);
            change.enter_action(&mut locked, &fence)?;
        }
        Command::CompleteAction => {
            let open = change.open_calls(chat).await?;
            let answers = open
                .iter()
                .map(|call| ClientToolResult {
                    tool_call_id: call.tool_call_id.clone(),
                    output: json!("yes"),
                    is_error: false,
                })
                .collect();
            change.complete_action(&mut locked, answers).await?;
        }
        Command::CancelAction => change.cancel_action(&mut locked).await?,
        Command::RecordAttempt => change.record_attempt(&mut locked, &fence).map(drop)?,
        Command::FinishTurn => change.finish_turn(&mut locked, &fence).await.map(drop)?,
        Command::FinishInterruption => {
            change
                .finish_interruption(&mut locked, runner, Vec::new())
                .await
                .map(drop)?;
        }
        Command::FinishError => {
            let error = ChatError {
                message: text.to_owned(),
                ..ChatError::default()
            };
            change.finish_error(&mut locked, runner, error).await?;
        }
        Command::Reconcile => change.reconcile(&mut locked).await?,
    }
    change.close(locked).await?;
    change.commit(&Notices::in_process()).await
}

async fn actual(db: &Db, chat: ChatId) -> Expected {
    let row = store::chats::get(db, chat).await.unwrap().unwrap();
    assert_ne!(
        Code::of(
            row.status,
            !queue::list(db, chat).await.unwrap().is_empty(),
            row.archived
        ),
        Code::Invalid
    );
    let prompt = messages::prompt(db, chat).await.unwrap();
    let history = messages::after(db, chat, MessageId(0), 1000).await.unwrap();
    Expected {
        status: row.status,
        archived: row.archived,
        archive_requested: row.archive_requested,
        is_owned: row.runner_id.is_some(),
        is_compaction_requested: row.compaction_request.is_some(),
        history: history
            .iter()
            .map(|row| label(&row.message.content))
            .collect(),
        prompt: prompt
            .iter()
            .map(|row| label(&row.message.content))
            .filter(|label| !label.is_empty())
            .collect(),
        queue: queue::list(db, chat)
            .await
            .unwrap()
            .iter()
            .map(|queued| label(&queued.content))
            .collect(),
    }
}

/// The kind of a refusal; a database that fails and a defect are none.
fn refusal(error: &StateError) -> Refusal {
    match error {
        StateError::Refused { .. } => Refusal::Refused,
        StateError::Stale => Refusal::Stale,
        StateError::Archived => Refusal::Archived,
        StateError::NotArchived => Refusal::NotArchived,
        StateError::QueueFull { .. } => Refusal::QueueFull,
        StateError::QueuedNotFound => Refusal::QueuedNotFound,
        other => panic!("no refusal: {other:?}"),
    }
}

/// Counts labels that should be there and are not, and those that are there more often than they should.
fn count_differences(tally: &Tally, expected: &Expected, actual: &Expected) {
    let count =
        |labels: &[String], wanted: &String| labels.iter().filter(|label| *label == wanted).count();
    let lists = [
        (&expected.history, &actual.history),
        (&expected.prompt, &actual.prompt),
        (&expected.queue, &actual.queue),
    ];
    for (wanted, found) in lists {
        for label in wanted {
            if count(found, label) < count(wanted, label) {
                tally.note_lost("the store does not hold what it should", label);
            }
        }
        for label in found {
            if count(found, label) > count(wanted, label) {
                tally.note_duplicated("the store holds more than it should", label);
            }
        }
    }
}

/// Runs the commands on a new chat; how many were accepted.
async fn check(db: &Db, seed: Seed, commands: &[Command], tally: &Tally) -> usize {
    let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
    let (locked, _) = change.create(new_chat(seed, "first")).await.unwrap();
    let chat = change.close(locked).await.unwrap().chat.id;
    change.commit(&Notices::in_process()).await.unwrap();
    let mut expected = Expected::new("first");
    let mut accepted = 0;
    for (number, command) in commands.iter().enumerate() {
        let text = format!("message {number}");
        let mut next = expected.clone();
        let wanted = next.apply(command, &text);
        let outcome = apply(db, seed, chat, command, &text).await;
        let outcome = outcome.map_err(|error| refusal(&error));
        assert_eq!(outcome, wanted, "{command:?} on {expected:?}");
        if wanted.is_ok() {
            expected = next;
            accepted += 1;
        }
        let actual = actual(db, chat).await;
        count_differences(tally, &expected, &actual);
        assert_eq!(actual, expected, "after {command:?}");
    }
    tally.cases.add();
    accepted
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

/// Runs so many cases on one database; how many commands were accepted.
fn run_cases(
    runtime: &tokio::runtime::Runtime,
    database: &TestDb,
    seed: Seed,
    tally: &Tally,
) -> usize {
    let accepted = std::cell::Cell::new(0);
    let cases = proptest::collection::vec(command(), 1..40);
    let outcome = runner(CASES).run(&cases, |commands: Vec<Command>| {
        let check = check(&database.db, seed, &commands, tally);
        accepted.set(accepted.get() + runtime.block_on(check));
        Ok(())
    });
    outcome.unwrap();
    accepted.get()
}

/// In one round.
const CASES: u32 = 200;

fn run(name: &'static str, open: impl AsyncFnOnce() -> TestDb) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(open());
    let seed = runtime.block_on(seed(&database.db));
    let tally = Tally::new(name, 0);
    let (mut rounds, mut accepted) = (0, 0);
    while tally.goes_on(rounds, 1) {
        accepted += run_cases(&runtime, &database, seed, &tally);
        rounds += 1;
    }
    assert!(accepted as u64 > 5 * tally.cases.get(), "{accepted}");
    tally.finish();
    runtime.block_on(database.remove());
}

#[test]
fn random_commands_do_what_the_model_does_on_sqlite() {
    run("random commands, SQLite", TestDb::sqlite);
}

#[test]
fn random_commands_do_what_the_model_does_on_postgres() {
    run("random commands, PostgreSQL", TestDb::postgres);
}
