//! Titles that a person asks the chat's model for. Who may ask is `platform`'s business.

use std::sync::Arc;

use chrono::TimeDelta;
use sdk::chat_config::ModelPurpose;
use sdk::chats::ChatError;
use sdk::debug::DebugRunKind;
use sdk::ids::{ChatId, MessageId};
use store::StoreError;
use store::chats::{self, ChatRow, Status, title_locks};
use store::{costs, messages};
use uuid::Uuid;

use super::{Daemon, Shared, transition};
use crate::state::StateError;
use crate::turn::cost;
use crate::turn::model_overrides::model_for;
use crate::turn::title::{self, Made};

/// Messages read from each end.
const ENDS: i64 = 50;
/// Longer than a model may take for a title.
const LONGEST_MAKING: TimeDelta = TimeDelta::minutes(1);

/// Why there is no new title.
#[derive(Debug, thiserror::Error)]
pub enum TitleError {
    /// One is being made already.
    #[error("a title is being made already; wait until it is there")]
    InProgress,
    /// The chat is at work; what comes of it belongs into the title.
    #[error("the chat is at work; wait until the turn is over, or stop it")]
    Busy,
    /// Nobody said anything yet.
    #[error("there is nothing yet to make a title of; send a message first")]
    Nothing,
    /// The model failed.
    #[error("{}", .0.message)]
    Model(ChatError),
    /// The chat.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<StoreError> for TitleError {
    fn from(error: StoreError) -> Self {
        Self::State(error.into())
    }
}

impl Daemon {
    /// Whether a title is being made that will be written or proposed, here or in another process.
    pub async fn is_making_title(&self, chat: ChatId) -> Result<bool, StoreError> {
        let shared = &self.shared;
        title_locks::is_held(&shared.db, chat, shared.clock.now()).await
    }

    /// A new title, written unless somebody changed the old one meanwhile.
    pub async fn regenerate_title(&self, chat: ChatId) -> Result<ChatRow, TitleError> {
        let row = chats::get(&self.shared.db, chat).await?;
        if row.ok_or(StateError::ChatNotFound)?.status == Status::Running {
            return Err(TitleError::Busy);
        }
        let (unchanged, title, made) = self.make_title(chat).await?;
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            change.replace_title(&mut locked, &unchanged, title);
            costs::book(&mut change.tx, chat, change.now, &made.spent).await?;
        });
        Ok(row)
    }

    /// A title that is not written.
    pub async fn propose_title(&self, chat: ChatId) -> Result<String, TitleError> {
        let (_, title, made) = self.make_title(chat).await?;
        cost::book(&self.shared, chat, &made.spent).await?;
        Ok(title)
    }

    async fn make_title(&self, chat: ChatId) -> Result<(String, String, Made), TitleError> {
        let making = Making::begin(&self.shared, chat).await?;
        let outcome = self.ask_for_title(chat).await;
        making.end().await;
        outcome
    }

    async fn ask_for_title(&self, chat: ChatId) -> Result<(String, String, Made), TitleError> {
        let shared = &self.shared;
        let row = chats::get(&shared.db, chat)
            .await?
            .ok_or(StateError::ChatNotFound)?;
        let source = title::conversation(&self.both_ends(chat).await?);
        if source.is_empty() {
            return Err(TitleError::Nothing);
        }
        let wanted = model_for(shared, ModelPurpose::Title, row.owner_id).await;
        let model = match wanted {
            Some(model) => model,
            None => shared
                .models
                .resolve(row.last_model_config_id, row.owner_id)
                .await
                .map_err(TitleError::Model)?,
        };
        let kind = DebugRunKind::TitleGeneration;
        let run = shared.debug.begin(kind, &row, &model).await;
        let made = title::ask(&row, &model, title::INSTRUCTION_LATER, source, run).await;
        let made = match made {
            Ok(made) => made,
            Err(unmade) => {
                title::book_told(shared, chat, unmade.spent).await;
                return Err(TitleError::Model(unmade.error));
            }
        };
        // An answer without words leaves the title as it is.
        let title = made.title.clone().unwrap_or_else(|| row.title.clone());
        Ok((row.title, title, made))
    }

    async fn both_ends(&self, chat: ChatId) -> Result<Vec<sdk::messages::Message>, StoreError> {
        let db = &self.shared.db;
        let mut rows = messages::after(db, chat, MessageId(0), ENDS).await?;
        let last = rows.last().map_or(MessageId(0), |row| row.message.id);
        let mut newest = messages::before(db, chat, MessageId(i64::MAX), ENDS).await?;
        newest.reverse();
        rows.extend(newest.into_iter().filter(|row| row.message.id > last));
        Ok(rows.into_iter().map(|row| row.message).collect())
    }
}

/// A title is being made for as long as this lives, which other processes see too. When this one dies, its lock expires.
struct Making {
    shared: Arc<Shared>,
    chat: ChatId,
    holder: Uuid,
    is_over: bool,
}

impl Making {
    async fn begin(shared: &Arc<Shared>, chat: ChatId) -> Result<Self, TitleError> {
        let (holder, now) = (Uuid::now_v7(), shared.clock.now());
        if !title_locks::take(&shared.db, chat, holder, now, now + LONGEST_MAKING).await? {
            return Err(TitleError::InProgress);
        }
        Ok(Self {
            shared: Arc::clone(shared),
            chat,
            holder,
            is_over: false,
        })
    }

    async fn end(mut self) {
        self.is_over = true;
        release(&self.shared, self.chat, self.holder).await;
    }
}

impl Drop for Making {
    /// Whoever asked has gone before the title was there.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (shared, chat, holder) = (Arc::clone(&self.shared), self.chat, self.holder);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { release(&shared, chat, holder).await });
        }
    }
}

async fn release(shared: &Shared, chat: ChatId, holder: Uuid) {
    if let Err(error) = title_locks::release(&shared.db, chat, holder).await {
        tracing::warn!(%error, %chat, "the lock of a title stays until it expires");
    }
}
