//! Colours, type, icons.

use leptos::prelude::*;

use super::part;
use crate::components::icons::{Icon, icon};
use crate::components::keyboard::key_hint;
use crate::pages::door::brand;
use crate::view;

const TOKENS: &[(&str, &str)] = &[
    ("bg", "swatch swatch-bg"),
    ("panel", "swatch swatch-panel"),
    ("raised", "swatch swatch-raised"),
    ("line-soft", "swatch swatch-line-soft"),
    ("line", "swatch swatch-line"),
    ("line-strong", "swatch swatch-line-strong"),
    ("text", "swatch swatch-text"),
    ("muted", "swatch swatch-muted"),
    ("faint", "swatch swatch-faint"),
    ("accent", "swatch swatch-accent"),
    ("accent-soft", "swatch swatch-accent-soft"),
    ("green", "swatch swatch-green"),
    ("green-soft", "swatch swatch-green-soft"),
    ("amber", "swatch swatch-amber"),
    ("amber-soft", "swatch swatch-amber-soft"),
    ("red", "swatch swatch-red"),
    ("red-soft", "swatch swatch-red-soft"),
    ("purple", "swatch swatch-purple"),
    ("purple-soft", "swatch swatch-purple-soft"),
    ("code", "swatch swatch-code"),
];

/// The tokens as swatches.
pub fn colours() -> impl IntoView {
    let swatches = TOKENS
        .iter()
        .map(|(name, class)| {
            view! {
                <div class=*class>
                    <i></i>
                    <code>{*name}</code>
                </div>
            }
        })
        .collect_view();
    part("Colours", view! { <div class="swatches">{swatches}</div> })
}

/// Sizes of type, keys, and all icons.
pub fn type_and_icons() -> impl IntoView {
    let icons = Icon::ALL
        .iter()
        .map(|name| view! { <span class="gallery-icon">{icon(*name)}</span> })
        .collect_view();
    part(
        "Type and icons",
        view! {
            <div class="card">
                <div class="card-body stack">
                    <div class="brand">{brand()}</div>
                    <p class="page-title">"Page title, 20 px"</p>
                    <p class="settings-section-title">"Section title, 14 px"</p>
                    <p>"Interface text, 13 px. The quick brown fox jumps over the lazy dog. 0123456789"</p>
                    <p class="page-lead">"Muted text for what helps but need not be read."</p>
                    <p>
                        <code>"let code = \"12.5 px\";"</code>
                        " "
                        {key_hint(&["Ctrl", "K"])}
                    </p>
                    <div class="gallery-row">{icons}</div>
                </div>
            </div>
        },
    )
}
