//! What hosts answer, read strictly. No part of an answer stands in an error but its cleaned words.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{DeviceCode, OauthError, OauthTokens};
use crate::ForgeError;
use crate::http::Posted;
use crate::text::line;

const LONGEST_TOKEN_BYTES: usize = 4096;
const LONGEST_USER_CODE_BYTES: usize = 40;
const WORDS_CHARACTERS: usize = 200;
const CODE_CHARACTERS: usize = 60;
/// RFC 8628, 3.2: without one, five seconds.
const USUAL_INTERVAL_SECONDS: u64 = 5;
const LONGEST_INTERVAL_SECONDS: u64 = 300;
const LONGEST_DEVICE_CODE_SECONDS: u64 = 1800;

/// Every answer may be a refusal, whatever its status.
#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of RFC 8628 on the wire"
)]
struct Device {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

/// A refusal in words that can be shown.
pub(super) fn refused(host: &str, code: &str, words: Option<&str>) -> OauthError {
    let code = line(code, CODE_CHARACTERS);
    let words = words.map(|words| line(words, WORDS_CHARACTERS));
    let words = words.map(|words| words.trim_end_matches('.').to_owned());
    OauthError::Refused {
        host: host.to_owned(),
        words: words
            .filter(|words| !words.is_empty())
            .unwrap_or_else(|| meaning(&code).to_owned()),
        code,
        interval: None,
    }
}

/// The tokens of an answer.
pub(super) fn tokens(host: &str, posted: &Posted) -> Result<OauthTokens, OauthError> {
    let told: Tokens = read(host, posted)?;
    let is_bearer = told
        .token_type
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let refresh_token = told.refresh_token.filter(|token| !token.is_empty());
    let is_sound = is_token(&told.access_token) && refresh_token.as_deref().is_none_or(is_token);
    if !is_bearer || !is_sound {
        return Err(strange(host, "what it calls a token is none"));
    }
    Ok(OauthTokens {
        access_token: told.access_token.into(),
        refresh_token: refresh_token.map(Into::into),
        expires_in: told
            .expires_in
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
    })
}

/// Whether a token was taken back.
pub(super) fn revoked(host: &str, posted: &Posted) -> Result<(), OauthError> {
    #[derive(Deserialize)]
    struct Told {
        message: String,
    }
    if posted.status.is_success() {
        return Ok(());
    }
    let told: Option<Told> = serde_json::from_slice(&posted.body).ok();
    let words = told.map_or_else(|| "it did not say why".to_owned(), |told| told.message);
    Err(refused(host, posted.status.as_str(), Some(&words)))
}

/// The beginning of a device flow. Its page must be the host's own: a person is sent there to sign in.
pub(super) fn device_code(
    host: &str,
    token_endpoint: &Url,
    posted: &Posted,
) -> Result<DeviceCode, OauthError> {
    let told: Device = read(host, posted)?;
    let page = Url::parse(&told.verification_uri).ok();
    let page = page.filter(|page| {
        page.origin() == token_endpoint.origin()
            && page.username().is_empty()
            && page.password().is_none()
    });
    let page = page.ok_or_else(|| strange(host, "the page for the code is not one of its own"))?;
    let user_code = told.user_code.trim();
    let is_code = !user_code.is_empty()
        && user_code.len() <= LONGEST_USER_CODE_BYTES
        && user_code.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_code || !is_token(&told.device_code) {
        return Err(strange(host, "what it calls a code is none"));
    }
    Ok(DeviceCode {
        user_code: user_code.to_owned(),
        device_code: told.device_code.into(),
        verification_uri: page.into(),
        expires_in: Duration::from_secs(told.expires_in.clamp(1, LONGEST_DEVICE_CODE_SECONDS)),
        interval: interval(told.interval.unwrap_or(USUAL_INTERVAL_SECONDS)),
    })
}

fn read<T: DeserializeOwned>(host: &str, posted: &Posted) -> Result<T, OauthError> {
    let refusal: Option<Refusal> = serde_json::from_slice(&posted.body).ok();
    if let Some(Refusal {
        error: Some(code),
        error_description,
        interval: told,
    }) = refusal
    {
        let refusal = refused(host, &code, error_description.as_deref());
        return Err(match refusal {
            OauthError::Refused {
                host, code, words, ..
            } => OauthError::Refused {
                host,
                code,
                words,
                interval: told.map(interval),
            },
            other @ OauthError::Host(_) => other,
        });
    }
    if posted.status != StatusCode::OK {
        return Err(strange(
            host,
            &format!("{} without an error's name", posted.status),
        ));
    }
    serde_json::from_slice(&posted.body)
        .map_err(|_| strange(host, "the answer is not the JSON of a token or a code"))
}

fn interval(seconds: u64) -> Duration {
    Duration::from_secs(seconds.clamp(1, LONGEST_INTERVAL_SECONDS))
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_TOKEN_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn strange(host: &str, detail: &str) -> OauthError {
    OauthError::Host(ForgeError::NotUnderstood {
        host: host.to_owned(),
        detail: detail.to_owned(),
    })
}

/// What a code means, where the host says no more.
fn meaning(code: &str) -> &'static str {
    match code {
        "access_denied" => "the request was turned down there",
        "expired_token" => "the code was not entered in time",
        "bad_verification_code" | "incorrect_device_code" => {
            "the code is wrong or was used already"
        }
        "incorrect_client_credentials" | "invalid_client" | "unauthorized_client" => {
            "client id and client secret do not belong together; an owner corrects them in the settings"
        }
        "redirect_uri_mismatch" | "application_suspended" => {
            "the application there is not set up for this address; an owner corrects its callback URL"
        }
        "device_flow_disabled" => "the application there does not allow device codes",
        "bad_refresh_token" | "invalid_grant" => "the link was revoked there or has ended",
        _ => "it gives no reason",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn posted(status: u16, body: &str) -> Posted {
        Posted {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_owned().into(),
        }
    }

    fn device(page: &str) -> Result<DeviceCode, OauthError> {
        let body = serde_json::json!({
            "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": page, "expires_in": 900, "interval": 5,
        });
        let endpoint = Url::parse("https://git.example.com/login/oauth/access_token").unwrap();
        device_code(
            "git.example.com",
            &endpoint,
            &posted(200, &body.to_string()),
        )
    }

    #[test]
    fn an_error_counts_whatever_its_status() {
        let body = r#"{"error":"bad_verification_code","error_description":"The code\u0007 passed is incorrect."}"#;
        for status in [200, 400] {
            let error = tokens("h", &posted(status, body)).unwrap_err();
            assert_eq!(error.code(), Some("bad_verification_code"));
            assert!(error.to_string().contains("The code passed"), "{error}");
        }
        let silent = tokens("h", &posted(400, r#"{"error":"access_denied"}"#)).unwrap_err();
        assert!(silent.to_string().contains("turned down"), "{silent}");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"two words"}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"abc","token_type":"mac"}"#,
            r#"{"access_token":"abc","refresh_token":"a b"}"#,
            r#"{"access_token":7}"#,
        ] {
            let error = tokens("h", &posted(200, body)).unwrap_err();
            assert!(matches!(error, OauthError::Host(_)), "{body}");
        }
        let good = tokens(
            "h",
            &posted(
                200,
                r#"{"access_token":"abc","token_type":"bearer","expires_in":0}"#,
            ),
        );
        assert_eq!(good.unwrap().expires_in, None);
    }

    #[test]
    fn a_code_is_entered_at_the_host_itself_only() {
        assert!(device("https://git.example.com/login/device").is_ok());
        for page in [
            "https://git.example.org/login/device",
            "https://git.example.com:8443/login/device",
            "http://git.example.com/login/device",
            "https://user@git.example.com/login/device",
            "javascript:alert(1)",
            "",
        ] {
            assert!(device(page).is_err(), "{page}");
        }
    }
}
