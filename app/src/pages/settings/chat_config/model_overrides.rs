//! Models for work beside a chat's own, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{ModelOverride, ModelPurpose};
use sdk::deployment::SettingSource;

use crate::api::chat_config::UpdateModelOverrides;
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::SelectField;
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::error::AppError;
use crate::view;

const FIELDS: [&str; 3] = [
    ModelPurpose::Explore.setting(),
    ModelPurpose::Title.setting(),
    ModelPurpose::Summary.setting(),
];

/// The form. `choices` are ids and names of models.
pub fn form(
    chosen: Vec<(ModelPurpose, ModelOverride)>,
    choices: Vec<(String, String)>,
    source: RwSignal<SettingSource>,
) -> impl IntoView {
    let update = ServerAction::<UpdateModelOverrides>::new();
    let error = error_of(update);
    on_answer(update, "model-overrides", move |()| {
        source.set(SettingSource::Database);
    });
    let fields = chosen
        .into_iter()
        .map(|(purpose, model)| field(purpose, model, &choices, error));
    let fields = fields.collect_view();
    view! {
        <div id="model-overrides">
            <ActionForm action=update>
                <div class="form">
                    {fields}
                    <FormError error=error fields=&FIELDS/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>"Save the models"</SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}

fn field(
    purpose: ModelPurpose,
    model: ModelOverride,
    choices: &[(String, String)],
    error: Signal<Option<AppError>>,
) -> AnyView {
    let name = purpose.setting();
    let (label, help) = match purpose {
        ModelPurpose::Explore => (
            "Agents that explore",
            "They only read and search; a quick model does.",
        ),
        ModelPurpose::Title => (
            "Titles",
            "A few words for each new chat; a small model does.",
        ),
        ModelPurpose::Summary => (
            "Summaries",
            "They replace a long history, so what they leave out is gone for the model. One whose context is too small is not used.",
        ),
    };
    let mut options = vec![(String::new(), "The chat’s own".to_owned())];
    options.extend(choices.iter().cloned());
    let value = model
        .model_config_id
        .map(|id| id.to_string())
        .unwrap_or_default();
    // Switched off since: it stays chosen and is not used.
    if !options.iter().any(|(id, _)| *id == value) {
        options.push((value.clone(), "A model that is switched off".to_owned()));
    }
    view! { <SelectField label name options value help error=field_error(error, name)/> }.into_any()
}
