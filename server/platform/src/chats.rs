//! Chats: making, listing, changing and steering them, and the sockets that show them live.
//!
//! A chat belongs to its owner alone: for anybody else, administrators included, it does not exist.

mod by_workspace;
mod client_tools;
mod context;
pub mod desktop;
mod error;
pub(crate) mod fields;
mod filter;
pub(crate) mod git;
mod known;
mod live;
mod news;
mod retention;
mod seed;
#[cfg(test)]
mod tests;
mod titles;
mod workspace;

use chatd::files::ids_of;
use chatd::state::details::Details;
use chatd::state::people::{Mode, NewChat};
use chatd::{TitleError, first_words, wire};
use sdk::chats::{Chat, CreateChat, ListChats, UpdateChat};
use sdk::ids::ChatId;
use sdk::permissions::Permission;
use store::chats::list::{self, ListedChat};
use store::chats::{self, ChatMode, ChatRow, Status};
use store::files;

use self::filter::Filter;
pub use error::ChatFailure;
pub use news::ChatNews;

use crate::messages::content;
use crate::{Actor, Platform};

/// Rows of a page when the caller does not say.
const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 200;

impl Platform {
    /// The caller's root chats, pinned first, then the newest change, with the chats they spawned.
    pub async fn list_chats(
        &self,
        actor: &Actor,
        query: ListChats,
    ) -> Result<Vec<Chat>, ChatFailure> {
        let mut filter = Filter::parse(query.q.as_deref().unwrap_or_default())?;
        for label in &query.labels {
            filter.add_label(label)?;
        }
        let limit = query
            .limit
            .filter(|limit| *limit != 0)
            .unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(ChatFailure::field(
                "limit",
                "Use a number between 1 and 200.",
            ));
        }
        let offset = query.offset.unwrap_or(0);
        if offset < 0 {
            return Err(ChatFailure::field("offset", "Use 0 or more."));
        }
        let after = match query.after_id {
            Some(id) => Some(self.own_chat(actor, id).await?),
            None => None,
        };
        if filter.finds_nothing {
            return Ok(Vec::new());
        }
        let archived = filter.chats.archived;
        let query = list::ListChats {
            owner_id: actor.user_id,
            filter: filter.chats,
            limit,
            offset,
            after,
        };
        let rows = list::list(&self.0.db, &query).await?;
        let mut listed: Vec<Chat> = rows.into_iter().map(wire_chat).collect();
        let roots: Vec<ChatId> = listed.iter().map(|chat| chat.id).collect();
        let mut children = self.children(&roots, archived).await?;
        for chat in &mut listed {
            chat.children = children
                .extract_if(.., |child| child.root_chat_id == chat.id)
                .collect();
        }
        self.add_diff_statuses(&mut listed).await?;
        Ok(listed)
    }

    /// A chat with the chats it spawned.
    pub async fn get_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        self.full_chat(row).await
    }

    /// A chat from its first message; its turn begins at once. With `new_workspace` the workspace is made first.
    pub async fn create_chat(
        &self,
        actor: &Actor,
        request: CreateChat,
    ) -> Result<Chat, ChatFailure> {
        actor.require(Permission::UseAgents, ChatFailure::NoAgentsAccess)?;
        let content = self.check_content(actor, request.content.clone()).await?;
        let files = ids_of(&content);
        fields::check_labels(&request.labels)?;
        client_tools::check(&request.unsafe_dynamic_tools)?;
        fields::check_mcp_servers(&request.mcp_server_ids)?;
        let system_prompt = fields::check_system_prompt(request.system_prompt.as_deref())?;
        fields::check_organization(actor, request.organization_id)?;
        let model_config_id = self.usable_model(request.model_config_id).await?;
        let title = first_words(&content::title_source(&content));
        let workspace_id = self.workspace_for(actor, &request, &title).await?;
        let new = NewChat {
            id: ChatId::generate(),
            owner_id: actor.user_id,
            organization_id: actor.organization_id,
            workspace_id,
            title,
            model_config_id,
            labels: request.labels,
            client_type: request.client_type.unwrap_or_default(),
            mode: Mode {
                plan_mode: request.plan_mode,
                mcp_server_ids: Some(request.mcp_server_ids),
            },
            chat_mode: ChatMode::General,
            system_prompt,
            content,
            client_tools: request.unsafe_dynamic_tools,
            parent: None,
            is_title_final: false,
        };
        match Box::pin(self.0.daemon.create(new)).await {
            Ok((row, _)) => Ok(Chat {
                warnings: self.unlinked_files(row.id, &files).await?,
                ..wire::chat(row, false)
            }),
            Err(error) => {
                if let (Some(id), true) = (workspace_id, request.new_workspace.is_some()) {
                    self.discard_workspace(*actor, id);
                }
                Err(error.into())
            }
        }
    }

    /// Changes a chat: all fields of a request or none.
    pub async fn update_chat(
        &self,
        actor: &Actor,
        id: ChatId,
        request: UpdateChat,
    ) -> Result<Chat, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        let details = Details {
            title: request
                .title
                .as_deref()
                .map(fields::check_title)
                .transpose()?
                .filter(|title| *title != row.title),
            labels: request
                .labels
                .map(|labels| fields::check_labels(&labels).map(|()| labels))
                .transpose()?,
            workspace_id: match request.workspace_id {
                Some(workspace) if workspace.is_zero() => Some(None),
                Some(workspace) => Some(Some(self.usable_workspace(actor, workspace).await?)),
                None => None,
            },
            build_id: None,
            pin_order: request.pin_order,
            mode: Mode {
                plan_mode: request.plan_mode.filter(|mode| *mode != row.plan_mode),
                mcp_server_ids: None,
            },
        };
        if details.title.is_some() && self.0.daemon.is_making_title(id).await? {
            return Err(TitleError::InProgress.into());
        }
        if request.pin_order.is_some_and(|order| order < 0) {
            return Err(ChatFailure::field("pin_order", "Use 0 or more."));
        }
        let will_be_archived = request.archived.unwrap_or(row.archived);
        if will_be_archived && request.pin_order.is_some_and(|order| order > 0) {
            return Err(ChatFailure::field(
                "pin_order",
                "an archived chat cannot be pinned",
            ));
        }
        let row = match request.archived {
            Some(archived) if archived == row.archived => {
                let already = if archived {
                    "the chat is archived already"
                } else {
                    "the chat is not archived"
                };
                return Err(ChatFailure::field("archived", already));
            }
            Some(true) => Box::pin(self.0.daemon.archive(id, Some(details))).await?,
            Some(false) => Box::pin(self.0.daemon.unarchive(id, Some(details))).await?,
            None if details.is_empty() => row,
            None => Box::pin(self.0.daemon.update_details(id, details)).await?,
        };
        self.full_chat(row).await
    }

    /// Puts a chat and everything it spawned away; what runs is stopped first and keeps its work.
    pub async fn archive_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        if row.archived {
            return self.full_chat(row).await;
        }
        let row = self.0.daemon.archive(id, None).await?;
        self.full_chat(row).await
    }

    /// Takes a chat and everything it spawned out again.
    pub async fn unarchive_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        if !row.archived {
            return self.full_chat(row).await;
        }
        let row = self.0.daemon.unarchive(id, None).await?;
        self.full_chat(row).await
    }

    /// Stops the turn; what was done so far stays. An idle chat stays as it is. One that waits for its client's tools goes
    /// on without them, which needs [`Permission::UseAgents`].
    pub async fn interrupt_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        if row.status == Status::RequiresAction {
            actor.require(Permission::UseAgents, ChatFailure::NoAgentsAccess)?;
        }
        let row = self.0.daemon.interrupt(id).await?;
        self.full_chat(row).await
    }

    /// Runs a failed turn again.
    pub async fn retry_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        self.own_working_chat(actor, id).await?;
        let row = self.0.daemon.retry(id).await?;
        self.full_chat(row).await
    }

    /// The caller's chat; anybody else's does not exist.
    pub(crate) async fn own_chat(&self, actor: &Actor, id: ChatId) -> Result<ChatRow, ChatFailure> {
        let row = chats::get(&self.0.db, id).await?;
        row.filter(|row| row.owner_id == actor.user_id)
            .ok_or(ChatFailure::NotFound)
    }

    /// The caller's chat, for what has an agent work in it.
    pub(crate) async fn own_working_chat(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<ChatRow, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        actor.require(Permission::UseAgents, ChatFailure::NoAgentsAccess)?;
        Ok(row)
    }

    pub(crate) async fn full_chat(&self, row: ChatRow) -> Result<Chat, ChatFailure> {
        let has_unread = list::has_unread(&self.0.db, row.id).await?;
        let children = if row.parent_chat_id.is_none() {
            self.children(&[row.id], row.archived).await?
        } else {
            Vec::new()
        };
        let files = files::of_chat(&self.0.db, row.id).await?;
        let mut chat = Chat {
            children,
            files,
            ..wire::chat(row, has_unread)
        };
        self.add_diff_statuses(std::slice::from_mut(&mut chat))
            .await?;
        Ok(chat)
    }

    async fn children(&self, roots: &[ChatId], archived: bool) -> Result<Vec<Chat>, ChatFailure> {
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        let rows = list::children(&self.0.db, roots, archived).await?;
        Ok(rows.into_iter().map(wire_chat).collect())
    }
}

fn wire_chat(listed: ListedChat) -> Chat {
    wire::chat(listed.chat, listed.has_unread)
}
