//! The list of chats by day, in stretches of rows. A stretch that is far from the window holds none: thousands of rows,
//! each of which follows what happens to its chat, would be felt with every change.

use leptos::html::Ul;
use leptos::prelude::*;
use sdk::chats::Chat;
use sdk::ids::ChatId;

use super::chat_rows::{Row, provide_reached_row};
use super::context::Agents;
use super::words;
use crate::components::control_flow::{For, Show};
use crate::view;

/// Rows of a stretch.
const STRETCH: usize = 25;
/// How far from the window a stretch may be and still hold its rows, in pixels.
const MARGIN: usize = 400;
/// How far the list is scrolled between two looks at which stretches are near, in pixels.
const SCROLL_STEP: usize = 200;
/// How high a row is for a mouse; for a finger it is a little more.
const ROW_HEIGHT: usize = 48;
/// What is taken for the list's height before it is scrolled: the first page of rows, which the server renders.
const FIRST_HEIGHT: usize = 2400;

/// What of the list is on the screen, in pixels; by context. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ListView(RwSignal<Seen>);

#[derive(Clone, Copy, PartialEq)]
struct Seen {
    top: usize,
    height: usize,
    row_height: usize,
}

impl Default for ListView {
    /// A list that was not scrolled yet.
    fn default() -> Self {
        Self(RwSignal::new(Seen {
            top: 0,
            height: FIRST_HEIGHT,
            row_height: ROW_HEIGHT,
        }))
    }
}

impl ListView {
    /// Notes where the list was scrolled to.
    pub fn scrolled(self, list: &web_sys::Element) {
        let px = |length: i32| usize::try_from(length).unwrap_or(0);
        let row = list.query_selector(".row-item").ok().flatten();
        let seen = Seen {
            top: px(list.scroll_top()) / SCROLL_STEP * SCROLL_STEP,
            height: px(list.client_height()),
            row_height: row.map_or(ROW_HEIGHT, |row| px(row.client_height())),
        };
        if self.0.get_untracked() != seen {
            self.0.set(seen);
        }
    }

    /// Whether a stretch whose first row has this place in the list is on the screen or about to be.
    fn is_near(self, first_row: usize) -> bool {
        let seen = self.0.get();
        let top = first_row * seen.row_height;
        let end = top + STRETCH * seen.row_height;
        top < seen.top + seen.height + SCROLL_STEP + MARGIN && end + MARGIN > seen.top
    }
}

/// The rows with their sections.
#[component]
pub fn ChatRows(
    /// Chats in the order of the list.
    rows: Memo<Vec<Chat>>,
) -> impl IntoView {
    let agents = Agents::expect();
    provide_reached_row(agents, rows);
    let stretches = Memo::new(move |_| {
        let offset_minutes = agents.offset_minutes.get();
        let today = words::local_day(agents.now.get(), offset_minutes);
        rows.with(|rows| stretches_of(rows, today, offset_minutes))
    });
    let keys =
        move || stretches.with(|stretches| stretches.iter().map(|stretch| stretch.key).collect());
    view! {
        <For each=keys key=|key| *key let(key)>
            {(key.1 == 0).then(|| view! { <h2 class="section">{key.0}</h2> })}
            <StretchOfRows key stretches rows/>
        </For>
    }
}

/// A section's name and the stretch's number in it.
type Key = (&'static str, usize);

/// Rows that follow each other in a section.
#[derive(Clone, PartialEq)]
struct Stretch {
    key: Key,
    /// The place of the first row in the list.
    first_row: usize,
    ids: Vec<ChatId>,
}

fn stretches_of(rows: &[Chat], today: chrono::NaiveDate, offset_minutes: i32) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (place, chat) in rows.iter().enumerate() {
        let name = match stretches.last() {
            // It stands below the chat that started it.
            Some(stretch) if chat.parent_chat_id.is_some() => stretch.key.0,
            _ if chat.pin_order > 0 => "Pinned",
            _ => words::list_section(words::local_day(chat.updated_at, offset_minutes), today),
        };
        let number = match stretches.last_mut() {
            Some(Stretch { key, ids, .. }) if key.0 == name => {
                if ids.len() < STRETCH {
                    ids.push(chat.id);
                    continue;
                }
                key.1 + 1
            }
            _ => 0,
        };
        stretches.push(Stretch {
            key: (name, number),
            first_row: place,
            ids: vec![chat.id],
        });
    }
    stretches
}

#[component]
fn StretchOfRows(key: Key, stretches: Memo<Vec<Stretch>>, rows: Memo<Vec<Chat>>) -> impl IntoView {
    let list = NodeRef::<Ul>::new();
    let seen = use_context::<ListView>().unwrap_or_default();
    let stretch = Memo::new(move |_| {
        stretches.with(|stretches| {
            let stretch = stretches.iter().find(|stretch| stretch.key == key);
            stretch
                .map(|stretch| (stretch.first_row, stretch.ids.clone()))
                .unwrap_or_default()
        })
    });
    let is_shown = Memo::new(move |was: Option<&bool>| {
        let is_near = seen.is_near(stretch.with(|(first_row, _)| *first_row));
        // What has the focus must not get lost.
        is_near || was == Some(&true) && list.get_untracked().is_some_and(|list| has_focus(&list))
    });
    // Rows are equally high, so a stretch takes the same room with them and without.
    Effect::new(move |_| {
        let count = stretch.with(|(_, ids)| ids.len()).to_string();
        if let Some(list) = list.get() {
            let style = web_sys::HtmlElement::style(&list);
            let _ = style.set_property("--rows", &count);
        }
    });
    view! {
        <ul class="rows" node_ref=list>
            <Show when=move || is_shown.get()>
                <For each=move || stretch.with(|(_, ids)| ids.clone()) key=|id| *id let(id)>
                    <Row id rows/>
                </For>
            </Show>
        </ul>
    }
}

fn has_focus(list: &web_sys::Element) -> bool {
    list.contains(document().active_element().as_deref())
}
