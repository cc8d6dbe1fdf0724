//! Which model answers: a native list, grouped by provider.

use leptos::prelude::*;
use sdk::ids::ModelConfigId;
use sdk::models::{CatalogueModel, CatalogueProvider, ModelCatalogue, UnavailableReason};
use sdk::permissions::Permission;
use sdk::providers::ProviderKind;

use crate::components::feedback::Notice;
use crate::components::icons::{Icon, icon_with_class};
use crate::session::use_session;
use crate::view;

/// Every model that can be used now.
pub fn usable(catalogue: &ModelCatalogue) -> impl Iterator<Item = &CatalogueModel> {
    catalogue
        .providers
        .iter()
        .filter(|provider| provider.available)
        .flat_map(|provider| &provider.models)
}

/// The model to begin with: the wished one while it can be used, else the default, else the first.
pub fn starting_model(
    catalogue: &ModelCatalogue,
    wished: Option<ModelConfigId>,
) -> Option<ModelConfigId> {
    let find = |wanted: &dyn Fn(&CatalogueModel) -> bool| {
        usable(catalogue)
            .find(|model| wanted(model))
            .map(|model| model.id)
    };
    find(&|model| Some(model.id) == wished)
        .or_else(|| find(&|model| model.is_default))
        .or_else(|| find(&|_| true))
}

/// The name of a model that is still in the catalogue.
pub fn model_name(catalogue: &ModelCatalogue, id: ModelConfigId) -> Option<String> {
    let mut models = catalogue
        .providers
        .iter()
        .flat_map(|provider| &provider.models);
    models
        .find(|model| model.id == id)
        .map(|model| model.display_name.clone())
}

/// Whether a model is the scripted one inside the server.
pub fn is_demo(catalogue: &ModelCatalogue, id: Option<ModelConfigId>) -> bool {
    usable(catalogue).any(|model| Some(model.id) == id && model.provider == ProviderKind::Demo)
}

/// Chooses a model.
#[component]
pub fn ModelPicker(
    /// What there is to choose from.
    catalogue: ModelCatalogue,
    /// The choice.
    chosen: RwSignal<Option<ModelConfigId>>,
) -> impl IntoView {
    let mut providers = catalogue.providers.iter();
    if providers.all(|provider| provider.models.is_empty()) {
        return ().into_any();
    }
    let groups = catalogue
        .providers
        .into_iter()
        .map(|provider| group(provider, chosen))
        .collect_view();
    let on_change = move |event| {
        if let Ok(id) = event_target_value(&event).parse() {
            chosen.set(Some(id));
            super::draft::write(super::draft::LAST_MODEL, &event_target_value(&event));
        }
    };
    view! {
        <label class="picker">
            {icon_with_class(Icon::Cpu, "icon icon-small")} <span class="visually-hidden">"Model"</span>
            <select on:change=on_change prop:value=move || chosen.get().map(|id| id.to_string()).unwrap_or_default()>
                {groups}
            </select> {icon_with_class(Icon::ChevronDown, "icon icon-small")}
        </label>
    }
}

fn group(provider: CatalogueProvider, chosen: RwSignal<Option<ModelConfigId>>) -> impl IntoView {
    let label = match provider.unavailable_reason {
        None => provider.display_name,
        Some(reason) => {
            let words = match reason {
                UnavailableReason::UserApiKeyRequired => "needs your own key",
                UnavailableReason::MissingApiKey | UnavailableReason::FetchFailed => {
                    "not available"
                }
            };
            format!("{} ({words})", provider.display_name)
        }
    };
    let is_disabled = !provider.available;
    let options = provider
        .models
        .into_iter()
        .map(|model| {
            let id = model.id;
            view! { <option value=id.to_string() selected=move || chosen.get() == Some(id)>{model.display_name}</option> }
        })
        .collect_view();
    view! { <optgroup label=label disabled=is_disabled>{options}</optgroup> }
}

/// Where the composer would be, for somebody whose account may not use agents.
#[component]
pub fn NoAgentsAccess() -> impl IntoView {
    view! {
        <Notice title="Your account may not use agents">
            "You can read your chats, rename and archive them. To send messages, ask an owner or administrator of this deployment for agents access."
        </Notice>
    }
}

/// What to do when there is no model: an admin is led to the settings, a member asks one.
#[component]
pub fn NoModelHelp() -> impl IntoView {
    let may_connect =
        use_session().with_untracked(|session| session.may(Permission::ManageSettings));
    let words = if may_connect {
        view! { "Connect a model provider under " <a class="link" href="/settings/providers">"Settings → Providers"</a> "." }
    } else {
        "Ask an admin to connect a model provider.".into_any()
    };
    view! {
        <div class="notice notice-warning" role="status">
            {crate::components::icons::icon(Icon::TriangleAlert)} <p class="notice-title">"No model can be used yet"</p>
            <p class="notice-detail">{words}</p>
        </div>
    }
}
