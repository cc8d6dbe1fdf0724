//! Which model new chats use, and whether the demo is offered.
//!
//! Exactly one offered model is the default, as long as there is one at all. [`settle`] restores that after every
//! change, in the change's own transaction, which holds the lock on [`Decision::Models`](store::dialect::Decision).

use chrono::{DateTime, Utc};
use sdk::ids::ModelConfigId;
use sdk::providers::{ProviderKind, ProviderSource};
use store::model_configs::ModelRow;
use store::provider_configs::ProviderRow;
use store::{StoreError, Tx, model_configs, provider_configs, settings};

use super::selection::preference;

/// Setting: whether an owner switched the demo on or off; absent = the server decides.
pub(crate) const DEMO_CHOICE: &str = "demo_provider_enabled";

/// What the change wants of the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Keep it if it is still offered.
    Keep,
    /// Make this one the default.
    Make(ModelConfigId),
    /// Prefer any other one.
    Unmake(ModelConfigId),
}

/// Offers the demo when nothing else is there, and elects the default.
pub(crate) async fn settle(tx: &mut Tx, wish: Wish, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut models = model_configs::list_in(tx).await?;
    if switch_demo(tx, &models, now).await? {
        models = model_configs::list_in(tx).await?;
    }
    let elected = elect(&models, wish);
    let current = models
        .iter()
        .find(|row| row.config.is_default)
        .map(|row| row.config.id);
    if elected != current || current.is_none() {
        model_configs::set_default(tx, elected).await?;
    }
    Ok(())
}

/// Whether it was switched.
async fn switch_demo(
    tx: &mut Tx,
    models: &[ModelRow],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let built_in = provider_configs::list_by_source(tx, ProviderSource::BuiltIn).await?;
    let Some(demo) = built_in
        .into_iter()
        .find(|row| row.provider == ProviderKind::Demo)
    else {
        return Ok(false);
    };
    let choice: Option<bool> = settings::get_in(tx, DEMO_CHOICE).await?;
    let is_other_offered = models
        .iter()
        .any(|row| row.is_offered && row.config.provider != ProviderKind::Demo);
    let enabled = choice.unwrap_or(!is_other_offered);
    if enabled == demo.enabled {
        return Ok(false);
    }
    let switched = ProviderRow {
        enabled,
        updated_at: now,
        ..demo
    };
    provider_configs::save(tx, &switched).await?;
    Ok(true)
}

fn elect(models: &[ModelRow], wish: Wish) -> Option<ModelConfigId> {
    let offered: Vec<_> = models
        .iter()
        .filter(|row| row.is_offered)
        .map(|row| &row.config)
        .collect();
    let current = offered
        .iter()
        .find(|model| model.is_default)
        .map(|model| model.id);
    let is_offered = |id: &ModelConfigId| offered.iter().any(|model| model.id == *id);
    let best_but = |unwanted: Option<ModelConfigId>| {
        let wanted = offered.iter().filter(|model| Some(model.id) != unwanted);
        // Of equals the first wins: models stand in the order in which their provider lists them.
        wanted
            .min_by_key(|model| preference(model.provider, &model.model))
            .map(|model| model.id)
    };
    match wish {
        Wish::Make(id) if is_offered(&id) => Some(id),
        Wish::Keep | Wish::Make(_) => current.or_else(|| best_but(None)),
        Wish::Unmake(id) => current
            .filter(|current| *current != id)
            .or_else(|| best_but(Some(id)))
            .or(current),
    }
}
