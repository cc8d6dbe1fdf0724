//! What each server function is called with.

use serde_json::{Value, json};

/// What each function is called with: a name for the call, and its arguments, with `{kind}` where an object belongs.
/// Without any, the function takes no object.
#[rustfmt::skip]
pub fn arguments(function: &str) -> Option<Vec<(String, Value)>> {
    let text = json!([{ "type": "text", "text": "!stall 300s" }]);
    let one = |arguments: Value| Some(vec![(function.to_owned(), arguments)]);
    let several = |calls: Vec<(&str, Value)>| {
        Some(calls.into_iter().map(|(name, arguments)| (name.to_owned(), arguments)).collect())
    };
    match function {
        "create_first_user" | "login" | "redeem_password_link" | "logout" | "sign_out_everywhere"
        | "sign_out_elsewhere" | "list_sessions" | "update_profile" | "update_password"
        | "update_theme" | "update_layout" | "get_chat_config" | "update_user_prompt" | "update_system_prompt"
        | "update_template_allowlist" | "update_plan_mode_instructions" | "update_retention_days"
        | "update_model_overrides" | "get_private_provider_hosts" | "update_private_provider_hosts"
        | "update_workspace_ttl" | "update_desktop_enabled" | "update_debug_logging" | "update_user_debug_logging"
        | "get_deployment_settings" | "list_tokens" | "list_audit_log" | "create_token" | "list_external_auth" | "list_external_auth_configs"
        | "create_external_auth_config"
        | "put_external_auth" | "render_diff" | "list_user_costs" | "create_user" | "list_providers"
        | "create_provider" | "list_templates" | "create_template" | "list_allowed_folders"
        | "create_allowed_folder" => Some(Vec::new()),

        "view_chat" | "list_messages" | "list_prompts" | "interrupt_chat" | "retry_chat" | "chat_workspace"
        | "chat_context" | "agent_news" | "remote_diff" | "list_debug_runs" => one(json!({ "chat_id": "{chat}" })),
        "preview_prompt" => one(json!({ "chat": "{chat}" })),
        "get_debug_run" => one(json!({ "chat_id": "{chat}", "run_id": "{run}" })),
        "get_debug_step" => one(json!({ "chat_id": "{chat}", "run_id": "{run}", "step_number": 1 })),
        "find_files" => one(json!({ "chat_id": "{chat}", "letters": "a" })),
        "quote_file" => one(json!({ "chat_id": "{chat}", "path": "a" })),
        "lines_between" => one(json!({ "chat_id": "{chat}", "path": "a", "query": {
            "repo_root": "/srv", "blob": "abcd", "first_line": 1, "last_line": 2, "from_end": false,
        } })),
        "keep_version" => one(json!({
            "chat_id": "{chat}", "version": { "repo_root": "/srv", "blob": "abcd", "path": "a" },
        })),
        "follow_comments" => one(json!({
            "chat_id": "{chat}", "version": { "repo_root": "/srv", "blob": "abcd", "path": "a" },
            "lines": [{ "blob": "abce", "start": 1, "end": 1 }],
        })),
        "git_picture" => one(json!({ "chat_id": "{chat}", "query": { "repo_root": "/srv", "blob": "abcd" } })),
        "list_diff_comments" => one(json!({ "chat_id": "{chat}", "before": "{message}" })),
        "create_chat" => one(json!({ "request": { "content": text, "workspace_id": "{workspace}" } })),
        "update_chat" => several(vec![
            ("update_chat", json!({ "chat_id": "{chat}", "request": { "title": "Mine now" } })),
            ("update_chat: attach", json!({ "chat_id": "{own_chat}", "request": { "workspace_id": "{workspace}" } })),
        ]),
        "send_message" => several(vec![
            ("send_message", json!({ "chat_id": "{chat}", "request": { "content": text } })),
            ("send_message: file", json!({
                "chat_id": "{own_chat}", "request": { "content": [{ "type": "file", "file_id": "{file}" }] },
            })),
        ]),
        "edit_message" => one(json!({ "chat_id": "{chat}", "message_id": "{message}", "request": { "content": text } })),
        "edit_queued_message" => one(json!({
            "chat_id": "{chat}", "queued_id": "{queued_message}", "request": { "content": text },
        })),
        "delete_queued_message" | "promote_queued_message" => {
            one(json!({ "chat_id": "{chat}", "queued_id": "{queued_message}" }))
        }
        "list_chats" => one(json!({ "after_id": "{chat}" })),

        "new_chat_options" => one(json!({ "workspace": "{workspace}" })),
        "offered_workspaces" => one(json!({ "wanted": "{workspace}" })),
        "list_workspaces" => one(json!({ "after_id": "{workspace}", "shared": false })),
        "view_workspace" => one(json!({ "workspace_id": "{workspace}", "build_id": "{build}" })),
        "follow_workspace" => one(json!({ "workspace_id": "{workspace}", "build_id": "{build}", "offset": 0 })),
        "start_workspace" | "stop_workspace" | "unsaved_work" => one(json!({ "workspace_id": "{workspace}" })),
        "delete_workspace" => one(json!({ "workspace_id": "{workspace}", "force": false })),
        "share_workspace" | "unshare_workspace" => {
            one(json!({ "workspace_id": "{workspace}", "person": "olga" }))
        }

        "delete_external_auth" => one(json!({ "host": "{host}" })),
        "get_external_auth_flow" | "poll_external_auth_flow" => one(json!({ "flow": "{flow}" })),
        "start_external_auth_device" | "delete_external_auth_config" | "generate_webhook_secret"
        | "remove_webhook_secret" => one(json!({ "config": "{config}" })),
        "update_external_auth_config" => one(json!({
            "config": "{config}", "form[display_name]": "Renamed", "form[client_id]": "c",
        })),
        "delete_token" => one(json!({ "id": "{token}" })),
        "delete_session" => one(json!({ "id": "{session}" })),
        "get_analytics" => one(json!({ "query": {
            "days": "7", "from": "", "to": "", "user": "{user}", "is_everyone": false, "name": "", "page": "",
        } })),
        "update_compaction_threshold" => {
            one(json!({ "model_config_id": "{model_config}", "threshold_percent": "50" }))
        }

        "list_users" => one(json!({ "after_id": "{user}" })),
        "update_user" => one(json!({ "id": "{user}", "role": "member" })),
        "reset_password" => one(json!({ "id": "{user}", "password": "another battery staple" })),
        "create_password_link" | "delete_user" => one(json!({ "id": "{user}" })),
        "update_provider" => one(json!({ "id": "{provider}", "display_name": "", "base_url": "", "api_key": "" })),
        "enable_provider" => one(json!({ "id": "{provider}", "enabled": true })),
        "put_user_api_key" => one(json!({ "id": "{provider}", "api_key": "sk-of-somebody" })),
        "delete_provider" | "test_provider" | "delete_user_api_key" => one(json!({ "id": "{provider}" })),
        "create_model_config" => one(json!({
            "provider_config_id": "{provider}", "model": "tiny", "display_name": "", "context_limit": "1000",
        })),
        "create_model_configs" => one(json!({
            "provider_config_id": "{provider}", "models": [{ "model": "tiny", "display_name": "Tiny" }],
        })),
        "update_model_config" => one(json!({ "id": "{model_config}", "display_name": "", "context_limit": "1000" })),
        "enable_model_config" => one(json!({ "id": "{model_config}", "enabled": true })),
        "choose_default_model" | "backfill_costs" | "delete_model_config" => one(json!({ "id": "{model_config}" })),
        "get_template" | "delete_template" => one(json!({ "id": "{template}" })),
        "update_template" => one(json!({ "id": "{template}", "form[name]": "renamed" })),
        "delete_allowed_folder" => one(json!({ "id": "{folder}" })),
        _ => None,
    }
}
