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
    #[prop(into)]
    name: String,
    /// Its id; `field-<name>` when absent.
    #[prop(optional, into)]
    id: Option<String>,
    /// A script or something else that is read by machines.
    #[prop(optional)]
    is_code: bool,
    /// An example.
    #[prop(optional, into)]
    placeholder: String,
    /// Must be filled in, which the server asks for.
    #[prop(optional)]
    is_required: bool,
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
    let id = id.unwrap_or_else(|| format!("field-{name}"));
    let note = format!("{id}-note");
    let described_by = {
        let note = note.clone();
        let has_help = help.is_some();
        move || (has_help || error.with(Option::is_some)).then(|| note.clone())
    };
    view! {
        <div class="field">
            <FieldLabel id=id.clone() label=label is_optional=!is_required/>
            <textarea
                class=if is_code { "input input-mono" } else { "input" }
                id=id
                name=name
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                spellcheck=is_code.then_some("false")
                autocapitalize=is_code.then_some("none")
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
