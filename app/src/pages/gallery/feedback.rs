//! Notices, waiting, emptiness, failure, toasts.

use leptos::prelude::*;

use super::part;
use crate::components::button::{Button, ButtonKind};
use crate::components::feedback::{
    EmptyState, ErrorState, FormError, Notice, NoticeKind, skeleton_rows,
};
use crate::components::icons::{Icon, icon};
use crate::components::only_looked_at::switched_off;
use crate::components::toast::{ToastKind, toast};
use crate::error::{AppError, ErrorCode};
use crate::view;

/// Notices of every weight.
pub fn notices() -> impl IntoView {
    let error = AppError {
        detail: Some("invalid x-api-key".to_owned()),
        request_id: Some("0199-4f2a".to_owned()),
        ..AppError::new(
            ErrorCode::Unavailable,
            "The model provider refused the key (401). Check the key under Settings → Providers.",
        )
    };
    part(
        "Notices",
        view! {
            <div class="stack">
                <Notice title="No model is connected yet.">
                    <p>"Add a provider, or start the server with a key in its environment."</p>
                </Notice>
                <Notice kind=NoticeKind::Success title="The connection works."/>
                <Notice kind=NoticeKind::Warning title="Copy the key now. It is not shown again."/>
                <FormError error=Signal::stored(Some(error))/>
            </div>
        },
    )
}

/// Loading, empty, failed, not to be changed.
pub fn states() -> impl IntoView {
    let offline = AppError::new(
        ErrorCode::Offline,
        "The server could not be reached. Check the connection and try again.",
    );
    let broken = AppError {
        request_id: Some("0199-4f2a-7c11".to_owned()),
        ..AppError::new(
            ErrorCode::Internal,
            "Something went wrong on the server. Try again.",
        )
    };
    part(
        "Loading, empty, failed",
        view! {
            <div class="gallery-grid">
                <div class="card">{skeleton_rows(6)}</div>
                <div class="card">
                    <EmptyState name=Icon::KeyRound title="No tokens yet" text="Create one to start chats from a script.">
                        <Button kind=ButtonKind::Primary>{icon(Icon::Plus)} "New token"</Button>
                    </EmptyState>
                </div>
                <div class="card">
                    <ErrorState error=offline on_retry=Callback::new(|()| {})/>
                </div>
                <div class="card">
                    <ErrorState error=broken/>
                </div>
                <div class="stack">
                    {switched_off(view! { <Button kind=ButtonKind::Primary>{icon(Icon::Plus)} "New token"</Button> })}
                </div>
            </div>
        },
    )
}

/// Toasts of every kind.
pub fn toasts() -> impl IntoView {
    part(
        "Toasts",
        view! {
            <div class="gallery-grid">
                {toast(ToastKind::Success, "Ada Lovelace has a new password.".to_owned(), None, || {})}
                {toast(ToastKind::Success, "“Faster cold start” is in the archive.".to_owned(), Some(("Undo", Callback::new(|()| {}))), || {})}
                {toast(ToastKind::Info, "“Faster cold start” has finished.".to_owned(), None, || {})}
                {toast(ToastKind::Error, "“Upgrade the parser” stopped: the provider refused the key.".to_owned(), None, || {})}
            </div>
        },
    )
}
