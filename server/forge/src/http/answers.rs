//! Bodies of answers, never more of them than is wanted, and where the next page of a list is.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::LINK;
use serde::Deserialize;
use url::Url;

use super::{Question, unreachable};
use crate::ForgeError;
use crate::text::line;

/// Of a refusal's body this much is read, and this much of its words is handed on.
const REFUSAL_BYTES: usize = 8192;
const REFUSAL_CHARACTERS: usize = 200;

/// The whole body, or [`ForgeError::TooLarge`].
pub(super) async fn whole(
    mut response: reqwest::Response,
    question: &Question<'_>,
) -> Result<Bytes, ForgeError> {
    let limit_bytes = question.limit_bytes;
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|problem| unreachable(question, problem))?
    {
        if body.len() + chunk.len() > limit_bytes {
            return Err(ForgeError::TooLarge {
                host: question.host.to_owned(),
                limit_bytes,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What a refusal says, in one line.
pub(super) async fn words_of(mut response: reqwest::Response) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= REFUSAL_BYTES {
            body.truncate(REFUSAL_BYTES);
            break;
        }
    }
    let words = match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => refusal.message,
        Err(_) => String::from_utf8_lossy(&body).into_owned(),
    };
    line(&words, REFUSAL_CHARACTERS)
}

/// `Link: <address>; rel="next"`.
pub(super) fn next_page(headers: &HeaderMap) -> Option<Url> {
    let links = headers.get(LINK)?.to_str().ok()?;
    let next = links
        .split(',')
        .find(|link| link.contains("rel=\"next\""))?;
    let (_, address) = next.split_once('<')?;
    let (address, _) = address.split_once('>')?;
    Url::parse(address).ok()
}
