//! The settings: the reader's own, and the deployment's for owners.

use leptos::prelude::*;
use leptos_router::components::Outlet;

/// The frame of the settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    view! { <main id="main"><Outlet/></main> }
}

/// Placeholder.
#[component]
pub fn ProfilePage() -> impl IntoView {
    view! { <h1>"ProfilePage"</h1> }
}

/// Placeholder.
#[component]
pub fn TokensPage() -> impl IntoView {
    view! { <h1>"TokensPage"</h1> }
}

/// Placeholder.
#[component]
pub fn UsersPage() -> impl IntoView {
    view! { <h1>"UsersPage"</h1> }
}

/// Placeholder.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    view! { <h1>"ProvidersPage"</h1> }
}

/// Placeholder.
#[component]
pub fn FoldersPage() -> impl IntoView {
    view! { <h1>"FoldersPage"</h1> }
}
