//! The switch for the search of the web that a provider makes itself. It stands among the settings of the single provider.

use sdk::models::ModelCallConfig;
use sdk::providers::ProviderKind;
use serde_json::{Map, Value};

const ENABLED: &str = "web_search_enabled";

/// Where a provider's own settings stand; `None` for one whose protocol has no search.
const fn settings_of(provider: ProviderKind) -> Option<&'static str> {
    match provider {
        ProviderKind::Anthropic => Some("anthropic"),
        ProviderKind::OpenAi => Some("openai"),
        ProviderKind::OpenAiCompatible | ProviderKind::Demo => None,
    }
}

/// Whether a model's provider may search the web for it; `None` where it cannot.
pub fn is_on(options: &ModelCallConfig, provider: ProviderKind) -> Option<bool> {
    let settings = settings_of(provider)?;
    let all = options.provider_options.as_ref();
    let enabled = all.and_then(|all| all.get(settings)?.get(ENABLED)?.as_bool());
    Some(enabled == Some(true))
}

/// Turns the switch; the other settings stay as they are.
pub(super) fn switch(options: &mut ModelCallConfig, provider: ProviderKind, is_on: bool) {
    let Some(settings) = settings_of(provider) else {
        return;
    };
    let mut all = options.provider_options.take().unwrap_or_default();
    let own = all
        .entry(settings)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(own) = own.as_object_mut() {
        if is_on {
            own.insert(ENABLED.to_owned(), Value::Bool(true));
        } else {
            own.remove(ENABLED);
        }
        if own.is_empty() {
            all.remove(settings);
        }
    }
    options.provider_options = (!all.is_empty()).then_some(all);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn options(provider_options: &Value) -> ModelCallConfig {
        ModelCallConfig {
            provider_options: provider_options.as_object().cloned(),
            ..ModelCallConfig::default()
        }
    }

    #[test]
    fn the_switch_leaves_other_settings_alone() {
        let kind = ProviderKind::Anthropic;
        let mut changed =
            options(&json!({"anthropic": {"effort": "low"}, "openai": {"store": true}}));
        switch(&mut changed, kind, true);
        let on = json!({"anthropic": {"effort": "low", ENABLED: true}, "openai": {"store": true}});
        assert_eq!(changed, options(&on));
        assert_eq!(is_on(&changed, kind), Some(true));
        assert_eq!(is_on(&changed, ProviderKind::OpenAi), Some(false));
        switch(&mut changed, kind, false);
        let off = json!({"anthropic": {"effort": "low"}, "openai": {"store": true}});
        assert_eq!(changed, options(&off));
    }

    #[test]
    fn what_is_off_leaves_nothing_behind() {
        let mut changed = ModelCallConfig::default();
        switch(&mut changed, ProviderKind::OpenAi, false);
        assert_eq!(changed, ModelCallConfig::default());
        switch(&mut changed, ProviderKind::OpenAi, true);
        assert_eq!(is_on(&changed, ProviderKind::OpenAi), Some(true));
        switch(&mut changed, ProviderKind::OpenAi, false);
        assert_eq!(changed, ModelCallConfig::default());
    }

    #[test]
    fn providers_without_a_search_have_no_switch() {
        for kind in [ProviderKind::OpenAiCompatible, ProviderKind::Demo] {
            let mut changed = ModelCallConfig::default();
            switch(&mut changed, kind, true);
            assert_eq!(
                (is_on(&changed, kind), changed),
                (None, ModelCallConfig::default())
            );
        }
    }
}
