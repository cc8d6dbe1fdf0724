//! The colour theme: rendered by the server as `data-theme` on `<html>`, so that the first paint is right, and
//! switched in place when the reader chooses another. No attribute means that the operating system decides.

use leptos::prelude::*;
use sdk::preferences::Theme;

/// The value of `data-theme`, absent when the system decides.
pub const fn attribute(theme: Theme) -> Option<&'static str> {
    match theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    }
}

/// Shows a theme now, without waiting for the server to remember it. Browser only.
pub fn apply(theme: Theme) {
    let Some(root) = document().document_element() else {
        return;
    };
    let outcome = match attribute(theme) {
        Some(name) => root.set_attribute("data-theme", name),
        None => root.remove_attribute("data-theme"),
    };
    if outcome.is_err() {
        leptos::logging::error!("the theme could not be applied");
    }
}
