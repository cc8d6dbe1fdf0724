//! Comments on lines of a diff among the attachments: added and removed here for the panel of changes too, so that each step
//! can be undone and redone.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::parts::{DiffComment, InputPart};

use crate::components::chat::attachments::{Attachment, Attachments, Progress};
use crate::components::chat::context::Agents;
use crate::components::chat::frame::{Side, toggle};
use crate::components::form::focus;
use crate::components::icons::{Icon, icon_with_class};
use crate::view;

const EDITOR: &str = ".composer .editor";

/// What was done to a comment.
#[derive(Clone)]
struct Step {
    is_added: bool,
    item: Attachment,
    /// Where it stood among the attachments.
    at: usize,
    /// What was written when it was done: the editor undoes what was typed since by itself.
    text: String,
}

#[derive(Default)]
struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// The comments that these steps led to; others came or went in another way.
    known: Vec<u32>,
}

/// The comments among attachments. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Comments {
    attachments: Attachments,
    history: StoredValue<History>,
    agents: Agents,
}

impl Comments {
    /// Nothing done yet.
    pub fn new(attachments: Attachments) -> Self {
        let comments = Self {
            attachments,
            history: StoredValue::new(History::default()),
            agents: Agents::expect(),
        };
        Effect::new(move |_| {
            let now = attachments.items.with(|items| keys_of(items));
            comments.history.update_value(|history| {
                // They were sent, or belong to a message that is edited: what was done before is over.
                if history.known != now {
                    *history = History {
                        known: now,
                        ..History::default()
                    };
                }
            });
        });
        Effect::new(move |_| {
            let handle = window_event_listener(ev::keydown, move |event| comments.on_key(&event));
            on_cleanup(move || handle.remove());
        });
        comments
    }

    /// A further one.
    pub fn add(self, comment: DiffComment) {
        let at = self.attachments.items.with_untracked(Vec::len);
        let place = comment.place();
        let item = attach(self.attachments, comment);
        self.did(Step {
            is_added: true,
            item,
            at,
            text: written(),
        });
        self.agents
            .announcer
            .say(format!("Comment on {place} added to the message."));
    }

    /// Takes one away.
    pub fn remove(self, key: u32) {
        let found = self.attachments.items.with_untracked(|items| {
            let at = items.iter().position(|item| item.key == key)?;
            Some((at, items.get(at)?.clone()))
        });
        if let Some((at, item)) = found {
            let step = Step {
                is_added: false,
                item,
                at,
                text: written(),
            };
            self.carry_out(&step, false);
            self.did(step);
        }
    }

    fn did(self, step: Step) {
        self.history.update_value(|history| {
            history.done.push(step);
            history.undone.clear();
            history.known = self
                .attachments
                .items
                .with_untracked(|items| keys_of(items));
        });
    }

    /// Does a step, or takes it back.
    fn carry_out(self, step: &Step, is_undone: bool) {
        let is_there = step.is_added != is_undone;
        let items = self.attachments.items;
        let known = items.try_update(|items| {
            items.retain(|item| item.key != step.item.key);
            if is_there {
                items.insert(step.at.min(items.len()), step.item.clone());
            }
            keys_of(items)
        });
        self.history
            .update_value(|history| history.known = known.unwrap_or_default());
        let what = if is_there {
            "is in the message"
        } else {
            "removed"
        };
        let place = comment_of(&step.item).map(|comment| comment.place());
        let place = place.unwrap_or_default();
        self.agents
            .announcer
            .say(format!("Comment on {place} {what}."));
    }

    /// Ctrl+Z takes back the last step unless something was typed since; Ctrl+Shift+Z and Ctrl+Y do it again.
    fn on_key(self, event: &KeyboardEvent) {
        let is_chord = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
        let is_redo = match event.key().to_ascii_lowercase().as_str() {
            "z" => event.shift_key(),
            "y" => true,
            _ => return,
        };
        let Some(is_editor) = place_of(event).filter(|_| is_chord && !event.default_prevented())
        else {
            return;
        };
        let step = self.history.try_update_value(|history| {
            let from = if is_redo {
                &mut history.undone
            } else {
                &mut history.done
            };
            let step = from.pop_if(|step| !is_editor || step.text == written())?;
            let to = if is_redo {
                &mut history.done
            } else {
                &mut history.undone
            };
            to.push(step.clone());
            Some(step)
        });
        if let Some(step) = step.flatten() {
            event.prevent_default();
            self.carry_out(&step, !is_redo);
        }
    }

    /// Shows the lines of a comment.
    fn seek(self, key: u32) {
        let panel = document().query_selector(".git-panel").ok().flatten();
        let is_shown = panel.is_some_and(|panel| panel.get_bounding_client_rect().width() > 0.0);
        if !is_shown {
            toggle(self.agents, Side::Panel);
        }
        self.attachments.sought.set(Some(key));
    }
}

/// Whether a key goes to the editor, or to another place where comments are; nothing elsewhere.
fn place_of(event: &KeyboardEvent) -> Option<bool> {
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    if target.matches(EDITOR).ok()? {
        return Some(true);
    }
    let is_field = target.matches("input, textarea, select").ok()?;
    let is_near = target.closest(".composer, .git-panel").ok()?.is_some();
    (is_near && !is_field).then_some(false)
}

/// What the editor holds.
fn written() -> String {
    let editor = document().query_selector(EDITOR).ok().flatten();
    let editor = editor.and_then(|it| it.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    editor.map(|editor| editor.value()).unwrap_or_default()
}

fn keys_of(items: &[Attachment]) -> Vec<u32> {
    let comments = items.iter().filter(|item| comment_of(item).is_some());
    comments.map(|item| item.key).collect()
}

/// The comment that an attachment is.
pub fn comment_of(item: &Attachment) -> Option<DiffComment> {
    match item.progress.get_untracked() {
        Progress::Ready(InputPart::DiffComment(comment)) => Some(comment),
        _ => None,
    }
}

/// Makes a comment an attachment.
pub fn attach(attachments: Attachments, comment: DiffComment) -> Attachment {
    let name = comment.place();
    let part = InputPart::DiffComment(comment);
    attachments.add(name, String::new(), Progress::Ready(part))
}

/// The comment above the editor.
pub fn draw(comments: Comments, key: u32, comment: &DiffComment) -> AnyView {
    let place = comment.place();
    let short = place.rsplit('/').next().unwrap_or(&place).to_owned();
    let label = format!("Remove the comment on {place}");
    let shown = format!("{short}: show these lines");
    let text = comment.content.clone();
    let remove = move |_| {
        comments.remove(key);
        focus(EDITOR);
    };
    view! {
        <li class="reference">
            <button type="button" class="reference-place" title=place aria-label=shown on:click=move |_| comments.seek(key)>{short}</button>
            <span class="reference-text" title=text.clone()>{text.clone()}</span>
            <button type="button" class="icon-button icon-button-small" aria-label=label title="Remove" on:click=remove>
                {icon_with_class(Icon::X, "icon icon-small")}
            </button>
        </li>
    }
}
