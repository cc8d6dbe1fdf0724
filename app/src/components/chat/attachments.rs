//! What goes with a message besides its text: files that are pasted, dropped, chosen or named. Uploading and drawing them is a
//! part of its own (`attachment_list`, `pages::parts`), which comes with the first of them.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::ids::ChatId;
use sdk::parts::{DiffComment, InputPart, Part};
use send_wrapper::SendWrapper;
use web_sys::{DataTransfer, File, FileList, HtmlInputElement};

use super::draft;
use crate::components::icons::{Icon, icon};
use crate::view;

/// Longer pasted text becomes a file.
const LONG_TEXT_CHARACTERS: usize = 1000;
const LONG_TEXT_LINES: usize = 10;

/// What was given and is not an attachment yet.
#[derive(Clone, Debug)]
pub enum Given {
    /// A file of the browser.
    File(SendWrapper<File>),
    /// A long text that was pasted.
    Text(String),
    /// Attachments as they were kept with the draft.
    Kept(String),
    /// The parts of a message that was sent.
    Sent(Vec<Part>),
    /// A file of a chat's workspace, by its path.
    WorkspaceFile(ChatId, String),
    /// A comment on lines of a diff.
    Comment(DiffComment),
    /// A comment that is there is not wanted any more; its key.
    Uncomment(u32),
}

/// How far an attachment is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Percent of it are on the server.
    Uploading(u8),
    /// It can be sent so.
    Ready(InputPart),
    /// It did not come; why.
    Failed(String),
}

/// One attachment.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Tells it from the others of this page.
    pub key: u32,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// How far it is. It lives as long as the attachment, wherever that is shown and however it came.
    pub progress: ArcRwSignal<Progress>,
    /// Whether it belongs to a message that was sent.
    pub is_sent: bool,
}

/// The attachments of what is being written. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Attachments {
    /// Those there are, in order.
    pub items: RwSignal<Vec<Attachment>>,
    /// What is to become one.
    pub given: RwSignal<Vec<Given>>,
    /// Whether a file hangs over the page.
    pub is_dropping: RwSignal<bool>,
    /// The comment whose lines are to be shown; its key.
    pub sought: RwSignal<Option<u32>>,
    /// Where they are kept with the draft.
    pub key: StoredValue<String>,
    /// Whether what is written is the draft, and kept. What a message that was sent is edited to is not.
    pub is_draft: StoredValue<bool>,
    /// Whether the key was pressed with which text is pasted as it is.
    is_shift_down: StoredValue<bool>,
    next: StoredValue<u32>,
}

impl Attachments {
    /// None yet, but for those that were kept with a draft.
    pub fn new(draft_key: &str) -> Self {
        let attachments = Self {
            items: RwSignal::new(Vec::new()),
            given: RwSignal::new(Vec::new()),
            is_dropping: RwSignal::new(false),
            sought: RwSignal::new(None),
            key: StoredValue::new(format!("{draft_key}-files")),
            is_draft: StoredValue::new(true),
            is_shift_down: StoredValue::new(false),
            next: StoredValue::new(0),
        };
        Effect::new(move |_| {
            if let Some(kept) = draft::read(&attachments.key.get_value()) {
                attachments.give(Given::Kept(kept));
            }
            attachments.catch_drops();
        });
        attachments
    }

    /// Whether there is none, neither here nor on its way.
    pub fn is_empty(self) -> bool {
        self.items.with(Vec::is_empty)
    }

    /// Whether one of them cannot be sent yet.
    pub fn is_open(self) -> bool {
        let is_ready =
            |item: &Attachment| item.progress.with(|it| matches!(it, Progress::Ready(_)));
        self.items.with(|items| !items.iter().all(is_ready))
            || self.given.with(|given| !given.is_empty())
    }

    /// A further one.
    pub fn add(self, name: String, media_type: String, progress: Progress) -> Attachment {
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        let item = Attachment {
            key,
            name,
            media_type,
            progress: ArcRwSignal::new(progress),
            is_sent: false,
        };
        self.items.update(|items| items.push(item.clone()));
        item
    }

    /// Takes those away that can be sent: they are on their way.
    pub fn take(self) -> Vec<Attachment> {
        let items = self.items.get_untracked();
        self.items.set(Vec::new());
        items
    }

    /// Brings back what could not be sent.
    pub fn give_back(self, mut sent: Vec<Attachment>) {
        let _ = self.items.try_update(|items| {
            sent.append(items);
            *items = sent;
        });
    }

    /// Those of a message that is edited, in place of what is here.
    pub fn set_from(self, content: &[Part]) {
        self.items.set(Vec::new());
        if content
            .iter()
            .any(|part| !matches!(part, Part::Text { .. }))
        {
            self.give(Given::Sent(content.to_vec()));
        }
    }

    /// Hands on what is to become an attachment.
    pub fn give(self, given: Given) {
        self.given.update(|all| all.push(given));
    }

    fn give_files(self, files: &FileList) {
        for at in 0..files.length() {
            if let Some(file) = files.get(at) {
                self.give(Given::File(SendWrapper::new(file)));
            }
        }
    }

    /// A key was pressed in the editor.
    pub fn on_key(self, event: &ev::KeyboardEvent) {
        self.is_shift_down.set_value(event.shift_key());
    }

    /// Something is pasted into the editor.
    pub fn on_paste(self, event: &ev::ClipboardEvent) {
        let Some(data) = event.clipboard_data() else {
            return;
        };
        let text = data.get_data("text/plain").unwrap_or_default();
        // Tables and rich text bring a picture of themselves along; the name of a copied file comes as text, but never as HTML.
        let has_html = !data.get_data("text/html").unwrap_or_default().is_empty();
        let is_text = has_html && !text.trim().is_empty();
        if let Some(files) = files_of(&data).filter(|_| !is_text) {
            event.prevent_default();
            self.give_files(&files);
            return;
        }
        if !self.is_shift_down.get_value() && is_long(&text) {
            event.prevent_default();
            self.give(Given::Text(text));
        }
    }

    /// A file that is dropped anywhere would take the page's place.
    fn catch_drops(self) {
        let over = window_event_listener(ev::dragover, move |event| {
            if has_files(event.data_transfer().as_ref()) {
                event.prevent_default();
                self.is_dropping.set(true);
            }
        });
        let leave = window_event_listener(ev::dragleave, move |event| {
            // Out of the window; all else is a way from one element to another.
            if event.related_target().is_none() {
                self.is_dropping.set(false);
            }
        });
        let drop = window_event_listener(ev::drop, move |event| {
            self.is_dropping.set(false);
            if let Some(files) = event.data_transfer().as_ref().and_then(files_of) {
                event.prevent_default();
                self.give_files(&files);
            }
        });
        on_cleanup(move || {
            over.remove();
            leave.remove();
            drop.remove();
        });
    }
}

fn files_of(data: &DataTransfer) -> Option<FileList> {
    data.files().filter(|files| files.length() > 0)
}

fn has_files(data: Option<&DataTransfer>) -> bool {
    data.is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

fn is_long(text: &str) -> bool {
    text.lines().nth(LONG_TEXT_LINES - 1).is_some()
        || text.chars().nth(LONG_TEXT_CHARACTERS - 1).is_some()
}

/// What is sent of a text and its attachments.
pub fn content(text: &str, attachments: &[Attachment]) -> Vec<InputPart> {
    let text = text.trim();
    let text = (!text.is_empty()).then(|| InputPart::Text {
        text: text.to_owned(),
    });
    let files = attachments
        .iter()
        .filter_map(|item| match item.progress.get_untracked() {
            Progress::Ready(part) => Some(part),
            _ => None,
        });
    text.into_iter().chain(files).collect()
}

/// The button that chooses files.
pub fn attach_button(attachments: Attachments) -> AnyView {
    let field = NodeRef::<leptos::html::Input>::new();
    let on_change = move |event: ev::Event| {
        let field = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(field) = field {
            if let Some(files) = field.files() {
                attachments.give_files(&files);
            }
            // The same file can be chosen again.
            field.set_value("");
        }
    };
    let open = move |_| {
        if let Some(field) = field.get_untracked() {
            field.click();
        }
    };
    view! {
        <input type="file" multiple hidden node_ref=field on:change=on_change/>
        <button type="button" class="icon-button" aria-label="Attach files" title="Attach files: choose, paste or drop them" on:click=open>
            {icon(Icon::Paperclip)}
        </button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::is_long;

    #[test]
    fn long_is_by_letters_or_by_lines() {
        assert!(!is_long(&"x".repeat(999)) && is_long(&"ä".repeat(1000)));
        assert!(!is_long(&"x\n".repeat(9)) && is_long(&"x\n".repeat(10)));
        assert!(!is_long(""));
    }
}
