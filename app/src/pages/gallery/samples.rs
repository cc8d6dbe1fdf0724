//! What the gallery's chats hold.

use chrono::{DateTime, Duration, Utc};
use sdk::chats::{Chat, ChatStatus, ClientType};
use sdk::ids::{
    ChatId, MessageId, ModelConfigId, OrganizationId, ProviderConfigId, UserId, WorkspaceId,
};
use sdk::messages::{Message, MessagePage, Role};
use sdk::models::{CatalogueModel, CatalogueProvider, ModelCatalogue, UnavailableReason};
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use sdk::providers::ProviderKind;
use sdk::workspaces::{Workspace, WorkspaceMode, WorkspaceStatus};
use serde_json::Value;
use uuid::Uuid;

use crate::live::chat::OpenChat;

/// The model that everything was written by.
pub const MODEL: ModelConfigId = ModelConfigId(Uuid::from_u128(1));

/// A provider that can be used and one that cannot.
pub fn catalogue() -> ModelCatalogue {
    let provider =
        |name: &str, unavailable_reason: Option<UnavailableReason>, models| CatalogueProvider {
            id: ProviderConfigId(Uuid::nil()),
            provider: ProviderKind::Anthropic,
            display_name: name.to_owned(),
            available: unavailable_reason.is_none(),
            unavailable_reason,
            models,
        };
    let model = CatalogueModel {
        id: MODEL,
        provider: ProviderKind::Anthropic,
        model: "claude-opus".to_owned(),
        display_name: "Claude Opus".to_owned(),
        is_default: true,
        context_limit: 200_000,
    };
    ModelCatalogue {
        providers: vec![
            provider("Anthropic", None, vec![model]),
            provider(
                "OpenRouter",
                Some(UnavailableReason::MissingApiKey),
                Vec::new(),
            ),
        ],
    }
}

/// A chat that has been in its state for 42 seconds.
pub fn chat(number: u128, title: &str, status: ChatStatus, now: DateTime<Utc>) -> Chat {
    let id = ChatId(Uuid::from_u128(number));
    Chat {
        plan_mode: sdk::chats::PlanMode::default(),
        id,
        organization_id: OrganizationId(Uuid::nil()),
        owner_id: UserId(Uuid::nil()),
        workspace_id: None,
        build_id: None,
        agent_id: None,
        parent_chat_id: None,
        root_chat_id: id,
        last_model_config_id: MODEL,
        title: title.to_owned(),
        status,
        status_since: Some(now - Duration::seconds(42)),
        last_error: None,
        last_error_info: None,
        created_at: now,
        updated_at: now,
        archived: false,
        pin_order: 0,
        labels: std::collections::BTreeMap::new(),
        mcp_server_ids: Vec::new(),
        has_unread: false,
        client_type: ClientType::Ui,
        diff_status: None,
        children: Vec::new(),
        files: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A message; its number is the name that a link to it uses.
pub fn message(id: i64, role: Role, content: Vec<Part>, created_at: DateTime<Utc>) -> Message {
    Message {
        id: MessageId(id),
        chat_id: ChatId(Uuid::nil()),
        created_by: None,
        model_config_id: None,
        created_at,
        role,
        content,
        usage: None,
        cut_short: None,
        runtime_ms: None,
        rendered: Vec::new(),
    }
}

/// The same with HTML for its first part, as the server would have rendered it.
pub fn rendered(mut message: Message, html: &str) -> Message {
    message.rendered = vec![Some(html.to_owned())];
    message
}

/// A chat on the screen that nothing follows.
pub fn open(chat: &Chat, messages: Vec<Message>) -> OpenChat {
    OpenChat::new(
        chat,
        MessagePage {
            messages,
            ..MessagePage::default()
        },
    )
}

/// A call, whole or while it is being written.
pub fn call(id: &str, tool: &str, args: Option<Value>, args_delta: Option<&str>) -> ToolCallPart {
    ToolCallPart {
        tool_call_id: id.to_owned(),
        tool_name: tool.to_owned(),
        args,
        args_delta: args_delta.map(str::to_owned),
        ..ToolCallPart::default()
    }
}

/// What a tool answered.
pub fn answer(id: &str, result: Value, is_error: bool) -> ToolResultPart {
    ToolResultPart {
        tool_call_id: id.to_owned(),
        result: Some(result),
        is_error,
        ..ToolResultPart::default()
    }
}

/// A work tree of a repository.
pub fn workspace(status: WorkspaceStatus, now: DateTime<Utc>) -> Workspace {
    Workspace {
        id: WorkspaceId(Uuid::nil()),
        name: "greeter".to_owned(),
        owner_id: UserId(Uuid::nil()),
        organization_id: OrganizationId(Uuid::nil()),
        template_id: None,
        parameters: std::collections::BTreeMap::new(),
        mode: WorkspaceMode::Worktree,
        folder: Some("/srv/greeter".to_owned()),
        working_directory: "/srv/greeter".to_owned(),
        branch: Some("switchyard/greet-politely-4f2a".to_owned()),
        base_commit: None,
        status,
        status_reason: None,
        status_since: now,
        sandbox: None,
        latest_build: None,
        created_at: now,
        updated_at: now,
    }
}

/// What a comment on a line quotes.
pub const HUNK: &str = "@@ -3,4 +3,5 @@ pub fn greet\n /// A greeting for a name.\n-    format!(\"Hello, {name}\")\n+    format!(\"Good day, {name}\")\n+    // as they wish\n }";
