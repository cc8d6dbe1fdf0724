//! Model configurations: what owners configure, and what everybody can choose from.

pub(crate) mod election;
mod fields;
mod list_prices;
pub mod options;
mod provider_options;
pub(crate) mod selection;
mod source;
#[cfg(test)]
mod tests;
pub mod web_search;

use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::ids::ModelConfigId;
use sdk::models::{
    CatalogueModel, CatalogueProvider, CreateModelConfig, ModelCallConfig, ModelCatalogue,
    ModelConfig, ModelPrices, UpdateModelConfig,
};
use sdk::permissions::Permission;
use store::model_configs::ModelRow;
use store::notices::ConfigKind;
use store::provider_configs::ProviderRow;
use store::{StoreError, Tx, model_configs, provider_configs};

pub(crate) use source::PlatformModels;

use self::election::{Wish, settle};
use self::options::form::{self, OptionTexts, Optional};
use crate::audit_log::Change;
use crate::providers::own_keys::OwnKeys;
use crate::{Actor, Failure, FailureKind, Platform};

const MAX_MODELS: usize = 1000;

/// What a model's form has of its call options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelForm {
    /// What its calls cost.
    pub prices: ModelPrices,
    /// Whether its provider may search the web for it; `None` leaves that as it is.
    pub web_search: Option<bool>,
    /// The other options.
    pub options: OptionTexts,
}

impl From<ModelPrices> for ModelForm {
    fn from(prices: ModelPrices) -> Self {
        Self {
            prices,
            ..Self::default()
        }
    }
}

/// Why something about models failed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The provider has it already.
    #[error("The provider has this model already. Change that one instead.")]
    AlreadyThere,
    /// As many as there may be.
    #[error("There are {MAX_MODELS} models already. Delete some that are not needed.")]
    TooMany,
    /// No such model.
    #[error("There is no such model.")]
    NotFound,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// Of several, one could not be added.
    #[error("Nothing was added, because of {model}: {reason}")]
    NothingAdded {
        /// The provider's identifier of that one.
        model: String,
        /// Why.
        reason: Box<Self>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ModelError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::AlreadyThere | Self::TooMany => FailureKind::Conflict,
            Self::NotFound => FailureKind::NotFound,
            Self::Forbidden => FailureKind::Forbidden,
            Self::NothingAdded { reason, .. } => reason.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::NothingAdded { reason, .. } => reason.validations(),
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// Who sees the settings sees all models, others the enabled ones of enabled providers.
    pub async fn list_model_configs(&self, actor: &Actor) -> Result<Vec<ModelConfig>, ModelError> {
        let rows = model_configs::list(&self.0.db).await?;
        let visible = rows
            .into_iter()
            .filter(|row| actor.may(Permission::ReadSettings) || row.is_offered);
        Ok(visible.map(|row| row.config).collect())
    }

    /// A new model. The first one that is offered becomes the default. Needs [`Permission::ManageSettings`].
    pub async fn create_model_config(
        &self,
        actor: &Actor,
        request: CreateModelConfig,
    ) -> Result<ModelConfig, ModelError> {
        actor.require(Permission::ManageSettings, ModelError::Forbidden)?;
        let mut tx = self.begin_models().await?;
        let created = self.add_in(&mut tx, actor, request).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Models, Some(created.id.0));
        Ok(created)
    }

    /// Several new models, in their order: all of them or none. Needs [`Permission::ManageSettings`].
    pub async fn create_model_configs(
        &self,
        actor: &Actor,
        requests: Vec<CreateModelConfig>,
    ) -> Result<Vec<ModelConfig>, ModelError> {
        actor.require(Permission::ManageSettings, ModelError::Forbidden)?;
        let mut tx = self.begin_models().await?;
        let mut created = Vec::with_capacity(requests.len());
        for request in requests {
            let model = request.model.clone();
            let added = self.add_in(&mut tx, actor, request).await;
            created.push(added.map_err(|reason| nothing_added(model, reason))?);
        }
        tx.commit().await?;
        for config in &created {
            self.publish_config(ConfigKind::Models, Some(config.id.0));
        }
        Ok(created)
    }

    async fn add_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        request: CreateModelConfig,
    ) -> Result<ModelConfig, ModelError> {
        let wants_default = request.is_default == Some(true);
        let now = self.0.clock.now();
        let provider = provider_configs::get_in(tx, request.provider_config_id).await?;
        let provider = provider.filter(|row| !row.deleted);
        let provider = provider.ok_or_else(|| {
            fields::refuse(
                "provider_config_id",
                "This deployment has no such provider. Choose another one.",
            )
        })?;
        let model = fields::check_new(request, provider.provider, now)?;
        require_default_can_be(wants_default, model.enabled && provider.enabled)?;
        require_free(tx, &model).await?;
        model_configs::insert(tx, &model).await?;
        let wish = if wants_default {
            Wish::Make(model.id)
        } else {
            Wish::Keep
        };
        self.settle_and_tell(tx, actor, Edited::New(model.id), wish)
            .await
    }

    /// Changes a model. Needs [`Permission::ManageSettings`].
    pub async fn update_model_config(
        &self,
        actor: &Actor,
        id: ModelConfigId,
        request: UpdateModelConfig,
    ) -> Result<ModelConfig, ModelError> {
        self.change_model_config(actor, id, request, None).await
    }

    /// Changes a model and what its form has of its call options; the others stay as they are, also those that somebody else
    /// changes meanwhile. Without any price its calls have no cost. Needs [`Permission::ManageSettings`].
    pub async fn update_priced_model(
        &self,
        actor: &Actor,
        id: ModelConfigId,
        request: UpdateModelConfig,
        form: ModelForm,
    ) -> Result<ModelConfig, ModelError> {
        self.change_model_config(actor, id, request, Some(form))
            .await
    }

    async fn change_model_config(
        &self,
        actor: &Actor,
        id: ModelConfigId,
        mut request: UpdateModelConfig,
        form: Option<ModelForm>,
    ) -> Result<ModelConfig, ModelError> {
        actor.require(Permission::ManageSettings, ModelError::Forbidden)?;
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        let row = find(&mut tx, id).await?;
        let provider = provider_configs::get_in(&mut tx, row.config.provider_config_id).await?;
        let is_provider_enabled = provider.is_some_and(|provider| provider.enabled);
        let wish = match request.is_default {
            Some(true) => Wish::Make(id),
            Some(false) => Wish::Unmake(id),
            None => Wish::Keep,
        };
        if let Some(form) = form {
            fill_in(&row.config, form, &mut request)?;
        }
        let model = fields::apply(row.config.clone(), request, now)?;
        require_default_can_be(wish == Wish::Make(id), model.enabled && is_provider_enabled)?;
        require_free(&mut tx, &model).await?;
        model_configs::save(&mut tx, &model).await?;
        let edited = Edited::Known(&row.config);
        let changed = self.settle_and_tell(&mut tx, actor, edited, wish).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Models, Some(id.0));
        Ok(changed)
    }

    /// Takes a model out of what is offered; chats that used it keep what they wrote. Needs [`Permission::ManageSettings`].
    pub async fn delete_model_config(
        &self,
        actor: &Actor,
        id: ModelConfigId,
    ) -> Result<(), ModelError> {
        actor.require(Permission::ManageSettings, ModelError::Forbidden)?;
        let now = self.0.clock.now();
        let mut tx = self.begin_models().await?;
        let row = find(&mut tx, id).await?;
        let change = Change::deleted(AuditAction::ModelDelete, &row.config);
        self.record(&mut tx, actor, change).await?;
        model_configs::delete(&mut tx, id, now).await?;
        settle(&mut tx, Wish::Keep, now).await?;
        tx.commit().await?;
        self.publish_config(ConfigKind::Models, Some(id.0));
        Ok(())
    }

    /// What everybody can choose from: enabled providers with their enabled models.
    pub async fn list_models(&self, actor: &Actor) -> Result<ModelCatalogue, ModelError> {
        let providers = provider_configs::list(&self.0.db).await?;
        let models = model_configs::list(&self.0.db).await?;
        let keys = self.own_keys(actor.user_id, &providers).await?;
        let enabled = providers.iter().filter(|provider| provider.enabled);
        Ok(ModelCatalogue {
            providers: enabled
                .map(|provider| self.catalogue_entry(provider, &models, &keys))
                .collect(),
        })
    }

    fn catalogue_entry(
        &self,
        provider: &ProviderRow,
        models: &[ModelRow],
        keys: &OwnKeys,
    ) -> CatalogueProvider {
        let has_own_key = keys.has(provider);
        let unavailable_reason = self.0.registry.unavailable_reason(provider, has_own_key);
        let own = models
            .iter()
            .filter(|row| row.is_offered && row.config.provider_config_id == provider.id);
        CatalogueProvider {
            id: provider.id,
            provider: provider.provider,
            display_name: provider.display_name.clone(),
            available: unavailable_reason.is_none(),
            unavailable_reason,
            models: own.map(|row| catalogue_model(&row.config)).collect(),
        }
    }

    /// Decides the default after a change, and records it.
    async fn settle_and_tell(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        edited: Edited<'_>,
        wish: Wish,
    ) -> Result<ModelConfig, ModelError> {
        let id = match edited {
            Edited::New(id) => id,
            Edited::Known(before) => before.id,
        };
        settle(tx, wish, self.0.clock.now()).await?;
        let row = find(tx, id).await?;
        let change = match edited {
            Edited::New(_) => Change::created(AuditAction::ModelCreate, &row.config),
            Edited::Known(before) => Change::updated(AuditAction::ModelUpdate, before, &row.config),
        };
        self.record(tx, actor, change).await?;
        Ok(row.config)
    }
}

/// Adds to a change what a model's form has of its options.
fn fill_in(
    model: &ModelConfig,
    form: ModelForm,
    request: &mut UpdateModelConfig,
) -> Result<(), ModelError> {
    let options = request.model_config.take();
    let options = options.unwrap_or_else(|| model.model_config.clone());
    let Optional {
        compression_threshold,
        model_config: mut options,
    } = form::changed(model, options, &form.options).map_err(ModelError::Invalid)?;
    if let Some(is_on) = form.web_search {
        web_search::switch(&mut options, model.provider, is_on);
    }
    request
        .compression_threshold
        .get_or_insert(compression_threshold);
    request.model_config = Some(ModelCallConfig {
        cost: Some(form.prices).filter(|prices| *prices != ModelPrices::default()),
        ..options
    });
    Ok(())
}

/// A failure of the database is of no model in particular.
fn nothing_added(model: String, reason: ModelError) -> ModelError {
    match reason {
        ModelError::Store(error) => ModelError::Store(error),
        reason => ModelError::NothingAdded {
            model,
            reason: Box::new(reason),
        },
    }
}

/// What was written before the default is decided.
enum Edited<'a> {
    New(ModelConfigId),
    /// As it was.
    Known(&'a ModelConfig),
}

fn catalogue_model(config: &ModelConfig) -> CatalogueModel {
    CatalogueModel {
        id: config.id,
        provider: config.provider,
        model: config.model.clone(),
        display_name: config.display_name.clone(),
        is_default: config.is_default,
        context_limit: config.context_limit,
    }
}

fn require_default_can_be(is_wanted: bool, is_offered: bool) -> Result<(), ModelError> {
    if is_wanted && !is_offered {
        return Err(fields::refuse(
            "is_default",
            "needs the model and its provider to be enabled",
        ));
    }
    Ok(())
}

async fn find(tx: &mut Tx, id: ModelConfigId) -> Result<ModelRow, ModelError> {
    let row = model_configs::get_in(tx, id).await?;
    row.filter(|row| !row.is_deleted)
        .ok_or(ModelError::NotFound)
}

async fn require_free(tx: &mut Tx, model: &ModelConfig) -> Result<(), ModelError> {
    let others = model_configs::list_in(tx).await?;
    if others.len() >= MAX_MODELS && others.iter().all(|row| row.config.id != model.id) {
        return Err(ModelError::TooMany);
    }
    let is_twin = |row: &ModelRow| {
        row.config.id != model.id
            && row.config.provider_config_id == model.provider_config_id
            && row.config.model == model.model
    };
    if others.iter().any(is_twin) {
        Err(ModelError::AlreadyThere)
    } else {
        Ok(())
    }
}
