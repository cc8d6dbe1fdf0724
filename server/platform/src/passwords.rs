//! Hashing and checking passwords.
//!
//! Argon2id costs memory and time on purpose, so it runs outside the async threads and only a few at a time: a
//! flood of sign-ins waits in line instead of taking the machine.

use std::sync::Arc;

use argon2::password_hash::SaltString;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::RngCore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::Fault;

/// 19 MiB, two passes, one lane: what OWASP names as the least for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const PARALLEL: usize = 2;

/// The hasher. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
    /// What no password is known to fit, checked when there is no account, so that it takes as long.
    nobody: Arc<str>,
}

/// The right to hash one password now.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(PARALLEL)),
            nobody: nobody().into(),
        }
    }

    /// Waits in line.
    pub(crate) async fn turn(&self) -> Result<Turn, Fault> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| Fault::new("passwords", &error))?;
        Ok(Turn {
            _permit: permit,
            nobody: Arc::clone(&self.nobody),
        })
    }

    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Fault> {
        let _turn = self.turn().await?;
        blocking(move || hash(password.as_bytes())).await
    }
}

impl Turn {
    /// Whether the password belongs to the hash. Without one it takes as long and is wrong.
    pub(crate) async fn verify(
        self,
        password: String,
        expected: Option<&str>,
    ) -> Result<bool, Fault> {
        let has_account = expected.is_some();
        let expected = expected.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let fits = blocking(move || verify(password.as_bytes(), &expected)).await?;
        Ok(fits && has_account)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::new("passwords", &error))?
}

fn hasher() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| Fault::new("passwords", &error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<String, Fault> {
    let mut salt = [0_u8; 16];
    rand::rng().fill_bytes(&mut salt);
    let salt = SaltString::from_b64(&STANDARD_NO_PAD.encode(salt));
    let salt = salt.map_err(|error| Fault::new("passwords", &error))?;
    let hash = hasher()?.hash_password(password, &salt);
    Ok(hash
        .map_err(|error| Fault::new("passwords", &error))?
        .to_string())
}

/// What [`hash`] would return, with a random result instead of a computed one: a start does not have to wait for it.
fn nobody() -> String {
    let mut salt = [0_u8; 16];
    let mut output = [0_u8; Params::DEFAULT_OUTPUT_LEN];
    rand::rng().fill_bytes(&mut salt);
    rand::rng().fill_bytes(&mut output);
    let [salt, output] = [&salt[..], &output[..]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}")
}

fn verify(password: &[u8], expected: &str) -> Result<bool, Fault> {
    let expected = PasswordHash::new(expected).map_err(|error| Fault::new("passwords", &error))?;
    match hasher()?.verify_password(password, &expected) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(Fault::new("passwords", &error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    async fn verify(passwords: &Passwords, password: &str, hash: Option<&str>) -> bool {
        let turn = passwords.turn().await.unwrap();
        turn.verify(password.to_owned(), hash).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        let again = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, again, "the salt repeats");
        let shape = |hash: &str| {
            let fields = hash.split('$').enumerate();
            let fields = fields.map(|(at, field)| match at {
                0..4 => field.to_owned(),
                _ => field.len().to_string(),
            });
            fields.collect::<Vec<_>>()
        };
        assert_eq!(
            shape(&passwords.nobody),
            shape(&hash),
            "nobody's takes as long"
        );
        assert!(verify(&passwords, "correct horse", Some(&hash)).await);
        assert!(!verify(&passwords, "Correct horse", Some(&hash)).await);
        assert!(!verify(&passwords, "", Some(&hash)).await);
    }

    #[tokio::test]
    async fn no_account_means_wrong_even_for_the_password_of_nobody() {
        let mut passwords = Passwords::new();
        passwords.nobody = passwords.hash("secret".to_owned()).await.unwrap().into();
        assert!(!verify(&passwords, "secret", None).await);
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_a_fault_and_no_way_in() {
        let passwords = Passwords::new();
        let turn = passwords.turn().await.unwrap();
        turn.verify("secret".to_owned(), Some("not a hash"))
            .await
            .unwrap_err();
    }
}
