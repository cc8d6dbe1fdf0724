//! Webhooks of git hosts, and what they are signed with.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use platform::Platform;
use platform::external_auth::Delivery;
use sdk::external_auth::NewWebhookSecret;
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{DeliveryBody, PathOf};

pub(super) fn routes() -> Routes {
    const SIGNED: Access = Access::Public {
        reason: "a git host has no account here; its signature says that it is the host, and what it sends is only a hint",
    };
    Routes::new().add(SIGNED, routes!(receive_webhook)).add(
        Access::May(Permission::ManageSettings),
        routes!(generate_webhook_secret),
    )
}

/// Where a git host says that something changed: chats on that branch are looked at anew. Nothing of the body is taken for true.
///
/// 204 when it is of interest, 202 when not. 401 for whatever is not signed with the secret of the configuration, also when
/// there is none: who knows no secret learns nothing of what there is.
#[utoipa::path(
    post, path = "/api/v2/external-auth/{config}/webhook", tag = "external auth",
    params(
        ("config" = String, Path, description = "The configuration's short name"),
        ("x-hub-signature-256" = Option<String>, Header, description = "`sha256=` and the HMAC of the body, hexadecimal"),
        ("x-github-event" = Option<String>, Header, description = "What the body is about"),
        ("x-github-delivery" = Option<String>, Header, description = "For the log"),
    ),
    request_body(content = Object, description = "As GitHub sends it, at most 1 MiB"),
    responses((status = 202), (status = 204), (status = 400), (status = 401), (status = 413))
)]
async fn receive_webhook(
    State(platform): State<Platform>,
    PathOf(config): PathOf<String>,
    headers: HeaderMap,
    DeliveryBody(body): DeliveryBody,
) -> Result<StatusCode, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let delivery = Delivery {
        signature: header("x-hub-signature-256"),
        event: header("x-github-event"),
        id: header("x-github-delivery"),
        body: &body,
    };
    let is_taken = platform.receive_webhook(&config, delivery).await?;
    Ok(if is_taken {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::ACCEPTED
    })
}

/// Makes a new secret for the webhooks of a configuration's host. It is told here and never again.
#[utoipa::path(
    post, path = "/api/v2/external-auth/configs/{config}/webhook-secret", tag = "external auth",
    params(("config" = String, Path, description = "Its short name")),
    responses((status = 201, body = NewWebhookSecret), (status = 404), (status = 409))
)]
async fn generate_webhook_secret(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(config): PathOf<String>,
) -> Result<(StatusCode, Json<NewWebhookSecret>), ApiError> {
    let made = platform.generate_webhook_secret(&actor, &config).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
