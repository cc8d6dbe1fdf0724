//! A field of several lines.

use leptos::prelude::*;

use super::{FieldLabel, FieldNote};
use crate::view;

/// A text of several lines.
#[component]
pub fn TextArea(
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// Its name in the form.
    name: &'static str,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: String,
    /// Lines that are seen at once.
    #[prop(default = 6)]
    rows: u32,
    /// One sentence that helps to fill it in.
    #[prop(optional, into)]
    help: Option<String>,
    /// Why it was refused.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Longest text that can be typed.
    #[prop(optional)]
    max_length: Option<usize>,
) -> impl IntoView {
    let id = format!("field-{name}");
    let note = format!("{id}-note");
    let described_by = {
        let note = note.clone();
        let has_help = help.is_some();
        move || (has_help || error.with(Option::is_some)).then(|| note.clone())
    };
    view! {
        <div class="field">
            <FieldLabel id=id.clone() label=label is_optional=true/>
            <textarea
                class="input"
                id=id
                name=name
                rows=rows.to_string()
                maxlength=max_length.map(|length| length.to_string())
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described_by
            >
                {value}
            </textarea>
            <FieldNote id=note help=help error=error/>
        </div>
    }
}
