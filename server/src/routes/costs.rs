//! `/api/experimental/chats/cost` and beside it: what calls to models cost.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use platform::Platform;
use platform::costs::to_csv;
use sdk::costs::{
    BackfilledCosts, ChatTotals, CostRange, CostSummary, DownloadCosts, ListUserCosts, UserCosts,
};
use sdk::ids::{ChatId, ModelConfigId};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{PathOf, QueryOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_cost_summary))
        .add(Access::May(Permission::ReadCosts), routes!(list_user_costs))
        .add(Access::SignedIn, routes!(download_costs))
        .add(Access::SignedIn, routes!(get_chat_cost))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(backfill_costs),
        )
}

/// What a person's chats cost: the caller's own, anybody's for those who may see costs. Without dates the last 30 days are meant.
#[utoipa::path(
    get, path = "/api/experimental/chats/cost/{user}/summary", tag = "costs",
    params(
        ("user" = String, Path, description = "An id, a user name or `me`"),
        ("start_date" = Option<String>, Query, description = "from this time on (RFC 3339)"),
        ("end_date" = Option<String>, Query, description = "before this time"),
    ),
    responses((status = 200, body = CostSummary), (status = 400), (status = 404))
)]
async fn get_cost_summary(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
    QueryOf(range): QueryOf<CostRange>,
) -> Result<Json<CostSummary>, ApiError> {
    Ok(Json(platform.get_cost_summary(&actor, &user, range).await?))
}

/// What each person's chats cost, the dearest first.
#[utoipa::path(
    get, path = "/api/experimental/chats/cost/users", tag = "costs",
    params(
        ("start_date" = Option<String>, Query), ("end_date" = Option<String>, Query),
        ("username" = Option<String>, Query, description = "part of a user name or a name"),
        ("limit" = Option<i64>, Query, description = "10 when absent or not above zero"),
        ("offset" = Option<i64>, Query),
    ),
    responses((status = 200, body = UserCosts), (status = 400))
)]
async fn list_user_costs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ListUserCosts>,
) -> Result<Json<UserCosts>, ApiError> {
    Ok(Json(platform.list_user_costs(&actor, query).await?))
}

/// The same as a table for spreadsheets: a row for each chat, model or day.
#[utoipa::path(
    get, path = "/api/v2/users/{user}/costs.csv", tag = "costs",
    params(
        ("user" = String, Path, description = "An id, a user name or `me`"),
        ("start_date" = Option<String>, Query), ("end_date" = Option<String>, Query),
        ("by" = Option<String>, Query, description = "`chat` (when absent), `model` or `day`"),
    ),
    responses((status = 200, content_type = "text/csv"), (status = 400), (status = 404))
)]
async fn download_costs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
    QueryOf(query): QueryOf<DownloadCosts>,
) -> Result<Response, ApiError> {
    let range = CostRange {
        start_date: query.start_date,
        end_date: query.end_date,
    };
    let summary = platform.get_cost_summary(&actor, &user, range).await?;
    let name = format!(
        "attachment; filename=\"costs-by-{}-{}-{}.csv\"",
        query.by.as_str(),
        summary.start_date.format("%Y-%m-%d"),
        summary.end_date.format("%Y-%m-%d"),
    );
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, to_csv(&summary, query.by)).into_response())
}

/// What a chat has cost so far, the chats below it included.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/cost", tag = "costs",
    params(("chat" = ChatId, Path)), responses((status = 200, body = ChatTotals), (status = 404))
)]
async fn get_chat_cost(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<ChatTotals>, ApiError> {
    Ok(Json(platform.get_chat_cost(&actor, chat).await?))
}

/// Prices the calls of a model that have no price yet with what it costs now; those that have one keep it.
#[utoipa::path(
    post, path = "/api/v2/model-configs/{model_config}/costs", tag = "costs",
    params(("model_config" = ModelConfigId, Path)),
    responses((status = 200, body = BackfilledCosts), (status = 404), (status = 409))
)]
async fn backfill_costs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(model_config): PathOf<ModelConfigId>,
) -> Result<Json<BackfilledCosts>, ApiError> {
    Ok(Json(platform.backfill_costs(&actor, model_config).await?))
}
