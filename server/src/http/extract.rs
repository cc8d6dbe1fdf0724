//! What handlers take from a request. Each rejection is an `ErrorBody` that says what was expected.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::limits::{LONGEST_BODY_BYTES, LONGEST_DELIVERY_BYTES, LONGEST_FILE_BYTES};

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the request body as JSON, with `Content-Type: application/json`.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(unreadable_body)?;
        parse_json(&bytes).map(Self)
    }
}

/// A JSON body that may be left out; then it is `T`'s default.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJsonBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(unreadable_body)?;
        if bytes.is_empty() {
            Ok(Self(T::default()))
        } else {
            parse_json(&bytes).map(Self)
        }
    }
}

/// A file as the whole body, of whatever type.
#[derive(Clone, Debug)]
pub struct FileBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        whole(request, state, LONGEST_FILE_BYTES).await.map(Self)
    }
}

/// What a git host sends, byte for byte as it signed it.
#[derive(Clone, Debug)]
pub struct DeliveryBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for DeliveryBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        whole(request, state, LONGEST_DELIVERY_BYTES)
            .await
            .map(Self)
    }
}

/// A body as it is, of at most so many bytes.
async fn whole<S: Send + Sync>(
    mut request: Request,
    state: &S,
    longest: usize,
) -> Result<Bytes, ApiError> {
    // The layer of limits has the last word; axum's own limit may be lower.
    DefaultBodyLimit::max(longest).apply(&mut request);
    let bytes = Bytes::from_request(request, state).await;
    bytes.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::body_too_large(longest)
        }
        _ => cut_off(),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unreadable_body(rejection: BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::body_too_large(LONGEST_BODY_BYTES)
        }
        _ => cut_off(),
    }
}

fn cut_off() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "The request body ended before it was complete. Send it again.",
    )
}

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        refused_json(&path, error.inner())
    })?;
    deserializer
        .end()
        .map_err(|error| refused_json(".", &error))?;
    Ok(value)
}

fn refused_json(path: &str, error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    if !error.is_data() {
        return ApiError::new(StatusCode::BAD_REQUEST, "The request body is not JSON.")
            .with_detail(text);
    }
    let text = without_type_names(&text);
    let refused = ApiError::new(
        StatusCode::BAD_REQUEST,
        "The request body is not what this call expects.",
    );
    let field = match missing_field(&text) {
        Some(name) if path == "." => name.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None if path == "." => return refused.with_detail(text),
        None => path.to_owned(),
    };
    let reason = reason_of(&text);
    refused.with_detail(text).with_validation(field, reason)
}

/// serde names our own types, which mean nothing to a client.
fn without_type_names(text: &str) -> String {
    let Some((before, after)) = text.split_once("expected struct ") else {
        return text.to_owned();
    };
    let rest = after
        .find(" at line ")
        .and_then(|at| after.get(at..))
        .unwrap_or_default();
    format!("{before}expected a JSON object{rest}")
}

fn missing_field(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.split('`').next()
}

/// serde's sentence without the position.
fn reason_of(text: &str) -> String {
    if missing_field(text).is_some() {
        return "This field is required.".into();
    }
    text.rsplit_once(" at line ")
        .map_or(text, |(reason, _)| reason)
        .to_owned()
}

/// Parameters of the path.
#[derive(Clone, Copy, Debug)]
pub struct PathOf<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "The path holds an id that is not one.",
            )
            .with_detail(error.body_text())),
            Err(error) => Err(ApiError::internal(error.body_text())),
        }
    }
}

/// The query.
#[derive(Clone, Copy, Debug)]
pub struct QueryOf<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "The query is not what this call expects.",
            )
            .with_detail(error.body_text())),
            Err(error) => Err(ApiError::internal(error.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use sdk::users::CreateUser;

    use super::*;

    fn refusal(body: &str) -> (u16, Option<String>, String) {
        let error = parse_json::<CreateUser>(body.as_bytes()).unwrap_err();
        let field = error
            .body()
            .validations
            .first()
            .map(|validation| validation.field.clone());
        (
            error.status().as_u16(),
            field,
            error.body().detail.clone().unwrap(),
        )
    }

    #[test]
    fn names_the_missing_field() {
        let (status, field, _) = refusal(r#"{"email": "a@b.c", "password": "12345678"}"#);
        assert_eq!((status, field.as_deref()), (400, Some("username")));
    }

    #[test]
    fn names_the_field_of_the_wrong_type() {
        let (_, field, detail) =
            refusal(r#"{"email": 3, "username": "a", "password": "12345678"}"#);
        assert_eq!(field.as_deref(), Some("email"));
        assert!(detail.contains("expected a string"), "{detail}");
    }

    #[test]
    fn says_where_the_json_breaks() {
        for broken in ["{\"email\": ", "", "{]", "{} x"] {
            let (status, field, detail) = refusal(broken);
            assert_eq!(status, 400);
            assert!(field.is_none() || broken == "{} x", "{broken}: {field:?}");
            assert!(detail.contains("line 1"), "{detail}");
        }
    }

    #[test]
    fn reads_json_by_its_type_only() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(
            with("application/json")
                && with("application/json; charset=utf-8")
                && with("application/merge-patch+json")
        );
        assert!(
            !with("text/plain")
                && !with("application/x-www-form-urlencoded")
                && !is_json(&HeaderMap::new())
        );
    }
}
