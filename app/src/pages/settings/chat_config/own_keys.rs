//! The reader's own keys for the providers that take them: one small form for each.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::providers::UserProviderConfig;

use crate::api::providers::{DeleteUserApiKey, PutUserApiKey};
use crate::components::button::{Button, ButtonKind, SubmitButton};
use crate::components::control_flow::Show;
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer, reset, saved};
use crate::pages::settings::places;
use crate::pages::settings::source::{OwnSource, own_mark};
use crate::session::use_hydrated;
use crate::view;

const FORMS: &str = "own-keys";

/// A form for each provider.
pub fn list(providers: Vec<UserProviderConfig>) -> AnyView {
    let forms = providers.into_iter().map(form).collect_view();
    view! { <div class="form" id=FORMS>{forms}</div> }
}

fn form(provider: UserProviderConfig) -> impl IntoView {
    let UserProviderConfig {
        id,
        display_name,
        allows_user_api_key,
        has_user_api_key,
        has_central_api_key_fallback,
        ..
    } = provider;
    let hydrated = use_hydrated();
    let put = ServerAction::<PutUserApiKey>::new();
    let remove = ServerAction::<DeleteUserApiKey>::new();
    let (error, removal_error) = (error_of(put), error_of(remove));
    let has_key = RwSignal::new(has_user_api_key);
    let form_id = format!("own-key-{id}");
    let cleared = form_id.clone();
    on_answer(put, FORMS, move |_| {
        has_key.set(true);
        reset(&cleared);
    });
    on_answer(remove, FORMS, move |()| has_key.set(false));
    let without = if has_central_api_key_fallback {
        "None of yours is stored: your chats use the deployment’s key."
    } else {
        "None is stored: your chats cannot use this provider’s models without one."
    };
    let state = move || {
        if !allows_user_api_key {
            if has_key.get() {
                "A key of yours is stored and not used: this provider takes no keys of people’s own at present."
            } else {
                "Your key is removed. This provider takes no keys of people’s own at present."
            }
        } else if has_key.get() {
            "A key is stored, encrypted; it is never shown again. Enter another one to replace it."
        } else {
            without
        }
    };
    let source = Signal::derive(move || {
        if allows_user_api_key {
            OwnSource::of(has_key.get())
        } else {
            OwnSource::Off(places::PROVIDERS.title)
        }
    });
    let label = format!(" your key for {display_name}");
    let removed = format!("Remove your key for {display_name}");
    let entry = if allows_user_api_key {
        view! {
            <TextField
                label=display_name
                name="api_key"
                id=format!("own-key-{id}-value")
                input=Input::Secret
                error=field_error(error, "api_key")
            />
            <SubmitButton kind=ButtonKind::Plain pending=put.pending()>
                "Save"
                <span class="visually-hidden">{label}</span>
            </SubmitButton>
        }
    } else {
        view! { <span class="field-label">{display_name}</span> }
    };
    view! {
        <div id=form_id>
            <ActionForm action=put>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="inline-form">
                    {entry}
                    <Show when=move || has_key.get()>
                        <Button
                            kind=ButtonKind::Plain
                            disabled=Signal::derive(move || !hydrated.get() || remove.pending().get())
                            attr:aria-label=removed.clone()
                            on_click=move |_| { remove.dispatch(DeleteUserApiKey { id }); }
                        >
                            "Remove"
                        </Button>
                    </Show>
                </div>
                <p class="field-help">{own_mark(source)} " · " {state}</p>
                <FormError error=error fields=&["api_key"]/>
                <FormError error=removal_error fields=&[]/>
                {saved(put)}
            </ActionForm>
        </div>
    }
}
