//! What providers ask of everybody, as far as this version knows: what the form of a model proposes. No call is ever
//! priced with it; a model without a price of its own stays without one.
//!
//! The table is the file beside this one. A price stands in it when its source says it, with the day on which that was
//! looked up; a model whose price nobody looked up is not in it.

use std::sync::LazyLock;

use sdk::models::ListPrice;
use sdk::permissions::Permission;

use super::ModelError;
use crate::{Actor, Platform};

const TABLE: &str = include_str!("list_prices.json");

static LIST_PRICES: LazyLock<Vec<ListPrice>> = LazyLock::new(|| {
    serde_json::from_str(TABLE).unwrap_or_else(|error| {
        tracing::error!(%error, "the table of list prices cannot be read");
        Vec::new()
    })
});

impl Platform {
    /// The list prices that this version ships with. Needs [`Permission::ReadSettings`].
    pub fn list_prices(&self, actor: &Actor) -> Result<&'static [ListPrice], ModelError> {
        actor.require(Permission::ReadSettings, ModelError::NotFound)?;
        Ok(&LIST_PRICES)
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

    use std::collections::HashSet;

    use rust_decimal::Decimal;
    use sdk::providers::ProviderKind;

    use super::*;

    #[test]
    fn every_list_price_is_whole_and_says_where_it_comes_from() {
        let table: Vec<ListPrice> = serde_json::from_str(TABLE).unwrap();
        assert!(!table.is_empty());
        let mut models = HashSet::new();
        for entry in &table {
            let model = &entry.model;
            assert!(models.insert((entry.provider, model)), "{model} twice");
            assert!(
                matches!(
                    entry.provider,
                    ProviderKind::Anthropic | ProviderKind::OpenAi
                ),
                "{model}: who else asks the same of everybody?"
            );
            assert!(entry.source.starts_with("https://"), "{model}");
            let prices = &entry.prices;
            for price in [
                prices.input_price_per_million_tokens,
                prices.output_price_per_million_tokens,
                prices.cache_read_price_per_million_tokens,
            ] {
                assert!(price.is_some_and(|price| price > Decimal::ZERO), "{model}");
            }
            assert!(
                prices.cache_read_price_per_million_tokens < prices.input_price_per_million_tokens,
                "{model}: what is cached is cheaper"
            );
            assert!(
                prices.input_price_per_million_tokens < prices.output_price_per_million_tokens,
                "{model}"
            );
        }
    }

    #[test]
    fn each_model_has_one_list_price_at_most() {
        for entry in LIST_PRICES.iter() {
            let others = LIST_PRICES.iter();
            let found: Vec<_> = others
                .filter(|other| other.is_of(entry.provider, &entry.model))
                .collect();
            assert_eq!(found, [entry]);
        }
    }
}
