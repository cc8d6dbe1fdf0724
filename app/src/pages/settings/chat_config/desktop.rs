//! Whether workspaces may have a desktop, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::deployment::SettingSource;

use crate::api::chat_config::UpdateDesktopEnabled;
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::Checkbox;
use crate::components::form::{error_of, on_answer, saved};
use crate::view;

/// The form.
pub fn form(is_enabled: bool, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdateDesktopEnabled>::new();
    let error = error_of(update);
    on_answer(update, "desktop-enabled", move |()| {
        source.set(SettingSource::Database);
    });
    view! {
        <div id="desktop-enabled">
            <ActionForm action=update>
                <div class="form">
                    <Checkbox
                        label="People may open the desktops of workspaces"
                        name="enable_desktop"
                        checked=is_enabled
                        help="Whoever may use a workspace sees its screen beside the chat, and can take control of it. Workspaces need the programs for it."
                    />
                    <FormError error=error fields=&[]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                            "Save"
                            <span class="visually-hidden">" whether there are desktops"</span>
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}
