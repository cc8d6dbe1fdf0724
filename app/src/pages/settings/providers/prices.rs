//! What a model costs: the fields of its form, and the offer to price the calls from before it had a price.

use leptos::prelude::*;
use sdk::costs::BackfilledCosts;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;

use crate::api::models::{BackfillCosts, KnownListPrice, PriceFields};
use crate::components::button::{Button, ButtonKind};
use crate::components::chat::words::count as count_in_words;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error};
use crate::error::AppError;
use crate::view;

use super::actions::Actions;

/// Id of the dialog with the offer.
pub const BACKFILL: &str = "backfill-costs";

/// Label and name of each field, in the order of [`texts`].
const FIELDS: [(&str, &str); 4] = [
    ("Input", "prices[input]"),
    ("Output", "prices[output]"),
    ("Cache read", "prices[cache_read]"),
    ("Cache write", "prices[cache_write]"),
];

fn texts(prices: PriceFields) -> [String; 4] {
    [
        prices.input,
        prices.output,
        prices.cache_read,
        prices.cache_write,
    ]
}

/// The fields, with the list price where none was entered. Their ids begin with `prefix`.
pub fn fields(
    prefix: &'static str,
    prices: PriceFields,
    list_price: Option<KnownListPrice>,
    error: Signal<Option<AppError>>,
) -> AnyView {
    let listed = list_price
        .as_ref()
        .map(|list_price| list_price.prices.clone());
    let inputs = FIELDS
        .into_iter()
        .zip(texts(prices))
        .zip(texts(listed.unwrap_or_default()))
        .map(|(((label, name), value), placeholder)| {
            view! {
                <TextField
                    label=label
                    name=name
                    id=id_of(prefix, name)
                    input=Input::Decimal
                    value=value
                    placeholder=placeholder
                    is_optional=true
                    error=field_error(error, name)
                />
            }
        })
        .collect_view();
    view! {
        <fieldset class="form">
            <legend class="field-label">"Prices in dollars for a million tokens"</legend>
            <div class="form-row">{inputs}</div>
            {match list_price {
                Some(list_price) => proposal(prefix, list_price),
                None => view! { <p class="field-help">"No list price of this model is known here."</p> },
            }}
            <p class="field-help">
                "Without a price calls are counted, and what they cost stays unknown. 0 means free."
            </p>
        </fieldset>
    }
}

fn id_of(prefix: &str, name: &str) -> String {
    format!("{prefix}-{name}")
}

/// What the provider asks of everybody: it counts when somebody has entered it.
fn proposal(prefix: &'static str, list_price: KnownListPrice) -> AnyView {
    let KnownListPrice {
        prices,
        date,
        source,
        note,
    } = list_price;
    let fill = move |_| {
        for ((_, name), price) in FIELDS.into_iter().zip(texts(prices.clone())) {
            let field = document().get_element_by_id(&id_of(prefix, name));
            let field = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
            if let Some(field) = field
                && !price.is_empty()
            {
                field.set_value(&price);
            }
        }
    };
    view! {
        <p class="field-help">
            <a class="link" href=source target="_blank" rel="noopener noreferrer">
                "List price of "
                {date}
            </a>
            ", shown where a field is empty. It does not count before it is entered. "
            {note}
        </p>
        <div class="form-actions">
            <Button is_small=true on_click=fill>"Use list prices"</Button>
        </div>
    }
}

/// Asks whether calls from before the price are priced with it, and says what came of it.
#[component]
pub fn BackfillDialog(
    /// Those of the page.
    actions: Actions,
) -> impl IntoView {
    let backfill = actions.backfill_costs;
    let name = move || {
        let model = actions.model.get();
        model.map_or_else(String::new, |model| model.config.display_name)
    };
    let title = Signal::derive(move || format!("Price earlier calls of {}?", name()));
    let start = move |_| {
        let model = actions
            .model
            .with_untracked(|model| model.as_ref().map(|model| model.config.id));
        if let Some(id) = model {
            backfill.dispatch(BackfillCosts { id });
        }
    };
    let done = move || {
        backfill.value().with(|answer| {
            answer
                .as_ref()
                .and_then(|answer| answer.as_ref().ok().copied())
        })
    };
    view! {
        <Dialog id=BACKFILL title=title>
            {move || match done() {
                Some(done) => outcome(done),
                None => view! {
                    <p class="dialog-text">
                        "Calls from before it had a price count as unknown. They can be priced with what is entered now; calls that have a price keep it."
                    </p>
                    <FormError error=error_of(backfill)/>
                    <div class="dialog-actions">
                        <CancelButton dialog=BACKFILL/>
                        <Button
                            kind=ButtonKind::Primary
                            disabled=backfill.pending()
                            attr:aria-busy=move || backfill.pending().get().then_some("true")
                            on_click=start
                        >
                            "Price earlier calls"
                        </Button>
                    </div>
                },
            }}
        </Dialog>
    }
}

/// What came of it.
pub fn outcome(done: BackfilledCosts) -> AnyView {
    view! {
        <p class="dialog-text" role="status">{outcome_words(done)}</p>
        <div class="dialog-actions">
            <Button kind=ButtonKind::Primary attr:autofocus=true on_click=|_| dialog::close(BACKFILL)>"Done"</Button>
        </div>
    }
}

fn outcome_words(done: BackfilledCosts) -> String {
    let calls = |count: i64| count_in_words(usize::try_from(count).unwrap_or(0), "call", "calls");
    let priced = match (done.priced_message_count, done.unpriced_message_count) {
        (0, 0) => "No call was waiting for a price.".to_owned(),
        (0, _) => "No call could be priced.".to_owned(),
        (count, _) => format!("Priced {}.", calls(count)),
    };
    match done.unpriced_message_count {
        0 => priced,
        count => format!(
            "{priced} {} used only what has no price; the cost stays unknown.",
            calls(count)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_said_in_words() {
        let words = |priced_message_count, unpriced_message_count| {
            outcome_words(BackfilledCosts {
                priced_message_count,
                unpriced_message_count,
            })
        };
        assert_eq!(words(1, 0), "Priced 1 call.");
        assert_eq!(words(0, 0), "No call was waiting for a price.");
        assert!(words(0, 1).starts_with("No call could be priced. 1 call used"));
        assert_eq!(
            words(12, 2),
            "Priced 12 calls. 2 calls used only what has no price; the cost stays unknown."
        );
    }
}
