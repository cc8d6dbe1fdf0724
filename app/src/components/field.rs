//! Fields of forms: label, control, help, and the reason when what was typed is refused.
//!
//! Values are not controlled: what was typed stays in the field whatever the answer, and forms work as plain HTML.

mod choice;
mod text_area;

use leptos::prelude::*;

use crate::components::icons::{Icon, icon, icon_with_class};
use crate::view;

pub use choice::{Checkbox, Segment, Segments, Switch};
pub use text_area::TextArea;

/// What a text field takes, for keyboards, password managers and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Any line of text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// The password in force.
    CurrentPassword,
    /// A password to be set.
    NewPassword,
    /// A key or token: hidden, never offered to a password manager.
    Secret,
    /// An absolute URL.
    Url,
    /// A whole number.
    Number,
    /// A number that may have digits after a point, kept as it is typed.
    Decimal,
    /// A path or an identifier, in the code font.
    Code,
    /// A user name.
    Username,
}

impl Input {
    const fn html_type(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::CurrentPassword | Self::NewPassword | Self::Secret => "password",
            Self::Url => "url",
            Self::Number => "number",
            Self::Text | Self::Decimal | Self::Code | Self::Username => "text",
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::CurrentPassword => "current-password",
            Self::NewPassword => "new-password",
            Self::Username => "username",
            _ => "off",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Code | Self::Url | Self::Secret => "input input-mono",
            _ => "input",
        }
    }

    /// The keyboard of a phone, where the type does not say it.
    const fn keyboard(self) -> Option<&'static str> {
        match self {
            Self::Decimal => Some("decimal"),
            _ => None,
        }
    }

    const fn is_plain_words(self) -> bool {
        matches!(self, Self::Text)
    }
}

/// A text field.
#[component]
pub fn TextField(
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// Its id; `field-<name>` when absent. Two forms on one page need ids of their own.
    #[prop(optional, into)]
    id: Option<String>,
    /// What it takes.
    #[prop(optional)]
    input: Input,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: String,
    /// One sentence that helps to fill it in.
    #[prop(optional, into)]
    help: Option<String>,
    /// An example.
    #[prop(optional, into)]
    placeholder: String,
    /// Why it was refused.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// May be left empty.
    #[prop(optional)]
    is_optional: bool,
    /// Not always seen: a browser that insists on a field it does not show sends nothing and says nothing. The server
    /// asks for it.
    #[prop(optional)]
    is_sometimes_hidden: bool,
    /// Takes the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// Shortest text that is accepted.
    #[prop(optional)]
    min_length: Option<u32>,
    /// Smallest and largest number that is accepted.
    #[prop(optional)]
    range: Option<(i64, i64)>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| format!("field-{name}"));
    let note = format!("{id}-note");
    let has_help = help.is_some();
    let described_by = {
        let note = note.clone();
        move || (has_help || error.with(Option::is_some)).then(|| note.clone())
    };
    view! {
        <div class="field">
            <FieldLabel id=id.clone() label=label is_optional=is_optional/>
            <input
                class=input.class()
                id=id
                name=name
                type=input.html_type()
                value=value
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                required=!is_optional && !is_sometimes_hidden
                autofocus=autofocus
                minlength=min_length.map(|length| length.to_string())
                min=range.map(|(least, _)| least.to_string())
                max=range.map(|(_, most)| most.to_string())
                inputmode=input.keyboard()
                autocomplete=input.autocomplete()
                autocapitalize=(!input.is_plain_words()).then_some("none")
                spellcheck=(!input.is_plain_words()).then_some("false")
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described_by
            />
            <FieldNote id=note help=help error=error/>
        </div>
    }
}

/// A choice among a few.
#[component]
pub fn SelectField(
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// Its id; `field-<name>` when absent.
    #[prop(optional, into)]
    id: Option<String>,
    /// Value and words of each choice.
    options: Vec<(String, String)>,
    /// The value chosen at first.
    #[prop(optional, into)]
    value: String,
    /// One sentence that helps to choose.
    #[prop(optional, into)]
    help: Option<String>,
    /// Why it was refused.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Hears of each choice.
    #[prop(optional)]
    on_choose: Option<Callback<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| format!("field-{name}"));
    let note = format!("{id}-note");
    let described_by = {
        let note = note.clone();
        let has_help = help.is_some();
        move || (has_help || error.with(Option::is_some)).then(|| note.clone())
    };
    let options = options
        .into_iter()
        .map(|(option, words)| {
            let is_selected = option == value;
            view! {
                <option value=option selected=is_selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <FieldLabel id=id.clone() label=label/>
            <span class="select">
                <select
                    class="input"
                    id=id
                    name=name
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=described_by
                    on:change=move |event| {
                        if let Some(on_choose) = on_choose {
                            on_choose.run(event_target_value(&event));
                        }
                    }
                >
                    {options}
                </select>
                {icon(Icon::ChevronDown)}
            </span>
            <FieldNote id=note help=help error=error/>
        </div>
    }
}

#[component]
fn FieldLabel(id: String, label: String, #[prop(optional)] is_optional: bool) -> impl IntoView {
    view! {
        <label class="field-label" r#for=id>
            {label}
            {is_optional.then(|| view! { <span class="field-optional">" (optional)"</span> })}
        </label>
    }
}

/// Help, or in its place the reason for the refusal, so that little moves.
#[component]
fn FieldNote(id: String, help: Option<String>, error: Signal<Option<String>>) -> impl IntoView {
    let drawn = move || {
        let id = id.clone();
        match (error.get(), help.clone()) {
            (Some(reason), _) => view! {
                <p class="field-error" id=id>
                    {icon_with_class(Icon::CircleAlert, "icon")}
                    <span>{reason}</span>
                </p>
            },
            (None, Some(help)) => view! {
                <p class="field-help" id=id>
                    {help}
                </p>
            },
            (None, None) => ().into_any(),
        }
    };
    (move || drawn()).into_any()
}
