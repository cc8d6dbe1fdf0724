//! What a call cost: tokens × price, summed, rounded up once at the end. An unknown price makes the cost unknown;
//! zero stays zero.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sdk::messages::MessageUsage;
use sdk::models::ModelPrices;

/// The provider's counts as they are stored.
pub(super) fn usage(usage: &llm::Usage, context_limit: i64) -> MessageUsage {
    let count = |tokens: Option<u64>| tokens.and_then(|tokens| i64::try_from(tokens).ok());
    MessageUsage {
        input_tokens: count(usage.input_tokens),
        output_tokens: count(usage.output_tokens),
        total_tokens: count(usage.total_tokens),
        reasoning_tokens: count(usage.reasoning_tokens),
        cache_creation_tokens: count(usage.cache_creation_tokens),
        cache_read_tokens: count(usage.cache_read_tokens),
        context_limit: Some(context_limit),
    }
}

/// Millionths of a dollar; a price per million tokens is exactly that per token.
pub(super) fn micros(usage: &llm::Usage, prices: Option<&ModelPrices>) -> Option<i64> {
    let prices = prices?;
    let priced = [
        (usage.input_tokens, prices.input_price_per_million_tokens),
        (usage.output_tokens, prices.output_price_per_million_tokens),
        (
            usage.cache_read_tokens,
            prices.cache_read_price_per_million_tokens,
        ),
        (
            usage.cache_creation_tokens,
            prices.cache_write_price_per_million_tokens,
        ),
    ];
    let mut total = Decimal::ZERO;
    let mut is_known = false;
    for (tokens, price) in priced {
        match (tokens, price) {
            (None | Some(0), _) => {}
            (Some(_), None) => return None,
            (Some(tokens), Some(price)) => {
                total = total.checked_add(Decimal::from(tokens).checked_mul(price)?)?;
                is_known = true;
            }
        }
    }
    if is_known {
        total.ceil().to_i64()
    } else {
        None
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

    fn prices(input: &str, output: &str) -> ModelPrices {
        ModelPrices {
            input_price_per_million_tokens: Some(input.parse().unwrap()),
            output_price_per_million_tokens: Some(output.parse().unwrap()),
            ..ModelPrices::default()
        }
    }

    fn tokens(input: u64, output: u64) -> llm::Usage {
        llm::Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            ..llm::Usage::default()
        }
    }

    #[test]
    fn rounds_up_once_at_the_end() {
        assert_eq!(micros(&tokens(3, 3), Some(&prices("0.1", "0.1"))), Some(1));
        assert_eq!(
            micros(&tokens(1000, 100), Some(&prices("3", "15"))),
            Some(4500)
        );
    }

    #[test]
    fn zero_is_free_and_absent_is_unknown() {
        assert_eq!(micros(&tokens(10, 10), Some(&prices("0", "0"))), Some(0));
        assert_eq!(micros(&tokens(10, 10), None), None);
        let unpriced = ModelPrices {
            output_price_per_million_tokens: None,
            ..prices("1", "1")
        };
        assert_eq!(micros(&tokens(10, 10), Some(&unpriced)), None);
        assert_eq!(micros(&tokens(10, 0), Some(&unpriced)), Some(10));
        assert_eq!(
            micros(&llm::Usage::default(), Some(&prices("1", "1"))),
            None
        );
    }
}
