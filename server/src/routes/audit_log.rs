//! `/api/v2/audit-log`: who changed what of the deployment.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::audit_log::{AuditAction, AuditLog, AuditTargetKind, ListAuditLog};
use sdk::ids::AuditEntryId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::QueryOf;

/// Routes of this feature. For all but owners there is no log, which `platform` says.
pub fn routes() -> Routes {
    Routes::new().add(Access::SignedIn, routes!(list_audit_log))
}

/// Changes of settings, users, providers, models, prices, prompts and the like, newest first. For owners, administrators and auditors.
#[utoipa::path(
    get, path = "/api/v2/audit-log", tag = "audit log",
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200 entries; 50 when absent"),
        ("before_id" = Option<AuditEntryId>, Query, description = "only entries older than this one"),
        ("actor" = Option<String>, Query, description = "an id, or the user name they had"),
        ("action" = Option<AuditAction>, Query), ("target_kind" = Option<AuditTargetKind>, Query),
        ("from" = Option<String>, Query, description = "from this time on (RFC 3339)"),
        ("to" = Option<String>, Query, description = "before this time"),
    ),
    responses((status = 200, body = AuditLog), (status = 400), (status = 404))
)]
async fn list_audit_log(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ListAuditLog>,
) -> Result<Json<AuditLog>, ApiError> {
    Ok(Json(platform.list_audit_log(&actor, query).await?))
}
