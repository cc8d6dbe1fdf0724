//! As whom git hosts know this deployment: what those who administer it set up. Secrets go in and never come out.

use std::ops::RangeInclusive;

use forge::HostConfig;
use sdk::audit_log::AuditAction;
use sdk::external_auth::{
    CreateExternalAuthConfig, ExternalAuthConfig, ExternalAuthConfigSource,
    UpdateExternalAuthConfig,
};
use sdk::ids::ExternalAuthConfigId;
use sdk::permissions::Permission;
use store::Tx;
use store::dialect::{Decision, lock_decision};
use store::external_auth::configs::{self, ConfigRow};
use url::Url;

use super::links::{self, Config};
use super::{ExternalAuthError, secret_place};
use crate::audit_log::Change;
use crate::failure::{Checks, sentence_case};
use crate::{Actor, Platform};

pub(super) const MAX_CONFIGS: usize = 50;
const NAME_BYTES: RangeInclusive<usize> = 1..=64;
const MOST_DISPLAY_NAME_CHARACTERS: usize = 64;
const MOST_ADDRESS_BYTES: usize = 512;
const MOST_CLIENT_BYTES: usize = 512;
const MOST_SCOPES: usize = 30;
const MOST_SCOPE_BYTES: usize = 100;
/// They stand in addresses where something else is meant.
const RESERVED: [&str; 3] = ["configs", "flows", "device"];

impl Platform {
    /// All configurations, also those of the environment. Needs [`Permission::ReadSettings`].
    pub async fn list_external_auth_configs(
        &self,
        actor: &Actor,
    ) -> Result<Vec<ExternalAuthConfig>, ExternalAuthError> {
        actor.require(Permission::ReadSettings, ExternalAuthError::NotFound)?;
        let known = self.0.links.configs().await?;
        let rows = configs::list(&self.0.db).await?;
        let described = known.iter().map(|config| {
            let row = rows.iter().find(|row| row.name == config.name);
            self.describe(config, row)
        });
        Ok(described.collect())
    }

    /// A new configuration. Needs [`Permission::ManageSettings`].
    pub async fn create_external_auth_config(
        &self,
        actor: &Actor,
        request: CreateExternalAuthConfig,
    ) -> Result<ExternalAuthConfig, ExternalAuthError> {
        actor.require(Permission::ManageSettings, ExternalAuthError::Forbidden)?;
        let now = self.0.clock.now();
        let mut row = ConfigRow {
            id: ExternalAuthConfigId::generate(),
            name: given(request.id).unwrap_or_else(|| name_of(&request.base_url)),
            kind: request.kind,
            display_name: given(request.display_name).unwrap_or_default(),
            base_url: request.base_url.trim().to_owned(),
            api_base_url: given(request.api_base_url).unwrap_or_default(),
            client_id: request.client_id.trim().to_owned(),
            client_secret_sealed: Vec::new(),
            scopes: request.scopes,
            device_flow: request.device_flow,
            created_at: now,
            updated_at: now,
            webhook_secret_sealed: Vec::new(),
        };
        self.check_config(&mut row, given(request.client_secret))?;
        self.put_webhook_secret(&mut row, request.webhook_secret)?;
        let mut tx = self.begin_configs().await?;
        let rows = configs::list_in(&mut tx).await?;
        if rows.len() >= MAX_CONFIGS {
            return Err(ExternalAuthError::TooManyConfigs);
        }
        let config = links::of_row(row.clone()).ok_or(ExternalAuthError::NoConfig)?;
        let others = rows.into_iter().filter_map(links::of_row);
        for other in others.chain(self.0.links.environment()) {
            if other.name == config.name {
                return Err(ExternalAuthError::NameTaken);
            }
            if links::is_same(&other, &config) {
                return Err(ExternalAuthError::HostTaken);
            }
        }
        configs::insert(&mut tx, &row).await?;
        let change = Change::created(AuditAction::ExternalAuthConfigCreate, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(self.describe(&config, Some(&row)))
    }

    /// Changes a configuration; its name and its host stay. Needs [`Permission::ManageSettings`].
    pub async fn update_external_auth_config(
        &self,
        actor: &Actor,
        name: &str,
        request: UpdateExternalAuthConfig,
    ) -> Result<ExternalAuthConfig, ExternalAuthError> {
        actor.require(Permission::ManageSettings, ExternalAuthError::Forbidden)?;
        let mut tx = self.begin_configs().await?;
        let mut row = self.find_config(&mut tx, name).await?;
        let before = row.clone();
        if let Some(display_name) = request.display_name {
            display_name.trim().clone_into(&mut row.display_name);
        }
        if let Some(api_base_url) = request.api_base_url {
            api_base_url.trim().clone_into(&mut row.api_base_url);
        }
        if let Some(client_id) = request.client_id {
            client_id.trim().clone_into(&mut row.client_id);
        }
        row.scopes = request.scopes.unwrap_or(row.scopes);
        row.device_flow = request.device_flow.unwrap_or(row.device_flow);
        row.updated_at = self.0.clock.now();
        if request
            .client_secret
            .as_deref()
            .is_some_and(|secret| secret.trim().is_empty())
        {
            row.client_secret_sealed.clear();
        }
        self.check_config(&mut row, given(request.client_secret))?;
        self.put_webhook_secret(&mut row, request.webhook_secret)?;
        configs::save(&mut tx, &row).await?;
        let change = Change::updated(AuditAction::ExternalAuthConfigUpdate, &before, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        let config = links::of_row(row.clone()).ok_or(ExternalAuthError::NoConfig)?;
        Ok(self.describe(&config, Some(&row)))
    }

    /// Removes a configuration. People keep their links, which can no longer be renewed. Needs [`Permission::ManageSettings`].
    pub async fn delete_external_auth_config(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<(), ExternalAuthError> {
        actor.require(Permission::ManageSettings, ExternalAuthError::Forbidden)?;
        let mut tx = self.begin_configs().await?;
        let row = self.find_config(&mut tx, name).await?;
        configs::delete(&mut tx, row.id).await?;
        let change = Change::deleted(AuditAction::ExternalAuthConfigDelete, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Where a host sends people back to, exactly. It is made of what the server was told of itself and never of what a
    /// request says.
    pub(super) fn callback_url(&self, name: &str) -> Url {
        self.own_address(name, "callback")
    }

    /// Where something of a configuration is at this server, seen from outside.
    pub(super) fn own_address(&self, name: &str, last: &str) -> Url {
        let options = &self.0.options;
        let mut url = options
            .public_url
            .clone()
            .unwrap_or_else(|| options.access_url.clone());
        url.set_query(None);
        url.set_fragment(None);
        // Only addresses without a host cannot have segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(["api", "v2", "external-auth", name, last]);
        }
        url
    }

    pub(super) async fn begin_configs(&self) -> Result<Tx, ExternalAuthError> {
        let mut tx = self.0.db.begin().await?;
        lock_decision(&mut tx, Decision::Settings).await?;
        Ok(tx)
    }

    pub(super) async fn find_config(
        &self,
        tx: &mut Tx,
        name: &str,
    ) -> Result<ConfigRow, ExternalAuthError> {
        let is_fixed = |config: &Config| config.name == name;
        if self.0.links.environment().iter().any(is_fixed) {
            return Err(ExternalAuthError::FromEnvironment);
        }
        let mut rows = configs::list_in(tx).await?.into_iter();
        let row = rows.find(|row| row.name == name);
        row.ok_or(ExternalAuthError::NoConfig)
    }

    fn describe(&self, config: &Config, row: Option<&ConfigRow>) -> ExternalAuthConfig {
        let row = row.filter(|_| config.source == ExternalAuthConfigSource::Database);
        let address = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        ExternalAuthConfig {
            id: config.name.clone(),
            kind: links::kind_of(config.host.kind()),
            display_name: config.display_name.clone(),
            host: config.host.name(),
            base_url: address(config.host.base_url()),
            api_base_url: row.map_or_else(
                || address(config.host.api_base_url()),
                |row| row.api_base_url.clone(),
            ),
            client_id: config.client_id.clone(),
            has_client_secret: config.has_secret(),
            scopes: config.scopes.clone(),
            device_flow: config.device_flow,
            source: config.source,
            callback_url: self.callback_url(&config.name).into(),
            webhook_url: self.webhook_url(&config.name).into(),
            has_webhook_secret: config.webhook_secret.is_some(),
            updated_at: row.map(|row| row.updated_at),
        }
    }

    /// Puts a row in order, seals its new secret, or says what is wrong with it.
    fn check_config(
        &self,
        row: &mut ConfigRow,
        secret: Option<String>,
    ) -> Result<(), ExternalAuthError> {
        let mut checks = Checks::default();
        check_name(&mut checks, &row.name);
        check_addresses(&mut checks, row);
        check_client(&mut checks, row, secret.as_deref());
        if row.display_name.is_empty() {
            let address = row.base_url.trim_end_matches('/');
            row.display_name = address
                .rsplit_once("://")
                .map_or(address, |(_, host)| host)
                .to_owned();
        }
        let shown = row.display_name.chars();
        let is_shown = shown.clone().all(|character| !character.is_control());
        if shown.count() > MOST_DISPLAY_NAME_CHARACTERS || !is_shown {
            checks.refuse("display_name", "Enter at most 64 characters in one line.");
        }
        checks.finish().map_err(ExternalAuthError::Invalid)?;
        if let Some(secret) = secret {
            let sealed = self.0.secrets.seal(secret_place(row.id), &secret);
            row.client_secret_sealed = sealed.map_err(|error| ExternalAuthError::Unseal {
                host: row.base_url.clone(),
                error,
            })?;
        }
        Ok(())
    }
}

/// Whether a configuration may be called so: 1 to 64 small letters, digits and hyphens, and no word that stands in addresses.
pub fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    NAME_BYTES.contains(&name.len()) && name.bytes().all(is_plain) && !RESERVED.contains(&name)
}

fn check_name(checks: &mut Checks, name: &str) {
    if !is_name(name) {
        checks.refuse(
            "id",
            "Enter 1 to 64 small letters, digits and hyphens, such as github; not configs, flows or device.",
        );
    }
}

fn check_addresses(checks: &mut Checks, row: &ConfigRow) {
    let kind = links::forge_kind(row.kind);
    if row.base_url.len() > MOST_ADDRESS_BYTES || row.api_base_url.len() > MOST_ADDRESS_BYTES {
        checks.refuse("base_url", "Enter an address of at most 512 characters.");
        return;
    }
    let told = |error: forge::HostConfigError| sentence_case(&error.to_string());
    let base = HostConfig::new(kind, &row.base_url, None).map_err(told);
    let is_base_good = checks.take("base_url", base).is_some();
    if is_base_good && !row.api_base_url.is_empty() {
        let both = HostConfig::new(kind, &row.base_url, Some(&row.api_base_url)).map_err(told);
        if checks
            .take("api_base_url", both)
            .is_some_and(|host| !host.has_own_api())
        {
            // Everybody's tokens for the host go there; who only manages settings must not choose where.
            checks.refuse(
                "api_base_url",
                "Enter an address at the host itself, or at api. of it. Another one can be set in the server's environment.",
            );
        }
    }
}

fn check_client(checks: &mut Checks, row: &ConfigRow, secret: Option<&str>) {
    let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_long = |text: &str| text.len() > MOST_CLIENT_BYTES;
    if row.client_id.is_empty() || is_long(&row.client_id) || !is_visible(&row.client_id) {
        checks.refuse(
            "client_id",
            "Enter the client id as the host shows it, without spaces.",
        );
    }
    if secret.is_some_and(|secret| is_long(secret) || !is_visible(secret)) {
        checks.refuse(
            "client_secret",
            "Enter the client secret as the host showed it, without spaces.",
        );
    }
    let has_secret = secret.is_some() || !row.client_secret_sealed.is_empty();
    if !has_secret && !row.device_flow {
        checks.refuse(
            "client_secret",
            "Enter the client secret, or allow device codes, which need none.",
        );
    }
    let is_scope = |scope: &String| {
        !scope.is_empty()
            && scope.len() <= MOST_SCOPE_BYTES
            && is_visible(scope)
            && !scope.contains(['"', '\\', ','])
    };
    if row.scopes.len() > MOST_SCOPES || !row.scopes.iter().all(is_scope) {
        checks.refuse(
            "scopes",
            "Enter at most 30 names by spaces, such as repo read:org.",
        );
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// A short name made of a host's address: `https://git.example.com` becomes `git-example-com`.
pub fn name_of(base_url: &str) -> String {
    let url = Url::parse(base_url.trim()).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let plain = host.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    let name: String = plain.trim_matches('-').chars().take(64).collect();
    name.to_ascii_lowercase()
}
