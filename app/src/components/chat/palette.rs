//! The palette: every chat and every action, one key away.

use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use sdk::permissions::Permission;

use super::chat_rows::status_icon;
use super::context::Agents;
use super::frame::{Side, toggle};
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon};
use crate::pages::settings::places::PLACES;
use crate::session::use_session;
use crate::view;

/// Chats shown before anything is written.
const NEWEST_CHATS: usize = 7;
/// Behind what leads to a page of the settings.
const SETTINGS: &str = "Settings";
const SHOWN_CHATS: usize = 30;

/// One line of the palette.
#[derive(Clone, PartialEq)]
struct Choice {
    name: String,
    hint: &'static str,
    mark: Mark,
    target: Target,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Icon(Icon),
    Status(sdk::chats::ChatStatus),
}

#[derive(Clone, PartialEq)]
enum Target {
    Path(String),
    Toggle(Side),
    Shortcuts,
}

/// The palette, as a native dialog.
#[component]
pub fn Palette() -> impl IntoView {
    let agents = Agents::expect();
    let dialog = NodeRef::<Dialog>::new();
    let field = NodeRef::<Input>::new();
    let words = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let session = use_session();
    let shows = move |needs| session.with_untracked(|session| session.shows(needs));
    let navigate = StoredValue::new(use_navigate());
    let choices = Memo::new(move |_| {
        if agents.is_palette_open.get() {
            find(&words.get(), agents, &shows)
        } else {
            Vec::new()
        }
    });
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if agents.is_palette_open.get() && !dialog.open() {
            words.set(String::new());
            at.set(0);
            let _ = dialog.show_modal();
            if let Some(field) = field.get_untracked() {
                let _ = field.focus();
            }
        }
    });
    let choose = move |choice: Choice| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        match choice.target {
            Target::Path(path) => {
                navigate.with_value(|navigate| navigate(&path, NavigateOptions::default()));
            }
            Target::Toggle(side) => toggle(agents, side),
            Target::Shortcuts => agents.is_shortcuts_open.set(true),
        }
    };
    let on_keydown = move |event: leptos::ev::KeyboardEvent| {
        let count = choices.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(choice) =
                    choices.with_untracked(|choices| choices.get(at.get_untracked()).cloned())
                {
                    choose(choice);
                }
            }
            _ => return,
        }
        event.prevent_default();
        scroll_to_choice(at.get_untracked());
    };
    view! {
        <dialog class="dialog palette" node_ref=dialog aria-label="Find a chat or an action" closedby="any"
            on:close=move |_| agents.is_palette_open.set(false)>
            <input class="palette-field" node_ref=field type="text" placeholder="Find a chat or an action" autocomplete="off" role="combobox"
                aria-expanded="true" aria-controls="palette-choices" aria-label="Find a chat or an action"
                aria-activedescendant=move || format!("palette-choice-{}", at.get()) prop:value=move || words.get()
                on:input=move |event| {
                    words.set(event_target_value(&event));
                    at.set(0);
                }
                on:keydown=on_keydown/>
            <ul class="palette-choices" id="palette-choices" role="listbox" aria-label="Chats and actions">
                {move || {
                    choices.get().into_iter().enumerate().map(|(position, choice)| {
                        let chosen = choice.clone();
                        view! {
                            <li class="palette-choice" id=format!("palette-choice-{position}") role="option"
                                aria-selected=move || (at.get() == position).to_string()
                                on:mousemove=move |_| if at.get_untracked() != position { at.set(position) }
                                on:click=move |_| choose(chosen.clone())>
                                {draw_mark(choice.mark)} <span class="palette-name">{choice.name}</span>
                                <span class="palette-hint">{choice.hint}</span>
                            </li>
                        }
                    }).collect_view()
                }}
            </ul>
            <Show when=move || choices.with(Vec::is_empty)>
                <p class="palette-empty">"Nothing found."</p>
            </Show>
        </dialog>
    }
}

fn draw_mark(mark: Mark) -> AnyView {
    match mark {
        Mark::Icon(name) => icon(name).into_any(),
        Mark::Status(status) => status_icon(status),
    }
}

fn find(words: &str, agents: Agents, shows: &dyn Fn(Option<Permission>) -> bool) -> Vec<Choice> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let matches = |choice: &Choice| {
        let name = format!("{} {}", choice.name, choice.hint).to_lowercase();
        words.iter().all(|word| name.contains(word.as_str()))
    };
    let chats = agents.chats.with(|chats| {
        let chats = chats.iter().flatten().map(|chat| Choice {
            name: chat.title.clone(),
            hint: "Chat",
            mark: Mark::Status(chat.status),
            target: Target::Path(format!("/agents/{}", chat.id)),
        });
        chats.filter(matches).take(SHOWN_CHATS).collect::<Vec<_>>()
    });
    let mut actions = actions(shows).into_iter().filter(matches);
    if words.is_empty() {
        // The newest chats stand behind what is done most.
        let first = actions.next();
        let newest = chats.into_iter().take(NEWEST_CHATS);
        first.into_iter().chain(newest).chain(actions).collect()
    } else {
        chats.into_iter().chain(actions).collect()
    }
}

fn actions(shows: &dyn Fn(Option<Permission>) -> bool) -> Vec<Choice> {
    let go = |name: &str, hint, mark, path: &str| Choice {
        name: name.to_owned(),
        hint,
        mark: Mark::Icon(mark),
        target: Target::Path(path.to_owned()),
    };
    let act = |name: &str, hint, mark, target| Choice {
        name: name.to_owned(),
        hint,
        mark: Mark::Icon(mark),
        target,
    };
    let mut actions = vec![
        go("New chat", "N", Icon::Plus, "/agents"),
        act(
            "Show or hide the list of chats",
            "[",
            Icon::PanelLeft,
            Target::Toggle(Side::List),
        ),
        act(
            "Show or hide the right panel",
            "]",
            Icon::PanelRight,
            Target::Toggle(Side::Panel),
        ),
        act("Keyboard shortcuts", "?", Icon::Keyboard, Target::Shortcuts),
    ];
    let places = PLACES.iter();
    let places = places.filter(|place| shows(place.needs));
    actions.extend(places.map(|place| go(place.title, SETTINGS, place.icon, place.path)));
    actions
}

fn scroll_to_choice(position: usize) {
    if let Some(choice) = document().get_element_by_id(&format!("palette-choice-{position}")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        choice.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
