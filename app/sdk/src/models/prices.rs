//! What a model costs: an owner's prices, and those that its provider asks of everybody.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::providers::ProviderKind;

/// Prices in USD per million tokens, decimal strings on the wire. An absent price is unknown, zero is free.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelPrices {
    /// Input that was not cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_price_per_million_tokens: Option<Decimal>,
    /// Output, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_price_per_million_tokens: Option<Decimal>,
    /// Input read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_price_per_million_tokens: Option<Decimal>,
    /// Input written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_price_per_million_tokens: Option<Decimal>,
}

/// What a provider asks of everybody for a model, as far as this version of Switchyard knows. It is shown where prices are
/// entered and never counts by itself. `GET /api/v2/list-prices` answers all of them.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// Who asks it.
    pub provider: ProviderKind,
    /// The model's identifier, without the date of a release.
    pub model: String,
    /// The day on which the price was looked up.
    pub date: NaiveDate,
    /// Where: an address for people.
    pub source: String,
    /// What else belongs to the price, such as the prompts that it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The prices; none where the provider asks nothing of that kind.
    pub prices: ModelPrices,
}

impl ListPrice {
    /// Whether it is the price of this model: the identifier alone or with the date of a release. Other endings are other
    /// models, often with other prices.
    pub fn is_of(&self, provider: ProviderKind, model: &str) -> bool {
        self.provider == provider && model.strip_prefix(&*self.model).is_some_and(is_release)
    }
}

/// Nothing, `-latest`, or a date such as `-20260213` or `-2026-02-13`.
fn is_release(ending: &str) -> bool {
    let Some(release) = ending.strip_prefix('-') else {
        return ending.is_empty();
    };
    let digits = release.bytes().filter(u8::is_ascii_digit).count();
    let dashes = release.bytes().filter(|byte| *byte == b'-').count();
    let is_date = digits == 8 && matches!(dashes, 0 | 2) && digits + dashes == release.len();
    release == "latest" || is_date
}

/// Why a text is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Something else than digits with a point at most.
    #[error("Give dollars for a million tokens, such as 3 or 0.25.")]
    NotANumber,
    /// More digits than can be kept.
    #[error("Use fewer digits.")]
    TooLong,
}

/// Dollars as a person enters them; nothing where nothing was entered, which is not zero. No digit is rounded away.
pub fn parse_price(text: &str) -> Result<Option<Decimal>, PriceError> {
    let text = text.trim();
    let text = text.strip_prefix('$').unwrap_or(text).trim_start();
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if !text.bytes().all(is_plain) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(PriceError::NotANumber);
    }
    match Decimal::from_str_exact(text) {
        Ok(price) => Ok(Some(price)),
        Err(_) if text.bytes().filter(|byte| *byte == b'.').count() > 1 => {
            Err(PriceError::NotANumber)
        }
        Err(_) => Err(PriceError::TooLong),
    }
}

/// A price as a person reads it: without zeros that say nothing; empty where there is none.
pub fn price_text(price: Option<Decimal>) -> String {
    price.map_or_else(String::new, |price| price.normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_keep_their_digits_and_zero_is_a_price() {
        for (entered, read) in [
            ("3", "3"),
            (" $0.0000001 ", "0.0000001"),
            ("12.50", "12.5"),
            (".5", "0.5"),
            ("0", "0"),
            ("0.00", "0"),
            ("", ""),
            (" ", ""),
            ("$", ""),
        ] {
            let price = parse_price(entered);
            assert_eq!(price.map(price_text).as_deref(), Ok(read), "{entered:?}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for wrong in [
            "-1", "three", "1e3", "1,5", "3 $", ".", "1.2.3", "NaN", "０", "1_0", "$$1",
        ] {
            assert_eq!(parse_price(wrong), Err(PriceError::NotANumber), "{wrong}");
        }
        for long in [format!("0.{}", "1".repeat(40)), "9".repeat(40)] {
            assert_eq!(parse_price(&long), Err(PriceError::TooLong), "{long}");
        }
    }

    #[test]
    fn a_list_price_holds_for_the_releases_of_its_model_alone() {
        let price = ListPrice {
            provider: ProviderKind::Anthropic,
            model: "claude-opus-5".to_owned(),
            date: NaiveDate::default(),
            source: String::new(),
            note: None,
            prices: ModelPrices::default(),
        };
        for release in ["", "-20260724", "-2026-07-24", "-latest"] {
            let model = format!("claude-opus-5{release}");
            assert!(price.is_of(ProviderKind::Anthropic, &model), "{model}");
            assert!(!price.is_of(ProviderKind::OpenAiCompatible, &model));
        }
        for other in [
            "claude-opus-5-5",
            "claude-opus-5-mini",
            "claude-opus-5-5-20260922",
            "claude-opus-50",
            "claude-opus-5-",
            "claude-opus-5-2026072",
            "claude-opus-5--20260724",
            "claude-opus",
            "eu.claude-opus-5",
        ] {
            assert!(!price.is_of(ProviderKind::Anthropic, other), "{other}");
        }
    }
}
