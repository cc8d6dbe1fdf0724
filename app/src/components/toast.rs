//! Toasts: short notes about what happened elsewhere. Errors of a form stay at the form.

use leptos::prelude::*;

use crate::components::control_flow::For;
use crate::components::icons::{Icon, icon};
use crate::view;

/// The look and meaning of a toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// Something worked.
    Success,
    /// Something to know.
    Info,
    /// Something failed elsewhere.
    Error,
}

/// What a note offers, and its name.
pub type Offer = (&'static str, Callback<()>);

/// A note on the screen.
#[derive(Clone, Debug)]
pub struct Toast {
    /// Its number, unique on this page.
    pub id: u64,
    /// Its look and meaning.
    pub kind: ToastKind,
    /// One sentence.
    pub message: String,
    /// A way back from what it tells of.
    pub offer: Option<Offer>,
}

/// The notes on the screen, by context.
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    notes: RwSignal<Vec<Toast>>,
    last_id: StoredValue<u64>,
}

const SHOWN_FOR: std::time::Duration = std::time::Duration::from_secs(6);

impl Toasts {
    /// Shows a note for six seconds; an error stays until it is dismissed. Browser only.
    pub fn show(self, kind: ToastKind, message: impl Into<String>) {
        self.add(kind, message.into(), None);
    }

    /// Shows a note with a way back from what it tells of. Browser only.
    pub fn offer(self, message: String, offer: Offer) {
        self.add(ToastKind::Success, message, Some(offer));
    }

    fn add(self, kind: ToastKind, message: String, offer: Option<Offer>) {
        self.last_id.update_value(|id| *id += 1);
        let id = self.last_id.get_value();
        let note = Toast {
            id,
            kind,
            message,
            offer,
        };
        self.notes.update(|notes| notes.push(note));
        if kind != ToastKind::Error {
            set_timeout(move || self.dismiss(id), SHOWN_FOR);
        }
    }

    /// Takes a note away.
    pub fn dismiss(self, id: u64) {
        self.notes
            .try_update(|notes| notes.retain(|note| note.id != id));
    }
}

/// Hands the notes to the tree. Called once, by `App`.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts {
        notes: RwSignal::new(Vec::new()),
        last_id: StoredValue::new(0),
    };
    provide_context(toasts);
    toasts
}

/// The notes of this page.
pub fn use_toasts() -> Toasts {
    use_context::<Toasts>().unwrap_or_else(provide_toasts)
}

/// Where notes appear, bottom right; announced politely.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toast-region" role="region" aria-label="Notifications" aria-live="polite">
            <For each=move || toasts.notes.get() key=|note| note.id let(note)>
                {toast(note.kind, note.message, note.offer, move || toasts.dismiss(note.id))}
            </For>
        </div>
    }
}

/// One note; the gallery shows it in each kind.
pub fn toast(
    kind: ToastKind,
    message: String,
    offer: Option<Offer>,
    on_dismiss: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let (class, mark) = match kind {
        ToastKind::Success => ("toast toast-success", Icon::CircleCheck),
        ToastKind::Info => ("toast", Icon::Info),
        ToastKind::Error => ("toast toast-error", Icon::CircleAlert),
    };
    view! {
        <div class=class>
            {icon(mark)} <p class="toast-text">{message}</p>
            {offer.map(|(name, accept)| view! {
                <button type="button" class="button button-small" on:click=move |_| { accept.run(()); on_dismiss(); }>{name}</button>
            })}
            <button type="button" class="icon-button icon-button-small" aria-label="Dismiss" on:click=move |_| on_dismiss()>
                {icon(Icon::X)}
            </button>
        </div>
    }
}
