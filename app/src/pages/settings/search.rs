//! Finds settings by words of their titles, sections and descriptions, and leads to them. What is found is what
//! [`places`](super::places) tells, and of that what the reader may see.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use sdk::permissions::Permission;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::places::{PLACES, Place, SETTINGS, Setting};
use crate::components::icons::{Icon, icon};
use crate::session::{use_hydrated, use_session};
use crate::view;

/// How long what was found stays marked.
const MARKED: Duration = Duration::from_secs(2);
/// A page that is loaded first is looked at so often, so many times.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 200;

const MARK: &str = "data-found";
const LIST: &str = "settings-found";

/// What a search finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Place(&'static Place),
    Setting(&'static Setting),
}

impl Found {
    const fn place(self) -> &'static Place {
        match self {
            Self::Place(place) => place,
            Self::Setting(setting) => setting.place,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Place(place) => place.title,
            Self::Setting(setting) => setting.title,
        }
    }

    fn path(self) -> String {
        match self {
            Self::Place(place) => place.path.to_owned(),
            Self::Setting(setting) => format!("{}#{}", setting.place.path, setting.id),
        }
    }

    /// Where it is in the document; `None` before its page is there.
    fn element(self) -> Option<Element> {
        match self {
            Self::Place(place) => {
                let title = document().get_element_by_id("page-title")?;
                (title.text_content()?.trim() == place.title).then_some(title)
            }
            Self::Setting(setting) => document().get_element_by_id(setting.id),
        }
    }
}

/// Whether anything is asked for.
pub fn is_asked(words: &str) -> bool {
    !words.trim().is_empty()
}

/// What holds all of the words, first what has them in its title.
fn find(words: &str, shows: &dyn Fn(Option<Permission>) -> bool) -> Vec<Found> {
    let words = words.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let places = PLACES
        .iter()
        .filter(|place| shows(place.needs))
        .map(|place| {
            (
                Found::Place(place),
                [place.title, place.lead, place.fields, ""],
            )
        });
    let settings = SETTINGS
        .iter()
        .filter(|setting| shows(setting.needs) && shows(setting.place.needs))
        .map(|setting| {
            let texts = [
                setting.title,
                setting.lead,
                setting.fields,
                setting.place.title,
            ];
            (Found::Setting(setting), texts)
        });
    let (mut found, mut further) = (Vec::new(), Vec::new());
    for (one, texts) in places.chain(settings) {
        if has_all(one.title()) {
            found.push(one);
        } else if has_all(&texts.join(" ")) {
            further.push(one);
        }
    }
    found.append(&mut further);
    found
}

/// The field, and below it what it finds.
pub fn field(words: RwSignal<String>) -> AnyView {
    let session = use_session();
    let shows = move |needs| session.with_untracked(|session| session.shows(needs));
    let hydrated = use_hydrated();
    let at = RwSignal::new(0_usize);
    let navigate = StoredValue::new(use_navigate());
    let found = Memo::new(move |_| words.with(|words| find(words, &shows)));
    let go = move |one: Found| {
        words.set(String::new());
        navigate.with_value(|navigate| navigate(&one.path(), NavigateOptions::default()));
        reveal(one, LOOKS);
    };
    let on_keydown = move |event: leptos::ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Escape" if words.with_untracked(|words| is_asked(words)) => words.set(String::new()),
            "Enter" => {
                let chosen = at.get_untracked();
                if let Some(one) = found.with_untracked(|found| found.get(chosen).copied()) {
                    go(one);
                }
            }
            _ => return,
        }
        event.prevent_default();
        if let Some(option) = document().get_element_by_id(&option_id(at.get_untracked())) {
            scroll_to(&option, ScrollLogicalPosition::Nearest);
        }
    };
    let is_open = Signal::derive(move || words.with(|words| is_asked(words)));
    view! {
        <div class="settings-search" role="search">
            <span class="settings-search-field">
                {icon(Icon::Search)}
                <input
                    class="input"
                    type="search"
                    role="combobox"
                    aria-label="Find a setting"
                    placeholder="Find a setting"
                    autocomplete="off"
                    spellcheck="false"
                    aria-autocomplete="list"
                    aria-controls=LIST
                    aria-expanded=move || is_open.get().to_string()
                    aria-activedescendant=move || {
                        found.with(|found| !found.is_empty()).then(|| option_id(at.get()))
                    }
                    disabled=move || !hydrated.get()
                    prop:value=move || words.get()
                    on:input=move |event| {
                        words.set(event_target_value(&event));
                        at.set(0);
                    }
                    on:keydown=on_keydown
                />
            </span>
            <ul class="settings-found" id=LIST role="listbox" aria-label="Settings that were found" hidden=move || found.with(Vec::is_empty)>
                {move || {
                    found
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(position, one)| option(position, one, at, Callback::new(go)))
                        .collect_view()
                }}
            </ul>
            <p class="settings-found-none" role="status">
                // What was found is not said: the list is there to be seen, and the field names the chosen one.
                {move || {
                    let is_nothing = is_open.get() && found.with(Vec::is_empty);
                    is_nothing.then_some("Nothing found. Try another word.")
                }}
            </p>
        </div>
    }
}

fn option(position: usize, one: Found, at: RwSignal<usize>, go: Callback<Found>) -> AnyView {
    let place = one.place();
    let of = match one {
        Found::Place(place) => place.lead,
        Found::Setting(setting) => setting.place.title,
    };
    view! {
        <li
            class="settings-found-one"
            id=option_id(position)
            role="option"
            aria-selected=move || (at.get() == position).to_string()
            on:mousemove=move |_| if at.get_untracked() != position { at.set(position) }
            on:click=move |_| go.run(one)
        >
            {icon(place.icon)}
            <span class="settings-found-title">{one.title()}</span>
            <span class="settings-found-of">{of}</span>
        </li>
    }
}

fn option_id(position: usize) -> String {
    format!("settings-found-{position}")
}

/// Leads to what was found as soon as its page is there, and marks it for a moment. Where it does not come (a section
/// that has nothing to show is not drawn), the page's title is where the reader is. Browser only.
fn reveal(one: Found, looks: u32) {
    let Some(element) = one.element() else {
        if looks > 0 {
            set_timeout(move || reveal(one, looks - 1), LOOK);
        } else {
            crate::components::form::focus("#page-title");
        }
        return;
    };
    scroll_to(&element, ScrollLogicalPosition::Start);
    let heading = match one {
        Found::Place(_) => Some(element.clone()),
        Found::Setting(_) => element.query_selector("h2").ok().flatten(),
    };
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<HtmlElement>().ok()) {
        let _ = heading.focus();
    }
    let _ = element.set_attribute(MARK, "");
    set_timeout(
        move || {
            let _ = element.remove_attribute(MARK);
        },
        MARKED,
    );
}

fn scroll_to(element: &Element, block: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(block);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sdk::users::Role;

    use super::*;

    fn found(words: &str, role: Role) -> Vec<Found> {
        find(words, &|needs| {
            needs.is_none_or(|permission| permission.is_held(role, true))
        })
    }

    fn titles(words: &str, role: Role) -> Vec<&'static str> {
        let found = found(words, role).into_iter();
        found.map(Found::title).collect()
    }

    #[test]
    fn finds_by_title_section_and_description_in_any_order_and_case() {
        assert_eq!(titles("password", Role::Member), ["Password"]);
        assert_eq!(titles("THEME", Role::Member), ["Appearance"]);
        assert_eq!(titles("percent  summarized", Role::Member), ["Summaries"]);
        assert_eq!(titles("agents summaries", Role::Member), ["Summaries"]);
        assert_eq!(titles("nowhere to be found", Role::Auditor), [""; 0]);
        assert_eq!(titles(" ", Role::Auditor), [""; 0]);
    }

    #[test]
    fn what_has_the_words_in_its_title_comes_first() {
        let found = titles("workspaces", Role::Auditor);
        assert_eq!(found.first(), Some(&"Workspaces"));
        assert_eq!(found.get(1), Some(&"Workspaces of agents"));
        assert!(found.contains(&"Desktops"));
    }

    #[test]
    fn a_member_finds_nothing_of_what_is_everybodys() {
        for words in [
            "providers",
            "plan mode",
            "everybody",
            "retention",
            "audit",
            "users",
        ] {
            assert!(!titles(words, Role::Auditor).is_empty(), "{words}");
            for one in found(words, Role::Member) {
                let needs = match one {
                    Found::Place(place) => place.needs,
                    Found::Setting(setting) => setting.needs,
                };
                assert_eq!(needs, None, "{words}: {}", one.title());
            }
        }
        assert_eq!(titles("plan mode", Role::Member), [""; 0]);
    }

    #[test]
    fn each_setting_has_a_place_and_an_id_of_its_own() {
        let mut ids = HashSet::new();
        for setting in SETTINGS {
            assert!(ids.insert(setting.id), "{} twice", setting.id);
            assert!(PLACES.contains(&setting.place), "{}", setting.title);
        }
    }
}
