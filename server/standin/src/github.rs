//! A GitHub that is none: the part of its REST API (version 2022-11-28) that reads pull requests, at `/api/v3` as GitHub
//! Enterprise has it, with ETags, pages, rate limit headers and refusals in GitHub's words.
//!
//! Tests give it repositories ([`Github::put_pull`]) and faults ([`Github::fail`]), by these methods or over HTTP:
//! `PUT /__github/repos/{owner}/{repository}/pulls/{number}` with a [`Pull`], `PUT /__github/faults` with a list of
//! [`Fault`]s, `GET /__github/requests`, `PUT /__github/apps` with an [`App`] that people can be signed in for (`oauth`).

mod answer;
mod oauth;
mod script;
mod shapes;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};

pub use self::oauth::{App, DeviceOutcome, OauthAsked};
pub use self::script::{CheckRun, Fault, Pull, RateLimit, Review};
use crate::state::Standin;

/// The memory.
#[derive(Debug, Default)]
pub struct Github(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    repositories: BTreeMap<(String, String), Repository>,
    faults: VecDeque<Fault>,
    requests: Vec<Asked>,
    limit: Option<answer::Limit>,
    oauth: oauth::Memory,
    oauth_faults: VecDeque<Fault>,
}

#[derive(Clone, Debug)]
struct Repository {
    default_branch: String,
    /// Who may know of it; everybody with a token when empty.
    readers: Vec<String>,
    pulls: BTreeMap<i32, Pull>,
    /// Diffs of comparisons, by `base...head`.
    comparisons: BTreeMap<String, String>,
}

/// A request to the API.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Its path and query below `/api/v3`.
    pub path: String,
    /// The token that it showed.
    pub token: Option<String>,
    /// What it was answered.
    pub status: u16,
}

impl Default for Repository {
    fn default() -> Self {
        Self {
            default_branch: "main".to_owned(),
            readers: Vec::new(),
            pulls: BTreeMap::new(),
            comparisons: BTreeMap::new(),
        }
    }
}

impl Github {
    /// Adds a pull request or replaces it; its repository is made on the way.
    pub fn put_pull(&self, (owner, name): (&str, &str), number: i32, pull: Pull) {
        self.change((owner, name), |repository| {
            repository.pulls.insert(number, pull);
        });
    }

    /// Only these tokens may know of the repository.
    pub fn set_readers(&self, repository: (&str, &str), tokens: &[&str]) {
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        self.change(repository, |repository| repository.readers = tokens);
    }

    /// The diff between two branches.
    pub fn put_comparison(&self, repository: (&str, &str), range: &str, diff: &str) {
        self.change(repository, |repository| {
            repository
                .comparisons
                .insert(range.to_owned(), diff.to_owned());
        });
    }

    /// The next request is answered with this, whatever it asks.
    pub fn fail(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// What was asked since the last call.
    pub fn take_requests(&self) -> Vec<Asked> {
        std::mem::take(&mut self.lock().requests)
    }

    /// From now on only so much is answered.
    pub fn limit(&self, limit: RateLimit) {
        self.lock().limit = Some(answer::Limit::begin(limit));
    }

    /// Registers an application, or replaces it.
    pub fn put_app(&self, app: App) {
        self.lock().oauth.put_app(app);
    }

    /// The next request to the token and device endpoints is answered with this.
    pub fn fail_oauth(&self, fault: Fault) {
        self.lock().oauth_faults.push_back(fault);
    }

    /// What the token and device endpoints were asked since the last call.
    pub fn take_oauth_requests(&self) -> Vec<OauthAsked> {
        std::mem::take(&mut self.lock().oauth.asked)
    }

    /// How many requests to the token and device endpoints have come since they were last taken.
    pub fn count_oauth_requests(&self) -> usize {
        self.lock().oauth.asked.len()
    }

    /// Somebody comes to the page of agreement with this query: where they are sent back to, empty for no application.
    pub fn agree(&self, query: &str) -> String {
        let query = url::form_urlencoded::parse(query.as_bytes());
        let query = query.into_owned().collect();
        self.lock().oauth.authorize(&query).unwrap_or_default()
    }

    /// What becomes of the device code that a person was shown.
    pub fn enter_device_code(&self, user_code: &str, outcome: DeviceOutcome) {
        self.lock().oauth.decide_device(user_code, outcome);
    }

    /// As if everybody had revoked the applications: their tokens and refresh tokens hold no longer.
    pub fn revoke_all(&self) {
        self.lock().oauth.revoke_all();
    }

    fn change(&self, (owner, name): (&str, &str), change: impl FnOnce(&mut Repository)) {
        let key = (owner.to_owned(), name.to_owned());
        change(self.lock().repositories.entry(key).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn routes() -> Router<Arc<Standin>> {
    Router::new()
        .route("/api/v3/{*path}", get(answer::answer))
        .route(
            "/__github/repos/{owner}/{name}/pulls/{number}",
            put(put_pull),
        )
        .route(
            "/api/v3/applications/{client_id}/token",
            delete(oauth::revoke),
        )
        .route("/login/oauth/authorize", get(oauth::authorize))
        .route("/login/oauth/access_token", post(oauth::access_token))
        .route("/login/device/code", post(oauth::device_code))
        .route("/__github/apps", put(oauth::put_app))
        .route("/__github/faults", put(put_faults))
        .route("/__github/rate-limit", put(put_rate_limit))
        .route("/__github/requests", get(take_requests))
}

async fn put_pull(
    State(state): State<Arc<Standin>>,
    Path((owner, name, number)): Path<(String, String, i32)>,
    Json(pull): Json<Pull>,
) -> StatusCode {
    state.github.put_pull((&owner, &name), number, pull);
    StatusCode::NO_CONTENT
}

async fn put_faults(
    State(state): State<Arc<Standin>>,
    Json(faults): Json<Vec<Fault>>,
) -> StatusCode {
    state.github.lock().faults = faults.into();
    StatusCode::NO_CONTENT
}

async fn put_rate_limit(
    State(state): State<Arc<Standin>>,
    Json(limit): Json<RateLimit>,
) -> StatusCode {
    state.github.limit(limit);
    StatusCode::NO_CONTENT
}

async fn take_requests(State(state): State<Arc<Standin>>) -> Json<Vec<Asked>> {
    Json(state.github.take_requests())
}
