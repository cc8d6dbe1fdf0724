//! The options of a model's calls in its form: the usual ones in sight, the others in a part that is closed at first.

use std::collections::BTreeMap;

use leptos::html::Details;
use leptos::prelude::*;
use sdk::providers::ProviderKind;

use crate::api::models::{OptionField, OptionPlace};
use crate::components::field::{Input, SelectField, TextArea, TextField};
use crate::error::AppError;
use crate::view;

use super::provider::kind_name;

/// The parts of the form.
pub struct OptionsForm {
    /// The usual ones.
    pub usual: AnyView,
    /// The others.
    pub advanced: AnyView,
    /// Why the form was refused, without what stands at these fields.
    pub elsewhere: Signal<Option<AppError>>,
}

/// The fields of a model of `provider`, filled with `texts`.
pub fn form(
    mut fields: Vec<OptionField>,
    provider: ProviderKind,
    texts: BTreeMap<String, String>,
    error: Signal<Option<AppError>>,
) -> OptionsForm {
    fields.retain(|field| field.providers.contains(&provider));
    let names: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
    let part = |place| {
        let fields = fields.iter().filter(|field| field.place == place);
        fields.cloned().collect::<Vec<_>>()
    };
    let drawn = |fields: Vec<OptionField>| {
        let fields = fields.into_iter();
        let text_of = |field: &OptionField| texts.get(&field.name).cloned();
        fields
            .map(|field| {
                let text = text_of(&field).unwrap_or_default();
                draw(field, text, error)
            })
            .collect_view()
    };
    let (general, own) = (part(OptionPlace::Advanced), part(OptionPlace::Own));
    let folded: Vec<_> = general.iter().chain(&own).cloned().collect();
    let set = folded
        .iter()
        .filter(|field| texts.contains_key(&field.name));
    let set_count = set.count();
    let own = (!own.is_empty()).then(|| {
        view! {
            <fieldset class="form">
                <legend class="field-label">{format!("Only for {}", kind_name(provider))}</legend>
                <div class="form-row">{drawn(own)}</div>
            </fieldset>
        }
    });
    let advanced = view! {
        <details class="fold" node_ref=opened_for(folded, error)>
            <summary>{summary(set_count)}</summary>
            <div class="form">
                <div class="form-row">{drawn(general)}</div>
                {own}
            </div>
        </details>
    };
    let usual = part(OptionPlace::Usual);
    let usual = (!usual.is_empty()).then(|| view! { <div class="form-row">{drawn(usual)}</div> });
    let before = before(texts);
    OptionsForm {
        usual: view! { {before} {usual} }.into_any(),
        advanced: advanced.into_any(),
        elsewhere: Signal::derive(move || error.get().and_then(|error| without(error, &names))),
    }
}

/// What the form was filled with, so that only what was changed in it is set.
fn before(texts: BTreeMap<String, String>) -> AnyView {
    texts
        .into_iter()
        .map(|(name, text)| {
            view! { <input type="hidden" name=format!("options_before[{name}]") value=text/> }
        })
        .collect_view()
        .into_any()
}

fn summary(set_count: usize) -> String {
    match set_count {
        0 => "Advanced".to_owned(),
        count => format!("Advanced, {count} set"),
    }
}

/// A part that opens when something in it was refused.
fn opened_for(fields: Vec<OptionField>, error: Signal<Option<AppError>>) -> NodeRef<Details> {
    let details = NodeRef::<Details>::new();
    Effect::new(move |_| {
        let is_here = |name: &str| fields.iter().any(|field| field.name == name);
        let is_refused = error.with(|error| {
            let refused = error.iter().flat_map(|error| &error.validations);
            refused.into_iter().any(|refused| is_here(&refused.field))
        });
        if is_refused && let Some(details) = details.get_untracked() {
            details.set_open(true);
        }
    });
    details
}

/// The error without what stands at these fields; nothing when that was all.
fn without(mut error: AppError, names: &[String]) -> Option<AppError> {
    let had_fields = !error.validations.is_empty();
    error
        .validations
        .retain(|refused| !names.contains(&refused.field));
    (!had_fields || !error.validations.is_empty()).then_some(error)
}

/// A browser that insists on what stands in a closed part would send nothing and say nothing: the server alone checks.
fn draw(field: OptionField, text: String, error: Signal<Option<AppError>>) -> AnyView {
    let OptionField {
        name,
        label,
        default,
        help,
        mut choices,
        is_long,
        is_number,
        ..
    } = field;
    let id = format!("edit-model-{name}");
    let sent = format!("options[{name}]");
    let refusal = Signal::derive(move || {
        error.with(|error| error.as_ref().and_then(|error| error.field(&name)))
    });
    if !choices.is_empty() {
        choices.insert(0, (String::new(), format!("Default: {default}")));
        view! { <SelectField label=label name=sent id=id options=choices value=text help=help error=refusal/> }
    } else if is_long {
        view! { <TextArea label=label name=sent id=id value=text placeholder=default rows=3 is_code=true help=help error=refusal/> }
    } else {
        let input = if is_number {
            Input::Decimal
        } else {
            Input::Code
        };
        view! {
            <TextField label=label name=sent id=id input=input value=text placeholder=default is_optional=true help=help error=refusal/>
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::errors::Validation;

    fn refused(fields: &[&str]) -> AppError {
        let mut error = AppError::invalid_field("", "No.");
        let validations = fields.iter().map(|field| Validation {
            field: (*field).to_owned(),
            detail: "No.".to_owned(),
        });
        error.validations = validations.collect();
        error
    }

    #[test]
    fn what_stands_at_its_field_is_not_told_again() {
        let names = ["model_config.top_p".to_owned()];
        let told = |fields: &[&str]| without(refused(fields), &names);
        assert_eq!(told(&["model_config.top_p"]), None);
        let other = Some(refused(&["context_limit"]));
        assert_eq!(told(&["model_config.top_p", "context_limit"]), other);
        assert_eq!(told(&[]), Some(refused(&[])), "an error of no field");
    }

    #[test]
    fn the_closed_part_says_how_much_is_set_in_it() {
        assert_eq!(summary(0), "Advanced");
        assert_eq!(summary(2), "Advanced, 2 set");
    }
}
