//! What the next call of a chat would send, without sending it. The turn is opened as [`super::Runner`] opens it and its
//! request is made by the same code; nothing is written, no workspace is started, and what is kept of the chat's prompt
//! stays where it is.

use sdk::chats::ChatError;
use sdk::prompt_preview::PromptPreview;
use store::chat_config;
use store::chats::{ChatRow, client_tools};
use store::{StoreError, messages};
use tokio::time::timeout;

use super::{REFRESH_DEADLINE, Turn, generate};
use crate::Daemon;
use crate::prompt::kept::Known;
use crate::prompt::preview;

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The chat's model cannot be called; in words for people.
    #[error("{}", .0.message)]
    Model(ChatError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Daemon {
    /// The request of the chat's next call, block by block.
    pub async fn preview_prompt(&self, chat: &ChatRow) -> Result<PromptPreview, PreviewError> {
        let shared = &self.shared;
        let (db, model) = (&shared.db, chat.last_model_config_id);
        let (rows, config, model, client_tools) = tokio::join!(
            messages::prompt(db, chat.id),
            chat_config::of_turn(db, chat.owner_id, model),
            shared.models.resolve(model, chat.owner_id),
            client_tools::get(db, chat.id),
        );
        let (rows, config, client_tools) = (rows?, config?, client_tools?);
        let model = model.map_err(PreviewError::Model)?;
        let tools = shared.tools.tools(chat);
        let mut turn = Turn::new(model, tools.clone(), client_tools, &config, chat);
        if let Some(tools) = tools
            && let Ok(Some(facts)) = timeout(REFRESH_DEADLINE, tools.facts()).await
        {
            turn.set_facts(facts);
        }
        turn.load(Known::build(&rows, chat.history_version));
        turn.load_files(db, chat.owner_id).await?;
        let request = generate::request(&turn);
        let provider_tools = turn.model.model.provider_tools(&request);
        let blocks = preview::blocks(&turn.prompt, &turn.instructions, &request, &provider_tools);
        Ok(PromptPreview {
            chat_id: chat.id,
            model_config_id: turn.model.model_config_id,
            model: turn.model.model.id().to_owned(),
            context_limit: turn.model.context_limit,
            estimated_tokens: blocks.iter().map(|block| block.estimated_tokens).sum(),
            blocks,
            last_call_tokens: turn.context_tokens,
            is_workspace_missing: chat.workspace_id.is_some() && turn.facts().is_none(),
            is_summarized_first: chat.compaction_request.is_some() || turn.is_full(),
        })
    }
}
