//! Random tokens that a person or program shows to be let in. Only their hashes are stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// What an API token's key begins with, so that secret scanners and people know one when they see it.
pub(crate) const API_TOKEN_PREFIX: &str = "swy_";

/// 32 random bytes as text for URLs, cookies and headers.
pub(crate) fn generate() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token. A fast hash is enough: the token is random, not chosen.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
