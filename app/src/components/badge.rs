//! Badges: a word about a thing's state. The word carries the meaning, the colour helps the eye.

use leptos::prelude::*;

use crate::components::icons::{Icon, icon};
use crate::view;

/// Colour of a badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// No opinion.
    #[default]
    Neutral,
    /// Chosen or special.
    Accent,
    /// Good.
    Green,
    /// Wants attention.
    Amber,
    /// Failed or stopped.
    Red,
    /// Finished and merged.
    Purple,
}

/// A badge.
pub fn badge(tone: Tone, words: impl Into<String>) -> impl IntoView {
    badge_with_icon(tone, None, words)
}

/// A badge with an icon before its words.
pub fn badge_with_icon(tone: Tone, mark: Option<Icon>, words: impl Into<String>) -> impl IntoView {
    let class = match tone {
        Tone::Neutral => "badge",
        Tone::Accent => "badge badge-accent",
        Tone::Green => "badge badge-green",
        Tone::Amber => "badge badge-amber",
        Tone::Red => "badge badge-red",
        Tone::Purple => "badge badge-purple",
    };
    let words: String = words.into();
    view! {
        <span class=class>
            {mark.map(icon)}
            {words}
        </span>
    }
}
