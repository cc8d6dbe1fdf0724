//! Messages of chats: paging, sending, editing, the queue.

pub mod command;
pub(crate) mod content;
pub mod diff_comments;
#[cfg(test)]
mod internal_fields;
mod prompts;
mod queue;

use chatd::files::ids_of;
use chatd::state::people::{Mode, Outgoing, Sent};
use chatd::wire;
use sdk::chats::CompactChat;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::{
    CreateMessage, CreatedMessage, EditMessage, ListMessages, Message, MessagePage,
};
use store::messages::{self, MessageRow};
use store::queue as queued;

use self::command::Command;
use crate::chats::git::versions_of;
use crate::chats::{ChatFailure, fields};
use crate::{Actor, Platform};

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 200;

impl Platform {
    /// A page of messages, newest first: the newest page, the one before a message, the one after a message, or the
    /// newest ones between two messages.
    pub async fn list_messages(
        &self,
        actor: &Actor,
        chat: ChatId,
        query: ListMessages,
    ) -> Result<MessagePage, ChatFailure> {
        self.own_chat(actor, chat).await?;
        let limit = query.limit.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(ChatFailure::field(
                "limit",
                "Use a number between 1 and 200.",
            ));
        }
        let before = upper_bound(query.before_id)?;
        if query.after_id.is_some_and(|id| id < 0) {
            return Err(ChatFailure::field("after_id", "Use 0 or more."));
        }
        let renders_html = renders_html(query.render.as_deref())?;
        let after = MessageId(query.after_id.unwrap_or(0));
        let reads_upwards = query.after_id.is_some() && before == NEWEST;
        let mut rows = if reads_upwards {
            messages::after(&self.0.db, chat, after, limit + 1).await?
        } else {
            messages::between(&self.0.db, chat, after, before, limit + 1).await?
        };
        let has_more = cut_page(&mut rows, limit);
        if reads_upwards {
            rows.reverse();
        }
        let is_newest = before == NEWEST && query.after_id.is_none();
        let queued_messages = if is_newest {
            queued::list(&self.0.db, chat).await?
        } else {
            Vec::new()
        };
        Ok(MessagePage {
            messages: self.wire_messages(rows, renders_html).await,
            queued_messages: queued_messages.into_iter().map(wire::queued).collect(),
            has_more,
        })
    }

    /// Sends a message, or queues it while the chat is busy. One that begins with `/compact` has the history
    /// summarized instead, one that begins with `/clear` lets the model forget it first.
    pub async fn send_message(
        &self,
        actor: &Actor,
        chat: ChatId,
        request: CreateMessage,
    ) -> Result<CreatedMessage, ChatFailure> {
        self.own_working_chat(actor, chat).await?;
        let content = match Command::parse(&request.content) {
            Some(command) => match self.command(actor, chat, command).await? {
                Some(content) => content,
                None => return Ok(nothing_created()),
            },
            None => request.content,
        };
        fields::check_mcp_servers(request.mcp_server_ids.as_deref().unwrap_or_default())?;
        let mut outgoing = self
            .outgoing(actor, content, request.model_config_id)
            .await?;
        outgoing.mode = Mode {
            plan_mode: request.plan_mode,
            mcp_server_ids: request.mcp_server_ids,
        };
        let behavior = request.busy_behavior.unwrap_or_default();
        let files = ids_of(&outgoing.content);
        let commented = versions_of(&outgoing.content);
        let (sent, _) = self.0.daemon.send(chat, outgoing, behavior).await?;
        self.keep_commented(actor, chat, commented);
        let created = CreatedMessage {
            warnings: self.unlinked_files(chat, &files).await?,
            ..nothing_created()
        };
        Ok(match sent {
            Sent::Committed(message) => CreatedMessage {
                message: Some(wire::message(message)),
                ..created
            },
            Sent::Queued(message) => CreatedMessage {
                queued_message: Some(wire::queued(message)),
                queued: true,
                ..created
            },
        })
    }

    /// Replaces a message of the person's: it and everything after it is removed, the chat runs from there.
    pub async fn edit_message(
        &self,
        actor: &Actor,
        chat: ChatId,
        message: MessageId,
        request: EditMessage,
    ) -> Result<CreatedMessage, ChatFailure> {
        self.own_working_chat(actor, chat).await?;
        let outgoing = self
            .outgoing(actor, request.content, request.model_config_id)
            .await?;
        let files = ids_of(&outgoing.content);
        let commented = versions_of(&outgoing.content);
        let (message, _) = self.0.daemon.edit(chat, message, outgoing).await?;
        self.keep_commented(actor, chat, commented);
        Ok(CreatedMessage {
            message: Some(wire::message(message)),
            warnings: self.unlinked_files(chat, &files).await?,
            ..nothing_created()
        })
    }

    /// Carries out a command; what is left to send after it.
    async fn command(
        &self,
        actor: &Actor,
        chat: ChatId,
        command: Command,
    ) -> Result<Option<Vec<sdk::parts::InputPart>>, ChatFailure> {
        match command {
            Command::Compact { instructions } => {
                let request = CompactChat {
                    instructions: Some(instructions),
                };
                self.compact_chat(actor, chat, request).await?;
                Ok(None)
            }
            Command::Clear { rest } => {
                self.clear_chat(actor, chat).await?;
                let is_empty = rest.is_empty();
                Ok((!is_empty).then(|| vec![sdk::parts::InputPart::Text { text: rest }]))
            }
        }
    }

    pub(crate) async fn outgoing(
        &self,
        actor: &Actor,
        content: Vec<sdk::parts::InputPart>,
        model: Option<sdk::ids::ModelConfigId>,
    ) -> Result<Outgoing, ChatFailure> {
        let content = self.check_content(actor, content).await?;
        let model_config_id = match model {
            Some(id) => Some(self.usable_model(Some(id)).await?),
            None => None,
        };
        Ok(Outgoing {
            content,
            model_config_id,
            created_by: actor.user_id,
            mode: Mode::default(),
        })
    }

    async fn wire_messages(&self, rows: Vec<MessageRow>, renders_html: bool) -> Vec<Message> {
        let page = rows
            .into_iter()
            .map(|row| (wire::message(row.message), row.revision));
        if renders_html {
            self.0.renderer.render_page(page.collect()).await
        } else {
            page.map(|(message, _)| message).collect()
        }
    }
}

/// Above all messages.
const NEWEST: MessageId = MessageId(i64::MAX);

/// Below which message a page is asked for; absent or 0 = the newest page.
fn upper_bound(before_id: Option<i64>) -> Result<MessageId, ChatFailure> {
    match before_id.unwrap_or(0) {
        ..0 => Err(ChatFailure::field("before_id", "Use 0 or more.")),
        0 => Ok(NEWEST),
        id => Ok(MessageId(id)),
    }
}

/// Whether more rows came than a page holds; the page alone stays. One row more than `limit` was asked for.
fn cut_page<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    has_more
}

/// Whether a reader asked for messages as HTML too.
pub(crate) fn renders_html(render: Option<&str>) -> Result<bool, ChatFailure> {
    match render {
        None | Some("") => Ok(false),
        Some("html") => Ok(true),
        Some(_) => Err(ChatFailure::field("render", "Use html, or leave it out.")),
    }
}

fn nothing_created() -> CreatedMessage {
    CreatedMessage {
        message: None,
        queued_message: None,
        queued: false,
        warnings: Vec::new(),
    }
}
