//! Options as a form has them: texts by the field of the option; an empty one leaves it to the default.

use std::collections::BTreeMap;

use sdk::errors::Validation;
use sdk::models::{ModelCallConfig, ModelConfig};
use sdk::providers::ProviderKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::fields::DEFAULT_COMPRESSION_THRESHOLD;
use super::{CallOption, OPTIONS, Place};
use crate::failure::Checks;

/// What a form says, and what it was filled with. Only what differs was changed by whoever filled it in, so that everything else
/// stays as it is, also what somebody else changes meanwhile and what a form does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionTexts {
    /// As it was sent.
    pub now: BTreeMap<String, String>,
    /// As it was shown; what is not there was empty.
    pub before: BTreeMap<String, String>,
}

/// What options are part of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::models) struct Optional {
    /// Percent of the context. In a form, as in a request, the usual one need not be said.
    #[serde(default = "usual_threshold", skip_serializing_if = "is_usual")]
    pub(in crate::models) compression_threshold: i32,
    /// Of each call.
    pub(in crate::models) model_config: ModelCallConfig,
}

const fn usual_threshold() -> i32 {
    DEFAULT_COMPRESSION_THRESHOLD
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_usual(threshold: &i32) -> bool {
    *threshold == DEFAULT_COMPRESSION_THRESHOLD
}

/// The options that the form for models of a provider has, in their order.
pub fn fields(provider: ProviderKind) -> impl Iterator<Item = &'static CallOption> {
    OPTIONS
        .iter()
        .filter(move |option| option.place != Place::Apart && option.providers.contains(&provider))
}

/// The texts that a model's form begins with, without the empty ones.
pub fn texts(model: &ModelConfig) -> BTreeMap<String, String> {
    let Some(all) = read(&Optional {
        compression_threshold: model.compression_threshold,
        model_config: model.model_config.clone(),
    }) else {
        return BTreeMap::new();
    };
    let text_of = |option: &CallOption| {
        let mut names = option.field.split('.');
        let first = all.get(names.next()?)?;
        let value = names.try_fold(first, |value, name| value.get(name))?;
        let text = (!value.is_null()).then(|| option.kind.text(value))?;
        Some((option.field.to_owned(), text))
    };
    fields(model.provider).filter_map(text_of).collect()
}

/// What the model has after the form, or the fields that were filled in wrongly.
pub(in crate::models) fn changed(
    model: &ModelConfig,
    options: ModelCallConfig,
    form: &OptionTexts,
) -> Result<Optional, Vec<Validation>> {
    let unchanged = Optional {
        compression_threshold: model.compression_threshold,
        model_config: options,
    };
    let mut checks = Checks::default();
    let mut all = read(&unchanged).unwrap_or_default();
    for (field, text) in &form.now {
        let text = trimmed(text);
        if text == trimmed(form.before.get(field).map_or("", String::as_str)) {
            continue;
        }
        let Some(option) = fields(model.provider).find(|option| option.field == field) else {
            checks.refuse(field, "Models of this provider have no such setting.");
            continue;
        };
        let value = if text.is_empty() {
            Some(None)
        } else {
            checks.take(field, option.kind.read(&text)).map(Some)
        };
        if let Some(value) = value {
            let names: Vec<_> = option.field.split('.').collect();
            set(&mut all, &names, value);
        }
    }
    checks.finish()?;
    serde_json::from_value(Value::Object(all)).map_err(|error| {
        vec![Validation {
            field: "model_config".to_owned(),
            detail: format!("These options do not fit together: {error}."),
        }]
    })
}

/// Through text, which has a number of 32 bits as people write it.
fn read(options: &Optional) -> Option<Map<String, Value>> {
    let text = serde_json::to_string(options).ok()?;
    serde_json::from_str(&text).ok()
}

/// Browsers end lines in two ways.
fn trimmed(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// Sets a value in a tree of objects, or takes it away with the objects that are empty then.
fn set(all: &mut Map<String, Value>, names: &[&str], value: Option<Value>) {
    match (names, value) {
        ([], _) => {}
        ([name], Some(value)) => {
            all.insert((*name).to_owned(), value);
        }
        ([name], None) => {
            all.remove(*name);
        }
        ([name, ..], None) if !all.contains_key(*name) => {}
        ([name, rest @ ..], value) => {
            let is_taken = value.is_none();
            let inner = all.entry((*name).to_owned()).or_insert(Value::Null);
            if inner.is_null() {
                *inner = Value::Object(Map::new());
            }
            let Some(fields) = inner.as_object_mut() else {
                return;
            };
            set(fields, rest, value);
            // A model always has its options.
            if is_taken && fields.is_empty() && *name != "model_config" {
                all.remove(*name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
