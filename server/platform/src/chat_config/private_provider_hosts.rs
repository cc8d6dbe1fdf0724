//! Which hosts at private addresses providers may be at.

use llm::http::PrivateHost;
use sdk::chat_config::{
    MAX_PRIVATE_PROVIDER_HOSTS, PrivateProviderHosts, UpdatePrivateProviderHosts,
};
use sdk::permissions::Permission;
use serde_json::json;
use store::chat_config;

use super::ChatConfigError;
use crate::providers::private_hosts::fixed_hosts;
use crate::{Actor, Platform};

const FIELD: &str = "hosts";

impl Platform {
    /// The hosts at private addresses that providers may be at. Needs [`Permission::ReadSettings`].
    pub async fn get_private_provider_hosts(
        &self,
        actor: &Actor,
    ) -> Result<PrivateProviderHosts, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        let fixed = fixed_hosts(&self.0.options);
        Ok(PrivateProviderHosts {
            hosts: chat_config::get_private_provider_hosts(&self.0.db).await?,
            fixed_hosts: fixed.iter().map(ToString::to_string).collect(),
        })
    }

    /// Sets the hosts that are added to those that the server was started with, from the next call on. A provider whose host
    /// is taken away stays, and says why it is not called. Needs [`Permission::ManageSettings`].
    pub async fn update_private_provider_hosts(
        &self,
        actor: &Actor,
        change: UpdatePrivateProviderHosts,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let listed = checked(&change.hosts)?;
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_private_provider_hosts_in(&mut tx).await?;
        chat_config::put_private_provider_hosts(&mut tx, &listed, self.0.clock.now()).await?;
        let values = [json!(before), json!(listed)];
        self.record_setting(&mut tx, actor, "private_provider_hosts", values)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Each entry once, in one form.
fn checked(hosts: &[String]) -> Result<Vec<String>, ChatConfigError> {
    if hosts.len() > MAX_PRIVATE_PROVIDER_HOSTS {
        let detail = "List at most 100 hosts. A block such as 10.0.0.0/8 stands for many.";
        return Err(ChatConfigError::field(FIELD, detail));
    }
    let mut listed = Vec::new();
    for text in hosts {
        let host: Result<PrivateHost, _> = text.parse();
        let host = host.map_err(|error| ChatConfigError::field(FIELD, &error.to_string()))?;
        let host = host.to_string();
        if !listed.contains(&host) {
            listed.push(host);
        }
    }
    Ok(listed)
}
