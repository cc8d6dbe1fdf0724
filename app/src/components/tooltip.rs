//! Tooltips: a few words on hover and on keyboard focus. Never the only place of something needed.

use leptos::prelude::*;

use crate::view;

/// Wraps a control with a tooltip.
#[component]
pub fn Tooltip(
    /// The words.
    #[prop(into)]
    text: String,
    /// The control.
    children: Children,
) -> impl IntoView {
    view! {
        <span class="tip">
            {children()}
            <span class="tip-text" role="tooltip">
                {text}
            </span>
        </span>
    }
}
