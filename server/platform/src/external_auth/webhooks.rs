//! Webhooks of git hosts: what a host says by itself. A signature with the configuration's secret is all that lets one in.
//!
//! What a webhook holds is never taken for true: it only says which branches may have changed, and those are asked for as
//! always, with the tokens of the chats' owners (`diff_statuses`). So one that is sent again, by whomever, does no harm.

mod told;

use std::fmt;
use std::ops::RangeInclusive;

use hmac::{Hmac, Mac as _};
use sdk::audit_log::AuditAction;
use sdk::external_auth::NewWebhookSecret;
use sdk::ids::ExternalAuthConfigId;
use sdk::permissions::Permission;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use store::external_auth::configs::{self, ConfigRow};
use url::Url;

use super::links::Config;
use super::{ExternalAuthError, webhook_place};
use crate::audit_log::Change;
use crate::failure::Checks;
use crate::{Actor, Platform, credentials};

/// Longest body that is read. Hosts send up to 25 MB, of which the large ones are pushes of very many commits; their branches
/// are asked for when they are due.
pub const LONGEST_DELIVERY_BYTES: usize = 1024 * 1024;

/// Shorter ones can be guessed by whoever sees one delivery.
const SECRET_BYTES: RangeInclusive<usize> = 16..=512;
const SIGNATURE_BYTES: usize = 32;

/// A webhook as it came, of whomever.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The header `X-Hub-Signature-256`.
    pub signature: Option<&'a str>,
    /// The header `X-GitHub-Event`.
    pub event: Option<&'a str>,
    /// The header `X-GitHub-Delivery`. It is not signed, so nothing hangs on it but a line of the log.
    pub id: Option<&'a str>,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// What a host signs its webhooks with.
#[derive(Clone)]
pub(super) enum WebhookSecret {
    None,
    Given(SecretString),
    Sealed(ExternalAuthConfigId, Vec<u8>),
}

impl WebhookSecret {
    pub(super) const fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_some() { "Some(…)" } else { "None" })
    }
}

/// Of a configuration of the database.
pub(super) fn sealed(id: ExternalAuthConfigId, sealed: Vec<u8>) -> WebhookSecret {
    if sealed.is_empty() {
        WebhookSecret::None
    } else {
        WebhookSecret::Sealed(id, sealed)
    }
}

/// Of a configuration of the environment.
pub(super) fn given(secret: &SecretString) -> WebhookSecret {
    if secret.expose_secret().is_empty() {
        WebhookSecret::None
    } else {
        WebhookSecret::Given(secret.clone())
    }
}

/// Whether webhooks may be signed with it: 16 to 512 visible characters of ASCII.
pub fn is_webhook_secret(secret: &str) -> bool {
    SECRET_BYTES.contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Platform {
    /// Takes a webhook of a configuration's host. False when it was signed and is of no interest here.
    ///
    /// Nobody is signed in: whoever knows the secret is the host. A configuration that there is not, one without a secret and
    /// a wrong signature are one error, [`ExternalAuthError::NotSigned`], after the same work.
    pub async fn receive_webhook(
        &self,
        config: &str,
        delivery: Delivery<'_>,
    ) -> Result<bool, ExternalAuthError> {
        let config = self.0.links.config(config).await?;
        let secret = config.as_ref().and_then(|config| self.open_secret(config));
        let has_secret = secret.is_some();
        let secret = secret.unwrap_or_else(|| credentials::generate().into());
        let is_signed = is_signed(secret.expose_secret(), delivery);
        let Some(config) = config.filter(|_| has_secret && is_signed) else {
            return Err(ExternalAuthError::NotSigned);
        };
        let event = delivery.event.unwrap_or_default();
        let told = told::read(event, delivery.body).map_err(|_| ExternalAuthError::NoDelivery)?;
        let Some(told) = told else {
            return Ok(false);
        };
        let chats = self.hint_diff_statuses(&config.host.name(), &told).await?;
        tracing::debug!(
            config = config.name,
            event,
            delivery = delivery.id,
            chats,
            "a webhook was taken"
        );
        Ok(true)
    }

    /// Makes a new webhook secret, in place of the one that there was. Needs [`Permission::ManageSettings`].
    pub async fn generate_webhook_secret(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<NewWebhookSecret, ExternalAuthError> {
        let secret = credentials::generate();
        self.change_webhook_secret(actor, name, &secret).await?;
        Ok(NewWebhookSecret {
            webhook_secret: secret,
            webhook_url: self.webhook_url(name).into(),
        })
    }

    /// Removes the webhook secret: webhooks are not taken any more. Needs [`Permission::ManageSettings`].
    pub async fn remove_webhook_secret(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<(), ExternalAuthError> {
        self.change_webhook_secret(actor, name, "").await
    }

    async fn change_webhook_secret(
        &self,
        actor: &Actor,
        name: &str,
        secret: &str,
    ) -> Result<(), ExternalAuthError> {
        actor.require(Permission::ManageSettings, ExternalAuthError::Forbidden)?;
        let mut tx = self.begin_configs().await?;
        let mut row = self.find_config(&mut tx, name).await?;
        let before = row.clone();
        row.updated_at = self.0.clock.now();
        self.put_webhook_secret(&mut row, Some(secret.to_owned()))?;
        configs::save(&mut tx, &row).await?;
        let change = Change::updated(AuditAction::ExternalAuthConfigUpdate, &before, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Seals a secret that was given, or takes it away when what was given is empty.
    pub(super) fn put_webhook_secret(
        &self,
        row: &mut ConfigRow,
        secret: Option<String>,
    ) -> Result<(), ExternalAuthError> {
        let Some(secret) = secret else { return Ok(()) };
        let secret = secret.trim();
        if !secret.is_empty() && !is_webhook_secret(secret) {
            let mut checks = Checks::default();
            checks.refuse(
                "webhook_secret",
                "Enter 16 to 512 letters, digits and signs, without spaces, or let one be made.",
            );
            return checks.finish().map_err(ExternalAuthError::Invalid);
        }
        let sealed = self.0.secrets.seal(webhook_place(row.id), secret);
        row.webhook_secret_sealed = sealed.map_err(|error| ExternalAuthError::Unseal {
            host: row.base_url.clone(),
            error,
        })?;
        Ok(())
    }

    /// Where a configuration's host sends webhooks to.
    pub(super) fn webhook_url(&self, name: &str) -> Url {
        self.own_address(name, "webhook")
    }

    /// Nothing also when it cannot be opened, which the log tells: who asks must not learn that there is one.
    fn open_secret(&self, config: &Config) -> Option<SecretString> {
        match &config.webhook_secret {
            WebhookSecret::None => None,
            WebhookSecret::Given(secret) => Some(secret.clone()),
            WebhookSecret::Sealed(id, sealed) => {
                let secret = self.0.secrets.unseal(webhook_place(*id), sealed);
                secret.unwrap_or_else(|error| {
                    tracing::warn!(%error, config = config.name, "a webhook secret cannot be read");
                    None
                })
            }
        }
    }
}

/// Compares in a time that says nothing of how far they agree.
fn is_signed(secret: &str, delivery: Delivery<'_>) -> bool {
    // Of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(delivery.body);
    let signature = delivery.signature.and_then(signature_of);
    signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
}

/// `sha256=` and 64 hexadecimal digits.
fn signature_of(header: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let digits = header.strip_prefix("sha256=")?;
    let is_whole = digits.len() == 2 * SIGNATURE_BYTES;
    if !is_whole || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u128::from_str_radix;
    let (high, low) = digits.split_at(SIGNATURE_BYTES);
    let (high, low) = (number(high, 16).ok()?, number(low, 16).ok()?);
    let mut signature = [0; SIGNATURE_BYTES];
    let (first, second) = signature.split_at_mut(SIGNATURE_BYTES / 2);
    first.copy_from_slice(&high.to_be_bytes());
    second.copy_from_slice(&low.to_be_bytes());
    Some(signature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The example of GitHub's documentation, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn delivery<'a>(signature: Option<&'a str>, body: &'a [u8]) -> Delivery<'a> {
        Delivery {
            signature,
            event: None,
            id: None,
            body,
        }
    }

    #[test]
    fn a_signature_of_the_host_holds() {
        assert!(is_signed(SECRET, delivery(Some(SIGNATURE), BODY)));
    }

    #[test]
    fn whatever_differs_does_not_hold() {
        for (secret, signature, body) in [
            ("another secret of somebody", Some(SIGNATURE), BODY),
            ("", Some(SIGNATURE), BODY),
            (SECRET, Some(SIGNATURE), b"Hello, World".as_slice()),
            (SECRET, Some(SIGNATURE), b""),
            (SECRET, None, BODY),
            (SECRET, Some(""), BODY),
            (SECRET, Some("sha256="), BODY),
            (SECRET, SIGNATURE.strip_prefix("sha256="), BODY),
            (SECRET, SIGNATURE.get(..SIGNATURE.len() - 2), BODY),
            (SECRET, Some(&SIGNATURE.replace("757107", "+57107")), BODY),
            (SECRET, Some(&SIGNATURE.replace("757107", "757108")), BODY),
            (SECRET, Some(&SIGNATURE.replace("sha256", "sha1")), BODY),
            (SECRET, Some(&format!("{SIGNATURE}00")), BODY),
        ] {
            assert!(
                !is_signed(secret, delivery(signature, body)),
                "{signature:?}"
            );
        }
    }

    #[test]
    fn secrets_are_long_and_can_be_pasted() {
        for good in ["0123456789abcdef", &"x".repeat(512)] {
            assert!(is_webhook_secret(good), "{good}");
        }
        for bad in [
            "",
            "short",
            "with a space in it",
            "ünïcödé-is-not-pasted",
            &"x".repeat(513),
        ] {
            assert!(!is_webhook_secret(bad), "{bad}");
        }
    }
}
