//! What went wrong, where it went wrong: the failed turn with its way out, and the lost connection.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::{ChatError, ChatStatus};
use sdk::permissions::Permission;

use crate::api::chats::retry_chat;
use crate::components::control_flow::Show;
use crate::components::form::go_to_login;
use crate::components::icons::{Icon, icon};
use crate::live::chat::OpenChat;
use crate::live::socket::{Connection, Socket};
use crate::session::use_session;
use crate::view;

/// The last turn's failure, with a button that runs it again.
#[component]
pub fn ErrorCallout(
    /// The chat.
    chat: OpenChat,
) -> impl IntoView {
    let is_retrying = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let retry = move |_| {
        is_retrying.set(true);
        failure.set(None);
        spawn_local(async move {
            let outcome = retry_chat(chat.id).await;
            if is_retrying.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(answer) => {
                    chat.status.set(answer.status);
                    chat.since.set(answer.status_since);
                    chat.error.set(None);
                }
                Err(error) => failure.set(Some(error.message)),
            }
        });
    };
    let shown = move || {
        (chat.status.get() == ChatStatus::Error).then(|| chat.error.get().unwrap_or_default())
    };
    let drawn = move || {
        shown().map(|error| {
            view! {
                <section class="notice notice-error turn-error" role="alert">
                    {icon(Icon::TriangleAlert)}
                    <h2 class="notice-title">{title(&error)}</h2>
                    <p class="notice-detail">{message(&error)}</p>
                    {error.detail.clone().map(|detail| view! { <p class="notice-detail turn-error-detail">{detail}</p> })}
                    <div class="turn-error-actions">
                        <button type="button" class="button button-small" disabled=move || is_retrying.get() on:click=retry>
                            {icon(Icon::RotateCcw)} "Try again"
                        </button>
                        {remedy(&error)}
                        {move || failure.get().map(|words| view! { <span class="field-error">{words}</span> })}
                    </div>
                </section>
            }
        })
    };
    (move || drawn()).into_any()
}

/// The title of a failure, by its class; the message names who failed.
pub fn title(error: &ChatError) -> &'static str {
    match error.kind.as_str() {
        "overloaded" => "The provider is overloaded",
        "rate_limit" => "Too many requests",
        "timeout" => "No answer in time",
        "startup_timeout" => "No answer began in time",
        "auth" => "The key was refused",
        "config" => "The model's settings were refused",
        "usage_limit" => "A usage limit was reached",
        "stream_silence" => "The answer broke off",
        "missing_key" => "There is no key",
        "provider_disabled" => "The provider is switched off",
        _ => "The turn failed",
    }
}

/// Where those who may mend it.
fn remedy(error: &ChatError) -> Option<AnyView> {
    let is_of_settings = matches!(
        error.kind.as_str(),
        "auth" | "config" | "missing_key" | "provider_disabled"
    );
    let may_mend = use_session().with_untracked(|session| session.may(Permission::ManageSettings));
    (is_of_settings && may_mend).then(|| {
        view! { <a class="link" href="/settings/providers">"Open providers and models"</a> }
    })
}

fn message(error: &ChatError) -> String {
    if error.message.is_empty() {
        "No reason was given. Try again.".to_owned()
    } else {
        error.message.clone()
    }
}

/// Says that the connection is lost and when the next attempt comes.
#[component]
pub fn Reconnecting(
    /// The connection.
    socket: Socket,
) -> impl IntoView {
    let tick = RwSignal::new(0_u32);
    let is_waiting =
        Memo::new(move |_| matches!(socket.connection.get(), Connection::Waiting { .. }));
    Effect::new(move |_| {
        if is_waiting.get() {
            let step = std::time::Duration::from_secs(1);
            if let Ok(handle) = set_interval_with_handle(
                move || {
                    let _ = tick.try_update(|tick| *tick += 1);
                },
                step,
            ) {
                on_cleanup(move || handle.clear());
            }
        }
    });
    let words = move || {
        tick.track();
        let Connection::Waiting {
            retry_at_ms,
            is_restart,
        } = socket.connection.get()
        else {
            return String::new();
        };
        let what = if is_restart {
            "The server is restarting."
        } else {
            "Connection lost."
        };
        let seconds = (retry_at_ms - js_sys::Date::now()) / 1000.0;
        // A whole number: to write others is a lot of code, which nothing else of this page needs.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 30"
        )]
        let seconds = seconds.ceil().max(0.0) as u32;
        format!("{what} Trying again in {seconds} s.")
    };
    let is_refused = Memo::new(move |_| socket.connection.get() == Connection::Refused);
    view! {
        <Show when=move || is_waiting.get()>
            <div class="reconnecting" role="status">
                {icon(Icon::Plug)} <span>{move || words()}</span>
                <button type="button" class="button button-small" on:click=move |_| socket.retry_now()>"Try now"</button>
            </div>
        </Show>
        <Show when=move || is_refused.get()>
            <div class="reconnecting" role="status">
                {icon(Icon::Plug)} <span>"You are signed out. What you wrote is kept on this device."</span>
                <button type="button" class="button button-small" on:click=|_| go_to_login()>"Sign in"</button>
            </div>
        </Show>
    }
}
