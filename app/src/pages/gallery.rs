//! Gallery.

use leptos::prelude::*;

/// Gallery.
#[component]
pub fn GalleryPage() -> impl IntoView {
    view! { <main id="main"><h1>"Gallery"</h1></main> }
}
