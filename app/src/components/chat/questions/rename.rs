//! A chat's new title.

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::{Chat, UpdateChat};

use super::{Asked, finish};
use crate::api::chats::update_chat;
use crate::components::button::{Button, ButtonKind};
use crate::components::chat::context::Agents;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::error::AppError;
use crate::view;

const DIALOG: &str = "rename-chat";

/// The question.
#[component]
pub fn Rename() -> impl IntoView {
    let agents = Agents::expect();
    let chat = RwSignal::new(None::<Chat>);
    let title = RwSignal::new(String::new());
    let pending = RwSignal::new(false);
    let error = RwSignal::new(None::<AppError>);
    Effect::new(move |_| {
        if let Some(Asked::Rename(asked)) = agents.asked.get() {
            error.set(None);
            title.set(asked.title.clone());
            chat.set(Some(asked));
            dialog::show(DIALOG);
        }
    });
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let title = title.get_untracked().trim().to_owned();
        let Some(chat) = chat.get_untracked().filter(|_| !title.is_empty()) else {
            return;
        };
        agents.update_row(chat.id, |row| row.title.clone_from(&title));
        spawn_local(async move {
            let request = UpdateChat {
                title: Some(title),
                ..UpdateChat::default()
            };
            let work = update_chat(chat.id, request).boxed_local();
            if !finish(DIALOG, work, pending, error).await {
                agents.update_row(chat.id, |row| row.title.clone_from(&chat.title));
            }
        });
    };
    view! {
        <Dialog id=DIALOG title="Rename chat">
            <form class="form" on:submit=on_submit>
                <label class="field">
                    <span class="field-label">"Title"</span>
                    <input class="input" name="title" required maxlength="200" autocomplete="off"
                        prop:value=move || title.get() on:input=move |event| title.set(event_target_value(&event))/>
                </label>
                <FormError error=error/>
                <div class="dialog-actions">
                    <CancelButton dialog=DIALOG/>
                    <Button kind=ButtonKind::Primary disabled=pending attr:r#type="submit">"Rename"</Button>
                </div>
            </form>
        </Dialog>
    }
}
