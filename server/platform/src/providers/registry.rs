//! From a provider's row to something that can be called.
//!
//! Adapters are kept, because they learn what their server understands, and made anew as soon as the row differs
//! from the one they were made of; so a change holds from the next look-up on, in every replica, without a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use llm::{HttpClient, Provider};
use sdk::ids::ProviderConfigId;
use sdk::models::UnavailableReason;
use sdk::providers::{ProviderConfig, ProviderKind, ProviderSource};
use secrecy::SecretString;
use store::provider_configs::ProviderRow;

use super::presets;
use crate::EnvironmentPresets;
use crate::secrets::{Place, Secrets, UnsealError};

/// Makes and keeps adapters. `Debug` shows no key.
#[derive(Debug)]
pub(crate) struct Registry {
    http: HttpClient,
    secrets: Secrets,
    environment: EnvironmentPresets,
    adapters: Mutex<HashMap<ProviderConfigId, Adapter>>,
    /// Whether the last question to a provider was answered.
    health: Mutex<HashMap<ProviderConfigId, bool>>,
}

#[derive(Debug)]
struct Adapter {
    made_of: ProviderRow,
    provider: Arc<dyn Provider>,
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

    /// The adapter of a row. The error is for people.
    pub(crate) fn provider(&self, row: &ProviderRow) -> Result<Arc<dyn Provider>, llm::Error> {
        let mut adapters = self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adapter) = adapters.get(&row.id)
            && is_same(&adapter.made_of, row)
        {
            return Ok(Arc::clone(&adapter.provider));
        }
        let provider = self.connect(row)?;
        let adapter = Adapter {
            made_of: row.clone(),
            provider: Arc::clone(&provider),
        };
        adapters.insert(row.id, adapter);
        Ok(provider)
    }

    fn connect(&self, row: &ProviderRow) -> Result<Arc<dyn Provider>, llm::Error> {
        let api_key = self.key(row).map_err(|error| {
            let message = format!("The key of {} cannot be read: {error}.", row.display_name);
            llm::Error::new(llm::ErrorKind::Config, Some(&row.display_name)).with_message(message)
        })?;
        if api_key.is_none() && needs_key(row.provider) {
            return Err(llm::Error::missing_key(&row.display_name));
        }
        let mut config = llm::ProviderConfig::new(llm_kind(row.provider), api_key);
        config.name.clone_from(&row.display_name);
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
            base_url: if row.base_url.is_empty() {
                public_address(row.provider).to_owned()
            } else {
                row.base_url.clone()
            },
            has_api_key: self.has_key(row),
            enabled: row.enabled,
            source: row.source,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    /// Why a provider's models cannot be used now, as far as it is known without asking.
    pub(crate) fn unavailable_reason(&self, row: &ProviderRow) -> Option<UnavailableReason> {
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

    /// Lets go of the adapter of a deleted provider, and with it of its key.
    pub(crate) fn forget(&self, id: ProviderConfigId) {
        self.adapters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        self.health
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
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

const fn needs_key(kind: ProviderKind) -> bool {
    matches!(kind, ProviderKind::Anthropic | ProviderKind::OpenAi)
}

const fn public_address(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => llm::anthropic::DEFAULT_BASE_URL,
        ProviderKind::OpenAi => llm::openai::DEFAULT_BASE_URL,
        ProviderKind::OpenAiCompatible | ProviderKind::Demo => "",
    }
}

const fn llm_kind(kind: ProviderKind) -> llm::ProviderKind {
    match kind {
        ProviderKind::Anthropic => llm::ProviderKind::Anthropic,
        ProviderKind::OpenAi => llm::ProviderKind::OpenAi,
        ProviderKind::OpenAiCompatible => llm::ProviderKind::OpenAiCompatible,
        ProviderKind::Demo => llm::ProviderKind::Demo,
    }
}
