//! How long archived chats are kept, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::MAX_RETENTION_DAYS;
use sdk::deployment::SettingSource;

use crate::api::chat_config::UpdateRetentionDays;
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::view;

/// The form.
pub fn form(days: i32, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdateRetentionDays>::new();
    let error = error_of(update);
    on_answer(update, "retention", move |()| {
        source.set(SettingSource::Database);
    });
    let value = if days == 0 {
        String::new()
    } else {
        days.to_string()
    };
    view! {
        <div id="retention">
            <ActionForm action=update>
                <div class="inline-form">
                    <TextField
                        label="Delete archived chats after days"
                        name="retention_days"
                        input=Input::Number
                        value=value
                        is_optional=true
                        range=(0, MAX_RETENTION_DAYS.into())
                        help="Counted from the day when they were archived. They go with their messages, for good; what they cost stays in the analytics. Never as long as this is empty."
                        error=field_error(error, "retention_days")
                    />
                    <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                        "Save"
                        <span class="visually-hidden">" how long archived chats are kept"</span>
                    </SubmitButton>
                </div>
                <FormError error=error fields=&["retention_days"]/>
                {saved(update)}
            </ActionForm>
        </div>
    }
}
