//! The configured models of a provider.

use leptos::prelude::*;
use sdk::ids::ProviderConfigId;

use crate::api::models::{ChooseDefaultModel, EnableModel, PricedModel};
use crate::components::badge::{Tone, badge, badge_with_icon};
use crate::components::dialog;
use crate::components::field::Switch;
use crate::components::icons::Icon;
use crate::components::menu::{Menu, MenuItem};
use crate::components::table::Table;
use crate::session::use_hydrated;
use crate::view;

use super::actions::Actions;
use super::dialogs::DELETE_MODEL;
use super::model_form::EDIT_MODEL;
use super::prices;

/// A table of models, or a sentence when there is none.
pub fn list(provider: ProviderConfigId, models: Vec<PricedModel>, actions: Actions) -> AnyView {
    if models.is_empty() {
        let is_tested = move || {
            actions
                .tests
                .with(|tests| matches!(tests.get(&provider), Some(Ok(test)) if test.ok))
        };
        return view! {
            <p class="card-part card-note">
                {move || if is_tested() {
                    "No models yet. Choose above which ones people may use, or add one by name from the menu."
                } else {
                    "No models yet. Test the connection to see what the provider offers."
                }}
            </p>
        };
    }
    let rows = models
        .into_iter()
        .map(|model| row(model, actions))
        .collect_view();
    view! {
        <div class="provider-models">
            <Table label="Models" headings=&["Model", "Context", "Offered", ""]>
                {rows}
            </Table>
        </div>
    }
}

/// `200000` as `200,000`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn row(model: PricedModel, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let config = &model.config;
    let id = config.id;
    let (is_enabled, is_default) = (config.enabled, config.is_default);
    let name = config.display_name.clone();
    let identifier = (config.model != config.display_name).then(|| config.model.clone());
    let context_limit = grouped(config.context_limit);
    let is_unpriced = model.prices.is_empty();
    let on_change = Callback::new(move |enabled| {
        actions.focus.set_value(format!("model-{id}-enabled"));
        actions.enable_model.dispatch(EnableModel { id, enabled });
    });
    view! {
        <tr>
            <td class="cell-main">
                {name.clone()} " "
                {is_default.then(|| badge_with_icon(Tone::Accent, Some(Icon::Star), "Default"))} " "
                {is_unpriced.then(|| badge(Tone::Neutral, "No price"))}
                {identifier.map(|identifier| view! { <code class="cell-note">{identifier}</code> })}
            </td>
            <td class="cell-number" data-label="Context">
                {context_limit}
                " tokens"
            </td>
            <td>
                <Switch
                    label=format!("Offer {name}")
                    is_label_hidden=true
                    id=format!("model-{id}-enabled")
                    checked=is_enabled
                    disabled=Signal::derive(move || !hydrated.get())
                    on_change=on_change
                />
            </td>
            <td class="cell-actions">{menu(model, actions)}</td>
        </tr>
    }
}

fn menu(model: PricedModel, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let id = model.config.id;
    let label = format!("Actions for {}", model.config.display_name);
    let can_be_default = !model.config.is_default && model.config.enabled;
    let has_price = !model.prices.is_empty();
    let open = move |dialog: &'static str| {
        let model = model.clone();
        Callback::new(move |()| {
            actions.focus.set_value(format!("model-{id}-button"));
            actions.update_model.clear();
            actions.delete_model.clear();
            actions.backfill_costs.clear();
            actions.model.set(Some(model.clone()));
            dialog::show(dialog);
        })
    };
    let make_default = Callback::new(move |()| {
        actions.focus.set_value(format!("model-{id}-button"));
        actions.choose_default.dispatch(ChooseDefaultModel { id });
    });
    view! {
        <Menu id=format!("model-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
            <MenuItem name=Icon::Star disabled=!can_be_default on_select=make_default>
                "Make default"
            </MenuItem>
            <MenuItem name=Icon::Pencil on_select=open(EDIT_MODEL)>
                "Edit"
            </MenuItem>
            {has_price
                .then(|| {
                    view! {
                        <MenuItem name=Icon::RotateCcw on_select=open(prices::BACKFILL)>
                            "Price earlier calls"
                        </MenuItem>
                    }
                })}
            <div class="menu-line" role="separator"></div>
            <MenuItem name=Icon::Trash2 is_danger=true on_select=open(DELETE_MODEL)>
                "Delete"
            </MenuItem>
        </Menu>
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

    #[test]
    fn groups_digits_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(8_192), "8,192");
        assert_eq!(grouped(1_048_576), "1,048,576");
        assert_eq!(grouped(-1_000), "-1,000");
    }
}
