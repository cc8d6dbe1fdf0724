//! Server functions of chats: the list, a chat with everything its page needs, and what a person can do in one.

mod agent;
mod diffs;

pub use agent::{AgentNews, agent_news};
pub use diffs::{
    CommentedLines, Followed, LinesBetween, Picture, RemoteDiff, follow_comments, git_picture,
    keep_version, lines_between, remote_diff,
};

use leptos::prelude::*;
use sdk::allowed_folders::AllowedFolder;
use sdk::chat_context::ChatContext;
use sdk::chats::{Chat, CreateChat, UpdateChat};
use sdk::git::RepositoryChanges;
use sdk::ids::{ChatId, MessageId, QueuedMessageId, WorkspaceId};
use sdk::messages::{
    CreateMessage, CreatedMessage, EditMessage, EditQueuedMessage, Message, MessagePage,
    QueuedMessage,
};
use sdk::models::ModelCatalogue;
use sdk::parts::LineReference;
use sdk::workspace_files::FoundFile;
use sdk::workspaces::Workspace;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
use crate::api::templates::OfferedTemplate;
use crate::api::workspaces::OfferedWorkspace;
use crate::error::AppError;

/// Rows of a page of the list.
pub const CHATS_PER_PAGE: i64 = 50;
/// Files that are offered while one is named.
#[cfg(feature = "ssr")]
const FILES_OFFERED: i64 = 8;
/// Messages of a page of history.
pub const MESSAGES_PER_PAGE: i64 = 50;

/// The list with the names of the models in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatList {
    /// Rows, pinned first, then the newest change.
    pub chats: Vec<Chat>,
    /// Models by name, for the rows' second line.
    pub models: ModelCatalogue,
    /// When it was read, as the list's socket takes it: what changed since is told there first.
    pub read_at: String,
}

/// What the form of a new chat offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewChatOptions {
    /// Models to choose from.
    pub models: ModelCatalogue,
    /// Folders to work in.
    pub folders: Vec<AllowedFolder>,
    /// Templates to make a workspace from.
    pub templates: Vec<OfferedTemplate>,
    /// Workspaces that are there, to work in.
    pub workspaces: Vec<OfferedWorkspace>,
    /// Why nothing stands between what agents run and the server's machine; absent where something does.
    pub unprotected_because: Option<String>,
}

/// A chat with everything its page shows first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatView {
    /// The chat.
    pub chat: Chat,
    /// The newest page of messages, or the page before a message.
    pub page: MessagePage,
    /// Whether the page is an older one, read by a link.
    pub is_older_page: bool,
    /// Its workspace.
    pub workspace: Option<Workspace>,
    /// What changed in it, when that was known at once.
    pub changes: Option<Vec<RepositoryChanges>>,
    /// Whether that is the beginning of them, because they are large: the git watch tells the rest.
    pub are_changes_cut: bool,
    /// The changes' files with highlighted lines.
    pub highlights: Vec<HighlightedFile>,
    /// Models to choose from.
    pub models: ModelCatalogue,
    /// Whether desktops are switched on.
    pub has_desktop: bool,
    /// Whether what the reader's models are asked is recorded.
    pub has_debug: bool,
}

/// The lines of a file of a diff as highlighted HTML, in the order of the diff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighlightedFile {
    /// The file's path.
    pub path: String,
    /// One piece of HTML for each line.
    pub lines: Vec<String>,
}

/// A state of a chat's workspace, for the line that says what is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// The workspace.
    pub workspace: Option<Workspace>,
}

/// What a chat's model is told besides messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextView {
    /// Of the workspace; absent without one.
    pub context: Option<ChatContext>,
    /// Why nothing is known of the workspace now.
    pub unavailable: Option<String>,
    /// At which part of the context the history is summarized: 0 = after every answer, 100 = never.
    pub threshold_percent: Option<i32>,
    /// What the chat has cost so far, its subagents included, in words; empty = no model was called.
    pub cost: String,
}

/// Lists the caller's chats. `query` may hold words to search for.
#[server(name = ListChatRows, prefix = "/api/page", endpoint = "list_chats", protocol = Page)]
pub async fn list_chats(
    query: Option<String>,
    after_id: Option<ChatId>,
) -> Result<ChatList, AppError> {
    let (platform, actor) = super::signed_in()?;
    let list = sdk::chats::ListChats {
        q: query,
        after_id,
        limit: Some(CHATS_PER_PAGE),
        ..sdk::chats::ListChats::default()
    };
    let read_at = platform
        .now()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let chats = platform
        .list_chats(&actor, list)
        .await
        .map_err(super::failed)?;
    let models = platform.list_models(&actor).await.map_err(super::failed)?;
    Ok(ChatList {
        chats,
        models,
        read_at,
    })
}

/// What a new chat can be made with; `workspace` is offered besides when chats may work in it.
#[server(name = GetNewChatOptions, prefix = "/api/page", endpoint = "new_chat_options", protocol = Page)]
pub async fn new_chat_options(workspace: Option<WorkspaceId>) -> Result<NewChatOptions, AppError> {
    let (platform, actor) = super::signed_in()?;
    let models = platform.list_models(&actor).await.map_err(super::failed)?;
    let folders = platform
        .list_allowed_folders(&actor)
        .await
        .map_err(super::failed)?;
    let templates = platform
        .list_templates(&actor)
        .await
        .map_err(super::failed)?;
    let unprotected_because = match platform.workspace_sandbox() {
        sdk::workspaces::Sandbox::None { reason } => Some(reason),
        sdk::workspaces::Sandbox::Bubblewrap => None,
    };
    let workspaces = super::workspaces::around::offered(&platform, &actor, workspace).await?;
    Ok(NewChatOptions {
        models,
        folders,
        workspaces,
        templates: templates
            .into_iter()
            .filter_map(OfferedTemplate::of)
            .collect(),
        unprotected_because,
    })
}

/// A chat with everything its page shows first. `before_id` asks for the page of messages before that one.
#[server(name = ViewChat, prefix = "/api/page", endpoint = "view_chat", protocol = Page)]
pub async fn view_chat(chat_id: ChatId, before_id: Option<i64>) -> Result<ChatView, AppError> {
    let (platform, actor) = super::signed_in()?;
    let chat = platform
        .get_chat(&actor, chat_id)
        .await
        .map_err(super::failed)?;
    let page = platform
        .list_messages(&actor, chat_id, page_of(before_id, None))
        .await
        .map_err(super::failed)?;
    let models = platform.list_models(&actor).await.map_err(super::failed)?;
    let workspace = match chat.workspace_id {
        // A workspace that is gone does not keep its chat from being read.
        Some(id) => platform.get_workspace(&actor, id).await.ok(),
        None => None,
    };
    let mut changes = changes::first_snapshot(&platform, &actor, chat_id, workspace.as_ref()).await;
    // An older page is read without the git watch, which would tell the rest.
    let are_changes_cut =
        before_id.is_none() && changes::cut(changes.as_deref_mut().unwrap_or_default());
    let highlights = changes::highlight(changes.as_deref().unwrap_or_default()).await;
    let desktop = platform.get_desktop_enabled(&actor).await;
    let debug = platform.get_user_debug_logging(&actor).await;
    Ok(ChatView {
        chat,
        page,
        is_older_page: before_id.is_some(),
        workspace,
        changes,
        are_changes_cut,
        highlights,
        models,
        has_desktop: desktop.map_err(super::failed)?.enable_desktop,
        has_debug: debug.map_err(super::failed)?.debug_logging_enabled,
    })
}

/// A page of messages, newest first, with their HTML: before `before_id` or after `after_id`, the newest one without.
#[server(name = ListMessagePage, prefix = "/api/page", endpoint = "list_messages", protocol = Page)]
pub async fn list_messages(
    chat_id: ChatId,
    before_id: Option<i64>,
    after_id: Option<i64>,
) -> Result<MessagePage, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .list_messages(&actor, chat_id, page_of(before_id, after_id))
        .await
        .map_err(super::failed)
}

/// What the caller wrote in a chat, newest first.
#[server(name = ListOwnPrompts, prefix = "/api/page", endpoint = "list_prompts", protocol = Page)]
pub async fn list_prompts(chat_id: ChatId) -> Result<Vec<String>, AppError> {
    let (platform, actor) = super::signed_in()?;
    let page = platform
        .list_prompts(&actor, chat_id, sdk::messages::ListPrompts::default())
        .await
        .map_err(super::failed)?;
    Ok(page.prompts.into_iter().map(|prompt| prompt.text).collect())
}

/// Makes a chat from its first message.
#[server(name = StartChat, prefix = "/api/page", endpoint = "create_chat", protocol = Page)]
pub async fn create_chat(request: CreateChat) -> Result<Chat, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .create_chat(&actor, request)
        .await
        .map_err(super::failed)
}

/// Renames, pins, archives or unarchives a chat.
#[server(name = ChangeChat, prefix = "/api/page", endpoint = "update_chat", protocol = Page)]
pub async fn update_chat(chat_id: ChatId, request: UpdateChat) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .update_chat(&actor, chat_id, request)
        .await
        .map_err(super::failed)?;
    Ok(())
}

/// Sends a message, or queues it while the chat is busy.
#[server(name = SendMessage, prefix = "/api/page", endpoint = "send_message", protocol = Page)]
pub async fn send_message(
    chat_id: ChatId,
    request: CreateMessage,
) -> Result<CreatedMessage, AppError> {
    let (platform, actor) = super::signed_in()?;
    let mut created = platform
        .send_message(&actor, chat_id, request)
        .await
        .map_err(super::failed)?;
    if let Some(message) = created.message {
        created.message = Some(platform::render::render_quotes(message).await);
    }
    Ok(created)
}

/// Replaces a message of the person's and runs the chat again from there.
#[server(name = ReplaceMessage, prefix = "/api/page", endpoint = "edit_message", protocol = Page)]
pub async fn edit_message(
    chat_id: ChatId,
    message_id: MessageId,
    request: EditMessage,
) -> Result<Message, AppError> {
    let (platform, actor) = super::signed_in()?;
    let edited = platform
        .edit_message(&actor, chat_id, message_id, request)
        .await
        .map_err(super::failed)?;
    match edited.message {
        Some(message) => Ok(platform::render::render_quotes(message).await),
        None => Err(AppError::new(
            crate::error::ErrorCode::Internal,
            "The edited message did not come back. Reload the page.",
        )),
    }
}

/// Stops the running turn; what was written so far stays.
#[server(name = InterruptChat, prefix = "/api/page", endpoint = "interrupt_chat", protocol = Page)]
pub async fn interrupt_chat(chat_id: ChatId) -> Result<Chat, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .interrupt_chat(&actor, chat_id)
        .await
        .map_err(super::failed)
}

/// Runs the failed turn again.
#[server(name = RetryChat, prefix = "/api/page", endpoint = "retry_chat", protocol = Page)]
pub async fn retry_chat(chat_id: ChatId) -> Result<Chat, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .retry_chat(&actor, chat_id)
        .await
        .map_err(super::failed)
}

/// Changes a queued message or its place; the whole queue as it is then.
#[server(name = ChangeQueuedMessage, prefix = "/api/page", endpoint = "edit_queued_message", protocol = Page)]
pub async fn edit_queued_message(
    chat_id: ChatId,
    queued_id: QueuedMessageId,
    request: EditQueuedMessage,
) -> Result<Vec<QueuedMessage>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .edit_queued_message(&actor, chat_id, queued_id, request)
        .await
        .map_err(super::failed)
}

/// Takes a message out of the queue.
#[server(name = DeleteQueuedMessage, prefix = "/api/page", endpoint = "delete_queued_message", protocol = Page)]
pub async fn delete_queued_message(
    chat_id: ChatId,
    queued_id: QueuedMessageId,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_queued_message(&actor, chat_id, queued_id)
        .await
        .map_err(super::failed)
}

/// Sends a queued message now; the running turn is stopped for it.
#[server(name = PromoteQueuedMessage, prefix = "/api/page", endpoint = "promote_queued_message", protocol = Page)]
pub async fn promote_queued_message(
    chat_id: ChatId,
    queued_id: QueuedMessageId,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .promote_queued_message(&actor, chat_id, queued_id)
        .await
        .map_err(super::failed)?;
    Ok(())
}

/// The state of a chat's workspace.
#[server(name = GetChatWorkspace, prefix = "/api/page", endpoint = "chat_workspace", protocol = Page)]
pub async fn chat_workspace(chat_id: ChatId) -> Result<WorkspaceView, AppError> {
    let (platform, actor) = super::signed_in()?;
    let chat = platform
        .get_chat(&actor, chat_id)
        .await
        .map_err(super::failed)?;
    let workspace = match chat.workspace_id {
        Some(id) => Some(
            platform
                .get_workspace(&actor, id)
                .await
                .map_err(super::failed)?,
        ),
        None => None,
    };
    Ok(WorkspaceView { workspace })
}

/// What the chat's model is told besides messages, as it is now.
#[server(name = GetChatContext, prefix = "/api/page", endpoint = "chat_context", protocol = Page)]
pub async fn chat_context(chat_id: ChatId) -> Result<ContextView, AppError> {
    use platform::Failure as _;

    let (platform, actor) = super::signed_in()?;
    let chat = platform.get_chat(&actor, chat_id).await;
    let chat = chat.map_err(super::failed)?;
    let thresholds = super::chat_config::thresholds(&platform, &actor).await?;
    let threshold = thresholds
        .into_iter()
        .find(|model| model.model_config_id == chat.last_model_config_id);
    let cost = platform.get_chat_cost(&actor, chat_id).await;
    let mut view = ContextView {
        cost: super::costs::words::of_chat(&cost.map_err(super::failed)?),
        threshold_percent: threshold.map(|model| model.own_percent.unwrap_or(model.usual_percent)),
        ..ContextView::default()
    };
    if chat.workspace_id.is_some() {
        match platform.get_chat_context(&actor, chat_id).await {
            Ok(context) => view.context = Some(context),
            // No failure of this question: what else is known is told.
            Err(error) => view.unavailable = Some(error.message()),
        }
    }
    Ok(view)
}

/// Files of the chat's workspace by a few letters of their path; nothing while it does not run.
#[server(name = FindChatFiles, prefix = "/api/page", endpoint = "find_files", protocol = Page)]
pub async fn find_files(chat_id: ChatId, letters: String) -> Result<Vec<FoundFile>, AppError> {
    use platform::{Failure as _, FailureKind};
    use sdk::workspace_files::FindFiles;

    let (platform, actor) = super::signed_in()?;
    let query = FindFiles {
        q: letters,
        limit: Some(FILES_OFFERED),
    };
    match platform.find_files(&actor, chat_id, query).await {
        Ok(found) => Ok(found.files),
        // Nothing can be named without a workspace, nor in one that does not run.
        Err(error)
            if matches!(
                error.kind(),
                FailureKind::Unavailable | FailureKind::Invalid
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(super::failed(error)),
    }
}

/// A file of the chat's workspace as a part of a message, quoted unless it is long. `path` is one that was found.
#[server(name = QuoteChatFile, prefix = "/api/page", endpoint = "quote_file", protocol = Page)]
pub async fn quote_file(chat_id: ChatId, path: String) -> Result<LineReference, AppError> {
    let (platform, actor) = super::signed_in()?;
    let quoted = platform.quote_file(&actor, chat_id, path).await;
    quoted.map_err(super::failed)
}

/// A comment on lines of a diff that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentComment {
    /// Its message.
    pub message: MessageId,
    /// Which part of that.
    pub part: usize,
    /// What it says of which lines.
    pub comment: sdk::parts::DiffComment,
}

/// The comments in a chat's messages below `before`.
#[server(name = ListDiffComments, prefix = "/api/page", endpoint = "list_diff_comments", protocol = Page)]
pub async fn list_diff_comments(
    chat_id: ChatId,
    before: MessageId,
) -> Result<Vec<SentComment>, AppError> {
    let (platform, actor) = super::signed_in()?;
    let sent = platform.list_diff_comments(&actor, chat_id, before).await;
    let sent = sent.map_err(super::failed)?.into_iter();
    Ok(sent
        .map(|sent| SentComment {
            message: sent.message,
            part: sent.part,
            comment: sent.comment,
        })
        .collect())
}

/// The lines of diffs as highlighted HTML.
#[server(name = RenderDiff, prefix = "/api/page", endpoint = "render_diff", protocol = Page)]
pub async fn render_diff(diff: String) -> Result<Vec<HighlightedFile>, AppError> {
    super::signed_in()?;
    Ok(changes::highlight_diffs(vec![diff]).await)
}

#[cfg(feature = "ssr")]
fn page_of(before_id: Option<i64>, after_id: Option<i64>) -> sdk::messages::ListMessages {
    sdk::messages::ListMessages {
        before_id,
        after_id,
        limit: Some(MESSAGES_PER_PAGE),
        render: Some("html".to_owned()),
    }
}

#[cfg(feature = "ssr")]
mod changes;
