//! The frame of pages before one is inside: set-up, sign-in, not found.

use leptos::prelude::*;

use crate::components::icons::{Icon, icon};
use crate::view;

/// The name of the product with its mark.
pub fn brand() -> impl IntoView {
    view! {
        <span class="mark">{icon(Icon::GitMerge)}</span>
        "Switchyard"
    }
}

/// One card in the middle of the page.
#[component]
pub fn Door(
    /// The page's title.
    title: &'static str,
    /// One sentence below it.
    #[prop(optional)]
    lead: &'static str,
    /// Small print below the card.
    #[prop(optional)]
    foot: &'static str,
    /// Content of the card.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="door" id="main" tabindex="-1">
            <div class="brand door-brand">{brand()}</div>
            <div class="door-card">
                <h1 class="door-title">{title}</h1>
                <p class="door-lead">{lead}</p>
                {children()}
            </div>
            {(!foot.is_empty()).then(|| view! { <p class="door-foot">{foot}</p> })}
        </main>
    }
}
