//! The deployment's instructions, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{MAX_PROMPT_BYTES, PROMPT_TOO_LONG, SystemPrompt};
use sdk::deployment::SettingSource;

use crate::api::chat_config::UpdateSystemPrompt;
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::{Checkbox, TextArea};
use crate::components::form::{error_of, field_error, on_answer, saved, told_at};
use crate::view;

/// The form.
pub fn form(prompt: SystemPrompt, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdateSystemPrompt>::new();
    let error = told_at(error_of(update), "system_prompt", PROMPT_TOO_LONG);
    on_answer(update, "system-prompt", move |()| {
        source.set(SettingSource::Database);
    });
    view! {
        <div id="system-prompt">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Instructions for everybody"
                        name="system_prompt"
                        value=prompt.system_prompt
                        rows=10
                        help="While this is empty, agents get the built-in instructions."
                        max_length=MAX_PROMPT_BYTES
                        error=field_error(error, "system_prompt")
                    />
                    <Checkbox
                        label="Begin with the built-in instructions"
                        name="include_default_system_prompt"
                        checked=prompt.include_default_system_prompt
                        help="Otherwise yours take their place."
                    />
                    <details class="fold">
                        <summary>"Show the built-in instructions"</summary>
                        <p class="fold-text">{prompt.default_system_prompt}</p>
                    </details>
                    <FormError error=error fields=&["system_prompt"]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                            "Save for everybody"
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}
