//! What the next call of a chat would send, for owners: cut to what a page can show. All of it is in the API's answer.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
use crate::error::AppError;

#[cfg(feature = "ssr")]
mod words;

/// The page of the preview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromptPage {
    /// Ids and titles of the chats to choose from; the newest first.
    pub chats: Vec<(String, String)>,
    /// The id of the one that is shown; empty where there is none.
    pub chosen: String,
    /// What it would send; none where that cannot be told.
    pub shown: Option<ShownPrompt>,
    /// Why it cannot be told; empty where it can.
    pub unavailable: String,
}

/// A prompt in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShownPrompt {
    /// Its size.
    pub size: String,
    /// What the last call really read; may be empty.
    pub last_call: String,
    /// What has to be known besides.
    pub notes: Vec<String>,
    /// Its parts.
    pub groups: Vec<BlockGroup>,
    /// Where all of it is, uncut.
    pub download: String,
}

/// Blocks that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockGroup {
    /// What they are.
    pub title: String,
    /// Their size.
    pub size: String,
    /// What is left out; may be empty.
    pub left_out: String,
    /// The blocks.
    pub blocks: Vec<ShownBlock>,
}

/// A block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShownBlock {
    /// What it is.
    pub title: String,
    /// Its size.
    pub size: String,
    /// Its text.
    pub text: String,
    /// Whether only its beginning is here.
    pub is_cut: bool,
}

/// What a chat's next call would send, and the chats to choose from. An empty `chat` means the newest one.
#[server(name = PreviewPrompt, prefix = "/api/page", endpoint = "preview_prompt", protocol = Page)]
pub async fn preview_prompt(chat: String) -> Result<PromptPage, AppError> {
    use platform::{Failure as _, FailureKind};
    use sdk::chats::ListChats;
    use sdk::ids::ChatId;

    let (platform, actor) = super::signed_in()?;
    let chats = platform.list_chats(&actor, ListChats::default()).await;
    let chats = chats.map_err(super::failed)?;
    let mut page = PromptPage {
        chats: chats
            .iter()
            .map(|chat| (chat.id.to_string(), chat.title.clone()))
            .collect(),
        ..PromptPage::default()
    };
    let chosen = match chat.trim() {
        "" => chats.first().map(|chat| chat.id),
        id => Some(ChatId(id.parse().map_err(|_| {
            AppError::new(crate::error::ErrorCode::NotFound, "There is no such chat.")
        })?)),
    };
    let Some(chosen) = chosen else {
        return Ok(page);
    };
    page.chosen = chosen.to_string();
    match platform.preview_prompt(&actor, chosen).await {
        Ok(preview) => page.shown = Some(words::shown(preview)),
        Err(failure) if failure.kind() == FailureKind::Unavailable => {
            page.unavailable = failure.message();
        }
        Err(failure) => return Err(super::failed(failure)),
    }
    // An older one, or an agent's.
    if page.chats.iter().all(|(id, _)| *id != page.chosen) {
        let chat = platform.get_chat(&actor, chosen).await;
        let chat = chat.map_err(super::failed)?;
        page.chats.insert(0, (page.chosen.clone(), chat.title));
    }
    Ok(page)
}
