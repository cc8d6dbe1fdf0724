//! A view of data from the server: skeleton, data, or what went wrong. The old data stay while new ones come.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
use leptos::tachys::view::keyed::keyed;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::form::{go_to_login, keep_focus};
use crate::error::{AppError, ErrorCode};
use crate::view;

/// Shows what `resource` answers. After an update the focus goes back to the element whose id is in `focus`.
pub fn loaded<T>(
    resource: Resource<Result<T, AppError>>,
    focus: StoredValue<String>,
    render: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let show = move || {
        let render = render.clone();
        async move {
            match resource.await {
                Ok(data) => {
                    restore_focus(focus);
                    render(data)
                }
                Err(error) => failed(resource, error),
            }
        }
    };
    awaited(|| skeleton_rows(6).into_any(), show)
}

/// Shows what the future that `show` makes resolves to, and `fallback` until the first one does. The machinery of
/// waiting is compiled once for all of them.
pub fn awaited<Fut>(
    fallback: fn() -> AnyView,
    show: impl Fn() -> Fut + Send + Sync + 'static,
) -> AnyView
where
    Fut: Future<Output = AnyView> + Send + 'static,
{
    erased(fallback, Box::new(move || Box::pin(show())))
}

/// A view that is never turned into another one in place: handlers, places of elements and what was typed would have to be
/// carried over one by one. Each load has a key of its own, so the old view goes and a new one comes.
pub fn fresh(draw: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    fresh_erased(Box::new(draw))
}

fn fresh_erased(draw: Box<dyn FnOnce() -> AnyView + Send>) -> AnyView {
    static LOADS: AtomicU32 = AtomicU32::new(0);
    let load = LOADS.fetch_add(1, Ordering::Relaxed);
    keyed([draw], move |_| load, |_, draw| (|_| {}, draw())).into_any()
}

type Pending = Pin<Box<dyn Future<Output = AnyView> + Send>>;

fn erased(fallback: fn() -> AnyView, show: Box<dyn Fn() -> Pending + Send + Sync>) -> AnyView {
    view! { <Transition fallback>{move || Suspend::new(show())}</Transition> }
}

fn restore_focus(focus: StoredValue<String>) {
    Effect::new(move |_| {
        let id = focus.try_get_value().unwrap_or_default();
        if !id.is_empty() {
            keep_focus(id);
        }
    });
}

fn failed<T>(resource: Resource<Result<T, AppError>>, error: AppError) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    if error.code == ErrorCode::Unauthenticated {
        Effect::new(|_| go_to_login());
    }
    view! { <ErrorState error=error on_retry=Callback::new(move |()| resource.refetch())/> }
}
