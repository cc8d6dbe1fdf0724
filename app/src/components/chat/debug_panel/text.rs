//! Long texts: their beginning until they are opened, with what is searched for marked. Text nodes only.

use leptos::prelude::*;

use super::words;
use crate::components::chat::words::count;
use crate::components::copy_button::copy;
use crate::components::icons::{Icon, icon};
use crate::view;

/// Characters of a text that is not opened.
const SHOWN: usize = 160;
/// Marks in one text; whoever searches for one letter of a book needs no more.
const MOST_MARKS: usize = 200;

/// A text that opens. `length` is how long it was before it was cut for its record.
#[component]
pub fn Clamped(
    /// The text.
    text: String,
    /// Its length in characters when it was recorded.
    #[prop(optional)]
    length: Option<i64>,
    /// What is searched for.
    query: RwSignal<String>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let characters = text.chars().count();
    let is_long = characters > SHOWN;
    let cut = length
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| *length >= characters && characters > 1 && text.ends_with('…'));
    let whole = StoredValue::new(text);
    let shown = move || {
        let query = query.get();
        let is_open = is_open.get();
        whole.with_value(|text| {
            // What is searched for may stand behind the beginning.
            if is_open || !is_long || is_in(text, &query) {
                marked(text, &query)
            } else {
                marked(&words::shortened(text, SHOWN), "")
            }
        })
    };
    let words = move || {
        if is_open.get() {
            "Show less".to_owned()
        } else {
            let length = i64::try_from(characters).unwrap_or(i64::MAX);
            format!("Show all {} characters", words::number(length))
        }
    };
    view! {
        <div class="debug-text">{move || shown()}</div>
        {is_long.then(|| view! {
            <button type="button" class="link debug-more" aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)>{move || words()}</button>
        })}
        {cut.map(|length| view! {
            <p class="debug-cut">{format!("Kept up to here; it had {}.", count(length, "character", "characters"))}</p>
        })}
    }
}

/// Whether a text has what is searched for.
pub(super) fn is_in(text: &str, query: &str) -> bool {
    let query = query.trim();
    !query.is_empty()
        && text
            .to_ascii_lowercase()
            .contains(&query.to_ascii_lowercase())
}

/// A text with what is searched for marked.
pub(super) fn marked(text: &str, query: &str) -> Vec<AnyView> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (start, end) in places(text, query.trim()) {
        pieces.push(
            text.get(from..start)
                .unwrap_or_default()
                .to_owned()
                .into_any(),
        );
        let found = text.get(start..end).unwrap_or_default().to_owned();
        pieces.push(view! { <mark>{found}</mark> });
        from = end;
    }
    pieces.push(text.get(from..).unwrap_or_default().to_owned().into_any());
    pieces
}

/// Where it stands, in bytes. Only the letters of ASCII are alike in both cases, which moves no byte.
fn places(text: &str, query: &str) -> Vec<(usize, usize)> {
    if query.is_empty() {
        return Vec::new();
    }
    let (text, query) = (text.to_ascii_lowercase(), query.to_ascii_lowercase());
    let found = text.match_indices(&query).take(MOST_MARKS);
    found
        .map(|(start, found)| (start, start + found.len()))
        .collect()
}

/// A button with words that copies.
#[component]
pub fn CopyWords(
    /// What it copies, as in "Copy request".
    label: &'static str,
    /// Makes the text when it is wanted.
    text: Callback<(), String>,
) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let on_click = move |_| {
        copy(&text.run(()));
        is_copied.set(true);
        set_timeout(
            move || {
                is_copied.try_set(false);
            },
            std::time::Duration::from_secs(2),
        );
    };
    view! {
        <button type="button" class="button button-small" on:click=on_click>
            {move || icon(if is_copied.get() { Icon::Check } else { Icon::Copy })} {label}
        </button>
        <span class="visually-hidden" role="status">{move || is_copied.get().then(|| format!("{label}: copied"))}</span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_in_any_case_and_never_within_a_letter() {
        assert_eq!(places("Äb aB 🦀 ab", "ab"), [(4, 6), (12, 14)]);
        assert_eq!(places("ääää", "ä").len(), 4);
        assert!(places("abc", "").is_empty());
        assert!(is_in("Hello WORLD", " world "));
        assert!(!is_in("Hello", "  "));
    }

    #[test]
    fn marks_have_an_end() {
        assert_eq!(places(&"a".repeat(5000), "a").len(), MOST_MARKS);
    }
}
