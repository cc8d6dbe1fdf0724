//! When the reader's histories are summarized: one small form for each model.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::chat_config::{ModelThreshold, UpdateCompactionThreshold};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::pages::settings::source::{OwnSource, own_mark};
use crate::view;

const FORMS: &str = "own-thresholds";

/// A form for each model, or a sentence when there is none.
pub fn list(thresholds: Vec<ModelThreshold>) -> AnyView {
    if thresholds.is_empty() {
        return view! { <p class="field-help">"There is no model yet. An owner can connect one."</p> };
    }
    let forms = thresholds.into_iter().map(form).collect_view();
    view! { <div class="form" id=FORMS>{forms}</div> }
}

fn form(threshold: ModelThreshold) -> impl IntoView {
    let update = ServerAction::<UpdateCompactionThreshold>::new();
    let error = error_of(update);
    let source = RwSignal::new(OwnSource::of(threshold.own_percent.is_some()));
    on_answer(update, FORMS, move |is_own: &bool| {
        source.set(OwnSource::of(*is_own));
    });
    let id = threshold.model_config_id;
    let own = threshold.own_percent.map(|percent| percent.to_string());
    let label = format!(" the threshold of {}", threshold.display_name);
    view! {
        <ActionForm action=update>
            <input type="hidden" name="model_config_id" value=id.to_string()/>
            <div class="inline-form">
                <TextField
                    label=threshold.display_name
                    name="threshold_percent"
                    id=format!("threshold-{id}")
                    input=Input::Number
                    value=own.unwrap_or_default()
                    is_optional=true
                    range=(0, 100)
                    help=format!("{} as long as this is empty.", threshold.usual_percent)
                    error=field_error(error, "threshold_percent")
                />
                <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                    "Save"
                    <span class="visually-hidden">{label}</span>
                </SubmitButton>
            </div>
            <p class="field-help">{own_mark(source.into())}</p>
            <FormError error=error fields=&["threshold_percent"]/>
            {saved(update)}
        </ActionForm>
    }
}
