//! From a provider's row to something that can be called.
//!
//! Adapters are kept, because they learn what their server understands, and made anew as soon as the row differs
//! from the one they were made of; so a change holds from the next look-up on, in every replica, without a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use llm::{HttpClient, Provider};
use sdk::ids::{ProviderConfigId, UserId};
use sdk::models::UnavailableReason;
use sdk::providers::{ProviderConfig, ProviderKind, ProviderSource};
use secrecy::SecretString;
use store::provider_configs::ProviderRow;
use store::user_provider_keys::UserKeyRow;
use url::Url;
use uuid::Uuid;

use super::presets;
use crate::EnvironmentPresets;
use crate::secrets::{Place, Secrets, UnsealError};

/// People's own keys do not stay in memory longer than they are used: another replica may have been told to forget them.
const OWN_ADAPTER_KEPT: Duration = Duration::from_mins(15);

/// Makes and keeps adapters. `Debug` shows no key.
#[derive(Debug)]
pub(crate) struct Registry {
    http: HttpClient,
    secrets: Secrets,
    environment: EnvironmentPresets,
    adapters: Mutex<HashMap<(ProviderConfigId, Option<UserId>), Adapter>>,
    /// Whether the last question to a provider was answered.
    health: Mutex<HashMap<ProviderConfigId, bool>>,
}

#[derive(Debug)]
struct Adapter {
    made_of: ProviderRow,
    own_key: Option<UserKeyRow>,
    provider: Arc<dyn Provider>,
    last_used: Instant,
}

/// Somebody's own key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnKey<'a> {
    pub(crate) user_id: UserId,
    pub(crate) key: &'a UserKeyRow,
}

impl Registry {
    pub(crate) fn new(http: HttpClient, secrets: Secrets, environment: EnvironmentPresets) -> Self {
        Self {
            http,
            secrets,
            environment,
            adapters: Mutex::default(),
            health: Mutex::default(),
        }
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    /// The adapter of a row, with the deployment's key. The error is for people.
    pub(crate) fn provider(&self, row: &ProviderRow) -> Result<Arc<dyn Provider>, llm::Error> {
        self.adapter(row, None)
    }

    /// The adapter of a row for the calls of a person: with their own key, where the provider takes one and they brought it,
    /// else with the deployment's where it may be used. The error is for people.
    pub(crate) fn provider_for(
        &self,
        row: &ProviderRow,
        own: Option<OwnKey<'_>>,
    ) -> Result<Arc<dyn Provider>, llm::Error> {
        match own {
            Some(own) => self.adapter(row, Some(own)),
            None if row.key_policy.uses_central_key() => self.adapter(row, None),
            None => {
                let name = &row.display_name;
                let message = format!(
                    "{name} is asked with your own key, and you have not brought one. Add it under Settings, Agents, or choose another model."
                );
                Err(llm::Error::new(llm::ErrorKind::MissingKey, Some(name)).with_message(message))
            }
        }
    }

    fn adapter(
        &self,
        row: &ProviderRow,
        own: Option<OwnKey<'_>>,
    ) -> Result<Arc<dyn Provider>, llm::Error> {
        let place = (row.id, own.map(|own| own.user_id));
        let own_key = own.map(|own| own.key);
        let mut adapters = self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        adapters.retain(|(_, user), adapter| {
            user.is_none() || now.duration_since(adapter.last_used) < OWN_ADAPTER_KEPT
        });
        if let Some(adapter) = adapters.get_mut(&place)
            && is_same(&adapter.made_of, row)
            && adapter.own_key.as_ref() == own_key
        {
            adapter.last_used = now;
            return Ok(Arc::clone(&adapter.provider));
        }
        let provider = self.connect(row, own_key)?;
        let adapter = Adapter {
            made_of: row.clone(),
            own_key: own_key.cloned(),
            provider: Arc::clone(&provider),
            last_used: now,
        };
        adapters.insert(place, adapter);
        Ok(provider)
    }

    fn connect(
        &self,
        row: &ProviderRow,
        own_key: Option<&UserKeyRow>,
    ) -> Result<Arc<dyn Provider>, llm::Error> {
        let api_key = match own_key {
            Some(own) => self
                .secrets
                .unseal(own_key_place(own.id), &own.api_key_sealed),
            None => self.key(row),
        };
        let api_key = api_key.map_err(|error| {
            let message = format!("The key of {} cannot be read: {error}.", row.display_name);
            llm::Error::new(llm::ErrorKind::Config, Some(&row.display_name)).with_message(message)
        })?;
        if api_key.is_none() && needs_key(row.provider) {
            return Err(llm::Error::missing_key(&row.display_name));
        }
        let mut config = llm::ProviderConfig::new(llm_kind(row.provider), api_key);
        config.name.clone_from(&row.display_name);
        config.account = Some(account_of(row, own_key));
        config.base_url = (!row.base_url.is_empty()).then(|| row.base_url.clone());
        llm::connect(&self.http, config)
    }

    /// The key in force: from the environment for what the environment names, else the sealed one.
    fn key(&self, row: &ProviderRow) -> Result<Option<SecretString>, UnsealError> {
        match row.source {
            ProviderSource::EnvPreset => Ok(presets::key(&self.environment, &row.display_name)),
            _ => self.secrets.unseal(key_place(row.id), &row.api_key_sealed),
        }
    }

    pub(crate) fn seal_key(&self, id: ProviderConfigId, key: &str) -> Result<Vec<u8>, UnsealError> {
        self.secrets.seal(key_place(id), key)
    }

    pub(crate) fn seal_own_key(&self, id: Uuid, key: &str) -> Result<Vec<u8>, UnsealError> {
        self.secrets.seal(own_key_place(id), key)
    }

    /// Refuses an address that the adapter would refuse.
    pub(crate) fn check_base_url(&self, kind: ProviderKind, url: &str) -> Result<(), String> {
        let mut config = llm::ProviderConfig::new(llm_kind(kind), None);
        config.base_url = Some(url.to_owned());
        llm::connect(&self.http, config)
            .map(drop)
            .map_err(|error| error.message)
    }

    /// A provider as admins see it.
    pub(crate) fn describe(&self, row: &ProviderRow) -> ProviderConfig {
        ProviderConfig {
            id: row.id,
            provider: row.provider,
            display_name: row.display_name.clone(),
            base_url: meant_address(row.provider, &row.base_url).to_owned(),
            has_api_key: self.has_key(row),
            enabled: row.enabled,
            key_policy: row.key_policy,
            source: row.source,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    /// Why somebody cannot use a provider's models now, as far as it is known without asking.
    pub(crate) fn unavailable_reason(
        &self,
        row: &ProviderRow,
        has_own_key: bool,
    ) -> Option<UnavailableReason> {
        if has_own_key {
            return None;
        }
        if !row.key_policy.uses_central_key() {
            return Some(UnavailableReason::UserApiKeyRequired);
        }
        if needs_key(row.provider) && !self.has_key(row) {
            return Some(UnavailableReason::MissingApiKey);
        }
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        (health.get(&row.id) == Some(&false)).then_some(UnavailableReason::FetchFailed)
    }

    /// Notes whether a provider answered.
    pub(crate) fn note_health(&self, id: ProviderConfigId, is_well: bool) {
        self.health
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, is_well);
    }

    /// Lets go of somebody's own key.
    pub(crate) fn forget_own_key(&self, id: ProviderConfigId, user: UserId) {
        self.adapters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(id, Some(user)));
    }

    /// Lets go of the adapters of a deleted provider, and with them of its keys.
    pub(crate) fn forget(&self, id: ProviderConfigId) {
        self.adapters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(provider, _), _| *provider != id);
        self.health
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    /// How many people's keys are held.
    #[cfg(test)]
    pub(crate) fn own_keys_in_memory(&self) -> usize {
        let adapters = self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        adapters.keys().filter(|(_, user)| user.is_some()).count()
    }

    /// As if nobody had asked anything for so long.
    #[cfg(test)]
    pub(crate) fn let_own_keys_rest(&self, for_so_long: Duration) {
        let mut adapters = self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        for adapter in adapters.values_mut() {
            adapter.last_used = adapter
                .last_used
                .checked_sub(for_so_long)
                .unwrap_or(adapter.last_used);
        }
    }

    fn has_key(&self, row: &ProviderRow) -> bool {
        match row.source {
            ProviderSource::EnvPreset => {
                presets::key(&self.environment, &row.display_name).is_some()
            }
            _ => !row.api_key_sealed.is_empty(),
        }
    }
}

/// Whose calls a key makes: those of one provider, and of a person who brought a key of their own.
fn account_of(row: &ProviderRow, own_key: Option<&UserKeyRow>) -> String {
    match own_key {
        Some(own) => format!("{}/{}", row.id, own.id),
        None => row.id.to_string(),
    }
}

/// Whether an adapter made of one row serves the other.
fn is_same(made_of: &ProviderRow, row: &ProviderRow) -> bool {
    made_of.provider == row.provider
        && made_of.display_name == row.display_name
        && made_of.base_url == row.base_url
        && made_of.api_key_sealed == row.api_key_sealed
}

fn key_place(id: ProviderConfigId) -> Place {
    Place {
        table: "provider_configs",
        column: "api_key_sealed",
        row: id.0,
    }
}

fn own_key_place(id: Uuid) -> Place {
    Place {
        table: "user_provider_keys",
        column: "api_key_sealed",
        row: id,
    }
}

const fn needs_key(kind: ProviderKind) -> bool {
    matches!(kind, ProviderKind::Anthropic | ProviderKind::OpenAi)
}

/// The address that a row means: none is that which the provider has for everybody.
pub(crate) const fn meant_address(kind: ProviderKind, base_url: &str) -> &str {
    if base_url.is_empty() {
        public_address(kind)
    } else {
        base_url
    }
}

const fn public_address(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => llm::anthropic::DEFAULT_BASE_URL,
        ProviderKind::OpenAi => llm::openai::DEFAULT_BASE_URL,
        ProviderKind::OpenAiCompatible | ProviderKind::Demo => "",
    }
}

/// Whether two addresses of a provider have scheme, host and port in common.
pub(crate) fn is_same_server(kind: ProviderKind, one: &str, other: &str) -> bool {
    let origin = |address: &str| {
        let url = Url::parse(meant_address(kind, address)).ok()?;
        Some(url.origin())
    };
    one == other || origin(one).is_some_and(|known| origin(other) == Some(known))
}

const fn llm_kind(kind: ProviderKind) -> llm::ProviderKind {
    match kind {
        ProviderKind::Anthropic => llm::ProviderKind::Anthropic,
        ProviderKind::OpenAi => llm::ProviderKind::OpenAi,
        ProviderKind::OpenAiCompatible => llm::ProviderKind::OpenAiCompatible,
        ProviderKind::Demo => llm::ProviderKind::Demo,
    }
}
