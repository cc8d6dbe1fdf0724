//! Model providers and their models, for owners.

mod actions;
mod dialogs;
mod model_form;
mod model_options;
mod models;
pub mod prices;
mod private_hosts;
mod provider;
mod reported;

use leptos::prelude::*;
use sdk::providers::{ProviderConfig, ProviderKind};

use crate::api::providers::{ProvidersAndModels, list_providers};
use crate::components::button::ButtonKind;
use crate::components::dialog::DialogButton;
use crate::components::feedback::{FormError, Notice};
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::page_header::PageHeader;
use crate::pages::settings::places;
use crate::view;
use actions::{Actions, provide_actions};
use dialogs::{ADD_PROVIDER, AddModelDialog, DeleteDialogs, EditProviderDialog, ProviderDialog};
use model_form::EditModelDialog;
use prices::BackfillDialog;

/// The page.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let actions = provide_actions();
    let providers = Resource::new(move || actions.version(), |_| list_providers());
    view! {
        <PageHeader title=places::PROVIDERS.title lead=places::PROVIDERS.lead>
            <DialogButton dialog=ADD_PROVIDER kind=ButtonKind::Primary>
                {icon(Icon::Plus)}
                "Add provider"
            </DialogButton>
        </PageHeader>
        <FormError error=actions.error()/>
        {loaded(providers, actions.focus, move |data| list(data, actions))}
        {private_hosts::section()}
        <ProviderDialog actions=actions/>
        <EditProviderDialog actions=actions/>
        <AddModelDialog actions=actions/>
        <EditModelDialog actions=actions/>
        <BackfillDialog actions=actions/>
        <DeleteDialogs actions=actions/>
    }
}

fn list(data: ProvidersAndModels, actions: Actions) -> AnyView {
    actions.options.set_value(data.options);
    let hint = has_only_the_demo(&data.providers).then(connect_hint);
    let cards = data
        .providers
        .into_iter()
        .map(|config| {
            let models = data
                .models
                .iter()
                .filter(|model| model.config.provider_config_id == config.id)
                .cloned()
                .collect();
            provider::card(config, models, actions).into_any()
        })
        .collect_view();
    view! { <div class="stack">{hint} {cards}</div> }
}

fn has_only_the_demo(providers: &[ProviderConfig]) -> bool {
    providers
        .iter()
        .all(|config| config.provider == ProviderKind::Demo || !config.enabled)
}

fn connect_hint() -> impl IntoView {
    view! {
        <Notice title="No model is connected yet; only the scripted demo answers.">
            <p>
                "Add a provider with your key here. Or start the server with " <code>"ANTHROPIC_API_KEY"</code> " or "
                <code>"OPENAI_API_KEY"</code> " set; an Ollama on 127.0.0.1:11434 is found by itself. Any server that speaks OpenAI’s chat protocol works as “OpenAI-compatible”."
            </p>
        </Notice>
    }
}
