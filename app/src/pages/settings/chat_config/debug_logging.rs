//! Whether what models are asked is recorded: the reader's own wish, and for owners whether people may have one.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{DebugLogging, UserDebugLogging};
use sdk::deployment::SettingSource;

use crate::api::debug::{UpdateDebugLogging, UpdateUserDebugLogging};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::control_flow::Show;
use crate::components::feedback::{FormError, Notice};
use crate::components::field::Checkbox;
use crate::components::form::{error_of, on_answer, saved};
use crate::components::plain::plain;
use crate::pages::settings::places;
use crate::pages::settings::source::OwnSource;
use crate::view;

const FORCED: &str = "This deployment records everybody’s calls";

/// Who decided whether the reader's calls are recorded.
pub fn own_source(
    known: UserDebugLogging,
    is_allowed: RwSignal<bool>,
    is_recorded: RwSignal<bool>,
) -> Signal<OwnSource> {
    Signal::derive(move || {
        if known.forced_by_deployment {
            OwnSource::Server
        } else if is_allowed.get() {
            OwnSource::of(is_recorded.get())
        } else {
            OwnSource::Off(places::EVERYBODYS_DEBUG.title)
        }
    })
}

/// The reader's own choice. `is_allowed` follows what owners allow on the same page.
pub fn own(
    known: UserDebugLogging,
    is_allowed: RwSignal<bool>,
    is_recorded: RwSignal<bool>,
) -> impl IntoView {
    let update = ServerAction::<UpdateUserDebugLogging>::new();
    let error = error_of(update);
    on_answer(update, "user-debug-logging", move |wants: &bool| {
        is_recorded.set(*wants);
    });
    let is_forced = known.forced_by_deployment;
    let is_fixed = Signal::derive(move || is_forced || !is_allowed.get());
    view! {
        <div id="user-debug-logging">
            <ActionForm action=update>
                <div class="form">
                    {is_forced.then(|| forced("Whoever runs it has switched this on for all chats, with the option --chat-debug-logging-enabled. It cannot be changed here."))}
                    <Show when=move || !is_forced && !is_allowed.get()>
                        <Notice title="You cannot choose yet">{plain("p", "An owner of this deployment has to allow it first. The setting is “Debug for everybody”.")}</Notice>
                    </Show>
                    <Checkbox
                        label="Record what the models of my chats are asked and answer"
                        name="debug_logging_enabled"
                        checked=known.debug_logging_enabled
                        disabled=is_fixed
                        help="A chat then has a Debug tab beside it. Messages, files that were read and answers are kept as they were; keys and tokens are not."
                    />
                    <FormError error=error fields=&[]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending() disabled=is_fixed>
                            "Save"
                            <span class="visually-hidden">" whether my calls are recorded"</span>
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}

/// What owners allow.
pub fn everybodys(
    known: DebugLogging,
    is_allowed: RwSignal<bool>,
    source: RwSignal<SettingSource>,
) -> impl IntoView {
    let update = ServerAction::<UpdateDebugLogging>::new();
    let error = error_of(update);
    on_answer(update, "debug-logging", move |allows: &bool| {
        is_allowed.set(*allows);
        source.set(SettingSource::Database);
    });
    let is_forced = known.forced_by_deployment;
    view! {
        <div id="debug-logging">
            <ActionForm action=update>
                <div class="form">
                    {is_forced.then(|| forced("It was started with SWITCHYARD_CHAT_DEBUG_LOGGING_ENABLED. Start it without to let people choose."))}
                    <Checkbox
                        label="People may have the calls of their own chats recorded"
                        name="allow_users"
                        checked=known.allow_users || is_forced
                        disabled=Signal::stored(is_forced)
                        help="Each person then chooses for themselves, and only they can read what was recorded."
                    />
                    <FormError error=error fields=&[]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending() disabled=Signal::stored(is_forced)>
                            "Save"
                            <span class="visually-hidden">" whether people may record calls"</span>
                        </SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}

fn forced(reason: &'static str) -> impl IntoView {
    view! { <Notice title=FORCED>{plain("p", reason)}</Notice> }
}
