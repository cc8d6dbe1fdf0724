//! Requests to the API and what they are answered.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{OriginalUri, Query, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, LINK};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::script::{Pull, RateLimit};
use super::{Asked, Fault, Repository, shapes};
use crate::WRONG_KEY;
use crate::state::Standin;

const DIFF: &str = "diff";
const DEFAULT_PAGE: usize = 30;
/// What an answer of the API carries when nothing is near its limit.
const USUAL: [(&str, &str); 5] = [
    ("x-github-media-type", "github.v3"),
    ("x-ratelimit-limit", "5000"),
    ("x-ratelimit-remaining", "4999"),
    ("x-ratelimit-reset", "4102444800"),
    ("x-ratelimit-resource", "core"),
];

/// What is left of a rate limit. Whose requests they are is not looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    requests: u32,
    left: u32,
    /// Seconds since 1970.
    ends_at: u64,
}

impl Limit {
    pub(super) fn begin(limit: RateLimit) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            requests: limit.requests,
            left: limit.requests,
            ends_at: now.unwrap_or_default().as_secs() + limit.seconds,
        }
    }

    /// Counts a request; whether it is answered.
    const fn take(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }

    fn headers(self) -> [(&'static str, String); 3] {
        [
            ("x-ratelimit-limit", self.requests.to_string()),
            ("x-ratelimit-remaining", self.left.to_string()),
            ("x-ratelimit-reset", self.ends_at.to_string()),
        ]
    }
}

enum Body {
    Object(Value),
    List(Vec<Value>),
    /// A list inside of an object, under this name.
    Counted(&'static str, Vec<Value>),
    Text(String),
}

type Parameters = BTreeMap<String, String>;

pub(super) async fn answer(
    State(state): State<Arc<Standin>>,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let (fault, limit) = {
        let mut memory = state.github.lock();
        let limit = memory.limit.as_mut().map(|limit| (limit.take(), *limit));
        (memory.faults.pop_front(), limit)
    };
    let token = text(&headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let mut response = match fault {
        Some(fault) => faulty(fault).await,
        None if limit.is_some_and(|(is_answered, _)| !is_answered) => refused(
            StatusCode::FORBIDDEN,
            "API rate limit exceeded for user ID 1.",
        ),
        None => right(&state, &uri, &parameters, (token, &headers)),
    };
    for (name, value) in limit
        .map(|(_, limit)| limit.headers())
        .into_iter()
        .flatten()
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    for (name, value) in USUAL {
        let name = HeaderName::from_static(name);
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    state.github.lock().requests.push(Asked {
        path: path.trim_start_matches("/api/v3").to_owned(),
        token: token.map(str::to_owned),
        status: response.status().as_u16(),
    });
    response
}

pub(super) async fn faulty(fault: Fault) -> Response {
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, fault.body).into_response();
    for (name, value) in fault.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn right(
    state: &Standin,
    uri: &Uri,
    parameters: &Parameters,
    (token, headers): (Option<&str>, &HeaderMap),
) -> Response {
    let Some(token) = token.filter(|token| !token.is_empty() && *token != WRONG_KEY) else {
        return refused(StatusCode::UNAUTHORIZED, "Bad credentials");
    };
    let base = format!("http://{}", text(headers, &HOST).unwrap_or_default());
    if state.github.lock().oauth.ended.contains(token) {
        return refused(StatusCode::UNAUTHORIZED, "Bad credentials");
    }
    if uri.path() == "/api/v3/user" {
        let login = state.github.lock().oauth.tokens.get(token).cloned();
        let user = shapes::own_user(&base, login.as_deref().unwrap_or("ada"));
        return shown(Body::Object(user), &base, (uri, parameters), headers);
    }
    let names: Vec<String> = uri
        .path()
        .trim_start_matches("/api/v3/")
        .split('/')
        .map(decoded)
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let [_, owner, name, rest @ ..] = names.as_slice() else {
        return refused(StatusCode::NOT_FOUND, "Not Found");
    };
    let memory = state.github.lock();
    let key = ((*owner).to_owned(), (*name).to_owned());
    let repository = memory.repositories.get(&key).filter(|repository| {
        names.first() == Some(&"repos")
            && (repository.readers.is_empty()
                || repository.readers.iter().any(|reader| reader == token))
    });
    let is_diff = text(headers, &ACCEPT).is_some_and(|accept| accept.contains(DIFF));
    let found = repository.and_then(|repository| {
        let asked = Question {
            base: &base,
            place: (owner, name),
            repository,
            parameters,
            is_diff,
        };
        asked.body(rest)
    });
    match found {
        Some(body) => shown(body, &base, (uri, parameters), headers),
        None => refused(StatusCode::NOT_FOUND, "Not Found"),
    }
}

struct Question<'a> {
    base: &'a str,
    place: (&'a str, &'a str),
    repository: &'a Repository,
    parameters: &'a Parameters,
    is_diff: bool,
}

impl Question<'_> {
    fn body(&self, rest: &[&str]) -> Option<Body> {
        let Question {
            base,
            place,
            repository,
            ..
        } = *self;
        Some(match rest {
            [] => Body::Object(shapes::whole_repository(
                base,
                place,
                &repository.default_branch,
            )),
            ["pulls"] => Body::List(self.list()),
            ["pulls", number] => {
                let (number, pull) = self.pull(number)?;
                if self.is_diff {
                    Body::Text(pull.diff.clone())
                } else {
                    Body::Object(shapes::pull(base, place, (number, pull)))
                }
            }
            ["pulls", number, "reviews"] => {
                let (_, pull) = self.pull(number)?;
                let reviews = pull.reviews.iter().enumerate();
                Body::List(reviews.map(|review| shapes::review(base, review)).collect())
            }
            ["commits", sha, "check-runs"] => {
                let runs = self.pull_of(sha)?.check_runs.iter().enumerate();
                let runs = runs.map(|run| shapes::check_run(base, sha, run)).collect();
                Body::Counted("check_runs", runs)
            }
            ["commits", sha, "status"] => {
                let repository = shapes::repository(base, place, &repository.default_branch);
                let status = self.pull_of(sha)?.status.as_deref();
                Body::Object(shapes::combined_status(base, &repository, sha, status))
            }
            ["compare", range] if self.is_diff => {
                Body::Text(repository.comparisons.get(*range)?.clone())
            }
            _ => return None,
        })
    }

    fn pull(&self, number: &str) -> Option<(i32, &Pull)> {
        let number = number.parse().ok()?;
        Some((number, self.repository.pulls.get(&number)?))
    }

    fn pull_of(&self, sha: &str) -> Option<&Pull> {
        let mut pulls = self.repository.pulls.values();
        pulls.find(|pull| shapes::sha_of(&pull.branch) == sha)
    }

    fn list(&self) -> Vec<Value> {
        let parameter = |name: &str, usual: &'static str| {
            self.parameters.get(name).map_or(usual, String::as_str)
        };
        let (state, head) = (parameter("state", "open"), parameter("head", ""));
        let (owner, _) = self.place;
        let mut pulls: Vec<_> = self.repository.pulls.iter().collect();
        pulls.retain(|(_, pull)| {
            let is_open = pull.state == "open" && !pull.merged;
            let is_wanted = state == "all" || is_open == (state == "open");
            is_wanted && (head.is_empty() || head == format!("{owner}:{}", pull.branch))
        });
        pulls.sort_by_key(|(number, pull)| (pull.age, **number));
        if parameter("direction", "desc") == "desc" {
            pulls.reverse();
        }
        let row =
            |(number, pull): (&i32, &Pull)| shapes::listed(self.base, self.place, (*number, pull));
        pulls.into_iter().map(row).collect()
    }
}

fn shown(
    body: Body,
    base: &str,
    (uri, parameters): (&Uri, &Parameters),
    headers: &HeaderMap,
) -> Response {
    let (text_body, content_type, link) = match body {
        Body::Object(object) => (object.to_string(), "application/json; charset=utf-8", None),
        Body::List(rows) => {
            let (rows, link) = page(rows, base, (uri, parameters));
            (
                Value::Array(rows).to_string(),
                "application/json; charset=utf-8",
                link,
            )
        }
        Body::Counted(name, rows) => {
            let total = rows.len();
            let (rows, link) = page(rows, base, (uri, parameters));
            let object = json!({"total_count": total, name: rows});
            (object.to_string(), "application/json; charset=utf-8", link)
        }
        Body::Text(text) => (text, "application/vnd.github.v3.diff; charset=utf-8", None),
    };
    let mut hasher = DefaultHasher::new();
    text_body.hash(&mut hasher);
    let etag = format!("W/\"{:016x}\"", hasher.finish());
    let is_known = text(headers, &IF_NONE_MATCH) == Some(&etag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, content_type)], text_body).into_response()
    };
    for (name, value) in [(ETAG, Some(etag)), (LINK, link)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A page of the rows, and the link to the next one.
fn page(
    rows: Vec<Value>,
    base: &str,
    (uri, parameters): (&Uri, &Parameters),
) -> (Vec<Value>, Option<String>) {
    let number = |name: &str, usual| {
        parameters
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(usual)
    };
    let size: usize = number("per_page", DEFAULT_PAGE).clamp(1, 100);
    let page = number("page", 1).max(1);
    let has_more = rows.len() > page * size;
    let link = has_more.then(|| {
        let path = uri.path();
        format!(
            "<{base}{path}?per_page={size}&page={}>; rel=\"next\"",
            page + 1
        )
    });
    (
        rows.into_iter()
            .skip((page - 1) * size)
            .take(size)
            .collect(),
        link,
    )
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = shapes::refusal(status.as_u16(), message).to_string();
    (
        status,
        [(CONTENT_TYPE, "application/json; charset=utf-8")],
        body,
    )
        .into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `%2F` and its like.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let escaped = escaped.filter(|_| *byte == b'%');
        bytes.push(escaped.unwrap_or(*byte));
        rest = match escaped {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
