//! What a provider's name, address and key must look like.

use sdk::providers::{
    CreateProviderConfig, KeyPolicy, ProviderKind, UpdateKeyPolicy, UpdateProviderConfig,
};
use store::provider_configs::ProviderRow;

use super::ProviderError;
use super::registry::{Registry, is_same_server};
use crate::failure::Checks;

const MAX_NAME_CHARACTERS: usize = 64;
const MAX_KEY_BYTES: usize = 10_240;
const MAX_URL_BYTES: usize = 2048;

const KEY_STAYS: &str =
    "Give the key again, or an empty one: the stored key is not sent to another server.";

/// The checked fields of a new provider.
pub(super) struct NewProvider {
    pub(super) kind: ProviderKind,
    pub(super) display_name: String,
    pub(super) base_url: String,
    pub(super) api_key: String,
    pub(super) enabled: bool,
    pub(super) key_policy: KeyPolicy,
}

/// The name of a protocol for people.
pub(crate) const fn kind_name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => "Anthropic",
        ProviderKind::OpenAi => "OpenAI",
        ProviderKind::OpenAiCompatible => "OpenAI-compatible",
        ProviderKind::Demo => "Demo (scripted, no AI)",
    }
}

/// `reach` says whether the address may be called.
pub(super) fn check_new(
    registry: &Registry,
    request: CreateProviderConfig,
    reach: Result<(), String>,
) -> Result<NewProvider, ProviderError> {
    let kind = request.provider;
    if kind == ProviderKind::Demo {
        return Err(ProviderError::BuiltIn);
    }
    let mut checks = Checks::default();
    let name = request.display_name.filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| kind_name(kind).to_owned());
    let base_url = request.base_url.unwrap_or_default();
    let new = NewProvider {
        kind,
        display_name: checks
            .take("display_name", check_name(&name))
            .unwrap_or_default(),
        base_url: checks
            .take(
                "base_url",
                check_base_url(registry, kind, &base_url).and_then(|url| reach.map(|()| url)),
            )
            .unwrap_or_default(),
        api_key: checks
            .take("api_key", check_key(&request.api_key.unwrap_or_default()))
            .unwrap_or_default(),
        enabled: request.enabled.unwrap_or(true),
        key_policy: check_key_policy(&mut checks, KeyPolicy::default(), request.key_policy),
    };
    checks.finish().map_err(ProviderError::Invalid)?;
    Ok(new)
}

/// Changes a row as the request says; a blank name changes nothing, an empty key clears the key. Whoever may change the
/// address cannot read the key, and must not have it sent to a server of their own either. `reach` says whether the address
/// may be called; one that stays as it is is not refused for it.
pub(super) fn apply(
    registry: &Registry,
    row: &mut ProviderRow,
    request: UpdateProviderConfig,
    reach: Result<(), String>,
) -> Result<(), ProviderError> {
    let mut checks = Checks::default();
    let name = request.display_name.filter(|name| !name.trim().is_empty());
    let name = name.map(|name| checks.take("display_name", check_name(&name)));
    let base_url = request
        .base_url
        .map(|url| check_base_url(registry, row.provider, &url))
        .map(|checked| match checked {
            Ok(url) if url != row.base_url => reach.map(|()| url),
            other => other,
        })
        .map(|checked| checks.take("base_url", checked));
    let key = request
        .api_key
        .map(|key| checks.take("api_key", check_key(&key)));
    if let Some(Some(url)) = &base_url
        && key.is_none()
        && !row.api_key_sealed.is_empty()
        && !is_same_server(row.provider, &row.base_url, url)
    {
        checks.refuse("api_key", KEY_STAYS);
    }
    checks.finish().map_err(ProviderError::Invalid)?;
    if let Some(name) = name.flatten() {
        row.display_name = name;
    }
    if let Some(base_url) = base_url.flatten() {
        row.base_url = base_url;
    }
    if let Some(key) = key.flatten() {
        row.api_key_sealed = registry.seal_key(row.id, &key)?;
    }
    Ok(())
}

/// Changes whose key is used, as the request says.
pub(super) fn apply_key_policy(
    row: &mut ProviderRow,
    change: UpdateKeyPolicy,
) -> Result<(), ProviderError> {
    let mut checks = Checks::default();
    row.key_policy = check_key_policy(&mut checks, row.key_policy, change);
    checks.finish().map_err(ProviderError::Invalid)
}

fn check_key_policy(checks: &mut Checks, policy: KeyPolicy, change: UpdateKeyPolicy) -> KeyPolicy {
    let policy = change.applied_to(policy);
    let (central, own) = (policy.central_api_key_enabled, policy.allow_user_api_key);
    if !central && !own {
        let detail = "Allow the deployment’s key, people’s own keys, or both.";
        checks.refuse("central_api_key_enabled", detail);
    }
    if policy.allow_central_api_key_fallback && !(central && own) {
        let detail = "This needs both the deployment’s key and people’s own keys to be allowed.";
        checks.refuse("allow_central_api_key_fallback", detail);
    }
    policy
}

fn check_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARACTERS || name.chars().any(char::is_control) {
        return Err("Use at most 64 characters, without control characters.".to_owned());
    }
    Ok(name.to_owned())
}

/// Empty means the provider's public address, which a compatible server does not have.
fn check_base_url(registry: &Registry, kind: ProviderKind, url: &str) -> Result<String, String> {
    let url = url.trim();
    if url.is_empty() && kind != ProviderKind::OpenAiCompatible {
        return Ok(String::new());
    }
    if url.len() > MAX_URL_BYTES {
        return Err("Use an address of at most 2,048 bytes.".to_owned());
    }
    if url.chars().any(char::is_control) {
        return Err("Remove line breaks and other control characters.".to_owned());
    }
    registry.check_base_url(kind, url)?;
    Ok(url.to_owned())
}

/// A key that somebody brings is one.
pub(super) fn check_own_key(key: &str) -> Result<String, ProviderError> {
    let mut checks = Checks::default();
    let key = checks.take("api_key", check_key(key)).unwrap_or_default();
    if key.is_empty() {
        checks.refuse("api_key", "Enter a key.");
    }
    checks.finish().map_err(ProviderError::Invalid)?;
    Ok(key)
}

/// It travels in a header, so it must fit into one.
fn check_key(key: &str) -> Result<String, &'static str> {
    let key = key.trim();
    if key.len() > MAX_KEY_BYTES {
        return Err("Use a key of at most 10,240 bytes.");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("Enter the key without spaces or special characters.");
    }
    Ok(key.to_owned())
}
