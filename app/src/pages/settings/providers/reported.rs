//! What a test of the connection has shown: the provider's own words, and its models to choose from.

use std::collections::BTreeSet;

use leptos::prelude::*;
use sdk::ids::ProviderConfigId;
use sdk::providers::{ProviderTest, ReportedModel};

use crate::api::models::CreateModels;
use crate::components::button::{Button, ButtonKind};
use crate::components::feedback::{FormError, Notice, NoticeKind};
use crate::view;

use super::actions::Actions;

/// The outcome of the last test, when there was one.
pub fn outcome(id: ProviderConfigId, configured: Vec<String>, actions: Actions) -> impl IntoView {
    move || {
        let configured = configured.clone();
        match actions.tests.with(|tests| tests.get(&id).cloned()) {
            None => ().into_any(),
            Some(Err(error)) => {
                view! { <div class="card-part"><FormError error=Signal::stored(Some(error))/></div> }
            }
            Some(Ok(test)) => {
                view! { <div class="card-part stack">{answered(id, test, configured, actions)}</div> }
            }
        }
    }
}

fn answered(
    id: ProviderConfigId,
    test: ProviderTest,
    configured: Vec<String>,
    actions: Actions,
) -> impl IntoView {
    let (kind, title) = match (test.ok, test.status_code) {
        (true, _) => (NoticeKind::Success, "The connection works.".to_owned()),
        (false, Some(status)) => (
            NoticeKind::Error,
            format!("The provider refused with status {status}."),
        ),
        (false, None) => (
            NoticeKind::Error,
            "The provider did not answer as it should.".to_owned(),
        ),
    };
    let message = test.message;
    let words = test
        .detail
        .map(|words| view! { <p>"The provider said: " <q>{words}</q></p> });
    let new: Vec<_> = test
        .models
        .into_iter()
        .filter(|model| !configured.contains(&model.model))
        .collect();
    view! {
        <Notice kind=kind title=title>
            <p>{message}</p>
            {words}
        </Notice>
        {(!new.is_empty()).then(|| chooser(id, new, actions))}
    }
}

fn chooser(id: ProviderConfigId, models: Vec<ReportedModel>, actions: Actions) -> impl IntoView {
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let all = StoredValue::new(models.clone());
    let options = models
        .into_iter()
        .map(|model| {
            let name = model.model.clone();
            let window = model
                .context_limit
                .map(|tokens| format!("{} tokens", super::models::grouped(tokens)));
            let on_change = move |event| {
                let is_chosen = event_target_checked(&event);
                chosen.update(|chosen| {
                    if is_chosen {
                        chosen.insert(name.clone());
                    } else {
                        chosen.remove(&name);
                    }
                });
            };
            view! {
                <label class="model-option">
                    <input type="checkbox" on:change=on_change/>
                    <code>{model.model}</code>
                    <span class="cell-note">{window}</span>
                </label>
            }
        })
        .collect_view();
    let add = move |_| {
        let models = all.with_value(|all| {
            chosen.with_untracked(|chosen| {
                all.iter()
                    .filter(|model| chosen.contains(&model.model))
                    .cloned()
                    .collect()
            })
        });
        actions.focus.set_value(format!("provider-{id}-button"));
        actions.create_models.dispatch(CreateModels {
            provider_config_id: id,
            models,
        });
    };
    let words = move || match chosen.with(BTreeSet::len) {
        0 => "Add models".to_owned(),
        1 => "Add 1 model".to_owned(),
        count => format!("Add {count} models"),
    };
    let is_idle = Signal::derive(move || {
        chosen.with(BTreeSet::is_empty) || actions.create_models.pending().get()
    });
    view! {
        <fieldset class="field">
            <legend class="field-label">"Models that it reports"</legend>
            <div class="model-options">{options}</div>
        </fieldset>
        <div class="form-actions">
            <Button kind=ButtonKind::Primary disabled=is_idle on_click=add>
                {words}
            </Button>
        </div>
    }
}
