//! What a chat should be, in memory: the state machine once more, as simply as it can be said.

use sdk::messages::BusyBehavior;
use store::chats::Status;
use store::chats::Status::{Error, Interrupting, RequiresAction, Running, Waiting};

use super::Command;

/// What the chat should be: labels of the history, of what the model sees, and of the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub status: Status,
    pub archived: bool,
    pub archive_requested: bool,
    pub is_owned: bool,
    pub is_compaction_requested: bool,
    pub history: Vec<String>,
    pub prompt: Vec<String>,
    pub queue: Vec<String>,
}

/// Why a command must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The state does not accept it.
    Refused,
    /// Nobody owns the chat under whose fence it is given.
    Stale,
    Archived,
    NotArchived,
    QueueFull,
    QueuedNotFound,
}

const QUEUE_LIMIT: usize = 20;

impl Expected {
    pub fn new(text: &str) -> Self {
        Self {
            status: Running,
            archived: false,
            archive_requested: false,
            is_owned: false,
            is_compaction_requested: false,
            history: vec![text.to_owned()],
            prompt: vec![text.to_owned()],
            queue: Vec::new(),
        }
    }

    fn say(&mut self, label: &str) {
        self.history.push(label.to_owned());
        self.prompt.push(label.to_owned());
    }

    fn show_card(&mut self, tool: &str) {
        self.history.push(format!("call {tool}"));
        self.history.push(format!("result {tool}"));
    }

    fn set(&mut self, status: Status) {
        self.status = status;
        if status != Running {
            self.is_compaction_requested = false;
        }
        if matches!(status, Waiting | Error) {
            self.is_owned = false;
            self.archive_requested = false;
        }
    }

    fn promote(&mut self) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let head = self.queue.remove(0);
        self.say(&head);
        true
    }

    fn enqueue(&mut self, text: &str) -> bool {
        let has_room = self.queue.len() < QUEUE_LIMIT;
        if has_room {
            self.queue.push(text.to_owned());
        }
        has_room
    }

    /// Leaves requires-action without the client's answer.
    fn cancel_action(&mut self) {
        self.say("interrupted");
        self.set(Running);
    }

    /// What the command does, or why it must be refused.
    pub fn apply(&mut self, command: &Command, text: &str) -> Result<(), Refusal> {
        let refusal = self.refusal(command);
        if self.change(command, text) {
            Ok(())
        } else {
            Err(refusal)
        }
    }

    /// Why the command must be refused, if it must: what it names is looked for first, then whether the worker owns the
    /// chat, then the state.
    fn refusal(&self, command: &Command) -> Refusal {
        let is_fenced = command.is_fenced() || matches!(command, Command::Abandon);
        let is_sent = matches!(command, Command::Send(_) | Command::EditFirst);
        match command {
            Command::Unarchive => Refusal::NotArchived,
            Command::DeleteQueued(place)
            | Command::PromoteQueued(place)
            | Command::EditQueued(place)
            | Command::MoveQueued(place, _)
                if *place >= self.queue.len() =>
            {
                Refusal::QueuedNotFound
            }
            _ if is_fenced && !self.is_owned => Refusal::Stale,
            _ if self.archived || is_sent && self.archive_requested => Refusal::Archived,
            Command::Send(_) if self.queue.len() >= QUEUE_LIMIT => Refusal::QueueFull,
            _ => Refusal::Refused,
        }
    }

    /// False when the command must be refused.
    fn change(&mut self, command: &Command, text: &str) -> bool {
        match command {
            Command::Unarchive => {
                let was_archived = self.archived;
                self.archived = false;
                was_archived
            }
            _ if self.archived => false,
            Command::Send(_) | Command::EditFirst if self.archive_requested => false,
            Command::Send(behavior) => self.send(*behavior, text),
            Command::EditFirst => {
                self.history = vec![text.to_owned()];
                self.prompt = vec![text.to_owned()];
                self.queue.clear();
                self.set(Running);
                self.is_owned = false;
                self.is_compaction_requested = false;
                true
            }
            Command::DeleteQueued(place)
            | Command::PromoteQueued(place)
            | Command::EditQueued(place)
            | Command::MoveQueued(place, _)
                if *place >= self.queue.len() =>
            {
                false
            }
            Command::DeleteQueued(place) => {
                self.queue.remove(*place);
                true
            }
            Command::PromoteQueued(place) => {
                self.promote_queued(*place);
                true
            }
            Command::EditQueued(place) => {
                text.clone_into(&mut self.queue[*place]);
                true
            }
            Command::MoveQueued(place, to) => {
                let message = self.queue.remove(*place);
                self.queue.insert((*to).min(self.queue.len()), message);
                true
            }
            Command::Interrupt => self.interrupt(),
            Command::Retry => self.only_from(&[Error], Running),
            Command::Archive if matches!(self.status, Waiting | Error) => {
                self.archived = true;
                true
            }
            Command::RequestArchive => self.request_archive(),
            Command::RequestCompaction => {
                let is_accepted = self.only_from(&[Waiting, Error], Running);
                self.is_compaction_requested |= is_accepted;
                is_accepted
            }
            Command::ClearContext => self.clear_context(),
            _ => self.apply_of_worker(command, text),
        }
    }

    fn apply_of_worker(&mut self, command: &Command, text: &str) -> bool {
        let is_busy = matches!(self.status, Running | Interrupting | RequiresAction);
        match command {
            Command::Acquire => {
                self.is_owned |= is_busy;
                is_busy
            }
            Command::Abandon => {
                let was_owned = self.is_owned;
                self.is_owned = false;
                was_owned
            }
            Command::CompleteAction if self.status == RequiresAction => {
                self.say("result ask");
                self.set(Running);
                true
            }
            Command::CancelAction if self.status == RequiresAction => {
                self.cancel_action();
                true
            }
            Command::FinishInterruption if self.status == Interrupting => {
                self.finish_interruption();
                true
            }
            Command::FinishError => self.only_from(&[Running, Waiting], Error),
            _ if command.is_fenced() && self.status == Running => {
                self.is_owned = true;
                self.apply_under_fence(command, text);
                true
            }
            _ => false,
        }
    }

    fn apply_under_fence(&mut self, command: &Command, text: &str) {
        match command {
            Command::CommitStep => self.say(text),
            Command::CommitCompaction => {
                self.prompt = vec![text.to_owned()];
                self.show_card("chat_summarized");
                self.is_compaction_requested = false;
            }
            Command::EnterAction => {
                self.say("call ask");
                self.set(RequiresAction);
                self.is_owned = false;
            }
            Command::FinishTurn => {
                self.is_compaction_requested = false;
                if !self.promote() {
                    self.set(Waiting);
                }
            }
            _ => {}
        }
    }

    fn only_from(&mut self, accepted: &[Status], to: Status) -> bool {
        let is_accepted = accepted.contains(&self.status);
        if is_accepted {
            self.set(to);
        }
        is_accepted
    }

    fn send(&mut self, behavior: BusyBehavior, text: &str) -> bool {
        if matches!(self.status, Waiting | Error) && self.queue.is_empty() {
            self.say(text);
            self.set(Running);
            return true;
        }
        if !self.enqueue(text) {
            return false;
        }
        match (self.status, behavior) {
            (Error, _) => {
                self.promote();
                self.set(Running);
            }
            (RequiresAction, BusyBehavior::Interrupt) => self.cancel_action(),
            (_, BusyBehavior::Interrupt) => self.set(Interrupting),
            _ => {}
        }
        true
    }

    fn promote_queued(&mut self, place: usize) {
        let message = self.queue.remove(place);
        match self.status {
            Error => self.say(&message),
            RequiresAction => {
                self.say("interrupted");
                self.say(&message);
            }
            _ => {
                self.queue.insert(0, message);
                self.set(Interrupting);
                return;
            }
        }
        self.set(Running);
    }

    fn interrupt(&mut self) -> bool {
        match self.status {
            Running => self.set(Interrupting),
            RequiresAction => self.cancel_action(),
            _ => return false,
        }
        true
    }

    fn request_archive(&mut self) -> bool {
        match self.status {
            Running | Interrupting => {}
            RequiresAction => self.say("interrupted"),
            Waiting | Error => return false,
        }
        self.set(Interrupting);
        self.archive_requested = true;
        true
    }

    fn clear_context(&mut self) -> bool {
        if !matches!(self.status, Waiting | Error) || !self.queue.is_empty() {
            return false;
        }
        self.prompt.clear();
        self.show_card("chat_cleared");
        self.set(Waiting);
        true
    }

    fn finish_interruption(&mut self) {
        if self.archive_requested {
            self.archived = true;
            self.set(if self.queue.is_empty() {
                Waiting
            } else {
                Error
            });
        } else if self.promote() {
            self.set(Running);
        } else {
            self.set(Waiting);
        }
    }
}
