//! A dialog with one form in it.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::PostUrl;
use leptos::server_fn::request::ClientReq;
use leptos::server_fn::{Http, ServerFn};
use serde::de::DeserializeOwned;
use web_sys::FormData;

use crate::components::button::SubmitButton;
use crate::components::dialog::{CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::components::form::{error_of, reset};
use crate::error::AppError;
use crate::view;

/// A dialog that asks for the arguments of one server function. What was entered, and why it was refused, is gone when
/// it closes.
#[component]
pub fn FormDialog<S, Output: 'static>(
    /// Its id in the document.
    id: &'static str,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// What the form calls.
    action: ServerAction<S>,
    /// The fields that tell their own error; every other error stands above the buttons.
    fields: &'static [&'static str],
    /// The word on the button.
    submit: &'static str,
    /// The fields.
    children: Children,
) -> impl IntoView
where
    S: DeserializeOwned
        + ServerFn<Protocol = Http<PostUrl, Output>, Error = AppError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Output: Send + Sync + 'static,
    S::Client: Client<AppError>,
    <<S::Client as Client<AppError>>::Request as ClientReq<AppError>>::FormData: From<FormData>,
{
    let on_close = move |_| {
        action.clear();
        reset(id);
    };
    view! {
        <Dialog id=id title=title on:close=on_close>
            <ActionForm action=action>
                <div class="form">
                    {children()}
                    <FormError error=error_of(action) fields=fields/>
                    <div class="dialog-actions">
                        <CancelButton dialog=id/>
                        <SubmitButton pending=action.pending()>{submit}</SubmitButton>
                    </div>
                </div>
            </ActionForm>
        </Dialog>
    }
}
