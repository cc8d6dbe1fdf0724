//! Signing in.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::sessions::SignIn;
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, on_answer};
use crate::pages::door::Door;
use crate::view;

/// E-mail address and password; afterwards to the page that was asked for.
#[component]
pub fn LoginPage() -> impl IntoView {
    let sign_in = ServerAction::<SignIn>::new();
    let error = error_of(sign_in);
    on_answer(sign_in, "sign-in", |()| {});
    // Busy until the next page is there, not only until the answer.
    let is_busy = move || {
        sign_in.pending().get()
            || sign_in
                .value()
                .with(|answer| matches!(answer, Some(Ok(()))))
    };
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());
    view! {
        <Title text="Sign in"/>
        <Door title="Sign in" foot="Forgotten your password? An owner or administrator can reset it.">
            <div id="sign-in">
                <ActionForm action=sign_in>
                    <div class="form">
                        <FormError error=error/>
                        <TextField label="E-mail" name="email" input=Input::Email autofocus=true/>
                        <TextField label="Password" name="password" input=Input::CurrentPassword/>
                        <input type="hidden" name="next" value=next/>
                        <SubmitButton pending=Signal::derive(is_busy) is_wide=true>
                            "Sign in"
                        </SubmitButton>
                    </div>
                </ActionForm>
            </div>
        </Door>
    }
}
