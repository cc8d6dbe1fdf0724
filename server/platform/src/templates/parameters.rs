//! Parameters of templates: what their definitions must look like, and the values that whoever makes a workspace gives.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use sdk::errors::Validation;
use sdk::templates::{ParameterType, ParameterValidation, TemplateParameter};

use crate::failure::Checks;

const MAX_PARAMETERS: usize = 50;
const MAX_OPTIONS: usize = 200;
const MAX_NAME_CHARACTERS: usize = 64;
const MAX_DESCRIPTION_CHARACTERS: usize = 2000;
const MAX_VALUE_BYTES: usize = 8 * 1024;
/// A pattern may take so much memory when it is compiled.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Letters, digits and underscores, not beginning with a digit.
pub(super) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Refuses definitions that cannot be used; field names are those of the request's JSON.
pub(super) fn check_definitions(parameters: &[TemplateParameter], checks: &mut Checks) {
    if parameters.len() > MAX_PARAMETERS {
        checks.refuse("parameters", "Use at most 50 parameters.");
    }
    let mut names = BTreeSet::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let field = |name: &str| format!("parameters[{index}].{name}");
        let name = parameter.name.as_str();
        if !is_identifier(name) || name.len() > MAX_NAME_CHARACTERS {
            let detail = "Use 1 to 64 letters, digits and underscores, and begin with a letter.";
            checks.refuse(&field("name"), detail);
        } else if !names.insert(variable(name)) {
            checks.refuse(&field("name"), "Another parameter has this name already.");
        }
        if parameter.description.chars().count() > MAX_DESCRIPTION_CHARACTERS {
            checks.refuse(&field("description"), "Use at most 2,000 characters.");
        }
        if parameter.options.len() > MAX_OPTIONS {
            checks.refuse(&field("options"), "Use at most 200 options.");
        }
        if let Some(validation) = &parameter.validation {
            checks.take(
                &field("validation"),
                check_validation(parameter.kind, validation),
            );
        }
        for option in &parameter.options {
            checks.take(&field("options"), check_type(parameter.kind, &option.value));
        }
        if let Some(default) = &parameter.default {
            checks.take(&field("default"), check_value(parameter, default));
        }
    }
}

fn check_validation(kind: ParameterType, validation: &ParameterValidation) -> Result<(), String> {
    if let Some(regex) = &validation.regex {
        if kind != ParameterType::String {
            return Err("A regular expression is for texts.".to_owned());
        }
        compile(regex)
            .map_err(|error| format!("The regular expression cannot be used: {error}"))?;
    }
    if (validation.min.is_some() || validation.max.is_some()) && kind != ParameterType::Number {
        return Err("Least and greatest are for numbers.".to_owned());
    }
    match (validation.min, validation.max) {
        (Some(min), Some(max)) if min > max => {
            Err("The least number is greater than the greatest.".to_owned())
        }
        _ => Ok(()),
    }
}

fn compile(regex: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(regex)
        .size_limit(MAX_REGEX_BYTES)
        .build()
}

/// The value of every parameter: what was given, else its default. Names every value that is refused.
pub(crate) fn resolve(
    parameters: &[TemplateParameter],
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Vec<Validation>> {
    let mut checks = Checks::default();
    for name in given.keys() {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let known: Vec<&str> = parameters.iter().map(|known| known.name.as_str()).collect();
            let detail = if known.is_empty() {
                "The template has no parameters.".to_owned()
            } else {
                format!(
                    "The template has no such parameter; it has {}.",
                    known.join(", ")
                )
            };
            checks.refuse(&format!("parameters.{name}"), detail);
        }
    }
    let mut values = BTreeMap::new();
    for parameter in parameters {
        let field = format!("parameters.{}", parameter.name);
        match given.get(&parameter.name).or(parameter.default.as_ref()) {
            Some(value) => {
                let is_right = checks.take(&field, check_value(parameter, value));
                values.extend(is_right.map(|()| (parameter.name.clone(), value.clone())));
            }
            None if parameter.required => checks.refuse(&field, "Give a value."),
            None => {}
        }
    }
    checks.finish()?;
    Ok(values)
}

/// The environment in which a workspace finds its values.
pub(crate) fn variables(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values
        .iter()
        .map(|(name, value)| (variable(name), value.clone()))
        .collect()
}

fn variable(name: &str) -> String {
    format!("SWITCHYARD_PARAMETER_{}", name.to_ascii_uppercase())
}

fn check_value(parameter: &TemplateParameter, value: &str) -> Result<(), String> {
    check_type(parameter.kind, value)?;
    let is_offered = |option: &sdk::templates::ParameterOption| option.value == value;
    if !parameter.options.is_empty() && !parameter.options.iter().any(is_offered) {
        let values: Vec<&str> = parameter
            .options
            .iter()
            .map(|option| option.value.as_str())
            .collect();
        return Err(format!("Choose one of {}.", values.join(", ")));
    }
    let Some(validation) = &parameter.validation else {
        return Ok(());
    };
    let own_words = |usual: String| validation.error.clone().unwrap_or(usual);
    if let Some(pattern) = &validation.regex {
        let is_match = compile(pattern).is_ok_and(|regex| regex.is_match(value));
        if !is_match {
            return Err(own_words(format!("It must match {pattern}.")));
        }
    }
    if let Ok(number) = value.trim().parse::<f64>() {
        if validation.min.is_some_and(|min| number < min) {
            let min = validation.min.unwrap_or_default();
            return Err(own_words(format!("It must be at least {min}.")));
        }
        if validation.max.is_some_and(|max| number > max) {
            let max = validation.max.unwrap_or_default();
            return Err(own_words(format!("It must be at most {max}.")));
        }
    }
    Ok(())
}

fn check_type(kind: ParameterType, value: &str) -> Result<(), String> {
    if value.len() > MAX_VALUE_BYTES {
        return Err("Use at most 8 KiB.".to_owned());
    }
    if value.contains('\0') {
        return Err("Remove the NUL characters.".to_owned());
    }
    let is_right = match kind {
        ParameterType::String => true,
        ParameterType::Number => value.trim().parse::<f64>().is_ok_and(f64::is_finite),
        ParameterType::Bool => ["true", "false"].contains(&value),
        ParameterType::ListOfStrings => serde_json::from_str::<Vec<String>>(value).is_ok(),
    };
    match kind {
        _ if is_right => Ok(()),
        ParameterType::Number => Err("Enter a number.".to_owned()),
        ParameterType::Bool => Err("Enter true or false.".to_owned()),
        _ => Err("Enter a list of texts such as [\"a\", \"b\"].".to_owned()),
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
    use sdk::templates::ParameterOption;

    use super::*;

    fn parameter(name: &str, kind: ParameterType) -> TemplateParameter {
        TemplateParameter {
            name: name.to_owned(),
            kind,
            ..TemplateParameter::default()
        }
    }

    fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn refusals(parameter: TemplateParameter, value: &str) -> Vec<String> {
        let values = given(&[(parameter.name.as_str(), value)]);
        let refused = resolve(&[parameter], &values).err().unwrap_or_default();
        refused
            .into_iter()
            .map(|validation| format!("{}: {}", validation.field, validation.detail))
            .collect()
    }

    #[test]
    fn takes_what_is_given_then_the_default_and_names_what_is_missing() {
        let parameters = [
            TemplateParameter {
                default: Some("20".to_owned()),
                ..parameter("node", ParameterType::Number)
            },
            TemplateParameter {
                required: true,
                ..parameter("region", ParameterType::String)
            },
            parameter("note", ParameterType::String),
        ];
        let values = resolve(&parameters, &given(&[("region", "eu")])).unwrap();
        assert_eq!(values, given(&[("node", "20"), ("region", "eu")]));
        assert_eq!(
            variables(&values),
            given(&[
                ("SWITCHYARD_PARAMETER_NODE", "20"),
                ("SWITCHYARD_PARAMETER_REGION", "eu")
            ])
        );
        let refused = resolve(&parameters, &given(&[("other", "1")])).unwrap_err();
        let fields: Vec<&str> = refused.iter().map(|each| each.field.as_str()).collect();
        assert_eq!(fields, ["parameters.other", "parameters.region"]);
        assert!(refused[0].detail.contains("node, region, note"));
    }

    #[test]
    fn refuses_values_of_another_type_or_outside_what_is_offered() {
        assert_eq!(
            refusals(parameter("n", ParameterType::Number), "NaN"),
            ["parameters.n: Enter a number."]
        );
        assert_eq!(
            refusals(parameter("b", ParameterType::Bool), "yes"),
            ["parameters.b: Enter true or false."]
        );
        assert_eq!(
            refusals(parameter("l", ParameterType::ListOfStrings), "[1]").len(),
            1
        );
        assert!(refusals(parameter("l", ParameterType::ListOfStrings), "[\"a\"]").is_empty());
        let limited = |validation| TemplateParameter {
            validation: Some(validation),
            ..parameter("n", ParameterType::Number)
        };
        let range = ParameterValidation {
            min: Some(1.0),
            max: Some(8.0),
            ..ParameterValidation::default()
        };
        assert_eq!(
            refusals(limited(range.clone()), "9"),
            ["parameters.n: It must be at most 8."]
        );
        assert_eq!(
            refusals(limited(range), "0.5"),
            ["parameters.n: It must be at least 1."]
        );
        let choice = TemplateParameter {
            options: vec![ParameterOption {
                name: "Europe".to_owned(),
                value: "eu".to_owned(),
                description: String::new(),
            }],
            ..parameter("region", ParameterType::String)
        };
        assert_eq!(
            refusals(choice, "us"),
            ["parameters.region: Choose one of eu."]
        );
        let pattern = TemplateParameter {
            validation: Some(ParameterValidation {
                regex: Some("^[a-z]+$".to_owned()),
                error: Some("Small letters only.".to_owned()),
                ..ParameterValidation::default()
            }),
            ..parameter("word", ParameterType::String)
        };
        assert_eq!(
            refusals(pattern, "Ab"),
            ["parameters.word: Small letters only."]
        );
    }

    #[test]
    fn refuses_definitions_that_cannot_be_used() {
        let broken = [
            TemplateParameter {
                default: Some("x".to_owned()),
                ..parameter("count", ParameterType::Number)
            },
            parameter("COUNT", ParameterType::String),
            parameter("1st", ParameterType::String),
            TemplateParameter {
                validation: Some(ParameterValidation {
                    regex: Some("(".to_owned()),
                    ..ParameterValidation::default()
                }),
                ..parameter("pattern", ParameterType::String)
            },
            TemplateParameter {
                validation: Some(ParameterValidation {
                    min: Some(2.0),
                    max: Some(1.0),
                    ..ParameterValidation::default()
                }),
                ..parameter("range", ParameterType::Number)
            },
        ];
        let mut checks = Checks::default();
        check_definitions(&broken, &mut checks);
        let refused = checks.finish().unwrap_err();
        let fields: Vec<&str> = refused.iter().map(|each| each.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "parameters[0].default",
                "parameters[1].name",
                "parameters[2].name",
                "parameters[3].validation",
                "parameters[4].validation",
            ]
        );
    }
}
