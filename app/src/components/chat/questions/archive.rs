//! Putting a chat away whose agent is at work.

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::Chat;

use super::{Asked, finish};
use crate::components::chat::chat_rows::{leave_chat, set_archived};
use crate::components::chat::context::Agents;
use crate::components::dialog::{self, ConfirmDialog, Question};
use crate::error::AppError;
use crate::view;

const DIALOG: &str = "archive-chat";

/// The question.
#[component]
pub fn Archive() -> impl IntoView {
    let agents = Agents::expect();
    let leave = leave_chat();
    let chat = RwSignal::new(None::<Chat>);
    let pending = RwSignal::new(false);
    let error = RwSignal::new(None::<AppError>);
    Effect::new(move |_| {
        if let Some(Asked::Archive(asked)) = agents.asked.get() {
            error.set(None);
            chat.set(Some(asked));
            dialog::show(DIALOG);
        }
    });
    let question = Signal::derive(move || {
        let title = chat.with(|chat| chat.as_ref().map(|chat| chat.title.clone()));
        Question {
            title: format!("Archive “{}”?", title.unwrap_or_default()),
            text: "Its agent is at work. The turn is stopped, what was done so far is kept, and the chat moves to the archive.".to_owned(),
            action: "Stop and archive".to_owned(),
        }
    });
    let confirm = move |()| {
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let work = set_archived(agents, &chat, true, leave).boxed_local();
            finish(DIALOG, work, pending, error).await;
        });
    };
    view! {
        <ConfirmDialog id=DIALOG question pending error on_confirm=Callback::new(confirm)/>
    }
}
