//! The fields of a template's parameters: what whoever makes a workspace is asked. The server checks what they say.

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::templates::{ParameterType, TemplateParameter};

use crate::components::field::{Checkbox, SelectField, TextArea, TextField};
use crate::error::AppError;
use crate::view;

/// What the server calls the fields.
const PREFIX: &str = "new_workspace.parameters.";

/// What was typed, by name: lists as lines, the rest as it is sent.
pub type Values = BTreeMap<String, String>;

/// What the fields hold at first.
pub fn first_values(parameters: &[TemplateParameter]) -> Values {
    let first = |parameter: &TemplateParameter| {
        let default = parameter.default.clone().unwrap_or_default();
        match parameter.kind {
            ParameterType::ListOfStrings => as_lines(&default),
            ParameterType::Bool if default.is_empty() => "false".to_owned(),
            _ => default,
        }
    };
    parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), first(parameter)))
        .collect()
}

/// What is sent. What was left empty is not, so that the server says what is missing; what was emptied is.
pub fn given(parameters: &[TemplateParameter], values: &Values) -> BTreeMap<String, String> {
    let mut given = BTreeMap::new();
    for parameter in parameters {
        let value = values.get(&parameter.name).cloned().unwrap_or_default();
        if value.trim().is_empty() && parameter.default.is_none() {
            continue;
        }
        let value = match parameter.kind {
            ParameterType::ListOfStrings if parameter.options.is_empty() => as_list(&value),
            _ => value,
        };
        given.insert(parameter.name.clone(), value);
    }
    given
}

/// Whether everything that was refused stands at one of the fields.
pub fn is_told_at_fields(error: &AppError, parameters: &[TemplateParameter]) -> bool {
    !error.validations.is_empty()
        && error.validations.iter().all(|refused| {
            let name = refused.field.strip_prefix(PREFIX);
            name.is_some_and(|name| parameters.iter().any(|known| known.name == name))
        })
}

fn as_lines(list: &str) -> String {
    serde_json::from_str::<Vec<String>>(list)
        .map(|lines| lines.join("\n"))
        .unwrap_or_default()
}

fn as_list(lines: &str) -> String {
    let lines: Vec<&str> = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    serde_json::to_string(&lines).unwrap_or_default()
}

/// A field for each parameter.
pub fn fields(
    parameters: Vec<TemplateParameter>,
    values: StoredValue<Values>,
    error: Signal<Option<AppError>>,
) -> AnyView {
    let fields = parameters
        .into_iter()
        .map(|parameter| field(parameter, values, error))
        .collect_view();
    view! { <div class="form">{fields}</div> }
}

fn field(
    parameter: TemplateParameter,
    values: StoredValue<Values>,
    error: Signal<Option<AppError>>,
) -> AnyView {
    let name = StoredValue::new(parameter.name.clone());
    let is_bool = parameter.kind == ParameterType::Bool && parameter.options.is_empty();
    let on_input = move |event| {
        let value = if is_bool {
            event_target_checked(&event).to_string()
        } else {
            event_target_value(&event)
        };
        values.update_value(|values| {
            values.insert(name.get_value(), value);
        });
    };
    let refusal = Signal::derive(move || {
        let field = format!("{PREFIX}{}", name.get_value());
        error.with(|error| error.as_ref().and_then(|error| error.field(&field)))
    });
    let value = values.with_value(|values| values.get(&parameter.name).cloned());
    let control = control(parameter, value.unwrap_or_default(), refusal);
    view! { <div on:input=on_input>{control}</div> }
}

fn control(parameter: TemplateParameter, value: String, error: Signal<Option<String>>) -> AnyView {
    let TemplateParameter {
        name,
        kind,
        description,
        default,
        options,
        required,
        ..
    } = parameter;
    let id = format!("parameter-{name}");
    let must_choose = required && default.is_none();
    if !options.is_empty() {
        let nothing = if required { "Choose one" } else { "No choice" };
        let nothing = default
            .is_none()
            .then(|| (String::new(), nothing.to_owned()));
        let options = options.into_iter().map(|option| {
            let words = match option.description.as_str() {
                "" => option.name,
                about => format!("{} · {about}", option.name),
            };
            (option.value, words)
        });
        let options = nothing.into_iter().chain(options).collect();
        return view! { <SelectField label=name.clone() name id options value help=description error/> };
    }
    match kind {
        ParameterType::Bool => {
            let checked = value == "true";
            view! { <Checkbox label=name.clone() name id checked help=description/> }
        }
        ParameterType::ListOfStrings => {
            let help = format!("{description} One a line.").trim().to_owned();
            view! { <TextArea label=name.clone() name id value rows=3 is_required=must_choose help error/> }
        }
        ParameterType::String | ParameterType::Number => {
            view! { <TextField label=name.clone() name id value is_optional=!must_choose help=description error/> }
        }
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

    use sdk::errors::Validation;

    use super::*;

    fn parameters() -> Vec<TemplateParameter> {
        let parameter = |name: &str, kind, default: Option<&str>, required| TemplateParameter {
            name: name.to_owned(),
            kind,
            default: default.map(str::to_owned),
            required,
            ..TemplateParameter::default()
        };
        vec![
            parameter("ticket", ParameterType::String, None, true),
            parameter("region", ParameterType::String, Some("eu"), false),
            parameter("debug", ParameterType::Bool, None, false),
            parameter(
                "hosts",
                ParameterType::ListOfStrings,
                Some(r#"["a","b"]"#),
                false,
            ),
            parameter("tags", ParameterType::ListOfStrings, None, false),
        ]
    }

    #[test]
    fn begins_with_the_defaults_and_sends_what_is_not_empty() {
        let parameters = parameters();
        let mut values = first_values(&parameters);
        assert_eq!(values["hosts"], "a\nb");
        let sent = given(&parameters, &values);
        let names: Vec<&str> = sent.keys().map(String::as_str).collect();
        assert_eq!(names, ["debug", "hosts", "region"]);
        assert_eq!(sent["debug"], "false");
        assert_eq!(sent["hosts"], r#"["a","b"]"#);
        values.insert("tags".to_owned(), " x \n\n\"y\" ".to_owned());
        values.insert("region".to_owned(), String::new());
        let sent = given(&parameters, &values);
        assert_eq!(sent["tags"], r#"["x","\"y\""]"#);
        // Emptied on purpose: the default does not come back behind the person's back.
        assert_eq!(sent["region"], "");
    }

    #[test]
    fn an_error_is_told_at_the_fields_when_each_of_its_reasons_has_one() {
        let refused = |field: &str| Validation {
            field: field.to_owned(),
            detail: "No.".to_owned(),
        };
        let mut error = AppError::invalid_field("new_workspace.parameters.ticket", "No.");
        assert!(is_told_at_fields(&error, &parameters()));
        error.validations.push(refused("new_workspace.template_id"));
        assert!(!is_told_at_fields(&error, &parameters()));
        let unknown = AppError::invalid_field("new_workspace.parameters.gone", "No.");
        assert!(!is_told_at_fields(&unknown, &parameters()));
        assert!(!is_told_at_fields(&AppError::default(), &parameters()));
    }
}
