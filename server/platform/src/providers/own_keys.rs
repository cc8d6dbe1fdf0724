//! People's own keys for the providers that take them. A key goes in and never comes out.

#[cfg(test)]
mod tests;

use sdk::audit_log::AuditAction;
use sdk::ids::{ProviderConfigId, UserId};
use sdk::providers::{PutUserApiKey, UserProviderConfig};
use store::provider_configs::ProviderRow;
use store::user_provider_keys::UserKeyRow;
use store::{StoreError, Tx, provider_configs, user_provider_keys};
use uuid::Uuid;

use super::{ProviderError, fields, find};
use crate::audit_log::{Change, OwnKey};
use crate::{Actor, Platform};

/// The keys that a person brought, to choose the one for a provider.
#[derive(Debug, Default)]
pub(crate) struct OwnKeys(Vec<UserKeyRow>);

impl OwnKeys {
    /// Whether there is one that the provider takes.
    pub(crate) fn has(&self, provider: &ProviderRow) -> bool {
        provider.key_policy.allow_user_api_key && self.of(provider).is_some()
    }

    fn of(&self, provider: &ProviderRow) -> Option<&UserKeyRow> {
        let mut keys = self.0.iter();
        keys.find(|key| key.provider_config_id == provider.id)
    }
}

impl Platform {
    /// The keys that a person brought. Where none of the providers takes any, nobody is asked.
    pub(crate) async fn own_keys(
        &self,
        user: UserId,
        providers: &[ProviderRow],
    ) -> Result<OwnKeys, StoreError> {
        let takes_any = |row: &ProviderRow| row.key_policy.allow_user_api_key;
        if !providers.iter().any(takes_any) {
            return Ok(OwnKeys::default());
        }
        Ok(OwnKeys(user_provider_keys::list(&self.0.db, user).await?))
    }

    /// The providers that the caller may bring a key for, and whether they did; and those that have one of the caller's
    /// though they take none any more, so that it can be removed.
    pub async fn list_user_providers(
        &self,
        actor: &Actor,
    ) -> Result<Vec<UserProviderConfig>, ProviderError> {
        let rows = provider_configs::list(&self.0.db).await?;
        let keys = OwnKeys(user_provider_keys::list(&self.0.db, actor.user_id).await?);
        let shown = rows
            .iter()
            .map(|row| (row, keys.of(row).is_some()))
            .filter(|(row, has_key)| takes_own_keys(row) || *has_key);
        Ok(shown.map(|(row, has_key)| describe(row, has_key)).collect())
    }

    /// The caller's own key for a provider, in the place of the one before; their next call to a model uses it.
    pub async fn put_user_api_key(
        &self,
        actor: &Actor,
        provider: ProviderConfigId,
        request: PutUserApiKey,
    ) -> Result<UserProviderConfig, ProviderError> {
        let api_key = fields::check_own_key(&request.api_key)?;
        let now = self.0.clock.now();
        // What an owner changes meanwhile waits.
        let mut tx = self.begin_models().await?;
        let row = find_open(&mut tx, provider).await?;
        let before = user_provider_keys::get_in(&mut tx, actor.user_id, provider).await?;
        let id = before.as_ref().map_or_else(Uuid::now_v7, |key| key.id);
        let key = UserKeyRow {
            id,
            provider_config_id: provider,
            api_key_sealed: self.0.registry.seal_own_key(id, &api_key)?,
        };
        if before.is_some() {
            user_provider_keys::replace(&mut tx, &key, now).await?;
        } else {
            user_provider_keys::insert(&mut tx, actor.user_id, &key, now).await?;
        }
        let named = |key| OwnKey(key, &row.display_name);
        let change = match &before {
            Some(before) => {
                Change::updated(AuditAction::ProviderKeyUpdate, &named(before), &named(&key))
            }
            None => Change::created(AuditAction::ProviderKeyCreate, &named(&key)),
        };
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(describe(&row, true))
    }

    /// Removes the caller's own key, whether or not the provider still takes such keys.
    pub async fn delete_user_api_key(
        &self,
        actor: &Actor,
        provider: ProviderConfigId,
    ) -> Result<(), ProviderError> {
        let mut tx = self.begin_models().await?;
        let key = user_provider_keys::get_in(&mut tx, actor.user_id, provider).await?;
        if let Some(key) = key {
            user_provider_keys::delete(&mut tx, actor.user_id, provider).await?;
            let row = provider_configs::get_in(&mut tx, provider).await?;
            let name = row.map(|row| row.display_name).unwrap_or_default();
            let change = Change::deleted(AuditAction::ProviderKeyDelete, &OwnKey(&key, &name));
            self.record(&mut tx, actor, change).await?;
        } else {
            // There is none to remove: of a provider that is there, that is how it was asked to be.
            find_open(&mut tx, provider).await?;
        }
        tx.commit().await?;
        self.0.registry.forget_own_key(provider, actor.user_id);
        Ok(())
    }
}

const fn takes_own_keys(row: &ProviderRow) -> bool {
    row.enabled && row.key_policy.allow_user_api_key
}

/// A provider that is not for people's keys is not told apart by what else it is.
async fn find_open(tx: &mut Tx, id: ProviderConfigId) -> Result<ProviderRow, ProviderError> {
    let row = find(tx, id).await?;
    if takes_own_keys(&row) {
        Ok(row)
    } else {
        Err(ProviderError::NoOwnKeys)
    }
}

fn describe(row: &ProviderRow, has_user_api_key: bool) -> UserProviderConfig {
    UserProviderConfig {
        id: row.id,
        provider: row.provider,
        display_name: row.display_name.clone(),
        allows_user_api_key: takes_own_keys(row),
        has_user_api_key,
        has_central_api_key_fallback: row.key_policy.uses_central_key(),
    }
}
