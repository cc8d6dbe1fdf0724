//! Every component in every state, for those who build pages and for the end-to-end tests, which photograph it.
//!
//! Shown to owners, and to everyone when the server runs in development mode.

mod controls;
mod feedback;
mod foundations;
mod surfaces;

use leptos::prelude::*;

use crate::components::page_header::PageHeader;
use crate::view;

/// The page.
#[component]
pub fn GalleryPage() -> impl IntoView {
    view! {
        <main class="gallery" id="main" tabindex="-1">
            <PageHeader title="Gallery" lead="Every component in every state."/>
            {foundations::colours()}
            {foundations::type_and_icons()}
            {controls::buttons()}
            {controls::fields()}
            {controls::choices()}
            {controls::navigation()}
            {surfaces::dialogs_and_menus()}
            {surfaces::tables()}
            {surfaces::badges_and_words()}
            {feedback::notices()}
            {feedback::states()}
            {feedback::toasts()}
        </main>
    }
}

/// A heading with what belongs to it.
fn part(title: &'static str, content: impl IntoView) -> impl IntoView {
    view! {
        <section class="settings-section">
            <h2 class="settings-section-title">{title}</h2>
            {content}
        </section>
    }
}
