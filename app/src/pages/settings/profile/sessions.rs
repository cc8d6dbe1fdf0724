//! Where the reader is signed in, and signing out of it: here, there, or everywhere.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::sessions::Session;

use crate::api::sessions::{
    DeleteSession, SignOut, SignOutElsewhere, SignOutEverywhere, list_sessions,
};
use crate::components::badge::{Tone, badge};
use crate::components::button::{ButtonKind, SubmitButton, button_class};
use crate::components::feedback::FormError;
use crate::components::form::{error_of, on_answer};
use crate::components::loaded::loaded;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::view;

const SECTION: &str = "sessions";

/// The section.
pub fn sessions() -> impl IntoView {
    let here = ServerAction::<SignOut>::new();
    let everywhere = ServerAction::<SignOutEverywhere>::new();
    let elsewhere = ServerAction::<SignOutElsewhere>::new();
    let end = ServerAction::<DeleteSession>::new();
    let sessions = Resource::new(
        move || (end.version().get(), elsewhere.version().get()),
        |_| list_sessions(),
    );
    // Where the button was that ended a session there is nothing any longer.
    let focus = StoredValue::new(String::new());
    on_answer(end, SECTION, move |()| focus.set_value(SECTION.to_owned()));
    on_answer(elsewhere, SECTION, |()| {});
    let error = Signal::derive(move || {
        let leaving = error_of(here).get().or_else(|| error_of(everywhere).get());
        let ending = || error_of(end).get().or_else(|| error_of(elsewhere).get());
        leaving.or_else(ending)
    });
    view! {
        <div class="form" id=SECTION tabindex="-1">
            {loaded(sessions, focus, move |sessions| list(sessions, end))}
            <div class="form-actions">
                <ActionForm action=here>
                    <SubmitButton kind=ButtonKind::Plain pending=here.pending()>
                        "Sign out"
                    </SubmitButton>
                </ActionForm>
                <ActionForm action=elsewhere>
                    <SubmitButton kind=ButtonKind::Plain pending=elsewhere.pending()>
                        "Sign out everywhere else"
                    </SubmitButton>
                </ActionForm>
                <ActionForm action=everywhere>
                    <SubmitButton kind=ButtonKind::Plain pending=everywhere.pending()>
                        "Sign out everywhere"
                    </SubmitButton>
                </ActionForm>
            </div>
            <p class="field-help">"API tokens stay valid, wherever you sign out."</p>
            <FormError error=error/>
        </div>
    }
}

fn list(sessions: Vec<Session>, end: ServerAction<DeleteSession>) -> AnyView {
    let rows = sessions
        .into_iter()
        .map(|session| row(session, end))
        .collect_view();
    view! {
        <Table label="Where you are signed in" headings=&["Browser", "Signed in", "Last seen", ""]>
            {rows}
        </Table>
    }
}

fn row(session: Session, end: ServerAction<DeleteSession>) -> impl IntoView {
    let label = format!("End the session of {}", session.browser);
    let id = session.id.to_string();
    let form = (!session.is_current).then(|| {
        view! {
            <ActionForm action=end>
                <input type="hidden" name="id" value=id/>
                <button
                    type="submit"
                    class=button_class(ButtonKind::Plain, true)
                    aria-label=label
                    disabled=move || end.pending().get()
                >
                    "End"
                </button>
            </ActionForm>
        }
    });
    let mark = session
        .is_current
        .then(|| (" ", badge(Tone::Accent, "this one")));
    view! {
        <tr>
            <td class="cell-main">{session.browser} {mark}</td>
            <td class="cell-time" data-label="Signed in">
                <RelativeTime at=session.created_at/>
            </td>
            <td class="cell-time" data-label="Last seen">
                <RelativeTime at=session.last_used_at/>
            </td>
            <td class="cell-actions">{form}</td>
        </tr>
    }
}
