//! What a model costs, as its form has it: dollars for a million tokens in text, so that no digit is lost on the way.

use std::collections::BTreeMap;

use sdk::models::ModelConfig;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::error::AppError,
    sdk::errors::Validation,
    sdk::models::{ListPrice, ModelPrices, parse_price, price_text},
};

/// A model with its prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedModel {
    /// The model.
    pub config: ModelConfig,
    /// What an owner has entered.
    pub prices: PriceFields,
    /// Whether its provider searches the web for it; nothing where it cannot.
    pub web_search: Option<bool>,
    /// What its form says of the options that were set, by the names of their fields.
    pub options: BTreeMap<String, String>,
    /// What its provider asks of everybody, where that is known.
    pub list_price: Option<KnownListPrice>,
}

/// Dollars for a million tokens. An empty one is not known, zero is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PriceFields {
    /// Input that was not cached.
    pub input: String,
    /// Output.
    pub output: String,
    /// Input read from the provider's cache.
    pub cache_read: String,
    /// Input written to the provider's cache.
    pub cache_write: String,
}

/// A list price in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownListPrice {
    /// The prices.
    pub prices: PriceFields,
    /// When it was looked up.
    pub date: String,
    /// Where, as an address.
    pub source: String,
    /// What else belongs to it; may be empty.
    pub note: String,
}

impl PriceFields {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The fields of the form with what the platform calls them.
#[cfg(feature = "ssr")]
const FIELDS: [(&str, &str); 4] = [
    (
        "prices[input]",
        "model_config.cost.input_price_per_million_tokens",
    ),
    (
        "prices[output]",
        "model_config.cost.output_price_per_million_tokens",
    ),
    (
        "prices[cache_read]",
        "model_config.cost.cache_read_price_per_million_tokens",
    ),
    (
        "prices[cache_write]",
        "model_config.cost.cache_write_price_per_million_tokens",
    ),
];

#[cfg(feature = "ssr")]
impl PricedModel {
    /// A model as the page shows it.
    pub(in crate::api) fn of(config: ModelConfig, list_prices: &[ListPrice]) -> Self {
        let mut known = list_prices.iter();
        let list_price = known.find(|price| price.is_of(config.provider, &config.model));
        let own = config.model_config.cost.clone().unwrap_or_default();
        Self {
            prices: PriceFields::of(&own),
            web_search: platform::models::web_search::is_on(&config.model_config, config.provider),
            options: platform::models::options::form::texts(&config),
            list_price: list_price.map(|price| KnownListPrice {
                prices: PriceFields::of(&price.prices),
                date: price.date.format("%-d %b %Y").to_string(),
                source: price.source.clone(),
                note: price.note.clone().unwrap_or_default(),
            }),
            config,
        }
    }
}

#[cfg(feature = "ssr")]
impl PriceFields {
    fn of(prices: &ModelPrices) -> Self {
        Self {
            input: price_text(prices.input_price_per_million_tokens),
            output: price_text(prices.output_price_per_million_tokens),
            cache_read: price_text(prices.cache_read_price_per_million_tokens),
            cache_write: price_text(prices.cache_write_price_per_million_tokens),
        }
    }

    /// The prices, or the fields that hold none.
    pub(super) fn parse(&self) -> Result<ModelPrices, Vec<Validation>> {
        let texts = [
            &self.input,
            &self.output,
            &self.cache_read,
            &self.cache_write,
        ];
        let mut refused = Vec::new();
        let [input, output, cache_read, cache_write] = texts.map(|text| parse_price(text));
        for (price, (field, _)) in [&input, &output, &cache_read, &cache_write]
            .into_iter()
            .zip(FIELDS)
        {
            if let Err(error) = price {
                refused.push(Validation {
                    field: field.to_owned(),
                    detail: error.to_string(),
                });
            }
        }
        match (input, output, cache_read, cache_write) {
            (Ok(input), Ok(output), Ok(cache_read), Ok(cache_write)) => Ok(ModelPrices {
                input_price_per_million_tokens: input,
                output_price_per_million_tokens: output,
                cache_read_price_per_million_tokens: cache_read,
                cache_write_price_per_million_tokens: cache_write,
            }),
            _ => Err(refused),
        }
    }
}

/// Says at the form's fields what the platform refused.
#[cfg(feature = "ssr")]
pub(super) fn at_their_fields(mut error: AppError) -> AppError {
    for validation in &mut error.validations {
        let known = FIELDS.iter().find(|(_, field)| *field == validation.field);
        if let Some((field, _)) = known {
            (*field).clone_into(&mut validation.field);
        }
    }
    error
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn fields(input: &str, cache_write: &str) -> PriceFields {
        PriceFields {
            input: input.to_owned(),
            cache_write: cache_write.to_owned(),
            ..PriceFields::default()
        }
    }

    #[test]
    fn a_form_keeps_its_prices_and_what_is_empty_is_not_zero() {
        let parsed = fields("$12.50", "0").parse().unwrap();
        assert_eq!(PriceFields::of(&parsed), fields("12.5", "0"), "{parsed:?}");
        let nothing = fields("", " ").parse().unwrap();
        assert_eq!(nothing, ModelPrices::default());
    }

    #[test]
    fn what_is_no_price_is_told_at_its_field() {
        let refused = fields("three", "1.2.3").parse().unwrap_err();
        let named: Vec<_> = refused.iter().map(|refused| &*refused.field).collect();
        assert_eq!(named, ["prices[input]", "prices[cache_write]"]);
    }
}
