//! What every form does with the answer of its server function.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::location::Url;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlFormElement};

use crate::error::{AppError, ErrorCode};
use crate::view;

/// The error of a form's last answer.
pub fn error_of<S>(action: ServerAction<S>) -> Signal<Option<AppError>>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    Signal::derive(move || {
        action.value().with(|value| {
            value
                .as_ref()
                .and_then(|answer| answer.as_ref().err().cloned())
        })
    })
}

/// The error of a form whose one long field is all that can make it too long to send: that is told at the field.
pub fn told_at(
    error: Signal<Option<AppError>>,
    field: &'static str,
    words: &'static str,
) -> Signal<Option<AppError>> {
    Signal::derive(move || {
        error.get().map(|error| match error.code {
            ErrorCode::TooLarge => AppError::invalid_field(field, words),
            _ => error,
        })
    })
}

/// Why one field was refused.
pub fn field_error(error: Signal<Option<AppError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || error.with(|error| error.as_ref().and_then(|error| error.field(field))))
}

/// A word beside a form's button after a good answer; it takes no room of its own, so nothing moves.
pub fn saved<S>(action: ServerAction<S>) -> AnyView
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    let is_saved = move || {
        !action.pending().get() && action.value().with(|answer| matches!(answer, Some(Ok(_))))
    };
    view! {
        <span class="field-help" role="status">
            {move || is_saved().then_some("Saved")}
        </span>
    }
}

/// Runs `on_success` after each good answer; after a bad one moves the focus to the first refused field of `form`, or
/// to the sign-in page when the session has ended.
pub fn on_answer<S>(
    action: ServerAction<S>,
    form: &'static str,
    on_success: impl Fn(&S::Output) + Send + Sync + 'static,
) where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    Effect::new(move |_| {
        // The version moves with each answer, also when two answers are equal.
        if action.version().get() == 0 {
            return;
        }
        action.value().with_untracked(|value| match value {
            Some(Ok(output)) => untrack(|| on_success(output)),
            Some(Err(error)) => follow_refusal(error, form),
            None => {}
        });
    });
}

fn follow_refusal(error: &AppError, form: &'static str) {
    if error.code == ErrorCode::Unauthenticated {
        go_to_login();
    } else if !error.validations.is_empty() || error.code == ErrorCode::TooLarge {
        // The field is marked when this effect's siblings have run.
        request_animation_frame(move || focus(&format!("#{form} [aria-invalid=true]")));
    }
}

/// Leaves for the sign-in page and comes back here afterwards. Browser only.
pub fn go_to_login() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    if path == "/login" {
        return;
    }
    let search = location.search().unwrap_or_default();
    let _ = location.assign(&format!(
        "/login?next={}",
        Url::escape(&format!("{path}{search}"))
    ));
}

/// Moves the focus to the first element that matches. Browser only.
pub fn focus(selector: &str) {
    let element = document().query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Puts the focus on `id` when an update has taken it away, and on the page's title when that is gone too. Browser only.
pub fn keep_focus(id: String) {
    request_animation_frame(move || {
        let document = document();
        let is_lost = document
            .active_element()
            .is_none_or(|active| active.tag_name() == "BODY");
        if !is_lost {
            return;
        }
        if document.get_element_by_id(&id).is_some() {
            focus(&format!("[id='{id}']"));
        } else {
            focus("#page-title");
        }
    });
}

/// Empties a form. Browser only.
pub fn reset(form: &str) {
    let form = document()
        .query_selector(&format!("#{form} form, form#{form}"))
        .ok()
        .flatten();
    if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
        form.reset();
    }
}
