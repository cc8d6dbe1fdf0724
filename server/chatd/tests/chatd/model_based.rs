//! Random commands of people and workers against a model in memory: the same states, queues and histories.

use chatd::state::change::Fence;
use chatd::state::people::Outgoing;
use chatd::state::{Change, Code, StateError};
use proptest::prelude::*;
use sdk::chats::ChatError;
use sdk::ids::{ChatId, MessageId, RunnerId, WorkerId};
use sdk::messages::{BusyBehavior, Role};
use sdk::parts::Part;
use store::chats::Status;
use store::messages::NewMessage;
use store::testing::TestDb;
use store::{Clock, Db, Notices, messages, queue};

use crate::harness::{Seed, new_chat, seed};

#[derive(Clone, Debug)]
enum Command {
    Send(BusyBehavior),
    EditFirst,
    DeleteQueued(usize),
    PromoteQueued(usize),
    Interrupt,
    Retry,
    Archive,
    Unarchive,
    Acquire,
    CommitStep,
    FinishTurn,
    FinishInterruption,
    FinishError,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => Just(Command::Send(BusyBehavior::Queue)),
        2 => Just(Command::Send(BusyBehavior::Interrupt)),
        1 => Just(Command::EditFirst),
        1 => (0..3_usize).prop_map(Command::DeleteQueued),
        1 => (0..3_usize).prop_map(Command::PromoteQueued),
        2 => Just(Command::Interrupt),
        1 => Just(Command::Retry),
        1 => Just(Command::Archive),
        1 => Just(Command::Unarchive),
        3 => Just(Command::Acquire),
        4 => Just(Command::CommitStep),
        4 => Just(Command::FinishTurn),
        3 => Just(Command::FinishInterruption),
        1 => Just(Command::FinishError),
    ]
}

/// What the chat should be: texts of the history and of the queue.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    status: Status,
    archived: bool,
    history: Vec<String>,
    queue: Vec<String>,
}

impl Expected {
    fn promote(&mut self) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let head = self.queue.remove(0);
        self.history.push(head);
        true
    }

    /// False when the command must be refused.
    fn apply(&mut self, command: &Command, text: &str) -> bool {
        use Status::{Error, Interrupting, Running, Waiting};
        let is_idle = matches!(self.status, Waiting | Error);
        match command {
            Command::Unarchive if self.archived => self.archived = false,
            _ if self.archived => return false,
            Command::Unarchive => return false,
            Command::Send(_) if self.status == Error && !self.queue.is_empty() => {
                if self.queue.len() >= 20 {
                    return false;
                }
                self.queue.push(text.to_owned());
                self.promote();
                self.status = Running;
            }
            Command::Send(_) if is_idle => {
                self.history.push(text.to_owned());
                self.status = Running;
            }
            Command::Send(behavior) => {
                if self.queue.len() >= 20 {
                    return false;
                }
                self.queue.push(text.to_owned());
                if *behavior == BusyBehavior::Interrupt {
                    self.status = Interrupting;
                }
            }
            Command::EditFirst => {
                self.history = vec![text.to_owned()];
                self.queue.clear();
                self.status = Running;
            }
            Command::DeleteQueued(place) => {
                if *place >= self.queue.len() {
                    return false;
                }
                self.queue.remove(*place);
                if self.status == Waiting {
                    return false;
                }
            }
            Command::PromoteQueued(place) => {
                if *place >= self.queue.len() {
                    return false;
                }
                let message = self.queue.remove(*place);
                if self.status == Error {
                    self.history.push(message);
                    self.status = Running;
                } else {
                    self.queue.insert(0, message);
                    self.status = Interrupting;
                }
            }
            Command::Interrupt if self.status == Running => self.status = Interrupting,
            Command::Retry if self.status == Error => self.status = Running,
            Command::Archive if is_idle => self.archived = true,
            Command::Acquire if !is_idle => {}
            Command::CommitStep if self.status == Running => self.history.push(text.to_owned()),
            Command::FinishTurn if self.status == Running => {
                if !self.promote() {
                    self.status = Waiting;
                }
            }
            Command::FinishInterruption if self.status == Interrupting => {
                self.status = if self.promote() { Running } else { Waiting };
            }
            Command::FinishError if matches!(self.status, Running | Waiting) => self.status = Error,
            _ => return false,
        }
        true
    }
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
    };
    let runner = locked.chat.runner_id;
    if runner.is_none() && matches!(command, Command::CommitStep | Command::FinishTurn) {
        let has_work = matches!(locked.code(), Code::R0 | Code::R1);
        if has_work {
            change
                .acquire(&mut locked, WorkerId::generate(), RunnerId::generate())
                .await?;
        }
    }
    let fence = Fence::of(
        &locked.chat,
        locked.chat.runner_id.unwrap_or_else(RunnerId::generate),
    );
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
            let queued = queue::list_in(&mut change.tx, chat).await?;
            let id = queued.get(*place).ok_or(StateError::QueuedNotFound)?.id;
            change.delete_queued(&mut locked, id).await?;
        }
        Command::PromoteQueued(place) => {
            let queued = queue::list_in(&mut change.tx, chat).await?;
            let id = queued.get(*place).ok_or(StateError::QueuedNotFound)?.id;
            change.promote_queued(&mut locked, id).await.map(drop)?;
        }
        Command::Interrupt => change.interrupt(&mut locked).await?,
        Command::Retry => change.retry(&mut locked).await?,
        Command::Archive => change.archive(&mut locked)?,
        Command::Unarchive => change.unarchive(&mut locked).await?,
        Command::Acquire => {
            change
                .acquire(&mut locked, WorkerId::generate(), RunnerId::generate())
                .await
                .map(drop)?;
        }
        Command::CommitStep => {
            let answer = vec![NewMessage::new(Role::Assistant, vec![Part::text(text)])];
            change
                .commit_step(&mut locked, &fence, answer)
                .await
                .map(drop)?;
        }
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
    }
    change.close(locked).await?;
    change.commit(&Notices::in_process()).await
}

async fn check(commands: &[Command]) {
    let database = TestDb::sqlite().await;
    let db = &database.db;
    let seeded = seed(db).await;
    let mut change = Change::begin(db, Clock::system().now()).await.unwrap();
    let (locked, _) = change.create(new_chat(seeded, "first")).await.unwrap();
    let chat = change.close(locked).await.unwrap().chat.id;
    change.commit(&Notices::in_process()).await.unwrap();
    let mut expected = Expected {
        status: Status::Running,
        archived: false,
        history: vec!["first".to_owned()],
        queue: Vec::new(),
    };
    for (number, command) in commands.iter().enumerate() {
        let text = format!("message {number}");
        let mut next = expected.clone();
        let is_accepted = next.apply(command, &text);
        let outcome = apply(db, seeded, chat, command, &text).await;
        assert_eq!(
            outcome.is_ok(),
            is_accepted,
            "{command:?} on {expected:?}: {outcome:?}"
        );
        if is_accepted {
            expected = next;
        }
        let row = store::chats::get(db, chat).await.unwrap().unwrap();
        let history = messages::after(db, chat, MessageId(0), 1000).await.unwrap();
        let actual = Expected {
            status: row.status,
            archived: row.archived,
            history: history.iter().map(|row| row.message.text()).collect(),
            queue: queue::list(db, chat)
                .await
                .unwrap()
                .iter()
                .map(|queued| text_of(&queued.content))
                .collect(),
        };
        assert_eq!(actual, expected, "after {command:?}");
    }
    database.remove().await;
}

fn text_of(parts: &[Part]) -> String {
    match parts.first() {
        Some(Part::Text { text }) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn random_commands_do_what_the_model_does() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(commands in proptest::collection::vec(command(), 1..40))| {
        runtime.block_on(check(&commands));
    });
}
