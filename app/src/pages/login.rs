//! Sign in.

use leptos::prelude::*;

/// Sign in.
#[component]
pub fn LoginPage() -> impl IntoView {
    view! { <main id="main"><h1>"Sign in"</h1></main> }
}
