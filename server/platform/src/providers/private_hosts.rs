//! Which hosts at private addresses providers may be at: those that the server was started with, and those that owners
//! added since. `llm` asks at each connection, so a change holds at once and in every replica.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use llm::http::{PrivateHost, PrivateHosts};
use store::{Db, chat_config};
use url::Host;

use crate::PlatformOptions;

/// Says which hosts may be at private addresses.
#[derive(Debug)]
pub(crate) struct PrivateProviderHosts {
    db: Db,
    fixed: Vec<PrivateHost>,
}

impl PrivateProviderHosts {
    pub(crate) fn new(db: Db, options: &PlatformOptions) -> Self {
        let fixed = fixed_hosts(options);
        Self { db, fixed }
    }
}

#[async_trait]
impl PrivateHosts for PrivateProviderHosts {
    async fn allows(&self, host: &Host) -> Result<bool, String> {
        if self.fixed.iter().any(|entry| entry.covers(host)) {
            return Ok(true);
        }
        let added = chat_config::get_private_provider_hosts(&self.db).await;
        let added = added.map_err(|error| {
            tracing::warn!(%error, "the list of private hosts cannot be read");
            "the list of private hosts cannot be read now".to_owned()
        })?;
        // What is no entry, as another version may have written it, allows nothing.
        let added = added.iter().filter_map(|text| text.parse().ok());
        Ok(added
            .into_iter()
            .any(|entry: PrivateHost| entry.covers(host)))
    }
}

/// Those that the server was started with: its option, and where the environment says that providers are.
pub(crate) fn fixed_hosts(options: &PlatformOptions) -> Vec<PrivateHost> {
    let environment = &options.environment;
    let named = [
        &environment.anthropic_base_url,
        &environment.openai_base_url,
    ];
    let named = named
        .into_iter()
        .filter_map(|base_url| PrivateHost::of_base_url(base_url.as_deref()?));
    let mut fixed = options.private_provider_hosts.clone();
    for host in named {
        if !fixed.contains(&host) {
            fixed.push(host);
        }
    }
    fixed
}
