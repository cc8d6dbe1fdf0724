//! What a model's fields must look like.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sdk::errors::Validation;
use sdk::ids::ModelConfigId;
use sdk::models::{
    CreateModelConfig, ModelCallConfig, ModelConfig, ModelPrices, UpdateModelConfig,
};
use sdk::providers::ProviderKind;
use serde_json::Value;

use super::{ModelError, options, provider_options};
use crate::failure::Checks;

const MAX_IDENTIFIER_CHARACTERS: usize = 256;
const MAX_NAME_CHARACTERS: usize = 128;
const MAX_CONTEXT_TOKENS: i64 = 1_000_000_000;
pub(super) const DEFAULT_COMPRESSION_THRESHOLD: i32 = 70;

/// One refused field.
pub(super) fn refuse(field: &str, detail: &str) -> ModelError {
    ModelError::Invalid(vec![Validation {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }])
}

pub(super) fn check_new(
    request: CreateModelConfig,
    provider: ProviderKind,
    now: DateTime<Utc>,
) -> Result<ModelConfig, ModelError> {
    let name = request.display_name.filter(|name| !name.trim().is_empty());
    let model = ModelConfig {
        id: ModelConfigId::generate(),
        provider_config_id: request.provider_config_id,
        provider,
        display_name: name
            .unwrap_or_else(|| request.model.clone())
            .trim()
            .to_owned(),
        model: request.model.trim().to_owned(),
        enabled: request.enabled.unwrap_or(true),
        is_default: false,
        context_limit: request.context_limit,
        compression_threshold: request
            .compression_threshold
            .unwrap_or(DEFAULT_COMPRESSION_THRESHOLD),
        model_config: request.model_config.unwrap_or_default(),
        created_at: now,
        updated_at: now,
    };
    check(&model)?;
    Ok(model)
}

/// The model with the change; a blank name changes nothing.
pub(super) fn apply(
    model: ModelConfig,
    request: UpdateModelConfig,
    now: DateTime<Utc>,
) -> Result<ModelConfig, ModelError> {
    let name = request.display_name.filter(|name| !name.trim().is_empty());
    let changed = ModelConfig {
        model: request
            .model
            .map_or(model.model, |identifier| identifier.trim().to_owned()),
        display_name: name.map_or(model.display_name, |name| name.trim().to_owned()),
        enabled: request.enabled.unwrap_or(model.enabled),
        context_limit: request.context_limit.unwrap_or(model.context_limit),
        compression_threshold: request
            .compression_threshold
            .unwrap_or(model.compression_threshold),
        model_config: request.model_config.unwrap_or(model.model_config),
        updated_at: now,
        ..model
    };
    check(&changed)?;
    Ok(changed)
}

pub(super) fn check(model: &ModelConfig) -> Result<(), ModelError> {
    let mut checks = Checks::default();
    if !is_line(&model.model, MAX_IDENTIFIER_CHARACTERS) {
        checks.refuse(
            "model",
            "Enter 1 to 256 characters, without control characters.",
        );
    }
    if !is_line(&model.display_name, MAX_NAME_CHARACTERS) {
        checks.refuse(
            "display_name",
            "Enter 1 to 128 characters, without control characters.",
        );
    }
    if !(1..=MAX_CONTEXT_TOKENS).contains(&model.context_limit) {
        checks.refuse(
            "context_limit",
            "Enter a number of tokens from 1 to 1,000,000,000.",
        );
    }
    let threshold = model.compression_threshold.into();
    options::check(&mut checks, "compression_threshold", &threshold);
    check_options(&mut checks, &model.model_config);
    checks.finish().map_err(ModelError::Invalid)
}

fn check_options(checks: &mut Checks, config: &ModelCallConfig) {
    let given: [(&str, Option<Value>); 7] = [
        (
            "model_config.max_output_tokens",
            config.max_output_tokens.map(Value::from),
        ),
        // What is no number at all is nothing in JSON, which none of them may be.
        (
            "model_config.temperature",
            config.temperature.map(Value::from),
        ),
        ("model_config.top_p", config.top_p.map(Value::from)),
        ("model_config.top_k", config.top_k.map(Value::from)),
        (
            "model_config.presence_penalty",
            config.presence_penalty.map(Value::from),
        ),
        (
            "model_config.frequency_penalty",
            config.frequency_penalty.map(Value::from),
        ),
        (
            "model_config.reasoning_effort",
            config.reasoning_effort.as_deref().map(Value::from),
        ),
    ];
    for (field, value) in given {
        if let Some(value) = value {
            options::check(checks, field, &value);
        }
    }
    for (field, detail) in provider_options::problems(config) {
        checks.refuse(&field, detail);
    }
    for (field, price) in config.cost.iter().flat_map(prices) {
        if price.is_some_and(|price| price < Decimal::ZERO) {
            checks.refuse(
                &format!("model_config.cost.{field}"),
                "Use a price of 0 or more.",
            );
        }
    }
}

fn prices(prices: &ModelPrices) -> [(&'static str, Option<Decimal>); 4] {
    [
        (
            "input_price_per_million_tokens",
            prices.input_price_per_million_tokens,
        ),
        (
            "output_price_per_million_tokens",
            prices.output_price_per_million_tokens,
        ),
        (
            "cache_read_price_per_million_tokens",
            prices.cache_read_price_per_million_tokens,
        ),
        (
            "cache_write_price_per_million_tokens",
            prices.cache_write_price_per_million_tokens,
        ),
    ]
}

fn is_line(text: &str, longest: usize) -> bool {
    let length = text.chars().count();
    length > 0 && length <= longest && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn refused(options: &ModelCallConfig) -> Vec<String> {
        let mut checks = Checks::default();
        check_options(&mut checks, options);
        let refused = checks.finish().err().unwrap_or_default();
        refused.into_iter().map(|refused| refused.field).collect()
    }

    #[test]
    fn efforts_are_those_of_the_providers() {
        let option = options::named("model_config.reasoning_effort").unwrap();
        for (effort, _) in option.kind.choices() {
            assert!(llm::ReasoningEffort::parse(effort).is_some(), "{effort}");
            let right = ModelCallConfig {
                reasoning_effort: Some((*effort).to_owned()),
                ..ModelCallConfig::default()
            };
            assert_eq!(refused(&right), Vec::<String>::new());
        }
        let wrong = ModelCallConfig {
            reasoning_effort: Some("much".to_owned()),
            ..ModelCallConfig::default()
        };
        assert_eq!(refused(&wrong), ["model_config.reasoning_effort"]);
    }

    #[test]
    fn sampling_has_its_ranges() {
        let none = ModelCallConfig::default;
        for (wrong, field) in [
            (
                ModelCallConfig {
                    top_p: Some(1.1),
                    ..none()
                },
                "top_p",
            ),
            (
                ModelCallConfig {
                    top_p: Some(f32::NAN),
                    ..none()
                },
                "top_p",
            ),
            (
                ModelCallConfig {
                    max_output_tokens: Some(0),
                    ..none()
                },
                "max_output_tokens",
            ),
            (
                ModelCallConfig {
                    temperature: Some(2.1),
                    ..none()
                },
                "temperature",
            ),
            (
                ModelCallConfig {
                    top_k: Some(0),
                    ..none()
                },
                "top_k",
            ),
            (
                ModelCallConfig {
                    presence_penalty: Some(-2.1),
                    ..none()
                },
                "presence_penalty",
            ),
            (
                ModelCallConfig {
                    frequency_penalty: Some(f32::INFINITY),
                    ..none()
                },
                "frequency_penalty",
            ),
        ] {
            assert_eq!(refused(&wrong), [format!("model_config.{field}")]);
        }
        let edges = ModelCallConfig {
            top_p: Some(0.0),
            top_k: Some(1),
            presence_penalty: Some(-2.0),
            frequency_penalty: Some(2.0),
            ..none()
        };
        assert_eq!(refused(&edges), Vec::<String>::new());
    }
}
