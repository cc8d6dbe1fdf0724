//! Page not found.

use leptos::prelude::*;

/// Page not found.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <main id="main"><h1>"Page not found"</h1></main> }
}
