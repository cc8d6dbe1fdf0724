//! What workspaces agents may make and when they are stopped, for owners.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::deployment::SettingSource;

use crate::api::chat_config::{
    AgentWorkspaces, MAX_IDLE_MINUTES, UpdateTemplateAllowlist, UpdateWorkspaceTtl,
};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextArea, TextField};
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::view;

/// A form for each setting.
pub fn forms(workspaces: AgentWorkspaces, source: RwSignal<SettingSource>) -> impl IntoView {
    view! {
        <div class="form">
            {allowlist(&workspaces.template_names, source)}
            {idle_time(workspaces.idle_minutes, source)}
        </div>
    }
}

fn allowlist(names: &[String], source: RwSignal<SettingSource>) -> impl IntoView + use<> {
    let names = names.join("\n");
    let update = ServerAction::<UpdateTemplateAllowlist>::new();
    let error = error_of(update);
    on_answer(update, "template-allowlist", move |()| {
        source.set(SettingSource::Database);
    });
    view! {
        <div id="template-allowlist">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Templates that agents may use"
                        name="template_names"
                        value=names
                        rows=4
                        help="One name a line. While this is empty, agents may use all templates."
                        error=field_error(error, "template_names")
                    />
                    <FormError error=error fields=&["template_names"]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                            "Save the templates"
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}

fn idle_time(minutes: i64, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdateWorkspaceTtl>::new();
    let error = error_of(update);
    on_answer(update, "workspace-ttl", move |()| {
        source.set(SettingSource::Database);
    });
    let value = if minutes == 0 {
        String::new()
    } else {
        minutes.to_string()
    };
    view! {
        <div id="workspace-ttl">
            <ActionForm action=update>
                <div class="inline-form">
                    <TextField
                        label="Stop idle workspaces after minutes"
                        name="idle_minutes"
                        input=Input::Number
                        value=value
                        is_optional=true
                        range=(0, MAX_IDLE_MINUTES)
                        help="For workspaces of templates that say no idle time themselves. Never as long as this is empty."
                        error=field_error(error, "idle_minutes")
                    />
                    <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                        "Save"
                        <span class="visually-hidden">" the idle time"</span>
                    </SubmitButton>
                </div>
                <FormError error=error fields=&["idle_minutes"]/>
                {saved(update)}
            </ActionForm>
        </div>
    }
}
