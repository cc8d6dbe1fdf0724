#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "tests"
)]

use chrono::DateTime;
use sdk::ids::{ModelConfigId, ProviderConfigId};
use serde_json::json;

use super::super::Kind;
use super::*;

fn model(provider: ProviderKind, config: &Value) -> ModelConfig {
    ModelConfig {
        id: ModelConfigId::generate(),
        provider_config_id: ProviderConfigId::generate(),
        provider,
        model: "m".to_owned(),
        display_name: "M".to_owned(),
        enabled: true,
        is_default: false,
        context_limit: 1_000,
        compression_threshold: 70,
        model_config: serde_json::from_value(config.clone()).unwrap(),
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

/// The form as it was filled, with these texts in it.
fn typed(model: &ModelConfig, texts_typed: &[(&str, &str)]) -> OptionTexts {
    let before = texts(model);
    let mut now: BTreeMap<_, _> = fields(model.provider)
        .map(|option| {
            let text = before.get(option.field).cloned();
            (option.field.to_owned(), text.unwrap_or_default())
        })
        .collect();
    for (field, text) in texts_typed {
        now.insert((*field).to_owned(), (*text).to_owned());
    }
    OptionTexts { now, before }
}

fn after(model: &ModelConfig, form: &OptionTexts) -> Result<Optional, Vec<String>> {
    changed(model, model.model_config.clone(), form)
        .map_err(|refused| refused.into_iter().map(|refused| refused.field).collect())
}

const KINDS: [ProviderKind; 4] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAi,
    ProviderKind::OpenAiCompatible,
    ProviderKind::Demo,
];

/// A text that an option takes.
fn example(kind: Kind) -> String {
    match kind {
        Kind::Whole(least, _) => least.max(7).to_string(),
        Kind::Decimal(..) => "0.7".to_owned(),
        Kind::Words | Kind::Domains => "example.com".to_owned(),
        Kind::Object => "{\n  \"min_p\": 0.05\n}".to_owned(),
        Kind::Flag | Kind::OneOf(_) => kind.choices()[0].0.to_owned(),
    }
}

#[test]
fn every_field_goes_where_the_api_has_it_passes_the_check_and_comes_back() {
    for kind in KINDS {
        for option in fields(kind) {
            let before = model(kind, &json!({}));
            let text = example(option.kind);
            let form = typed(&before, &[(option.field, &text)]);
            let filled = after(&before, &form).unwrap();
            let filled = ModelConfig {
                compression_threshold: filled.compression_threshold,
                model_config: filled.model_config,
                ..before.clone()
            };
            assert_ne!(filled, before, "{option:?}");
            assert_eq!(texts(&filled)[option.field], text);
            crate::models::fields::check(&filled).unwrap();

            let emptied = after(&filled, &typed(&filled, &[(option.field, "")])).unwrap();
            assert_eq!(emptied.model_config, before.model_config, "{option:?}");
            assert_eq!(emptied.compression_threshold, 70);
        }
    }
}

#[test]
fn what_the_form_does_not_have_or_did_not_change_stays() {
    let config = json!({
        "temperature": 0.7, "reasoning_effort": "high", "presence_penalty": 1.0,
        "cost": {"input_price_per_million_tokens": "3.1"},
        "provider_options": {
            "anthropic": {"web_search_enabled": true, "thinking": {"budget_tokens": 2048}},
            "google": {"thinking_config": {"thinking_budget": 1}}, "openai": {"store": true}, "vercel": {},
        },
    });
    let model = model(ProviderKind::Anthropic, &config);
    let unchanged = after(&model, &typed(&model, &[])).unwrap();
    assert_eq!(unchanged.model_config, model.model_config);

    let form = typed(
        &model,
        &[
            ("model_config.temperature", ""),
            (
                "model_config.provider_options.anthropic.thinking.budget_tokens",
                " ",
            ),
            (
                "model_config.provider_options.anthropic.blocked_domains",
                "a.example\r\nb.example",
            ),
        ],
    );
    let changed = after(&model, &form).unwrap().model_config;
    let expected = json!({
        "reasoning_effort": "high", "presence_penalty": 1.0,
        "cost": {"input_price_per_million_tokens": "3.1"},
        "provider_options": {
            "anthropic": {"web_search_enabled": true, "blocked_domains": ["a.example", "b.example"]},
            "google": {"thinking_config": {"thinking_budget": 1}}, "openai": {"store": true}, "vercel": {},
        },
    });
    assert_eq!(changed, serde_json::from_value(expected).unwrap());
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_taken_back() {
    let opened = model(ProviderKind::OpenAi, &json!({"temperature": 0.7}));
    let form = typed(&opened, &[("model_config.top_p", "0.5")]);
    let meanwhile = model(
        ProviderKind::OpenAi,
        &json!({"temperature": 0.2, "max_output_tokens": 9}),
    );
    let changed = after(&meanwhile, &form).unwrap().model_config;
    assert_eq!(changed.temperature, Some(0.2));
    assert_eq!(changed.max_output_tokens, Some(9));
    assert_eq!(changed.top_p, Some(0.5));
}

#[test]
fn all_that_is_wrong_is_told_at_its_field() {
    let model = model(ProviderKind::Anthropic, &json!({}));
    let wrong = [
        ("compression_threshold", "101"),
        ("model_config.max_output_tokens", "4294967296"),
        (
            "model_config.provider_options.anthropic.thinking.budget_tokens",
            "12",
        ),
        ("model_config.temperature", "warm"),
    ];
    let refused = after(&model, &typed(&model, &wrong)).unwrap_err();
    assert_eq!(refused, wrong.map(|(field, _)| field));
}

#[test]
fn a_form_sets_nothing_that_it_does_not_have() {
    let model = model(ProviderKind::Anthropic, &json!({}));
    for field in [
        "model_config",
        "model_config.cost",
        "model_config.presence_penalty",
        "model_config.provider_options.anthropic.web_search_enabled",
        "model_config.provider_options.openai.store",
        "model_config.provider_options",
        "id",
        "",
        "..",
    ] {
        let refused = after(&model, &typed(&model, &[(field, "true")])).unwrap_err();
        assert_eq!(refused, [field]);
        // Nothing is asked of it either.
        after(&model, &typed(&model, &[(field, "")])).unwrap();
    }
}

#[test]
fn the_demo_has_what_it_heeds() {
    let names: Vec<_> = fields(ProviderKind::Demo)
        .map(|option| option.field)
        .collect();
    assert_eq!(names, ["compression_threshold"]);
}
