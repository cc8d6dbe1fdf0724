//! Sealing what must be readable again, such as providers' keys.
//!
//! XChaCha20-Poly1305 under the deployment's master key. A sealed value is bound to its table, column and row, so
//! that it opens in no other place. The master key comes from the configuration or from a file in the data folder
//! (`key_file`); losing it loses the sealed values and nothing else.

mod key_file;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// First byte of every sealed value, so that another way of sealing can follow.
const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The master key at work. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secrets {
    cipher: XChaCha20Poly1305,
    replica_token: SecretString,
}

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The configured key is not what it must be.
    #[error(
        "the encryption key must be 32 bytes in base64; make one with `openssl rand -base64 32` and give it in SWITCHYARD_ENCRYPTION_KEY"
    )]
    WrongKey,
    /// The key file holds something else.
    #[error(
        "{path} does not hold 32 bytes in base64; restore it from a backup, or remove it to begin with a new key (stored provider keys must then be entered again)"
    )]
    WrongFile {
        /// The file.
        path: String,
    },
    /// The key file cannot be read or made.
    #[error("the key file {path} cannot be used: {source}")]
    Io {
        /// The file.
        path: String,
        /// The refusal.
        source: std::io::Error,
    },
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// Another key sealed it, or somebody changed or moved it.
    #[error(
        "it was sealed with another encryption key, or it was changed. Use the former SWITCHYARD_ENCRYPTION_KEY or encryption.key, or enter the secret again"
    )]
    WrongKeyOrTampered,
    /// It is no sealed value of a known form.
    #[error("it is not a sealed value that this version can read")]
    UnknownForm,
}

impl Secrets {
    /// The configured key, else the one of the data folder, which is made when missing.
    pub fn open(data_dir: &Path, configured: Option<&SecretString>) -> Result<Self, SecretsError> {
        match configured {
            Some(text) => {
                let key = parse_key(text.expose_secret()).ok_or(SecretsError::WrongKey)?;
                Ok(Self::new(&key))
            }
            None => Ok(Self::new(&key_file::read_or_create(data_dir)?)),
        }
    }

    fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(key)),
            replica_token: replica_token(key),
        }
    }

    /// What the deployment's processes show each other; nothing of the key can be learnt from it.
    pub fn replica_token(&self) -> SecretString {
        self.replica_token.clone()
    }

    /// Seals a text for one place; empty stays empty.
    pub fn seal(&self, place: Place, text: &str) -> Result<Vec<u8>, UnsealError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let about = place.associated_data();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: about.as_bytes(),
        };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| UnsealError::UnknownForm)?;
        let mut whole = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        whole.push(FORMAT);
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    /// Opens what was sealed for this place; `None` when it is empty.
    pub fn unseal(&self, place: Place, sealed: &[u8]) -> Result<Option<SecretString>, UnsealError> {
        if sealed.is_empty() {
            return Ok(None);
        }
        let Some((&FORMAT, rest)) = sealed.split_first() else {
            return Err(UnsealError::UnknownForm);
        };
        let Some((nonce, sealed)) = rest.split_at_checked(NONCE_BYTES) else {
            return Err(UnsealError::UnknownForm);
        };
        let about = place.associated_data();
        let payload = Payload {
            msg: sealed,
            aad: about.as_bytes(),
        };
        let text = self.cipher.decrypt(XNonce::from_slice(nonce), payload);
        let text = text.map_err(|_| UnsealError::WrongKeyOrTampered)?;
        let text = String::from_utf8(text).map_err(|_| UnsealError::UnknownForm)?;
        Ok(Some(SecretString::from(text)))
    }
}

fn replica_token(key: &[u8; KEY_BYTES]) -> SecretString {
    let mut hasher = Sha256::new();
    hasher.update(b"switchyard: between replicas");
    hasher.update(key);
    STANDARD.encode(hasher.finalize()).into()
}

impl Place {
    fn associated_data(self) -> String {
        format!("{}.{}:{}", self.table, self.column, self.row)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(…)")
    }
}

fn parse_key(text: &str) -> Option<[u8; KEY_BYTES]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}
