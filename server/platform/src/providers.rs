//! Model providers: what owners configure, and asking whether it works. Keys go in and never come out.

mod fields;
pub(crate) mod own_keys;
pub(crate) mod presets;
pub(crate) mod private_hosts;
pub(crate) mod registry;
#[cfg(test)]
mod tests;

use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::ids::ProviderConfigId;
use sdk::permissions::Permission;
use sdk::providers::{
    CreateProviderConfig, ProviderConfig, ProviderKind, ProviderSource, ProviderTest,
    ReportedModel, UpdateKeyPolicy, UpdateProviderConfig,
};
use store::dialect::{Decision, lock_decision};
use store::notices::ConfigKind;
use store::provider_configs::ProviderRow;
use store::user_provider_keys::UserKeyRow;
use store::{
    Notice, StoreError, Tx, model_configs, provider_configs, settings, user_provider_keys,
};

use self::registry::{OwnKey, meant_address};
use crate::audit_log::Change;
use crate::models::election::{DEMO_CHOICE, Wish, settle};
use crate::secrets::UnsealError;
use crate::{Actor, Failure, FailureKind, Platform};

const MAX_PROVIDERS: usize = 100;

/// Why something about providers failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The name is taken.
    #[error("There is a provider with this name already. Choose another display name.")]
    NameTaken,
    /// As many as there may be.
    #[error("There are {MAX_PROVIDERS} providers already. Delete one that is not needed.")]
    TooMany,
    /// It is defined elsewhere.
    #[error(
        "This provider comes from the server's environment. Change its variables there; here it can only be switched on and off, and opened to people's own keys."
    )]
    FromEnvironment,
    /// It is part of the server.
    #[error("This provider is built into the server. It can only be switched on and off.")]
    BuiltIn,
    /// No such provider.
    #[error("There is no such provider.")]
    NotFound,
    /// People bring no keys for it.
    #[error(
        "This provider takes no keys of your own. Ask one of your deployment's owners to allow them."
    )]
    NoOwnKeys,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// The key does not open.
    #[error("The provider's key cannot be read: {0}.")]
    Unseal(#[from] UnsealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ProviderError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) | Self::NoOwnKeys => FailureKind::Invalid,
            Self::NameTaken | Self::TooMany | Self::FromEnvironment | Self::BuiltIn => {
                FailureKind::Conflict
            }
            Self::NotFound => FailureKind::NotFound,
            Self::Forbidden => FailureKind::Forbidden,
            Self::Unseal(_) => FailureKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::NameTaken => {
                vec![Validation {
                    field: "display_name".to_owned(),
                    detail: "This name is taken. Choose another one.".to_owned(),
                }]
            }
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// All providers, oldest first. Needs [`Permission::ReadSettings`].
    pub async fn list_providers(
        &self,
        actor: &Actor,
    ) -> Result<Vec<ProviderConfig>, ProviderError> {
        actor.require(Permission::ReadSettings, ProviderError::NotFound)?;
        let rows = provider_configs::list(&self.0.db).await?;
        Ok(rows
            .iter()
            .map(|row| self.0.registry.describe(row))
            .collect())
    }

    /// A new provider. Needs [`Permission::ManageSettings`].
    pub async fn create_provider(
        &self,
        actor: &Actor,
        request: CreateProviderConfig,
    ) -> Result<ProviderConfig, ProviderError> {
        actor.require(Permission::ManageSettings, ProviderError::Forbidden)?;
        let reach = self.check_reach(request.base_url.as_deref()).await;
        let new = fields::check_new(&self.0.registry, request, reach)?;
        let now = self.0.clock.now();
        let id = ProviderConfigId::generate();
        let row = ProviderRow {
            id,
            provider: new.kind,
            display_name: new.display_name,
            base_url: new.base_url,
            api_key_sealed: self.0.registry.seal_key(id, &new.api_key)?,
            enabled: new.enabled,
            key_policy: new.key_policy,
            source: ProviderSource::Database,
            deleted: false,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.begin_models().await?;
        require_free_name(&mut tx, &row).await?;
        provider_configs::insert(&mut tx, &row).await?;
        let change = Change::created(AuditAction::ProviderCreate, &row);
        self.record(&mut tx, actor, change).await?;
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Providers, Some(id.0));
        Ok(self.0.registry.describe(&row))
    }

    /// Changes a provider; running chats use the change from their next step on. Needs [`Permission::ManageSettings`].
    pub async fn update_provider(
        &self,
        actor: &Actor,
        id: ProviderConfigId,
        request: UpdateProviderConfig,
    ) -> Result<ProviderConfig, ProviderError> {
        actor.require(Permission::ManageSettings, ProviderError::Forbidden)?;
        // Before the transaction, which must not wait for names.
        let reach = self.check_reach(request.base_url.as_deref()).await;
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        let mut row = find(&mut tx, id).await?;
        let before = row.clone();
        let (switch, key_policy) = (request.enabled, request.key_policy);
        let address = row.base_url.clone();
        match row.source {
            ProviderSource::Database => fields::apply(&self.0.registry, &mut row, request, reach)?,
            source => require_switch_only(source, &request)?,
        }
        fields::apply_key_policy(&mut row, key_policy)?;
        row.enabled = switch.unwrap_or(row.enabled);
        if meant_address(row.provider, &row.base_url) != meant_address(row.provider, &address) {
            // People gave their keys to the former address and to no other.
            user_provider_keys::delete_of_provider(&mut tx, id).await?;
        }
        row.updated_at = now;
        require_free_name(&mut tx, &row).await?;
        provider_configs::save(&mut tx, &row).await?;
        let change = Change::updated(AuditAction::ProviderUpdate, &before, &row);
        self.record(&mut tx, actor, change).await?;
        if row.provider == ProviderKind::Demo && switch.is_some() {
            // From here on the server no longer decides by itself whether the demo is offered.
            settings::put(&mut tx, DEMO_CHOICE, &row.enabled, now).await?;
        }
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Providers, Some(id.0));
        Ok(self.0.registry.describe(&row))
    }

    /// Removes a provider and its models from what is offered; chats keep what they wrote. Needs [`Permission::ManageSettings`].
    pub async fn delete_provider(
        &self,
        actor: &Actor,
        id: ProviderConfigId,
    ) -> Result<(), ProviderError> {
        actor.require(Permission::ManageSettings, ProviderError::Forbidden)?;
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        let mut row = find(&mut tx, id).await?;
        match row.source {
            ProviderSource::Database => {}
            ProviderSource::EnvPreset => return Err(ProviderError::FromEnvironment),
            ProviderSource::BuiltIn => return Err(ProviderError::BuiltIn),
        }
        let change = Change::deleted(AuditAction::ProviderDelete, &row);
        self.record(&mut tx, actor, change).await?;
        row.deleted = true;
        row.enabled = false;
        // What is not needed any more is not kept.
        row.api_key_sealed.clear();
        row.updated_at = now;
        provider_configs::save(&mut tx, &row).await?;
        user_provider_keys::delete_of_provider(&mut tx, id).await?;
        model_configs::delete_of_provider(&mut tx, id, now).await?;
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.0.registry.forget(id);
        self.publish_config(ConfigKind::Providers, Some(id.0));
        Ok(())
    }

    /// Asks the provider whether address and key work, and which models it has: with the deployment's key, or, of a
    /// provider that is asked with people's own keys alone, with the caller's. Its refusal is an answer, not an error.
    /// Needs [`Permission::ManageSettings`].
    pub async fn test_provider(
        &self,
        actor: &Actor,
        id: ProviderConfigId,
    ) -> Result<ProviderTest, ProviderError> {
        actor.require(Permission::ManageSettings, ProviderError::Forbidden)?;
        let row = provider_configs::get(&self.0.db, id).await?;
        let row = row
            .filter(|row| !row.deleted)
            .ok_or(ProviderError::NotFound)?;
        let is_own_alone = !row.key_policy.uses_central_key();
        let own_key = if is_own_alone {
            user_provider_keys::get(&self.0.db, actor.user_id, id).await?
        } else {
            None
        };
        let answer = self.ask(&row, actor, own_key.as_ref()).await;
        // What somebody's own key is answered says nothing about the others'.
        if !is_own_alone {
            self.0.registry.note_health(id, answer.is_ok());
        }
        Ok(match answer {
            Ok((message, models)) => ProviderTest {
                ok: true,
                message,
                detail: None,
                status_code: None,
                models,
            },
            Err(error) => ProviderTest {
                ok: false,
                message: error.message,
                detail: error.detail,
                status_code: error.status_code,
                models: Vec::new(),
            },
        })
    }

    async fn ask(
        &self,
        row: &ProviderRow,
        actor: &Actor,
        own_key: Option<&UserKeyRow>,
    ) -> Result<(String, Vec<ReportedModel>), llm::Error> {
        let own = own_key.map(|key| OwnKey {
            user_id: actor.user_id,
            key,
        });
        let provider = self.0.registry.provider_for(row, own)?;
        let report = provider.test_connection().await?;
        let models = provider.list_models().await?;
        let reported = models.into_iter().map(|model| ReportedModel {
            model: model.id,
            display_name: model.display_name,
            context_limit: i64::try_from(model.limits.context_tokens).ok(),
        });
        Ok((report.message, reported.collect()))
    }

    /// Refuses an address that would not be called, in words for the field where it is entered.
    async fn check_reach(&self, base_url: Option<&str>) -> Result<(), String> {
        let http = self.0.registry.http();
        http.check_address(base_url.unwrap_or_default()).await
    }

    /// Begins a transaction in which providers, models and the default may be decided.
    pub(crate) async fn begin_models(&self) -> Result<Tx, StoreError> {
        let mut tx = self.0.db.begin().await?;
        lock_decision(&mut tx, Decision::Models).await?;
        Ok(tx)
    }

    pub(crate) fn publish_config(&self, config: ConfigKind, id: Option<uuid::Uuid>) {
        self.0.notices.publish(Notice::ConfigChanged { config, id });
    }
}

async fn find(tx: &mut Tx, id: ProviderConfigId) -> Result<ProviderRow, ProviderError> {
    let row = provider_configs::get_in(tx, id).await?;
    row.filter(|row| !row.deleted)
        .ok_or(ProviderError::NotFound)
}

async fn require_free_name(tx: &mut Tx, row: &ProviderRow) -> Result<(), ProviderError> {
    let mut others = provider_configs::list_in(tx).await?;
    others.retain(|other| other.id != row.id);
    if others.len() >= MAX_PROVIDERS {
        return Err(ProviderError::TooMany);
    }
    if others
        .iter()
        .any(|other| other.display_name == row.display_name)
    {
        Err(ProviderError::NameTaken)
    } else {
        Ok(())
    }
}

fn require_switch_only(
    source: ProviderSource,
    request: &UpdateProviderConfig,
) -> Result<(), ProviderError> {
    let changes_more =
        request.display_name.is_some() || request.base_url.is_some() || request.api_key.is_some();
    let changes_keys = request.key_policy != UpdateKeyPolicy::default();
    match source {
        ProviderSource::EnvPreset if changes_more => Err(ProviderError::FromEnvironment),
        ProviderSource::BuiltIn if changes_more || changes_keys => Err(ProviderError::BuiltIn),
        _ => Ok(()),
    }
}
