//! Elements without attributes, by name. In `view!` each of them would be one more type to load.

use leptos::html::custom;
use leptos::prelude::*;

/// `<name>content</name>`; not for elements that have no end.
pub fn plain(name: &'static str, content: impl IntoView) -> AnyView {
    custom(name).child(content.into_any()).into_any()
}
