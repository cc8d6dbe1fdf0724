//! The page's server functions and who may call each.
//!
//! The table stands beside the router, as routes of the API state their access when they are registered. A
//! function that is missing here is for signed-in people, and a test fails until its entry is written.

use app::error::{AppError, ErrorCode};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Json, Router};
use http::{Method, StatusCode, header};
use sdk::permissions::Permission::{
    ManageSettings, ManageUsers, ReadAuditLog, ReadCosts, ReadSettings, ReadUsers,
};

use super::context_of;
use crate::http::access::Access;
use crate::http::authentication;
use crate::state::AppState;

/// Who may call which function. What a signed-in person may do with an object is decided in `platform`.
pub const ACCESS: &[(&str, Access)] = &[
    (
        "/api/page/create_first_user",
        Access::Public {
            reason: "nobody can sign in before the first user exists",
        },
    ),
    (
        "/api/page/login",
        Access::Public {
            reason: "it is how one signs in",
        },
    ),
    (
        "/api/page/redeem_password_link",
        Access::Public {
            reason: "the link is what lets one in, before one can sign in",
        },
    ),
    ("/api/page/logout", Access::SignedIn),
    ("/api/page/sign_out_everywhere", Access::SignedIn),
    ("/api/page/sign_out_elsewhere", Access::SignedIn),
    ("/api/page/list_sessions", Access::SignedIn),
    ("/api/page/delete_session", Access::SignedIn),
    ("/api/page/update_profile", Access::SignedIn),
    ("/api/page/update_password", Access::SignedIn),
    ("/api/page/update_theme", Access::SignedIn),
    ("/api/page/update_layout", Access::SignedIn),
    ("/api/page/get_chat_config", Access::SignedIn),
    ("/api/page/update_user_prompt", Access::SignedIn),
    ("/api/page/update_compaction_threshold", Access::SignedIn),
    (
        "/api/page/update_system_prompt",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_template_allowlist",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_plan_mode_instructions",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_model_overrides",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_retention_days",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_workspace_ttl",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_desktop_enabled",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_debug_logging",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/get_private_provider_hosts",
        Access::May(ReadSettings),
    ),
    (
        "/api/page/update_private_provider_hosts",
        Access::May(ManageSettings),
    ),
    ("/api/page/update_user_debug_logging", Access::SignedIn),
    ("/api/page/list_tokens", Access::SignedIn),
    ("/api/page/create_token", Access::SignedIn),
    ("/api/page/delete_token", Access::SignedIn),
    ("/api/page/list_external_auth", Access::SignedIn),
    ("/api/page/put_external_auth", Access::SignedIn),
    ("/api/page/delete_external_auth", Access::SignedIn),
    ("/api/page/get_external_auth_flow", Access::SignedIn),
    ("/api/page/start_external_auth_device", Access::SignedIn),
    ("/api/page/poll_external_auth_flow", Access::SignedIn),
    (
        "/api/page/list_external_auth_configs",
        Access::May(ReadSettings),
    ),
    (
        "/api/page/create_external_auth_config",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/update_external_auth_config",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/generate_webhook_secret",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/remove_webhook_secret",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/delete_external_auth_config",
        Access::May(ManageSettings),
    ),
    ("/api/page/list_chats", Access::SignedIn),
    ("/api/page/new_chat_options", Access::SignedIn),
    ("/api/page/view_chat", Access::SignedIn),
    ("/api/page/list_messages", Access::SignedIn),
    ("/api/page/list_prompts", Access::SignedIn),
    ("/api/page/create_chat", Access::SignedIn),
    ("/api/page/update_chat", Access::SignedIn),
    ("/api/page/send_message", Access::SignedIn),
    ("/api/page/edit_message", Access::SignedIn),
    ("/api/page/edit_queued_message", Access::SignedIn),
    ("/api/page/interrupt_chat", Access::SignedIn),
    ("/api/page/retry_chat", Access::SignedIn),
    ("/api/page/delete_queued_message", Access::SignedIn),
    ("/api/page/promote_queued_message", Access::SignedIn),
    ("/api/page/chat_workspace", Access::SignedIn),
    ("/api/page/chat_context", Access::SignedIn),
    ("/api/page/agent_news", Access::SignedIn),
    ("/api/page/put_user_api_key", Access::SignedIn),
    ("/api/page/delete_user_api_key", Access::SignedIn),
    ("/api/page/list_debug_runs", Access::SignedIn),
    ("/api/page/get_debug_run", Access::SignedIn),
    ("/api/page/get_debug_step", Access::SignedIn),
    ("/api/page/find_files", Access::SignedIn),
    ("/api/page/quote_file", Access::SignedIn),
    ("/api/page/list_workspaces", Access::SignedIn),
    ("/api/page/offered_workspaces", Access::SignedIn),
    ("/api/page/view_workspace", Access::SignedIn),
    ("/api/page/follow_workspace", Access::SignedIn),
    ("/api/page/start_workspace", Access::SignedIn),
    ("/api/page/stop_workspace", Access::SignedIn),
    ("/api/page/unsaved_work", Access::SignedIn),
    ("/api/page/delete_workspace", Access::SignedIn),
    ("/api/page/share_workspace", Access::SignedIn),
    ("/api/page/unshare_workspace", Access::SignedIn),
    ("/api/page/render_diff", Access::SignedIn),
    ("/api/page/remote_diff", Access::SignedIn),
    ("/api/page/lines_between", Access::SignedIn),
    ("/api/page/keep_version", Access::SignedIn),
    ("/api/page/follow_comments", Access::SignedIn),
    ("/api/page/git_picture", Access::SignedIn),
    ("/api/page/list_diff_comments", Access::SignedIn),
    ("/api/page/get_analytics", Access::SignedIn),
    ("/api/page/list_user_costs", Access::May(ReadCosts)),
    ("/api/page/list_audit_log", Access::May(ReadAuditLog)),
    ("/api/page/list_users", Access::May(ReadUsers)),
    ("/api/page/create_user", Access::May(ManageUsers)),
    ("/api/page/update_user", Access::May(ManageUsers)),
    ("/api/page/reset_password", Access::May(ManageUsers)),
    ("/api/page/create_password_link", Access::May(ManageUsers)),
    ("/api/page/delete_user", Access::May(ManageUsers)),
    ("/api/page/list_providers", Access::May(ReadSettings)),
    ("/api/page/create_provider", Access::May(ManageSettings)),
    ("/api/page/update_provider", Access::May(ManageSettings)),
    ("/api/page/enable_provider", Access::May(ManageSettings)),
    ("/api/page/delete_provider", Access::May(ManageSettings)),
    ("/api/page/test_provider", Access::May(ManageSettings)),
    ("/api/page/create_model_config", Access::May(ManageSettings)),
    (
        "/api/page/create_model_configs",
        Access::May(ManageSettings),
    ),
    ("/api/page/update_model_config", Access::May(ManageSettings)),
    ("/api/page/backfill_costs", Access::May(ManageSettings)),
    ("/api/page/enable_model_config", Access::May(ManageSettings)),
    (
        "/api/page/choose_default_model",
        Access::May(ManageSettings),
    ),
    ("/api/page/delete_model_config", Access::May(ManageSettings)),
    ("/api/page/preview_prompt", Access::May(ReadSettings)),
    ("/api/page/list_templates", Access::May(ReadSettings)),
    ("/api/page/get_template", Access::May(ReadSettings)),
    ("/api/page/create_template", Access::May(ManageSettings)),
    ("/api/page/update_template", Access::May(ManageSettings)),
    ("/api/page/delete_template", Access::May(ManageSettings)),
    ("/api/page/list_allowed_folders", Access::May(ReadSettings)),
    (
        "/api/page/get_deployment_settings",
        Access::May(ReadSettings),
    ),
    (
        "/api/page/create_allowed_folder",
        Access::May(ManageSettings),
    ),
    (
        "/api/page/delete_allowed_folder",
        Access::May(ManageSettings),
    ),
];

/// Path and method of every function that the page registers.
pub fn registered() -> impl Iterator<Item = (&'static str, Method)> {
    leptos::server_fn::axum::server_fn_paths()
}

/// Who may call the function at a path.
pub fn access_of(path: &str) -> Access {
    ACCESS
        .iter()
        .find(|(known, _)| *known == path)
        .map_or(Access::SignedIn, |(_, access)| *access)
}

/// All functions behind their guards.
pub fn router(state: &AppState) -> Router<AppState> {
    let mut router = Router::new();
    for (path, method) in registered() {
        let access = access_of(path);
        let guarded = function(state, &method)
            .route_layer(from_fn(move |request, next| guard(access, request, next)));
        router = router.route(path, guarded);
    }
    router
}

fn function(state: &AppState, method: &Method) -> MethodRouter<AppState> {
    let context = context_of(state);
    let handler = move |request: Request| async move {
        leptos_axum::handle_server_fns_with_context(context, request)
            .await
            .into_response()
    };
    on(
        MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::POST),
        handler,
    )
}

/// Answers in the page's own error type, so that the page can tell its reader; a plain form is led to the sign-in.
async fn guard(access: Access, request: Request, next: Next) -> Response {
    let Err(error) = authentication::check(access, &request) else {
        return next.run(request).await;
    };
    let is_plain_form = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if is_plain_form && error.status() == StatusCode::UNAUTHORIZED {
        return Redirect::to("/login").into_response();
    }
    let code = match error.status() {
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthenticated,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        _ => ErrorCode::Forbidden,
    };
    let body = AppError::new(code, error.body().message.clone());
    refusal(error.status(), request.uri().path(), body)
}

/// What a function answers when more was sent than is read; nothing at paths that are none of a function.
pub fn too_large(path: &str) -> Option<Response> {
    path.starts_with("/api/page/").then(|| {
        let error = AppError::new(
            ErrorCode::TooLarge,
            "This is longer than what can be sent at once. Shorten it, or put it into a file.",
        );
        refusal(StatusCode::PAYLOAD_TOO_LARGE, path, error)
    })
}

fn refusal(status: StatusCode, path: &str, error: AppError) -> Response {
    let header = [(leptos::server_fn::error::SERVER_FN_ERROR_HEADER, path)];
    (status, header, Json(error)).into_response()
}
