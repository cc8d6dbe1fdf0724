//! A view of data from the server: skeleton, data, or what went wrong. The old data stay while new ones come.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::form::{go_to_login, keep_focus};
use crate::error::{AppError, ErrorCode};

/// Shows what `resource` answers. After an update the focus goes back to the element whose id is in `focus`.
pub fn loaded<T>(
    resource: Resource<Result<T, AppError>>,
    focus: StoredValue<String>,
    render: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let show = move || {
        let render = render.clone();
        Suspend::new(async move {
            match resource.await {
                Ok(data) => {
                    restore_focus(focus);
                    render(data)
                }
                Err(error) => failed(resource, error),
            }
        })
    };
    view! { <Transition fallback=|| skeleton_rows(6)>{show}</Transition> }
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
        .into_any()
}
