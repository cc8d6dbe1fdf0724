//! Messages that wait for the turn's end: send one now, edit it, take it away.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::QueuedMessageId;
use sdk::messages::QueuedMessage;
use sdk::parts::Part;

use super::composer::Composer;
use super::context::Agents;
use crate::api::chats::{delete_queued_message, promote_queued_message};
use crate::components::button::IconButton;
use crate::components::icons::{Icon, icon_with_class};
use crate::components::toast::ToastKind;

/// The queue above the composer.
#[component]
pub fn QueueList(
    /// What the composer works on.
    composer: Composer,
) -> impl IntoView {
    let queue = composer.chat.queue;
    view! {
        <Show when=move || queue.with(|queue| !queue.is_empty())>
            <ol class="queue" aria-label="Queued messages">
                <For each=move || queue.get() key=|message| message.id let(message)>
                    {row(composer, message)}
                </For>
            </ol>
        </Show>
    }
    .into_any()
}

fn row(composer: Composer, message: QueuedMessage) -> impl IntoView {
    let agents = Agents::expect();
    let id = message.id;
    let text = text_of(&message);
    let edited = text.clone();
    view! {
        <li class="queued">
            {icon_with_class(Icon::Clock, "icon icon-small")}
            <span class="queued-text">
                <span class="visually-hidden">"Queued: "</span>
                {text}
            </span>
            <button type="button" class="button button-quiet button-small" on:click=move |_| send_now(composer, agents, id)>
                "Send now"
            </button>
            <IconButton name=Icon::Pencil label="Edit this queued message" is_small=true
                on:click=move |_| edit(composer, agents, id, edited.clone())/>
            <IconButton name=Icon::X label="Remove this queued message" is_small=true on:click=move |_| remove(composer, agents, id)/>
        </li>
    }
    .into_any()
}

fn send_now(composer: Composer, agents: Agents, id: QueuedMessageId) {
    spawn_local(async move {
        if let Err(error) = promote_queued_message(composer.chat.id, id).await {
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

fn remove(composer: Composer, agents: Agents, id: QueuedMessageId) {
    let before = composer.chat.queue.get_untracked();
    composer.chat.remove_queued(id);
    spawn_local(async move {
        if let Err(error) = delete_queued_message(composer.chat.id, id).await {
            for message in before {
                composer.chat.add_queued(message);
            }
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

fn edit(composer: Composer, agents: Agents, id: QueuedMessageId, text: String) {
    composer.editor.give_back(text);
    composer.editor.focus();
    remove(composer, agents, id);
}

fn text_of(message: &QueuedMessage) -> String {
    let texts = message.content.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}
