//! Messages that wait for the turn's end: send one now, edit it where it stands, move it, take it away. A part of its own
//! (`pages::parts`).

use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::QueuedMessageId;
use sdk::messages::{EditQueuedMessage, QueuedMessage};
use sdk::parts::{InputPart, Part};

use super::composer::Composer;
use super::context::Agents;
use crate::api::chats::{delete_queued_message, edit_queued_message, promote_queued_message};
use crate::components::button::IconButton;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon_with_class};
use crate::components::toast::ToastKind;
use crate::view;

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
                <For each=move || queue.with(|queue| queue.iter().map(|message| message.id).collect::<Vec<_>>())
                    key=|id| *id let(id)>
                    <Row composer id/>
                </For>
            </ol>
        </Show>
    }
}

/// One waiting message, or the field that changes it.
#[component]
fn Row(composer: Composer, id: QueuedMessageId) -> impl IntoView {
    let agents = Agents::expect();
    let queue = composer.chat.queue;
    let text = Memo::new(move |_| {
        queue.with(|queue| {
            let message = queue.iter().find(|message| message.id == id);
            message.map(text_of).unwrap_or_default()
        })
    });
    let place =
        Memo::new(move |_| queue.with(|queue| queue.iter().position(|message| message.id == id)));
    let is_edited = RwSignal::new(false);
    let shown = move || {
        if is_edited.get() {
            edit_form(composer, agents, id, is_edited)
        } else {
            view! {
                <span class="queued-text">
                    <span class="visually-hidden">"Queued: "</span>
                    {move || text.get()}
                </span>
                <button type="button" class="button button-quiet button-small" on:click=move |_| send_now(composer, agents, id)>
                    "Send now"
                </button>
                {move || earlier(composer, agents, id, place.get())}
                <IconButton name=Icon::Pencil label="Edit this queued message" is_small=true on_click=move |_| is_edited.set(true)/>
                <IconButton name=Icon::X label="Remove this queued message" is_small=true on_click=move |_| remove(composer, agents, id)/>
            }
        }
    };
    view! {
        <li class="queued">{icon_with_class(Icon::Clock, "icon icon-small")} {move || shown()}</li>
    }
}

/// Moves a message one place forward; the first of the queue has nowhere to go.
fn earlier(
    composer: Composer,
    agents: Agents,
    id: QueuedMessageId,
    place: Option<usize>,
) -> AnyView {
    let Some(position) = place.and_then(|place| place.checked_sub(1)) else {
        return ().into_any();
    };
    let position = i64::try_from(position).ok();
    view! {
        <IconButton name=Icon::ArrowUp label="Move this queued message forward" is_small=true
            on_click=move |_| change(composer, agents, id, EditQueuedMessage { position, ..EditQueuedMessage::default() })/>
    }
}

fn edit_form(
    composer: Composer,
    agents: Agents,
    id: QueuedMessageId,
    is_edited: RwSignal<bool>,
) -> AnyView {
    let field = NodeRef::<Textarea>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    // Files and comments that go with the text stay.
    let (text, others) = composer.chat.queue.with_untracked(|queue| {
        let message = queue.iter().find(|message| message.id == id);
        let parts = message.map(|message| message.content.as_slice());
        let parts = parts.unwrap_or_default();
        let inputs = parts.iter().filter_map(Part::as_input);
        let others = inputs.filter(|input| !matches!(input, InputPart::Text { .. }));
        (sdk::parts::text_of(parts), others.collect::<Vec<_>>())
    });
    let others = StoredValue::new(others);
    let save = move || {
        let Some(text) = field.get_untracked().map(|field| field.value()) else {
            return;
        };
        // An empty message would be refused; nothing to say is not to change it.
        if !text.trim().is_empty() {
            let text = InputPart::Text {
                text: text.trim().to_owned(),
            };
            let content = Some(std::iter::once(text).chain(others.get_value()).collect());
            let edit = EditQueuedMessage {
                content,
                ..EditQueuedMessage::default()
            };
            change(composer, agents, id, edit);
        }
        is_edited.set(false);
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            is_edited.set(false);
        }
        "Enter" if !event.shift_key() && !event.is_composing() => {
            event.prevent_default();
            save();
        }
        _ => {}
    };
    view! {
        <textarea class="input queued-field" rows="2" aria-label="Queued message" node_ref=field on:keydown=on_key>
            {text}
        </textarea>
        <button type="button" class="button button-small" on:click=move |_| save()>"Save"</button>
        <button type="button" class="button button-quiet button-small" on:click=move |_| is_edited.set(false)>"Cancel"</button>
    }
}

fn send_now(composer: Composer, agents: Agents, id: QueuedMessageId) {
    spawn_local(async move {
        if let Err(error) = promote_queued_message(composer.chat.id, id).await {
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

fn change(composer: Composer, agents: Agents, id: QueuedMessageId, edit: EditQueuedMessage) {
    spawn_local(async move {
        match edit_queued_message(composer.chat.id, id, edit).await {
            Ok(queue) => composer.chat.set_queue(queue),
            Err(error) => agents.toasts.show(ToastKind::Error, error.message),
        }
    });
}

fn remove(composer: Composer, agents: Agents, id: QueuedMessageId) {
    let before = composer.chat.queue.get_untracked();
    let told = composer.chat.queue_told();
    composer.chat.remove_queued(id);
    spawn_local(async move {
        if let Err(error) = delete_queued_message(composer.chat.id, id).await {
            for message in before {
                composer.chat.add_queued(message, told);
            }
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

/// What was written, and what goes with it.
fn text_of(message: &QueuedMessage) -> String {
    let texts = message.content.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::File(file) => file.name.as_deref(),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}
