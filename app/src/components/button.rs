//! Buttons. Attributes can be put on from outside (`<Button attr:title="…">`), handlers cannot: where the view around a
//! button is drawn anew, one that was put on from outside would be added to those of before, and a click would run all of them.

use leptos::prelude::*;
use web_sys::MouseEvent;

use crate::components::icons::{Icon, icon};
use crate::view;

/// The weight of a button. A view has one primary button at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The usual one.
    #[default]
    Plain,
    /// The one thing to do here.
    Primary,
    /// Destroys something; only in the answer to a question.
    Danger,
    /// Without an edge, for toolbars.
    Quiet,
}

/// The classes of a button, also for links that look like one.
pub const fn button_class(kind: ButtonKind, is_small: bool) -> &'static str {
    match (kind, is_small) {
        (ButtonKind::Plain, false) => "button",
        (ButtonKind::Plain, true) => "button button-small",
        (ButtonKind::Primary, false) => "button button-primary",
        (ButtonKind::Primary, true) => "button button-primary button-small",
        (ButtonKind::Danger, false) => "button button-danger",
        (ButtonKind::Danger, true) => "button button-danger button-small",
        (ButtonKind::Quiet, false) => "button button-quiet",
        (ButtonKind::Quiet, true) => "button button-quiet button-small",
    }
}

/// A button that acts on the page.
#[component]
pub fn Button(
    /// Its weight.
    #[prop(optional)]
    kind: ButtonKind,
    /// Smaller, for rows and toolbars.
    #[prop(optional)]
    is_small: bool,
    /// Whether it cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it does.
    #[prop(optional, into)]
    on_click: Option<Callback<MouseEvent>>,
    /// Words, with an icon before them when it helps.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=button_class(kind, is_small)
            disabled=move || disabled.get()
            on:click=move |event| run(on_click, event)
        >
            {children()}
        </button>
    }
}

/// The button that sends a form. While the answer is awaited it keeps its size, shows that it works, and cannot be
/// pressed again.
#[component]
pub fn SubmitButton(
    /// Its weight; `Primary` in most forms.
    #[prop(default = ButtonKind::Primary)]
    kind: ButtonKind,
    /// Whether the form has been sent and not been answered.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether it cannot be pressed for another reason.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// As wide as the form.
    #[prop(optional)]
    is_wide: bool,
    /// Words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=button_class(kind, false)
            class:button-wide=is_wide
            aria-busy=move || pending.get().then_some("true")
            disabled=move || pending.get() || disabled.get()
        >
            {children()}
        </button>
    }
}

/// A button with an icon alone; the label is read out and shown on hover.
#[component]
pub fn IconButton(
    /// Its icon.
    name: Icon,
    /// What it does.
    #[prop(into)]
    label: String,
    /// Smaller, inside other controls.
    #[prop(optional)]
    is_small: bool,
    /// Whether it cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it does.
    #[prop(optional, into)]
    on_click: Option<Callback<MouseEvent>>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            class:icon-button-small=is_small
            aria-label=label.clone()
            title=label
            disabled=move || disabled.get()
            on:click=move |event| run(on_click, event)
        >
            {icon(name)}
        </button>
    }
}

fn run(on_click: Option<Callback<MouseEvent>>, event: MouseEvent) {
    if let Some(on_click) = on_click {
        on_click.run(event);
    }
}
