//! Forms with secrets in them, sent to one address and to no other: no redirect is followed.

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use reqwest::RequestBuilder;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{DEADLINE, Http, unreachable_host};
use crate::ForgeError;

/// An answer with tokens is a few hundred bytes.
const LARGEST_BODY_BYTES: usize = 64 * 1024;

/// An answer that may be a refusal.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Http {
    /// Sends a form, within the deadline of all questions.
    pub(crate) async fn post(
        &self,
        host: &str,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<Posted, ForgeError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = self
            .client_for(url)
            .post(url.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CONTENT_TYPE, content_type)
            .body(body);
        in_time(host, request).await
    }

    /// Has a token taken back, as GitHub has it: `DELETE` with the token in the body, signed in as the application.
    pub(crate) async fn revoke(
        &self,
        host: &str,
        url: &Url,
        (client_id, client_secret): (&str, &str),
        token: &str,
    ) -> Result<Posted, ForgeError> {
        let body = serde_json::json!({ "access_token": token }).to_string();
        let accept = HeaderValue::from_static("application/vnd.github+json");
        let request = self
            .client_for(url)
            .delete(url.clone())
            .basic_auth(client_id, Some(client_secret))
            .header(ACCEPT, accept)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        in_time(host, request).await
    }
}

async fn in_time(host: &str, request: RequestBuilder) -> Result<Posted, ForgeError> {
    let answered = tokio::time::timeout(DEADLINE, send(host, request)).await;
    answered.unwrap_or_else(|_| {
        Err(ForgeError::Unreachable {
            host: host.to_owned(),
            detail: format!("no whole answer within {} seconds", DEADLINE.as_secs()),
        })
    })
}

async fn send(host: &str, request: RequestBuilder) -> Result<Posted, ForgeError> {
    let mut response = request
        .send()
        .await
        .map_err(|problem| unreachable_host(host, problem))?;
    let status = response.status();
    if status.is_redirection() {
        return Err(ForgeError::NotUnderstood {
            host: host.to_owned(),
            detail: "it sends on to another address, where the secret must not go".to_owned(),
        });
    }
    if status.is_server_error() {
        return Err(ForgeError::Unreachable {
            host: host.to_owned(),
            detail: format!("it answered {status}"),
        });
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|problem| unreachable_host(host, problem))?
    {
        if body.len() + chunk.len() > LARGEST_BODY_BYTES {
            return Err(ForgeError::TooLarge {
                host: host.to_owned(),
                limit_bytes: LARGEST_BODY_BYTES,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Posted {
        status,
        body: body.freeze(),
    })
}
