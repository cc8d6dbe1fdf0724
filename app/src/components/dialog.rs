//! Dialogs on the browser's own `<dialog>`: focus is kept inside, Esc and a click beside it close it, focus returns.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlDialogElement;

use crate::components::button::{Button, ButtonKind, button_class};
use crate::components::feedback::FormError;
use crate::components::icons::{Icon, icon};
use crate::error::AppError;
use crate::view;

/// A dialog. Open it with [`DialogButton`] or [`show`].
#[component]
pub fn Dialog(
    /// Its id in the document.
    #[prop(into)]
    id: String,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// Wider, for forms with two columns.
    #[prop(optional)]
    is_wide: bool,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    view! {
        <dialog id=id class="dialog" class:dialog-wide=is_wide closedby="any" aria-labelledby=labelled_by>
            <div class="dialog-head">
                <h2 class="dialog-title" id=title_id>
                    {move || title.get()}
                </h2>
            </div>
            <div class="dialog-body">{children()}</div>
            // Last, so that the first field is what a dialog begins with.
            <form method="dialog" class="dialog-close">
                <button class="icon-button" aria-label="Close" title="Close">
                    {icon(Icon::X)}
                </button>
            </form>
        </dialog>
    }
}

/// A button that opens a dialog, in current browsers even before the page has come to life.
#[component]
pub fn DialogButton(
    /// The dialog's id.
    #[prop(into)]
    dialog: String,
    /// Its weight.
    #[prop(optional)]
    kind: ButtonKind,
    /// Smaller, for rows.
    #[prop(optional)]
    is_small: bool,
    /// Words.
    children: Children,
) -> impl IntoView {
    let target = dialog.clone();
    view! {
        <button
            type="button"
            class=button_class(kind, is_small)
            command="show-modal"
            commandfor=dialog
            aria-haspopup="dialog"
            on:click=move |event| {
                // The browser's own command would find the dialog open and warn.
                event.prevent_default();
                show(&target);
            }
        >
            {children()}
        </button>
    }
}

/// The button inside a form's dialog that leaves everything as it is.
#[component]
pub fn CancelButton(
    /// The dialog's id.
    #[prop(into)]
    dialog: String,
) -> impl IntoView {
    let target = dialog.clone();
    view! {
        <button type="button" class="button" command="close" commandfor=dialog on:click=move |event| {
                event.prevent_default();
                close(&target);
            }>
            "Cancel"
        </button>
    }
}

/// A plain question before something is destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// What would be done, naming the thing.
    pub title: String,
    /// What would be lost and what would stay.
    pub text: String,
    /// The word on the button.
    pub action: String,
}

/// Asks a [`Question`]. One per page; the question is set before it is shown.
#[component]
pub fn ConfirmDialog(
    /// Its id in the document.
    id: &'static str,
    /// What is asked.
    #[prop(into)]
    question: Signal<Question>,
    /// Whether the answer is being carried out.
    #[prop(into)]
    pending: Signal<bool>,
    /// Why it could not be carried out.
    #[prop(into)]
    error: Signal<Option<AppError>>,
    /// Carries out the answer yes.
    on_confirm: Callback<()>,
) -> impl IntoView {
    let title = Signal::derive(move || question.with(|question| question.title.clone()));
    view! {
        <Dialog id=id title=title>
            <p class="dialog-text">{move || question.with(|question| question.text.clone())}</p>
            <FormError error=error/>
            <div class="dialog-actions">
                <CancelButton dialog=id/>
                <Button
                    kind=ButtonKind::Danger
                    disabled=pending
                    attr:aria-busy=move || pending.get().then_some("true")
                    on_click=move |_| on_confirm.run(())
                >
                    {move || question.with(|question| question.action.clone())}
                </Button>
            </div>
        </Dialog>
    }
}

/// Opens a dialog. Browser only.
pub fn show(id: &str) {
    if let Some(dialog) = find(id)
        && !dialog.open()
        && dialog.show_modal().is_err()
    {
        leptos::logging::error!("the dialog {id} could not be opened");
    }
}

/// Closes a dialog. Browser only.
pub fn close(id: &str) {
    if let Some(dialog) = find(id) {
        dialog.close();
    }
}

fn find(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
