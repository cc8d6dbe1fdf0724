//! The first visit: who administers this Switchyard.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::sessions::CreateFirstOwner;
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::pages::door::Door;
use crate::view;

/// Fields that show their own refusals.
const FIELDS: &[&str] = &["name", "email", "username", "password"];

/// Name, address and password of the first owner.
#[component]
pub fn SetupPage() -> impl IntoView {
    let create = ServerAction::<CreateFirstOwner>::new();
    let error = error_of(create);
    on_answer(create, "set-up", |()| {});
    let is_busy = move || {
        create.pending().get() || create.value().with(|answer| matches!(answer, Some(Ok(()))))
    };
    view! {
        <Title text="Set up"/>
        <Door
            title="Set up Switchyard"
            lead="Create the owner's account. It adds model providers, folders and other people."
            foot="Everything stays on this server: accounts, keys and chats lie in its data folder."
        >
            <div id="set-up">
                <ActionForm action=create>
                    <div class="form">
                        <FormError error=error fields=FIELDS/>
                        <TextField
                            label="Your name"
                            name="name"
                            is_optional=true
                            autofocus=true
                            error=field_error(error, "name")
                        />
                        <TextField label="E-mail" name="email" input=Input::Email error=field_error(error, "email")/>
                        <TextField
                            label="User name"
                            name="username"
                            input=Input::Username
                            help="Letters, digits and hyphens."
                            error=field_error(error, "username")
                        />
                        <TextField
                            label="Password"
                            name="password"
                            input=Input::NewPassword
                            help="At least 8 characters."
                            min_length=8
                            error=field_error(error, "password")
                        />
                        <SubmitButton pending=Signal::derive(is_busy) is_wide=true>
                            "Create account"
                        </SubmitButton>
                    </div>
                </ActionForm>
            </div>
        </Door>
    }
}
