//! The one client that asks git hosts: deadlines, limits of size, ETags, rate limits, redirects.
//!
//! A request goes to the API address of a configured host. A redirect is followed only to the same scheme, host and port, as
//! renamed repositories need it; anything else would carry the token elsewhere.

mod answers;
mod limits;
mod post;

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hashlink::LruCache;
use http::header::{ACCEPT, AUTHORIZATION, ETAG, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use url::Url;

use self::answers::{next_page, words_of};
use self::limits::Limits;
pub(crate) use self::post::Posted;
use crate::{Access, ForgeError};

/// For a whole request with its redirects, the body included.
const DEADLINE: Duration = Duration::from_secs(20);
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
/// Answers that are kept for "not modified". A larger body is not worth its memory.
const KEPT_ANSWERS: usize = 1024;
const LARGEST_KEPT_BYTES: usize = 128 * 1024;

/// How hosts say of a token that it is none of theirs.
const BAD_CREDENTIALS: &str = "bad credentials";

/// Whose answers these are: what one token may read says nothing about another.
type Fingerprint = [u8; 32];

/// The client.
#[derive(Debug)]
pub(crate) struct Http {
    /// Honours the proxy variables of the environment.
    outward: reqwest::Client,
    /// For hosts on this machine, which no proxy can reach.
    local: reqwest::Client,
    kept: Mutex<LruCache<(Fingerprint, String), Kept>>,
    limits: Limits,
}

#[derive(Clone, Debug)]
struct Kept {
    etag: HeaderValue,
    answer: Answer,
}

/// What to ask.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// The host, for messages.
    pub host: &'a str,
    pub url: Url,
    pub accept: &'static str,
    pub limit_bytes: usize,
}

/// An answer with status 200.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub body: Bytes,
    /// The next page of a list.
    pub next: Option<Url>,
}

enum Step {
    Answer(Answer),
    Redirect(Url),
}

impl Http {
    pub(crate) fn new(version: &str) -> Result<Self, ForgeError> {
        // reqwest is built without a crypto provider and panics when none is installed. An error means that one is.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let failed = |problem: reqwest::Error| ForgeError::Unreachable {
            host: "every git host".to_owned(),
            detail: format!("the HTTP client could not be built: {problem}"),
        };
        let builder = || {
            reqwest::Client::builder()
                .user_agent(format!("switchyard/{version}"))
                .connect_timeout(CONNECT_DEADLINE)
                .redirect(Policy::none())
        };
        let local = builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(failed)?;
        let outward = builder().build().or_else(|problem| {
            // A machine without certificates can still reach hosts that need none.
            tracing::warn!(%problem, "no certificates of the system could be loaded; git hosts with https will fail");
            builder().tls_certs_only([]).build()
        });
        Ok(Self {
            outward: outward.map_err(failed)?,
            local,
            kept: Mutex::new(LruCache::new(KEPT_ANSWERS)),
            limits: Limits::default(),
        })
    }

    /// Asks, unless the host said that it takes nothing of this token yet.
    pub(crate) async fn get(
        &self,
        access: &Access,
        question: Question<'_>,
    ) -> Result<Answer, ForgeError> {
        let asked = self.follow(access, &question);
        let answered = tokio::time::timeout(DEADLINE, asked).await;
        answered.unwrap_or_else(|_| {
            Err(ForgeError::Unreachable {
                host: question.host.to_owned(),
                detail: format!("no whole answer within {} seconds", DEADLINE.as_secs()),
            })
        })
    }

    async fn follow(&self, access: &Access, question: &Question<'_>) -> Result<Answer, ForgeError> {
        let mut url = question.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            match self.send(access, question, &url).await? {
                Step::Answer(answer) => return Ok(answer),
                Step::Redirect(to) if is_same_place(&to, &question.url) => url = to,
                Step::Redirect(to) => {
                    let place = to.host_str().unwrap_or_default();
                    return Err(not_understood(
                        question,
                        &format!(
                            "it sends on to another host, {place}, where the token must not go"
                        ),
                    ));
                }
            }
        }
        Err(not_understood(
            question,
            "it sends from one address to another without end",
        ))
    }

    async fn send(
        &self,
        access: &Access,
        question: &Question<'_>,
        url: &Url,
    ) -> Result<Step, ForgeError> {
        let fingerprint: Fingerprint = Sha256::digest(access.token.expose_secret()).into();
        let limited = (fingerprint, question.host.to_owned());
        if let Some(until) = self.limits.until(&limited, access.now) {
            return Err(rate_limited(question, until));
        }
        let key = (fingerprint, format!("{} {url}", question.accept));
        let kept = self.lock().get(&key).cloned();
        let request = self.client_for(url).get(url.clone());
        let request = request.headers(headers(access, question, kept.as_ref())?);
        let response = request
            .send()
            .await
            .map_err(|problem| unreachable(question, problem))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::NOT_MODIFIED
            && let Some(kept) = kept
        {
            return Ok(Step::Answer(kept.answer));
        }
        if status.is_redirection()
            && let Some(to) = location(&headers, url)
        {
            return Ok(Step::Redirect(to));
        }
        if status != StatusCode::OK {
            let words = words_of(response).await;
            return Err(self.refusal(question, access, limited, (status, &headers, words)));
        }
        let answer = Answer {
            next: next_page(&headers).filter(|next| is_same_place(next, &question.url)),
            body: answers::whole(response, question).await?,
        };
        if let Some(etag) = headers.get(ETAG)
            && answer.body.len() <= LARGEST_KEPT_BYTES
        {
            let etag = etag.clone();
            self.lock().insert(
                key,
                Kept {
                    etag,
                    answer: answer.clone(),
                },
            );
        }
        Ok(Step::Answer(answer))
    }

    /// What a status other than 200 means.
    fn refusal(
        &self,
        question: &Question<'_>,
        access: &Access,
        limited: (Fingerprint, String),
        (status, headers, words): (StatusCode, &HeaderMap, String),
    ) -> ForgeError {
        let host = question.host.to_owned();
        if let Some(until) = limits::end(status, headers, &words, access.now) {
            self.limits.note(limited, until, access.now);
            return rate_limited(question, until);
        }
        match status {
            StatusCode::UNAUTHORIZED => ForgeError::BadCredentials {
                host,
                is_told: words.to_ascii_lowercase().contains(BAD_CREDENTIALS),
            },
            StatusCode::FORBIDDEN => ForgeError::Forbidden {
                host,
                detail: words,
            },
            StatusCode::NOT_FOUND | StatusCode::GONE => ForgeError::NotFound { host },
            StatusCode::NOT_ACCEPTABLE => ForgeError::TooLarge {
                host,
                limit_bytes: question.limit_bytes,
            },
            _ if status.is_server_error() => ForgeError::Unreachable {
                host,
                detail: format!("it answered {status}"),
            },
            _ => not_understood(question, &format!("{status}: {words}")),
        }
    }

    fn client_for(&self, url: &Url) -> &reqwest::Client {
        // Plain HTTP is allowed to this machine only.
        if url.scheme() == "http" {
            &self.local
        } else {
            &self.outward
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<(Fingerprint, String), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn headers(
    access: &Access,
    question: &Question<'_>,
    kept: Option<&Kept>,
) -> Result<HeaderMap, ForgeError> {
    let token = format!("Bearer {}", access.token.expose_secret());
    let mut token = HeaderValue::from_str(&token).map_err(|_| ForgeError::BadCredentials {
        host: question.host.to_owned(),
        is_told: false,
    })?;
    token.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, token);
    headers.insert(ACCEPT, HeaderValue::from_static(question.accept));
    headers.insert(
        HeaderName::from_static("x-github-api-version"),
        HeaderValue::from_static("2022-11-28"),
    );
    if let Some(kept) = kept {
        headers.insert(IF_NONE_MATCH, kept.etag.clone());
    }
    Ok(headers)
}

fn location(headers: &HeaderMap, from: &Url) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

fn is_same_place(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.username().is_empty() && one.password().is_none()
}

fn rate_limited(question: &Question<'_>, until: chrono::DateTime<chrono::Utc>) -> ForgeError {
    ForgeError::RateLimited {
        host: question.host.to_owned(),
        until,
    }
}

pub(crate) fn not_understood(question: &Question<'_>, detail: &str) -> ForgeError {
    ForgeError::NotUnderstood {
        host: question.host.to_owned(),
        detail: detail.to_owned(),
    }
}

fn unreachable(question: &Question<'_>, problem: reqwest::Error) -> ForgeError {
    unreachable_host(question.host, problem)
}

fn unreachable_host(host: &str, problem: reqwest::Error) -> ForgeError {
    let problem = problem.without_url();
    let mut detail = problem.to_string();
    let mut cause = problem.source();
    while let Some(inner) = cause {
        // Writing to a string cannot fail.
        write!(detail, ": {inner}").ok();
        cause = inner.source();
    }
    ForgeError::Unreachable {
        host: host.to_owned(),
        detail,
    }
}
