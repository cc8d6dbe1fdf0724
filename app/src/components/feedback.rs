//! How views say that they wait, are empty, or failed; and notices that stay where they belong.

use leptos::prelude::*;

use crate::components::button::{Button, button_class};
use crate::components::icons::{Icon, icon};
use crate::components::plain::plain;
use crate::error::{AppError, ErrorCode};
use crate::view;

/// Weight of a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoticeKind {
    /// To know.
    #[default]
    Info,
    /// It worked.
    Success,
    /// Wants attention.
    Warning,
    /// It failed.
    Error,
}

impl NoticeKind {
    const fn look(self) -> (&'static str, Icon) {
        match self {
            Self::Info => ("notice", Icon::Info),
            Self::Success => ("notice notice-success", Icon::CircleCheck),
            Self::Warning => ("notice notice-warning", Icon::TriangleAlert),
            Self::Error => ("notice notice-error", Icon::CircleAlert),
        }
    }
}

/// A notice in place.
#[component]
pub fn Notice(
    /// Its weight.
    #[prop(optional)]
    kind: NoticeKind,
    /// What it says, in one line.
    #[prop(into)]
    title: String,
    /// More, when needed.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, mark) = kind.look();
    let role = if kind == NoticeKind::Error {
        "alert"
    } else {
        "status"
    };
    view! {
        <div class=class role=role>
            {icon(mark)}
            <p class="notice-title">{title}</p>
            {children.map(|children| view! { <div class="notice-detail">{children()}</div> })}
        </div>
    }
}

/// Why a form could not be carried out, except what stands at its fields.
#[component]
pub fn FormError(
    /// The error, when there is one.
    #[prop(into)]
    error: Signal<Option<AppError>>,
    /// The fields that show their own reason.
    #[prop(optional)]
    fields: &'static [&'static str],
) -> impl IntoView {
    let shown = move || {
        error
            .get()
            .filter(|error| !stands_at_fields(error, fields))
            .map(|error| {
                let detail = error
                    .detail
                    .clone()
                    .or_else(|| unplaced_reasons(&error, fields));
                view! {
                    <Notice kind=NoticeKind::Error title=error.message.clone()>
                        {detail.map(|detail| plain("p", detail))}
                        {request_id(&error)}
                    </Notice>
                }
            })
    };
    (move || shown()).into_any()
}

fn stands_at_fields(error: &AppError, fields: &[&str]) -> bool {
    !error.validations.is_empty()
        && error
            .validations
            .iter()
            .all(|refused| fields.contains(&refused.field.as_str()))
}

fn unplaced_reasons(error: &AppError, fields: &[&str]) -> Option<String> {
    let reasons: Vec<_> = error
        .validations
        .iter()
        .filter(|refused| !fields.contains(&refused.field.as_str()))
        .map(|refused| refused.detail.as_str())
        .collect();
    (!reasons.is_empty()).then(|| reasons.join(" "))
}

fn request_id(error: &AppError) -> Option<impl IntoView + use<>> {
    error
        .request_id
        .clone()
        .map(|id| view! { <p class="request-id">"Request " {id}</p> })
}

/// A view that could not be shown: what happened, what to do, another try.
#[component]
pub fn ErrorState(
    /// What went wrong.
    error: AppError,
    /// Tries again in place; without it the page is loaded again.
    #[prop(optional)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    let title = match error.code {
        ErrorCode::Offline => "No connection to the server",
        ErrorCode::NotFound => "Nothing here",
        ErrorCode::Unauthenticated => "You are signed out",
        ErrorCode::Forbidden => "Not allowed",
        _ => "This could not be shown",
    };
    let detail = error.detail.clone();
    let id = request_id(&error);
    view! {
        <div class="empty" role="alert">
            {icon(Icon::CircleAlert)}
            <p class="empty-title">{title}</p>
            <p class="empty-text">{error.message}</p>
            {detail.map(|detail| view! { <p class="empty-text">{detail}</p> })}
            {id}
            <div class="empty-action">{retry(error.code, on_retry)}</div>
        </div>
    }
}

fn retry(code: ErrorCode, on_retry: Option<Callback<()>>) -> AnyView {
    match (code, on_retry) {
        (ErrorCode::Unauthenticated, _) => view! {
            <a class=button_class(crate::components::button::ButtonKind::Primary, false) href="/login" rel="external">
                "Sign in"
            </a>
        },
        (_, Some(on_retry)) => view! {
            <Button on_click=move |_| on_retry.run(())>{icon(Icon::RotateCcw)} "Try again"</Button>
        },
        // An empty address leads to the page itself, also with JavaScript off.
        (_, None) => view! {
            <a class="button" href="" rel="external">
                {icon(Icon::RotateCcw)}
                "Try again"
            </a>
        },
    }
}

/// A view with nothing in it yet: what this is, and the one action.
#[component]
pub fn EmptyState(
    /// Its icon.
    name: Icon,
    /// What is not there.
    #[prop(into)]
    title: String,
    /// What it would be good for.
    #[prop(into)]
    text: String,
    /// The one action.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            {icon(name)}
            <p class="empty-title">{title}</p>
            <p class="empty-text">{text}</p>
            {children.map(|children| view! { <div class="empty-action">{children()}</div> })}
        </div>
    }
}

/// Rows that are still loading; seen only when it takes longer than 150 ms.
pub fn skeleton_rows(count: usize) -> impl IntoView {
    let bars = (0..count)
        .map(|_| view! { <span class="skeleton"></span> })
        .collect_view();
    view! {
        <div class="skeleton-rows" role="status">
            <span class="visually-hidden">"Loading"</span>
            {bars}
        </div>
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn an_error_whose_fields_are_all_shown_needs_no_notice() {
        let error = AppError::invalid_field("email", "This address is taken.");
        assert!(stands_at_fields(&error, &["email", "name"]));
        assert!(!stands_at_fields(&error, &["name"]));
        assert_eq!(
            unplaced_reasons(&error, &["name"]).unwrap(),
            "This address is taken."
        );
    }

    #[test]
    fn an_error_without_fields_is_always_told() {
        assert!(!stands_at_fields(
            &AppError::new(ErrorCode::Internal, "No."),
            &["name"]
        ));
    }
}
