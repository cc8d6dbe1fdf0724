//! Yes or no, and one of a few side by side.

use leptos::prelude::*;

use crate::components::icons::{Icon, icon};
use crate::view;

/// A box to tick in a form.
#[component]
pub fn Checkbox(
    /// What ticking it means.
    #[prop(into)]
    label: String,
    /// Its name in the form; `true` is sent when it is ticked, nothing otherwise.
    #[prop(into)]
    name: String,
    /// Its id; `field-<name>` when absent.
    #[prop(optional, into)]
    id: Option<String>,
    /// Whether it is ticked at first.
    #[prop(optional)]
    checked: bool,
    /// Whether it cannot be ticked now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// One sentence about it.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| format!("field-{name}"));
    let note = format!("{id}-note");
    let described_by = help.is_some().then(|| note.clone());
    view! {
        <div class="check">
            <input type="checkbox" id=id.clone() name=name value="true" checked=checked
                disabled=move || disabled.get() aria-describedby=described_by/>
            <label r#for=id>{label}</label>
            {help.map(|help| view! { <p class="field-help" id=note>{help}</p> })}
        </div>
    }
}

/// A switch that acts at once.
#[component]
pub fn Switch(
    /// What being on means.
    #[prop(into)]
    label: String,
    /// Hide the label from the eye, where the row already names it.
    #[prop(optional)]
    is_label_hidden: bool,
    /// Its id.
    #[prop(into)]
    id: String,
    /// Whether it is on.
    #[prop(into)]
    checked: Signal<bool>,
    /// Whether it cannot be turned now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Hears of each turn.
    on_change: Callback<bool>,
) -> impl IntoView {
    view! {
        <div class="check switch">
            <input
                type="checkbox"
                role="switch"
                id=id.clone()
                checked=checked.get_untracked()
                prop:checked=move || checked.get()
                disabled=move || disabled.get()
                on:change=move |event| on_change.run(event_target_checked(&event))
            />
            <label r#for=id class:visually-hidden=is_label_hidden>
                {label}
            </label>
        </div>
    }
}

/// One choice of [`Segments`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its value in the form.
    pub value: &'static str,
    /// Its words.
    pub label: &'static str,
    /// Its icon.
    pub icon: Icon,
}

/// One of a few, side by side: radio buttons in a strip.
#[component]
pub fn Segments(
    /// What is chosen, for assistive technology.
    #[prop(into)]
    label: String,
    /// The name in the form.
    name: &'static str,
    /// The choices.
    segments: Vec<Segment>,
    /// The value chosen at first.
    #[prop(into)]
    value: String,
    /// Hears of each choice.
    on_choose: Callback<&'static str>,
) -> impl IntoView {
    let segments = segments
        .into_iter()
        .map(|segment| {
            view! {
                <label class="segment">
                    <input
                        type="radio"
                        name=name
                        value=segment.value
                        checked=segment.value == value
                        on:change=move |_| on_choose.run(segment.value)
                    />
                    {icon(segment.icon)}
                    <span>{segment.label}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <div class="segments" role="radiogroup" aria-label=label>
            {segments}
        </div>
    }
}
