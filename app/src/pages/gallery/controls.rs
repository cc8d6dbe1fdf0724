//! Buttons, fields, choices, navigation.

use leptos::prelude::*;

use super::part;
use crate::components::button::{Button, ButtonKind, IconButton, SubmitButton};
use crate::components::copy_button::CopyButton;
use crate::components::field::{
    Checkbox, Input, Segment, Segments, SelectField, Switch, TextArea, TextField,
};
use crate::components::icons::{Icon, icon};
use crate::components::tabs::Tabs;
use crate::components::tooltip::Tooltip;
use crate::view;

/// Buttons: weights, sizes, disabled, busy.
pub fn buttons() -> impl IntoView {
    part(
        "Buttons",
        view! {
            <div class="gallery-row">
                <Button>"Plain"</Button>
                <Button kind=ButtonKind::Primary>{icon(Icon::Plus)} "Primary"</Button>
                <Button kind=ButtonKind::Danger>"Delete"</Button>
                <Button kind=ButtonKind::Quiet>"Quiet"</Button>
                <Button disabled=true>"Disabled"</Button>
                <Button kind=ButtonKind::Primary disabled=true>"Disabled"</Button>
                <SubmitButton pending=true>"Saving"</SubmitButton>
                <SubmitButton kind=ButtonKind::Plain pending=true>"Saving"</SubmitButton>
            </div>
            <div class="gallery-row">
                <Button is_small=true>"Small"</Button>
                <Button is_small=true kind=ButtonKind::Primary>"Small"</Button>
                <IconButton name=Icon::Settings label="Settings"/>
                <IconButton name=Icon::X label="Close" is_small=true/>
                <IconButton name=Icon::Trash2 label="Delete" disabled=true/>
                <CopyButton text="copied text".to_owned() label="Copy the example"/>
                <Tooltip text="A few words, on hover and on focus">
                    <Button is_small=true kind=ButtonKind::Quiet>"With a tooltip"</Button>
                </Tooltip>
                <a class="link" href="#main" rel="external">"A link"</a>
            </div>
        },
    )
}

/// Text fields and selects: empty, filled, with help, refused, disabled by their form.
pub fn fields() -> impl IntoView {
    let refused = Signal::stored(Some("This address is taken. Use another one.".to_owned()));
    let choices = vec![
        ("a".to_owned(), "Anthropic".to_owned()),
        ("b".to_owned(), "OpenAI".to_owned()),
    ];
    part(
        "Fields",
        view! {
            <div class="gallery-grid">
                <TextField label="Name" name="gallery-name" is_optional=true placeholder="Ada Lovelace"/>
                <TextField label="E-mail" name="gallery-email" input=Input::Email value="ada@example.com" help="You sign in with it."/>
                <TextField label="E-mail" name="gallery-taken" input=Input::Email value="ada@example.com" error=refused/>
                <TextField label="Password" name="gallery-password" input=Input::NewPassword help="At least 8 characters."/>
                <TextField label="Folder" name="gallery-folder" input=Input::Code value="/srv/projects/website"/>
                <TextArea label="Instructions" name="gallery-text-area" rows=3 value="Answer briefly." help="They hold in all chats."/>
                <TextArea label="Instructions" name="gallery-refused-text-area" rows=3 error=refused/>
                <SelectField label="Kind" name="gallery-kind" value="a" options=choices.clone() help="What it speaks."/>
                <SelectField label="Kind" name="gallery-refused-kind" value="b" options=choices error=refused/>
            </div>
        },
    )
}

/// Boxes, switches, segments.
pub fn choices() -> impl IntoView {
    let is_on = RwSignal::new(true);
    let is_off = RwSignal::new(false);
    part(
        "Choices",
        view! {
            <div class="gallery-grid">
                <Checkbox label="Make it the default" name="gallery-default" checked=true help="New chats use it."/>
                <Checkbox label="Not chosen" name="gallery-not"/>
                <Switch label="On" id="gallery-on" checked=is_on on_change=Callback::new(move |value| is_on.set(value))/>
                <Switch label="Off" id="gallery-off" checked=is_off on_change=Callback::new(move |value| is_off.set(value))/>
                <Switch label="Cannot be turned" id="gallery-fixed" checked=true disabled=true on_change=Callback::new(|_| {})/>
            </div>
            <div class="gallery-row">
                <Segments
                    label="Theme in the gallery"
                    name="gallery-theme"
                    value="light"
                    on_choose=Callback::new(|_| {})
                    segments=vec![
                        Segment { value: "system", label: "System", icon: Icon::Monitor },
                        Segment { value: "light", label: "Light", icon: Icon::Sun },
                        Segment { value: "dark", label: "Dark", icon: Icon::Moon },
                    ]
                />
            </div>
        },
    )
}

/// Tabs with their panel.
pub fn navigation() -> impl IntoView {
    let selected = RwSignal::new("gallery-git");
    part(
        "Tabs",
        view! {
            <Tabs
                label="Panels in the gallery"
                tabs=vec![("gallery-git", "Git"), ("gallery-terminal", "Terminal"), ("gallery-debug", "Debug")]
                selected=selected
            />
            <div
                class="card card-body"
                role="tabpanel"
                tabindex="0"
                id=move || format!("{}-panel", selected.get())
                aria-labelledby=move || format!("{}-tab", selected.get())
            >
                "The chosen panel: "
                {move || selected.get()}
            </div>
        },
    )
}
