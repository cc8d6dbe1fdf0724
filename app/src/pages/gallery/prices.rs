//! What a model costs: with a list price, without one, refused, and what came of pricing earlier calls.

use leptos::prelude::*;
use sdk::costs::BackfilledCosts;

use super::part;
use crate::api::models::{KnownListPrice, PriceFields};
use crate::error::AppError;
use crate::pages::settings::providers::prices::{fields, outcome};
use crate::view;

/// The fields and the answer.
pub fn forms() -> impl IntoView {
    let listed = KnownListPrice {
        prices: prices(["2", "10", "0.1", "2.5"]),
        date: "23 Nov 2026".to_owned(),
        source: "https://example.com/prices".to_owned(),
        note: "For prompts of up to 272,000 tokens.".to_owned(),
    };
    let refused = AppError::invalid_field("prices[input]", "Use a price of 0 or more.");
    let none = Signal::stored(None);
    part(
        "Prices of a model",
        view! {
            <div class="gallery-grid">
                {fields("gallery-listed", PriceFields::default(), Some(listed), none)}
                {fields("gallery-unlisted", prices(["3", "15", "", ""]), None, none)}
                {fields("gallery-refused", prices(["-3", "15", "0", ""]), None, Signal::stored(Some(refused)))}
                <div>{outcome(BackfilledCosts { priced_message_count: 12, unpriced_message_count: 0 })}</div>
            </div>
        },
    )
}

fn prices([input, output, cache_read, cache_write]: [&str; 4]) -> PriceFields {
    PriceFields {
        input: input.to_owned(),
        output: output.to_owned(),
        cache_read: cache_read.to_owned(),
        cache_write: cache_write.to_owned(),
    }
}
