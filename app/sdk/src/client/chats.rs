//! Chats, their messages and queues, and the sockets that show them live.

use std::collections::BTreeMap;

use reqwest::Method;

use super::{Client, ClientError, FileContent, Subscription};
use crate::chat_context::ChatContext;
use crate::chats::{
    Chat, ChatsByWorkspace, CompactChat, CreateChat, ListChats, ProposedTitle, UpdateChat,
};
use crate::diff_statuses::ChatDiff;
use crate::git::{GitLines, GitWatchMessage, ReadGitImage, ReadGitLines, image_address};
use crate::ids::{ChatId, MessageId, QueuedMessageId, WorkspaceId};
use crate::messages::{
    CreateMessage, CreatedMessage, EditMessage, EditQueuedMessage, ListMessages, ListPrompts,
    Message, MessagePage, PromptPage, QueuedMessage, SubmitToolResults,
};
use crate::prompt_preview::PromptPreview;
use crate::stream::{StreamEvent, WatchEvent};
use crate::workspace_files::{FindFiles, FoundFiles};

const CHATS: &str = "/api/experimental/chats";

impl Client {
    /// `GET /chats`.
    pub async fn list_chats(&self, query: &ListChats) -> Result<Vec<Chat>, ClientError> {
        let failed = |error: serde_urlencoded::ser::Error| ClientError::Address(error.to_string());
        let labels: Vec<(&str, &String)> =
            query.labels.iter().map(|label| ("label", label)).collect();
        let labels = serde_urlencoded::to_string(labels).map_err(failed)?;
        let query = serde_urlencoded::to_string(query).map_err(failed)?;
        self.get(&format!("{CHATS}?{query}&{labels}")).await
    }

    /// `GET /chats/by-workspace`: the chat of the newest change in each workspace that has one.
    pub async fn list_chats_by_workspace(
        &self,
        workspaces: &[WorkspaceId],
    ) -> Result<BTreeMap<WorkspaceId, ChatId>, ClientError> {
        let ids: Vec<String> = workspaces.iter().map(ToString::to_string).collect();
        let query = ChatsByWorkspace {
            workspace_ids: ids.join(","),
        };
        self.get_with(&format!("{CHATS}/by-workspace"), &query)
            .await
    }

    /// `POST /chats`.
    pub async fn create_chat(&self, chat: &CreateChat) -> Result<Chat, ClientError> {
        self.call(Method::POST, CHATS, chat).await
    }

    /// `GET /chats/{chat}`.
    pub async fn get_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.get(&format!("{CHATS}/{chat}")).await
    }

    /// `GET /chats/{chat}/diff`: what its branch changes at its git host.
    pub async fn get_chat_diff(&self, chat: ChatId) -> Result<ChatDiff, ClientError> {
        self.get(&format!("{CHATS}/{chat}/diff")).await
    }

    /// `PATCH /chats/{chat}`.
    pub async fn update_chat(&self, chat: ChatId, change: &UpdateChat) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PATCH, &format!("{CHATS}/{chat}"), change)
            .await
    }

    /// `POST /chats/{chat}/archive`.
    pub async fn archive_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/archive")).await
    }

    /// `POST /chats/{chat}/unarchive`.
    pub async fn unarchive_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/unarchive"))
            .await
    }

    /// `POST /chats/{chat}/interrupt`.
    pub async fn interrupt_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/interrupt"))
            .await
    }

    /// `POST /chats/{chat}/retry`.
    pub async fn retry_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/retry")).await
    }

    /// `POST /chats/{chat}/compact`.
    pub async fn compact_chat(
        &self,
        chat: ChatId,
        compact: &CompactChat,
    ) -> Result<Chat, ClientError> {
        self.call(Method::POST, &format!("{CHATS}/{chat}/compact"), compact)
            .await
    }

    /// `POST /chats/{chat}/clear`.
    pub async fn clear_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/clear")).await
    }

    /// `POST /chats/{chat}/reconcile-invalid`.
    pub async fn reconcile_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/reconcile-invalid"))
            .await
    }

    /// `POST /chats/{chat}/title/regenerate`.
    pub async fn regenerate_title(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/title/regenerate"))
            .await
    }

    /// `POST /chats/{chat}/title/propose`.
    pub async fn propose_title(&self, chat: ChatId) -> Result<ProposedTitle, ClientError> {
        self.post_nothing(&format!("{CHATS}/{chat}/title/propose"))
            .await
    }

    /// `POST /chats/{chat}/tool-results`.
    pub async fn submit_tool_results(
        &self,
        chat: ChatId,
        results: &SubmitToolResults,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(
            Method::POST,
            &format!("{CHATS}/{chat}/tool-results"),
            results,
        )
        .await
    }

    /// `GET /chats/{chat}/messages`.
    pub async fn list_messages(
        &self,
        chat: ChatId,
        query: &ListMessages,
    ) -> Result<MessagePage, ClientError> {
        self.get_with(&format!("{CHATS}/{chat}/messages"), query)
            .await
    }

    /// `GET /chats/{chat}/prompts`.
    pub async fn list_prompts(
        &self,
        chat: ChatId,
        query: &ListPrompts,
    ) -> Result<PromptPage, ClientError> {
        self.get_with(&format!("{CHATS}/{chat}/prompts"), query)
            .await
    }

    /// `POST /chats/{chat}/messages`.
    pub async fn send_message(
        &self,
        chat: ChatId,
        message: &CreateMessage,
    ) -> Result<CreatedMessage, ClientError> {
        self.call(Method::POST, &format!("{CHATS}/{chat}/messages"), message)
            .await
    }

    /// `PATCH /chats/{chat}/messages/{message}`.
    pub async fn edit_message(
        &self,
        chat: ChatId,
        message: MessageId,
        edit: &EditMessage,
    ) -> Result<CreatedMessage, ClientError> {
        let path = format!("{CHATS}/{chat}/messages/{message}");
        self.call(Method::PATCH, &path, edit).await
    }

    /// `PATCH /chats/{chat}/queue/{queued_message}`.
    pub async fn edit_queued_message(
        &self,
        chat: ChatId,
        queued: QueuedMessageId,
        edit: &EditQueuedMessage,
    ) -> Result<Vec<QueuedMessage>, ClientError> {
        self.call(
            Method::PATCH,
            &format!("{CHATS}/{chat}/queue/{queued}"),
            edit,
        )
        .await
    }

    /// `DELETE /chats/{chat}/queue/{queued_message}`.
    pub async fn delete_queued_message(
        &self,
        chat: ChatId,
        queued: QueuedMessageId,
    ) -> Result<(), ClientError> {
        self.delete(&format!("{CHATS}/{chat}/queue/{queued}")).await
    }

    /// `POST /chats/{chat}/queue/{queued_message}/promote`: the message when it was sent at once.
    pub async fn promote_queued_message(
        &self,
        chat: ChatId,
        queued: QueuedMessageId,
    ) -> Result<Option<Message>, ClientError> {
        self.post_nothing_for_some(&format!("{CHATS}/{chat}/queue/{queued}/promote"))
            .await
    }

    /// `GET /chats/{chat}/stream`: frames of events, the snapshot first.
    pub async fn stream_chat(
        &self,
        chat: ChatId,
        after_id: MessageId,
    ) -> Result<Subscription<Vec<StreamEvent>>, ClientError> {
        self.subscribe(&format!("{CHATS}/{chat}/stream?after_id={after_id}"))
            .await
    }

    /// `GET /chats/watch`: what happens in the caller's list.
    pub async fn watch_chats(&self) -> Result<Subscription<WatchEvent>, ClientError> {
        self.subscribe(&format!("{CHATS}/watch")).await
    }

    /// `GET /api/v2/chats/{chat}/prompt`.
    pub async fn preview_prompt(&self, chat: ChatId) -> Result<PromptPreview, ClientError> {
        self.get(&format!("/api/v2/chats/{chat}/prompt")).await
    }

    /// `GET /api/v2/chats/{chat}/context`: what the model is told of the chat's workspace.
    pub async fn get_chat_context(&self, chat: ChatId) -> Result<ChatContext, ClientError> {
        self.get(&format!("/api/v2/chats/{chat}/context")).await
    }

    /// `GET /api/v2/chats/{chat}/files`: files of the chat's workspace by a few letters of their path.
    pub async fn find_files(
        &self,
        chat: ChatId,
        query: &FindFiles,
    ) -> Result<FoundFiles, ClientError> {
        self.get_with(&format!("/api/v2/chats/{chat}/files"), query)
            .await
    }

    /// `GET /chats/{chat}/git/watch`: what changes in the chat's workspace.
    pub async fn watch_git(
        &self,
        chat: ChatId,
    ) -> Result<Subscription<GitWatchMessage>, ClientError> {
        self.subscribe(&format!("{CHATS}/{chat}/git/watch")).await
    }

    /// `GET /api/v2/chats/{chat}/git/lines`: lines of a version of a file that git keeps.
    pub async fn read_git_lines(
        &self,
        chat: ChatId,
        query: &ReadGitLines,
    ) -> Result<GitLines, ClientError> {
        self.get_with(&format!("/api/v2/chats/{chat}/git/lines"), query)
            .await
    }

    /// `GET /api/v2/chats/{chat}/git/image`: a picture as git keeps it, or as it lies in the work tree.
    pub async fn read_git_image(
        &self,
        chat: ChatId,
        query: &ReadGitImage,
    ) -> Result<FileContent, ClientError> {
        self.read_bytes(&image_address(chat, query)).await
    }

    /// `GET /replicas/chats/{chat}/live`: what another process of the deployment streams of a chat. The token is the
    /// deployment's own.
    pub async fn follow_replica(
        &self,
        chat: ChatId,
    ) -> Result<Subscription<crate::replicas::LiveBatch>, ClientError> {
        self.subscribe(&format!("/api/experimental/replicas/chats/{chat}/live"))
            .await
    }
}
