//! The dialog that changes a model: its name, its context window, what it costs, whether its provider searches the web, and the
//! options of its calls.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::components::button::SubmitButton;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::components::field::Checkbox;
use crate::components::form::{error_of, on_answer};
use crate::components::loaded::fresh;
use crate::view;

use super::actions::Actions;
use super::dialogs::model_fields;
use super::{model_options, prices};

/// Its id.
pub const EDIT_MODEL: &str = "edit-model";

const FIELDS: &[&str] = &[
    "display_name",
    "context_limit",
    "prices[input]",
    "prices[output]",
    "prices[cache_read]",
    "prices[cache_write]",
];

/// The dialog. It is filled when it is opened, so nothing that is read meanwhile takes away what was typed.
#[component]
pub fn EditModelDialog(actions: Actions) -> impl IntoView {
    let update = actions.update_model;
    let error = error_of(update);
    on_answer(update, EDIT_MODEL, move |updated| {
        dialog::close(EDIT_MODEL);
        let was_unpriced = actions
            .model
            .with_untracked(|model| model.as_ref().is_some_and(|model| model.prices.is_empty()));
        if was_unpriced && updated.can_price_earlier_calls {
            actions.backfill_costs.clear();
            dialog::show(prices::BACKFILL);
        }
    });
    let title = Signal::derive(move || {
        actions.model.with(|model| {
            model
                .as_ref()
                .map_or_else(String::new, |model| format!("Edit {}", model.config.model))
        })
    });
    // What was typed for a model must not stay in the fields of another one, or of the same one after it was given up.
    let form = move || {
        let model = actions.model.get()?;
        Some(fresh(move || {
            let config = model.config;
            let fields = actions.options.get_value();
            let options = model_options::form(fields, config.provider, model.options, error);
            view! {
                <ActionForm action=update>
                    <input type="hidden" name="id" value=config.id.to_string()/>
                    <div class="form">
                        {model_fields(config.display_name, config.context_limit.to_string(), "edit-model", error)}
                        {options.usual}
                        {prices::fields("edit-model", model.prices, model.list_price, error)}
                        {web_search(model.web_search)}
                        {options.advanced}
                        <FormError error=options.elsewhere fields=FIELDS/>
                        <div class="dialog-actions">
                            <CancelButton dialog=EDIT_MODEL/>
                            <SubmitButton pending=update.pending()>"Save"</SubmitButton>
                        </div>
                    </div>
                </ActionForm>
            }
            .into_any()
        }))
    };
    view! {
        <Dialog id=EDIT_MODEL title=title>
            {form}
        </Dialog>
    }
}

/// The box for the search of the web, for providers that have one.
fn web_search(is_on: Option<bool>) -> Option<impl IntoView> {
    is_on.map(|is_on| {
        view! {
            <input type="hidden" name="web_search[is_asked]" value="true"/>
            <Checkbox label="Web search" name="web_search[is_on]" id="edit-model-web-search" checked=is_on
                help="The provider searches the web when the model asks for it, and bills each search beside its tokens, which is not counted here. OpenAI searches where it is called at its own address."/>
        }
    })
}
