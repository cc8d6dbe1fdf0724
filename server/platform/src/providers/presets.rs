//! Providers that need no ceremony: those the environment names, an Ollama on this machine, and the built-in demo.
//!
//! Each is a row, so that chats can refer to its models, found again at the next start by its display name. Keys
//! stay in memory. A preset that is gone is marked deleted and comes back with its models when it is there again.

#[cfg(test)]
mod tests;

use std::time::Duration;

use llm::ollama;
use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::models::{ModelCallConfig, ModelConfig};
use sdk::providers::{KeyPolicy, ProviderKind, ProviderSource};
use secrecy::SecretString;
use store::notices::ConfigKind;
use store::provider_configs::ProviderRow;
use store::{StoreError, Tx, model_configs, provider_configs};

use super::fields::kind_name;
use crate::models::election::{Wish, settle};
use crate::models::selection;
use crate::{EnvironmentPresets, Platform};

const ANTHROPIC: &str = "Anthropic (environment)";
const OPENAI: &str = "OpenAI (environment)";
const OLLAMA: &str = "Ollama";
const OLLAMA_DEADLINE: Duration = Duration::from_secs(1);
/// How long a start waits for providers to list their models; they go on listing after it.
const START_DEADLINE: Duration = Duration::from_secs(3);
const FIRST_RETRY_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_RETRY_PAUSE: Duration = Duration::from_mins(10);
const DEFAULT_COMPRESSION_THRESHOLD: i32 = 70;

/// A provider that was found outside of the database.
struct Preset {
    display_name: &'static str,
    kind: ProviderKind,
    base_url: String,
    models: Option<Vec<llm::ModelInfo>>,
}

/// The environment's key for a preset.
pub(super) fn key(environment: &EnvironmentPresets, display_name: &str) -> Option<SecretString> {
    match display_name {
        ANTHROPIC => environment.anthropic_api_key.clone(),
        OPENAI => environment.openai_api_key.clone(),
        _ => None,
    }
}

impl Platform {
    /// Brings the rows of presets in line with what is there now, then lists models in the background.
    pub(crate) async fn start_presets(&self) -> Result<(), StoreError> {
        let mut found = from_environment(&self.0.options.environment);
        found.extend(self.find_ollama().await);
        let to_list = self.store_presets(found).await?;
        let mut listing = tokio::task::JoinSet::new();
        for row in to_list {
            let platform = self.clone();
            listing.spawn(async move { platform.list_models_of(row).await });
        }
        let all = async { while listing.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(START_DEADLINE, all).await.is_ok();
        if !in_time {
            self.0
                .background
                .spawn(async move { while listing.join_next().await.is_some() {} });
        }
        Ok(())
    }

    async fn find_ollama(&self) -> Option<Preset> {
        let url = self.0.options.ollama_url.as_deref()?;
        let found = ollama::detect(self.0.registry.http(), url, OLLAMA_DEADLINE)
            .await
            .ok()?;
        tracing::info!(url, models = found.models.len(), "Ollama found");
        Some(Preset {
            display_name: OLLAMA,
            kind: ProviderKind::OpenAiCompatible,
            base_url: found.openai_base_url,
            models: Some(found.models),
        })
    }

    /// The rows whose models are still to be listed.
    async fn store_presets(&self, found: Vec<Preset>) -> Result<Vec<ProviderRow>, StoreError> {
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        self.ensure_demo(&mut tx).await?;
        let known = provider_configs::list_by_source(&mut tx, ProviderSource::EnvPreset).await?;
        for row in &known {
            let is_there = found.iter().any(|preset| is_row_of(row, preset));
            if !is_there && !row.deleted {
                let gone = ProviderRow {
                    deleted: true,
                    updated_at: now,
                    ..row.clone()
                };
                provider_configs::save(&mut tx, &gone).await?;
            }
        }
        let mut to_list = Vec::new();
        for preset in found {
            let row = self.store_preset(&mut tx, &known, &preset).await?;
            match preset.models {
                Some(models) => insert_models(&mut tx, &row, models, now).await?,
                None => to_list.push(row),
            }
        }
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Providers, None);
        Ok(to_list)
    }

    async fn store_preset(
        &self,
        tx: &mut Tx,
        known: &[ProviderRow],
        preset: &Preset,
    ) -> Result<ProviderRow, StoreError> {
        let now = self.0.clock.now();
        if let Some(row) = known.iter().find(|row| is_row_of(row, preset)) {
            let base_url = preset.base_url.clone();
            let row = ProviderRow {
                base_url,
                deleted: false,
                updated_at: now,
                ..row.clone()
            };
            provider_configs::save(tx, &row).await?;
            return Ok(row);
        }
        let row = self.new_row_of(preset, ProviderSource::EnvPreset);
        provider_configs::insert(tx, &row).await?;
        Ok(row)
    }

    fn new_row_of(&self, preset: &Preset, source: ProviderSource) -> ProviderRow {
        let now = self.0.clock.now();
        ProviderRow {
            id: ProviderConfigId::generate(),
            provider: preset.kind,
            display_name: preset.display_name.to_owned(),
            base_url: preset.base_url.clone(),
            api_key_sealed: Vec::new(),
            enabled: true,
            key_policy: KeyPolicy::default(),
            source,
            deleted: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// The demo and its one model are there from the first start on; whether they are offered is decided elsewhere.
    async fn ensure_demo(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let known = provider_configs::list_by_source(tx, ProviderSource::BuiltIn).await?;
        if known.iter().any(|row| row.provider == ProviderKind::Demo) {
            return Ok(());
        }
        let preset = Preset {
            display_name: kind_name(ProviderKind::Demo),
            kind: ProviderKind::Demo,
            base_url: String::new(),
            models: None,
        };
        let row = self.new_row_of(&preset, ProviderSource::BuiltIn);
        provider_configs::insert(tx, &row).await?;
        let demo = llm::ModelInfo {
            id: llm::demo::MODEL.to_owned(),
            display_name: kind_name(ProviderKind::Demo).to_owned(),
            limits: llm::limits::known(llm::demo::MODEL),
        };
        insert_models(tx, &row, vec![demo], self.0.clock.now()).await
    }

    /// Asks until the provider answers; an answer without usable models is one too.
    async fn list_models_of(&self, row: ProviderRow) {
        let mut pause = FIRST_RETRY_PAUSE;
        loop {
            match self.try_list_models_of(&row).await {
                Ok(()) => return,
                Err(ListError::Provider(error)) => {
                    self.0.registry.note_health(row.id, false);
                    tracing::warn!(provider = %row.display_name, %error, "the provider does not list its models");
                }
                Err(ListError::Store(error)) => {
                    tracing::warn!(provider = %row.display_name, %error, "models were not stored");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RETRY_PAUSE);
        }
    }

    async fn try_list_models_of(&self, row: &ProviderRow) -> Result<(), ListError> {
        let models = self.0.registry.provider(row)?.list_models().await?;
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        insert_models(&mut tx, row, models, now).await?;
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.0.registry.note_health(row.id, true);
        self.publish_config(ConfigKind::Models, None);
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Provider(#[from] llm::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn is_row_of(row: &ProviderRow, preset: &Preset) -> bool {
    row.display_name == preset.display_name && row.provider == preset.kind
}

fn from_environment(environment: &EnvironmentPresets) -> Vec<Preset> {
    let mut found = Vec::new();
    if environment.anthropic_api_key.is_some() {
        let base_url = environment.anthropic_base_url.clone().unwrap_or_default();
        found.push(Preset {
            display_name: ANTHROPIC,
            kind: ProviderKind::Anthropic,
            base_url,
            models: None,
        });
    }
    if environment.openai_api_key.is_some() {
        let base_url = environment.openai_base_url.clone().unwrap_or_default();
        found.push(Preset {
            display_name: OPENAI,
            kind: ProviderKind::OpenAi,
            base_url,
            models: None,
        });
    }
    found
}

/// Adds the models that can chat and were never there before: what an owner deleted stays deleted.
async fn insert_models(
    tx: &mut Tx,
    row: &ProviderRow,
    models: Vec<llm::ModelInfo>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    let known = model_configs::list_identifiers(tx, row.id).await?;
    let listed = models.len();
    let usable = selection::usable(row, models);
    if usable.len() < listed {
        tracing::info!(
            provider = %row.display_name, listed, offered = usable.len(),
            "models that do not chat, have a small context or are dated copies are not offered by themselves; \
             Settings → Providers adds any of them"
        );
    }
    for info in usable {
        if known.contains(&info.id) {
            continue;
        }
        let model = ModelConfig {
            id: ModelConfigId::generate(),
            provider_config_id: row.id,
            provider: row.provider,
            model: info.id,
            display_name: info.display_name,
            enabled: true,
            is_default: false,
            context_limit: i64::try_from(info.limits.context_tokens)
                .unwrap_or(i64::MAX)
                .max(1),
            compression_threshold: DEFAULT_COMPRESSION_THRESHOLD,
            model_config: ModelCallConfig::default(),
            created_at: now,
            updated_at: now,
        };
        model_configs::insert(tx, &model).await?;
    }
    Ok(())
}
