//! What the deployment asks of agents that plan, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{MAX_PROMPT_BYTES, PROMPT_TOO_LONG, PlanModeInstructions};
use sdk::deployment::SettingSource;

use crate::api::chat_config::UpdatePlanModeInstructions;
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::TextArea;
use crate::components::form::{error_of, field_error, on_answer, saved, told_at};
use crate::view;

const FIELD: &str = "plan_mode_instructions";

/// The form.
pub fn form(instructions: PlanModeInstructions, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdatePlanModeInstructions>::new();
    let error = told_at(error_of(update), FIELD, PROMPT_TOO_LONG);
    on_answer(update, "plan-mode", move |()| {
        source.set(SettingSource::Database);
    });
    view! {
        <div id="plan-mode">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Instructions for plans"
                        name=FIELD
                        value=instructions.plan_mode_instructions
                        help="For example what every plan must name. They follow the built-in ones."
                        max_length=MAX_PROMPT_BYTES
                        error=field_error(error, FIELD)
                    />
                    <FormError error=error fields=&[FIELD]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                            "Save for plans"
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}
