//! Set up Switchyard.

use leptos::prelude::*;

/// Set up Switchyard.
#[component]
pub fn SetupPage() -> impl IntoView {
    view! { <main id="main"><h1>"Set up Switchyard"</h1></main> }
}
