//! `/api/experimental/chats/files` and `/api/v2/files`: what is attached to messages.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use platform::Platform;
use sdk::files::{UploadQuery, UploadedFile};
use sdk::ids::FileId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{FileBody, PathOf, QueryOf};
use crate::http::{content_disposition, private_content};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(upload_file))
        .add(Access::SignedIn, routes!(read_file))
        .add(Access::SignedIn, routes!(read_thumbnail))
        .add(Access::SignedIn, routes!(delete_file))
}

/// Takes a file, to be named in a message later. Its bytes are the body, its name stands in `Content-Disposition`.
#[utoipa::path(
    post, path = "/api/experimental/chats/files", tag = "files",
    params(UploadQuery,
        ("Content-Type" = String, Header, description = "PNG, JPEG, GIF, WebP, plain text, Markdown, CSV or JSON"),
        ("Content-Disposition" = String, Header, description = "With `filename` or `filename*`")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "At most 10 MiB"),
    responses((status = 201, body = UploadedFile), (status = 400), (status = 403), (status = 409), (status = 413))
)]
async fn upload_file(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<UploadQuery>,
    headers: HeaderMap,
    FileBody(data): FileBody,
) -> Result<(StatusCode, Json<UploadedFile>), ApiError> {
    let text = |name| {
        headers
            .get(name)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default()
    };
    let disposition = String::from_utf8_lossy(text(header::CONTENT_DISPOSITION));
    let name = content_disposition::file_name(&disposition).unwrap_or_default();
    let declared = String::from_utf8_lossy(text(header::CONTENT_TYPE));
    let (organization, data) = (query.organization, data.into());
    let uploaded = platform.upload_file(&actor, organization, &name, &declared, data);
    Ok((StatusCode::CREATED, Json(uploaded.await?)))
}

/// A file's bytes.
#[utoipa::path(
    get, path = "/api/experimental/chats/files/{file}", tag = "files",
    params(("file" = FileId, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404))
)]
async fn read_file(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(file): PathOf<FileId>,
) -> Result<Response, ApiError> {
    Ok(answer(platform.read_file(&actor, file).await?))
}

/// A small picture of a picture.
#[utoipa::path(
    get, path = "/api/v2/files/{file}/thumbnail", tag = "files",
    params(("file" = FileId, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"), (status = 400), (status = 404))
)]
async fn read_thumbnail(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(file): PathOf<FileId>,
) -> Result<Response, ApiError> {
    Ok(answer(platform.read_thumbnail(&actor, file).await?))
}

/// Removes a file that was not sent.
#[utoipa::path(
    delete, path = "/api/v2/files/{file}", tag = "files",
    params(("file" = FileId, Path)), responses((status = 204), (status = 404))
)]
async fn delete_file(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(file): PathOf<FileId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_file(&actor, file).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Text is told to be UTF-8, which it was found to be. A file never changes.
fn answer(file: platform::files::ReadFile) -> Response {
    let mut media_type = file.content.media_type;
    if media_type.starts_with("text/") {
        media_type.push_str("; charset=utf-8");
    }
    let media_type = HeaderValue::try_from(media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let name = [(
        header::CONTENT_DISPOSITION,
        content_disposition::inline(&file.name),
    )];
    let content = Bytes::from(file.content.data);
    let answer = private_content::answer(media_type, private_content::KEPT, content);
    (name, answer).into_response()
}
