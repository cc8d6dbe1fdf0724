//! Keys as they are drawn beside what they do.

use leptos::prelude::*;

use crate::view;

/// Draws a shortcut, such as `["Ctrl", "K"]`. Decoration: the control names its shortcut in `aria-keyshortcuts`.
pub fn key_hint(keys: &'static [&'static str]) -> impl IntoView {
    let keys = keys
        .iter()
        .map(|key| view! { <kbd class="key">{*key}</kbd> })
        .collect_view();
    view! {
        <span class="keys" aria-hidden="true">
            {keys}
        </span>
    }
}
