//! Headers of a call: the caller's own, and the one with the key.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, ErrorKind};

/// The caller's headers; what cannot be a header is left out. The adapter's own are set after them and win.
pub(super) fn custom_headers(custom: &BTreeMap<String, String>) -> HeaderMap {
    custom
        .iter()
        .filter_map(|(name, value)| {
            Some((
                HeaderName::try_from(name).ok()?,
                HeaderValue::from_str(value).ok()?,
            ))
        })
        .collect()
}

/// A header value with a key in it, which no `Debug` will show.
pub(crate) fn secret_header(
    provider: &str,
    prefix: &str,
    key: &SecretString,
) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("{prefix}{}", key.expose_secret().trim()))
        .map_err(|_| {
            let message = format!(
                "The API key of {provider} holds characters that no key has. Enter it again."
            );
            Error::new(ErrorKind::Auth, Some(provider)).with_message(message)
        })?;
    value.set_sensitive(true);
    Ok(value)
}
