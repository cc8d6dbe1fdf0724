//! Signing in for an application, as GitHub has it: codes with PKCE, tokens that end with refresh tokens that hold once, device
//! codes. Errors come with status 200 and a field `error`; answers are forms unless JSON is asked for.
//!
//! Whoever comes to the page of agreement agrees, unless [`App::is_denied`]. A device code is entered with
//! [`super::Github::enter_device_code`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::faulty;
use crate::state::Standin;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const TOKEN_SECONDS: u64 = 28_800;
const REFRESH_SECONDS: u64 = 15_897_600;
const DEVICE_SECONDS: u64 = 899;

type Form = BTreeMap<String, String>;

/// An application that is registered there; what is left out has a usual value.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where people may come back to, exactly.
    pub callback_url: String,
    /// Who agrees.
    pub login: String,
    /// Whether they turn it down instead.
    pub is_denied: bool,
    /// Whether tokens end after eight hours and can be refreshed.
    pub has_expiring_tokens: bool,
    /// Whether device codes are allowed.
    pub has_device_flow: bool,
    /// Least seconds between two questions for a device code.
    pub interval_seconds: u64,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "Iv1.switchyard".to_owned(),
            client_secret: "the-client-secret".to_owned(),
            callback_url: String::new(),
            login: "ada".to_owned(),
            is_denied: false,
            has_expiring_tokens: false,
            has_device_flow: true,
            interval_seconds: 5,
        }
    }
}

/// What is known of applications and their people.
#[derive(Debug, Default)]
pub(super) struct Memory {
    apps: BTreeMap<String, App>,
    codes: BTreeMap<String, Code>,
    devices: BTreeMap<String, Device>,
    /// Whose token it is, by token.
    pub(super) tokens: BTreeMap<String, String>,
    /// What a refresh token is of: the application, who, and the token beside it.
    refresh_tokens: BTreeMap<String, (String, String, String)>,
    /// Tokens that hold no longer.
    pub(super) ended: BTreeSet<String>,
    pub(super) asked: Vec<OauthAsked>,
    made: u32,
}

/// A request to the token and device endpoints, and to take a token back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthAsked {
    /// Its path.
    pub path: String,
    /// Its form.
    pub form: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Code {
    client_id: String,
    redirect_uri: String,
    challenge: Option<String>,
    scope: String,
}

#[derive(Debug)]
struct Device {
    client_id: String,
    user_code: String,
    scope: String,
    outcome: Option<DeviceOutcome>,
    interval: Duration,
    asked_at: Option<Instant>,
}

/// What becomes of a device code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceOutcome {
    /// It was entered.
    Entered,
    /// It was entered and turned down.
    Denied,
    /// Nobody entered it in time.
    Expired,
}

/// What goes wrong, by code and words.
type Refusal = (&'static str, &'static str);

impl Memory {
    pub(super) fn put_app(&mut self, app: App) {
        self.apps.insert(app.client_id.clone(), app);
    }

    pub(super) fn decide_device(&mut self, user_code: &str, outcome: DeviceOutcome) {
        for device in self.devices.values_mut() {
            if device.user_code == user_code {
                device.outcome = Some(outcome);
            }
        }
    }

    /// As if everybody had revoked the application.
    pub(super) fn revoke_all(&mut self) {
        self.refresh_tokens.clear();
        let tokens = std::mem::take(&mut self.tokens);
        self.ended.extend(tokens.into_keys());
    }

    fn next(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{:036}", self.made)
    }

    pub(super) fn authorize(&mut self, query: &Form) -> Option<String> {
        let given = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let app = self.apps.get(given("client_id"))?.clone();
        let mut pairs: Vec<(&str, String)> = Vec::new();
        let redirect_uri = given("redirect_uri");
        if redirect_uri != app.callback_url {
            pairs.push(("error", "redirect_uri_mismatch".to_owned()));
            let words =
                "The redirect_uri MUST match the registered callback URL for this application.";
            pairs.push(("error_description", words.to_owned()));
        } else if app.is_denied {
            pairs.push(("error", "access_denied".to_owned()));
            let words = "The user has denied your application access.";
            pairs.push(("error_description", words.to_owned()));
        } else {
            let is_hashed = given("code_challenge_method") == "S256";
            let challenge = query.get("code_challenge").filter(|_| is_hashed).cloned();
            let code = self.next("");
            pairs.push(("code", code.clone()));
            let kept = Code {
                client_id: app.client_id.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge,
                scope: given("scope").replace(' ', ","),
            };
            self.codes.insert(code, kept);
        }
        if let Some(state) = query.get("state") {
            pairs.push(("state", state.clone()));
        }
        let query = encoded(pairs);
        Some(format!("{}?{query}", app.callback_url))
    }

    fn token(&mut self, form: &Form) -> Result<Value, Refusal> {
        let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let wrong_client = (
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        );
        let app = self.apps.get(given("client_id")).cloned();
        let app = app.ok_or(wrong_client)?;
        if given("grant_type") == DEVICE_GRANT {
            return self.device_token(&app, given("device_code"));
        }
        if given("client_secret") != app.client_secret {
            return Err(wrong_client);
        }
        if given("grant_type") == "refresh_token" {
            return self.refresh(&app, given("refresh_token"));
        }
        let wrong_code = (
            "bad_verification_code",
            "The code passed is incorrect or expired.",
        );
        let code = self.codes.remove(given("code")).ok_or(wrong_code)?;
        let is_verified = code.challenge.is_none_or(|challenge| {
            challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(given("code_verifier")))
        });
        if code.client_id != app.client_id || !is_verified {
            return Err(wrong_code);
        }
        if code.redirect_uri != given("redirect_uri") {
            return Err((
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ));
        }
        Ok(self.issue(&app, &code.scope))
    }

    fn refresh(&mut self, app: &App, refresh_token: &str) -> Result<Value, Refusal> {
        let refused = (
            "bad_refresh_token",
            "The refresh token passed is incorrect or expired.",
        );
        let known = self.refresh_tokens.remove(refresh_token);
        let (client_id, _, token) = known.ok_or(refused)?;
        if client_id != app.client_id {
            return Err(refused);
        }
        self.tokens.remove(&token);
        self.ended.insert(token);
        Ok(self.issue(app, ""))
    }

    fn issue(&mut self, app: &App, scope: &str) -> Value {
        let is_of_an_app = app.has_expiring_tokens;
        let token = self.next(if is_of_an_app { "ghu_" } else { "gho_" });
        self.tokens.insert(token.clone(), app.login.clone());
        let mut answer = json!({"access_token": token, "token_type": "bearer", "scope": scope});
        if is_of_an_app && let Some(fields) = answer.as_object_mut() {
            let refresh_token = self.next("ghr_");
            let of = (app.client_id.clone(), app.login.clone(), token);
            self.refresh_tokens.insert(refresh_token.clone(), of);
            fields.insert("expires_in".to_owned(), json!(TOKEN_SECONDS));
            fields.insert("refresh_token".to_owned(), json!(refresh_token));
            fields.insert(
                "refresh_token_expires_in".to_owned(),
                json!(REFRESH_SECONDS),
            );
        }
        answer
    }

    fn device_code(&mut self, form: &Form, base: &str) -> Result<Value, Refusal> {
        let app = form.get("client_id").and_then(|id| self.apps.get(id));
        let app = app.cloned().ok_or(("Not Found", ""))?;
        if !app.has_device_flow {
            return Err((
                "device_flow_disabled",
                "Device Flow must be explicitly enabled for this App",
            ));
        }
        let device_code = self.next("");
        let user_code = format!("WDJB-{:04}", self.made);
        let device = Device {
            client_id: app.client_id,
            user_code: user_code.clone(),
            scope: form.get("scope").cloned().unwrap_or_default(),
            outcome: None,
            interval: Duration::from_secs(app.interval_seconds),
            asked_at: None,
        };
        self.devices.insert(device_code.clone(), device);
        Ok(json!({
            "device_code": device_code, "user_code": user_code, "verification_uri": format!("{base}/login/device"),
            "expires_in": DEVICE_SECONDS, "interval": app.interval_seconds,
        }))
    }

    fn device_token(&mut self, app: &App, device_code: &str) -> Result<Value, Refusal> {
        let wrong = (
            "incorrect_device_code",
            "The device_code provided is not valid.",
        );
        let device = self.devices.get_mut(device_code).ok_or(wrong)?;
        if device.client_id != app.client_id {
            return Err(wrong);
        }
        let is_early = device
            .asked_at
            .is_some_and(|at| at.elapsed() < device.interval);
        device.asked_at = Some(Instant::now());
        if is_early {
            device.interval += Duration::from_secs(5);
            return Err((
                "slow_down",
                "Too many requests have been made in the same timeframe.",
            ));
        }
        match device.outcome {
            None => Err((
                "authorization_pending",
                "The authorization request is still pending.",
            )),
            Some(DeviceOutcome::Denied) => {
                Err(("access_denied", "The authorization request was denied."))
            }
            Some(DeviceOutcome::Expired) => {
                Err(("expired_token", "This 'device_code' has expired."))
            }
            Some(DeviceOutcome::Entered) => {
                let scope = device.scope.clone();
                self.devices.remove(device_code);
                Ok(self.issue(app, &scope))
            }
        }
    }
}

/// The page of agreement: it agrees at once.
pub(super) async fn authorize(
    State(state): State<Arc<Standin>>,
    Query(query): Query<Form>,
) -> Response {
    match state.github.lock().oauth.authorize(&query) {
        Some(address) => (StatusCode::FOUND, [(LOCATION, address)]).into_response(),
        None => (StatusCode::NOT_FOUND, "Not Found").into_response(),
    }
}

pub(super) async fn access_token(
    State(state): State<Arc<Standin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = form_of(&body);
    if let Some(faulty) = noted(&state, "/login/oauth/access_token", &form).await {
        return faulty;
    }
    let answer = state.github.lock().oauth.token(&form);
    shown(answer, &headers)
}

pub(super) async fn device_code(
    State(state): State<Arc<Standin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = form_of(&body);
    if let Some(faulty) = noted(&state, "/login/device/code", &form).await {
        return faulty;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let base = format!("http://{}", host.unwrap_or_default());
    let answer = state.github.lock().oauth.device_code(&form, &base);
    shown(answer, &headers)
}

/// An application has a token taken back.
pub(super) async fn revoke(
    State(state): State<Arc<Standin>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    Json(form): Json<Form>,
) -> Response {
    let path = format!("/applications/{client_id}/token");
    if let Some(faulty) = noted(&state, &path, &form).await {
        return faulty;
    }
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = form.get("access_token").cloned().unwrap_or_default();
    let mut memory = state.github.lock();
    let secret = memory.oauth.apps.get(&client_id).map(|app| {
        let pair = format!("{client_id}:{}", app.client_secret);
        format!("Basic {}", STANDARD.encode(pair))
    });
    if secret.is_none() || secret.as_deref() != shown {
        return refused(StatusCode::NOT_FOUND, "Not Found");
    }
    if memory.oauth.tokens.remove(&token).is_none() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed");
    }
    let refreshes = &mut memory.oauth.refresh_tokens;
    refreshes.retain(|_, (_, _, beside)| *beside != token);
    memory.oauth.ended.insert(token);
    StatusCode::NO_CONTENT.into_response()
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = super::shapes::refusal(status.as_u16(), message);
    (status, Json(body)).into_response()
}

pub(super) async fn put_app(State(state): State<Arc<Standin>>, Json(app): Json<App>) -> StatusCode {
    state.github.put_app(app);
    StatusCode::NO_CONTENT
}

/// Notes a request; the fault that it is answered with, when one waits.
async fn noted(state: &Standin, path: &str, form: &Form) -> Option<Response> {
    let fault = {
        let mut memory = state.github.lock();
        memory.oauth.asked.push(OauthAsked {
            path: path.to_owned(),
            form: form.clone(),
        });
        memory.oauth_faults.pop_front()
    };
    match fault {
        Some(fault) => Some(faulty(fault).await),
        None => None,
    }
}

fn shown(answer: Result<Value, Refusal>, headers: &HeaderMap) -> Response {
    let answer = answer.unwrap_or_else(|(code, words)| {
        json!({
            "error": code, "error_description": words,
            "error_uri": "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
        })
    });
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("json")) {
        let kind = "application/json; charset=utf-8";
        return ([(CONTENT_TYPE, kind)], answer.to_string()).into_response();
    }
    let fields = answer.as_object().map(Map::iter).into_iter().flatten();
    let pairs = fields.map(|(name, value)| {
        let text = value.as_str().map(str::to_owned);
        (name.as_str(), text.unwrap_or_else(|| value.to_string()))
    });
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    ([(CONTENT_TYPE, kind)], encoded(pairs)).into_response()
}

fn form_of(body: &[u8]) -> Form {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
