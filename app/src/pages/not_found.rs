//! No such page, or not for this reader.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::button::{ButtonKind, button_class};
use crate::pages::door::Door;
use crate::view;

/// Says so and leads back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    answer_not_found();
    view! {
        <Title text="Page not found"/>
        <Door title="Page not found" lead="The address is wrong, the page has gone, or it is not for you to see.">
            <a class=button_class(ButtonKind::Primary, false) href="/agents">
                "Go to your chats"
            </a>
        </Door>
    }
}

/// The document says what its status says.
fn answer_not_found() {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
}
