//! Where a link leads with which somebody sets their own password.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::sessions::RedeemLink;
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::pages::door::Door;
use crate::view;

/// One password; afterwards to the sign-in.
#[component]
pub fn SetPasswordPage() -> impl IntoView {
    let redeem = ServerAction::<RedeemLink>::new();
    let error = error_of(redeem);
    on_answer(redeem, "set-password", |()| {});
    // Busy until the next page is there, not only until the answer.
    let is_busy = move || {
        redeem.pending().get() || redeem.value().with(|answer| matches!(answer, Some(Ok(()))))
    };
    let token = use_query_map().with_untracked(|query| query.get("token").unwrap_or_default());
    view! {
        <Title text="Set your password"/>
        <Door
            title="Set your password"
            lead="Choose a password for your account. Afterwards sign in with it."
            foot="The link holds for 7 days, and once. Sessions that you had end."
        >
            <div id="set-password">
                <ActionForm action=redeem>
                    <div class="form">
                        <FormError error=error fields=&["password"]/>
                        <input type="hidden" name="token" value=token/>
                        <TextField
                            label="Password"
                            name="password"
                            input=Input::NewPassword
                            help="At least 8 characters."
                            min_length=8
                            autofocus=true
                            error=field_error(error, "password")
                        />
                        <SubmitButton pending=Signal::derive(is_busy) is_wide=true>
                            "Set password"
                        </SubmitButton>
                    </div>
                </ActionForm>
            </div>
        </Door>
    }
}
