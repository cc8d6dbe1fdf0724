//! Chats, their messages and queues, and the sockets that show them live.

use reqwest::Method;

use super::{Client, ClientError, Subscription};
use crate::chats::{Chat, CreateChat, ListChats, UpdateChat};
use crate::git::GitWatchMessage;
use crate::ids::{ChatId, MessageId, QueuedMessageId};
use crate::messages::{CreateMessage, CreatedMessage, EditMessage, ListMessages, MessagePage};
use crate::stream::{StreamEvent, WatchEvent};

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

    /// `POST /chats`.
    pub async fn create_chat(&self, chat: &CreateChat) -> Result<Chat, ClientError> {
        self.call(Method::POST, CHATS, chat).await
    }

    /// `GET /chats/{chat}`.
    pub async fn get_chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.get(&format!("{CHATS}/{chat}")).await
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

    /// `GET /chats/{chat}/messages`.
    pub async fn list_messages(
        &self,
        chat: ChatId,
        query: &ListMessages,
    ) -> Result<MessagePage, ClientError> {
        self.get_with(&format!("{CHATS}/{chat}/messages"), query)
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

    /// `DELETE /chats/{chat}/queue/{queued_message}`.
    pub async fn delete_queued_message(
        &self,
        chat: ChatId,
        queued: QueuedMessageId,
    ) -> Result<(), ClientError> {
        self.delete(&format!("{CHATS}/{chat}/queue/{queued}")).await
    }

    /// `POST /chats/{chat}/queue/{queued_message}/promote`.
    pub async fn promote_queued_message(
        &self,
        chat: ChatId,
        queued: QueuedMessageId,
    ) -> Result<(), ClientError> {
        self.post_for_nothing(&format!("{CHATS}/{chat}/queue/{queued}/promote"))
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

    /// `GET /chats/{chat}/git/watch`: what changes in the chat's workspace.
    pub async fn watch_git(
        &self,
        chat: ChatId,
    ) -> Result<Subscription<GitWatchMessage>, ClientError> {
        self.subscribe(&format!("{CHATS}/{chat}/git/watch")).await
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
