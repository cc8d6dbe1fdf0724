//! One provider: what it is, whether it answers, its models.

use leptos::prelude::*;
use sdk::providers::{ProviderConfig, ProviderKind, ProviderSource};

use crate::api::models::PricedModel;
use crate::api::providers::{EnableProvider, KeyChoice};
use crate::components::badge::{Tone, badge};
use crate::components::button::Button;
use crate::components::dialog;
use crate::components::field::Switch;
use crate::components::icons::{Icon, icon};
use crate::components::menu::{Menu, MenuItem};
use crate::pages::settings::source::mark;
use crate::session::use_hydrated;
use crate::view;

use super::actions::Actions;
use super::dialogs::{ADD_MODEL, DELETE_PROVIDER, EDIT_PROVIDER};
use super::{models, reported};

/// The protocol's name for people.
pub const fn kind_name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => "Anthropic",
        ProviderKind::OpenAi => "OpenAI",
        ProviderKind::OpenAiCompatible => "OpenAI-compatible",
        ProviderKind::Demo => "Scripted demo",
    }
}

/// A card for a provider.
pub fn card(config: ProviderConfig, models: Vec<PricedModel>, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let id = config.id;
    let is_demo = config.provider == ProviderKind::Demo;
    let is_enabled = config.enabled;
    let heading = format!("provider-{id}-name");
    let labelled_by = heading.clone();
    let configured: Vec<String> = models
        .iter()
        .map(|model| model.config.model.clone())
        .collect();
    let test = (!is_demo).then(|| {
        view! {
            <Button
                is_small=true
                disabled=Signal::derive(move || !hydrated.get() || actions.is_testing(id))
                attr:aria-busy=move || actions.is_testing(id).then_some("true")
                on_click=move |_| actions.test(id)
            >
                {icon(Icon::Plug)}
                "Test connection"
            </Button>
        }
    });
    let enable = view! {
        <Switch
            label=format!("Offer models of {}", config.display_name)
            is_label_hidden=true
            id=format!("provider-{id}-enabled")
            checked=is_enabled
            disabled=Signal::derive(move || !hydrated.get())
            on_change=Callback::new(move |enabled| {
                actions.focus.set_value(format!("provider-{id}-enabled"));
                actions.enable_provider.dispatch(EnableProvider { id, enabled });
            })
        />
    };
    view! {
        <section class="card" aria-labelledby=labelled_by>
            <div class="card-head">
                <h2 id=heading>{config.display_name.clone()}</h2>
                {badges(&config)}
                <span class="spacer"></span>
                {test}
                {enable}
                {(!is_demo).then(|| menu(config.clone(), actions))}
            </div>
            {about(&config)}
            {reported::outcome(id, configured, actions)}
            {models::list(id, models, actions)}
        </section>
    }
}

/// Where a provider comes from; nothing for what is built in.
fn source_words(config: &ProviderConfig) -> Option<&'static str> {
    match (config.source, config.provider) {
        (ProviderSource::Database, _) => Some("Set here"),
        (ProviderSource::EnvPreset, ProviderKind::OpenAiCompatible) => {
            Some("Found by the server at its start")
        }
        (ProviderSource::EnvPreset, _) => Some("Set by the server’s environment"),
        (ProviderSource::BuiltIn, _) => None,
    }
}

/// Where to change what was not set here.
pub const fn preset_words(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => {
            "Name, address and key come from the server’s environment (ANTHROPIC_API_KEY); change them there."
        }
        ProviderKind::OpenAi => {
            "Name, address and key come from the server’s environment (OPENAI_API_KEY); change them there."
        }
        ProviderKind::OpenAiCompatible | ProviderKind::Demo => {
            "An Ollama that answered on this machine. It is looked for at each start, unless --no-ollama-detection is given."
        }
    }
}

fn badges(config: &ProviderConfig) -> impl IntoView + use<> {
    let kind = kind_name(config.provider);
    let source = match source_words(config) {
        Some(words) => mark(Signal::stored(words.to_owned())),
        None => badge(Tone::Amber, "Built in, not a real model").into_any(),
    };
    let is_off = (!config.enabled).then(|| badge(Tone::Amber, "Off"));
    view! {
        {(config.display_name != kind && config.provider != ProviderKind::Demo).then(|| badge(Tone::Neutral, kind))}
        {source}
        {is_off}
    }
}

fn about(config: &ProviderConfig) -> AnyView {
    if config.provider == ProviderKind::Demo {
        return view! {
            <p class="card-note">
                "A script inside the server that streams and calls the tools, to look around without a key. It says so in every answer."
            </p>
        };
    }
    let key = match (KeyChoice::of(config.key_policy), config.has_api_key) {
        (KeyChoice::Own, _) => "people’s own keys",
        (KeyChoice::Both, true) => "people’s own keys, else the one stored",
        (KeyChoice::Both, false) => "people’s own keys; none stored for the others",
        (KeyChoice::Central, true) => "key stored",
        (KeyChoice::Central, false) => "no key",
    };
    let preset =
        (config.source == ProviderSource::EnvPreset).then(|| preset_words(config.provider));
    view! {
        <p class="card-note">
            <span class="provider-url">{config.base_url.clone()}</span>
            " · "
            {key}
            {preset.map(|words| view! { <span>" · " {words}</span> })}
        </p>
    }
}

fn menu(config: ProviderConfig, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let is_stored = config.source == ProviderSource::Database;
    let id = config.id;
    let label = format!("Actions for {}", config.display_name);
    let open = move |dialog: &'static str| {
        let config = config.clone();
        Callback::new(move |()| {
            actions.focus.set_value(format!("provider-{id}-button"));
            actions.update_provider.clear();
            actions.delete_provider.clear();
            actions.create_model.clear();
            actions.provider.set(Some(config.clone()));
            dialog::show(dialog);
        })
    };
    view! {
        <Menu id=format!("provider-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
            <MenuItem name=Icon::Plus on_select=open(ADD_MODEL)>
                "Add a model by name"
            </MenuItem>
            <MenuItem name=Icon::Pencil on_select=open(EDIT_PROVIDER)>
                {if is_stored { "Edit" } else { "Whose key is used" }}
            </MenuItem>
            {is_stored
                .then(|| {
                    view! {
                        <div class="menu-line" role="separator"></div>
                        <MenuItem name=Icon::Trash2 is_danger=true on_select=open(DELETE_PROVIDER)>
                            "Delete"
                        </MenuItem>
                    }
                })}
        </Menu>
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn provider(source: &str, kind: &str) -> ProviderConfig {
        let config = serde_json::json!({
            "id": "01890a5d-ac96-774b-bcce-b302099a8057", "provider": kind, "display_name": "One", "base_url": "",
            "enabled": true, "has_api_key": true, "source": source, "central_api_key_enabled": true,
            "allow_user_api_key": false, "allow_central_api_key_fallback": false,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn each_provider_says_where_it_comes_from() {
        let words = |source: &str, kind: &str| source_words(&provider(source, kind));
        assert_eq!(words("database", "openai"), Some("Set here"));
        let environment = Some("Set by the server’s environment");
        assert_eq!(words("env_preset", "anthropic"), environment);
        let found = Some("Found by the server at its start");
        assert_eq!(words("env_preset", "openai-compat"), found);
        assert_eq!(words("built_in", "demo"), None);
    }
}
