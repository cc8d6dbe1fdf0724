//! What a call cost: tokens × price, summed, rounded up once at the end. Counts without a price and prices without a
//! count add nothing; when no count meets a price the cost is unknown. Zero stays zero.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sdk::ids::ChatId;
use sdk::messages::MessageUsage;
use sdk::models::ModelPrices;
use store::costs::{self, Call};

use crate::daemon::Shared;
use crate::sources::ResolvedModel;
use crate::state::{Change, StateError};

/// What the provider has counted of a call so far, also for whoever gives up on the call meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<llm::Usage>);

impl Told {
    /// The counts as they are now.
    pub(crate) fn set(&self, usage: llm::Usage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = usage;
    }

    /// The call as it is booked when its answer did not become whole. Some providers count what they read before they begin to
    /// answer, and ask to be paid for it all the same; of what others do not tell nothing is guessed.
    pub(crate) fn call(&self, model: &ResolvedModel, runtime: Duration) -> Option<Call> {
        let usage = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!usage.is_empty()).then(|| call(&usage, model, runtime))
    }
}

/// The call as it is booked.
pub(super) fn call(usage: &llm::Usage, model: &ResolvedModel, runtime: Duration) -> Call {
    let counted = self::usage(usage, model.context_limit);
    Call {
        model_config_id: model.model_config_id,
        total_cost_micros: micros(&counted, model.options.cost.as_ref()),
        usage: counted,
        runtime_ms: i64::try_from(runtime.as_millis()).ok(),
    }
}

/// Books a call of which nothing else is kept.
pub(crate) async fn book(shared: &Shared, chat: ChatId, call: &Call) -> Result<(), StateError> {
    let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
    let locked = change.lock(chat).await?;
    costs::book(&mut change.tx, locked.chat.id, change.now, call).await?;
    change.commit(&shared.notices).await
}

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
pub fn micros(usage: &MessageUsage, prices: Option<&ModelPrices>) -> Option<i64> {
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
    let known: Vec<_> = priced
        .into_iter()
        .filter_map(|(tokens, price)| Some((tokens?, price?)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut total = Decimal::ZERO;
    for (tokens, price) in known {
        total = total.checked_add(Decimal::from(tokens).checked_mul(price)?)?;
    }
    total.ceil().to_i64()
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

    fn tokens(input: i64, output: i64) -> MessageUsage {
        MessageUsage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            ..MessageUsage::default()
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
        assert_eq!(micros(&tokens(0, 0), Some(&prices("3", "15"))), Some(0));
        assert_eq!(micros(&tokens(10, 10), None), None);
        assert_eq!(micros(&tokens(10, 10), Some(&ModelPrices::default())), None);
        let nothing = MessageUsage::default();
        assert_eq!(micros(&nothing, Some(&prices("1", "1"))), None);
    }

    #[test]
    fn what_has_no_price_adds_nothing() {
        let unpriced = ModelPrices {
            output_price_per_million_tokens: None,
            ..prices("1", "1")
        };
        assert_eq!(micros(&tokens(10, 10), Some(&unpriced)), Some(10));
        let only_output = MessageUsage {
            input_tokens: None,
            ..tokens(0, 10)
        };
        assert_eq!(micros(&only_output, Some(&unpriced)), None);
    }

    #[test]
    fn a_price_that_leaves_every_number_makes_the_cost_unknown() {
        let most = prices(&Decimal::MAX.to_string(), "1");
        assert_eq!(micros(&tokens(i64::MAX, 1), Some(&most)), None);
    }
}
