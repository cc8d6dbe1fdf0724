//! Tabs: one of several panels, walked with the arrow keys.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::components::form::focus;
use crate::view;

/// A strip of tabs. The panel is the caller's: `role="tabpanel"`, `id="<value>-panel"`, `aria-labelledby="<value>-tab"`.
#[component]
pub fn Tabs(
    /// What is chosen, for assistive technology.
    #[prop(into)]
    label: String,
    /// Value and words of each tab.
    tabs: Vec<(&'static str, &'static str)>,
    /// The chosen tab's value.
    selected: RwSignal<&'static str>,
) -> impl IntoView {
    let values: Vec<_> = tabs.iter().map(|(value, _)| *value).collect();
    let on_keydown = move |event: KeyboardEvent| {
        let Some(value) = neighbour(&values, &selected.get_untracked(), &event.key()) else {
            return;
        };
        event.prevent_default();
        selected.set(value);
        focus(&format!("#{value}-tab"));
    };
    let tabs = tabs
        .into_iter()
        .map(|(value, words)| {
            let is_selected = move || selected.get() == value;
            view! {
                <button
                    type="button"
                    class="tab"
                    role="tab"
                    id=format!("{value}-tab")
                    aria-selected=move || is_selected().to_string()
                    aria-controls=move || is_selected().then(|| format!("{value}-panel"))
                    tabindex=move || if is_selected() { "0" } else { "-1" }
                    on:click=move |_| selected.set(value)
                >
                    {words}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=on_keydown>
            {tabs}
        </div>
    }
}

/// What a key leads to from the chosen one.
pub fn neighbour<Value: Clone + PartialEq>(
    values: &[Value],
    selected: &Value,
    key: &str,
) -> Option<Value> {
    let at = values.iter().position(|value| value == selected)?;
    let count = values.len();
    let index = match key {
        "ArrowRight" => (at + 1) % count,
        "ArrowLeft" => (at + count - 1) % count,
        "Home" => 0,
        "End" => count - 1,
        _ => return None,
    };
    values.get(index).cloned()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn arrow_keys_walk_around_the_ends() {
        let values = ["git", "terminal", "debug"];
        assert_eq!(neighbour(&values, &"debug", "ArrowRight"), Some("git"));
        assert_eq!(neighbour(&values, &"git", "ArrowLeft"), Some("debug"));
        assert_eq!(neighbour(&values, &"git", "End"), Some("debug"));
        assert_eq!(neighbour(&values, &"git", "x"), None);
    }
}
