//! The agent's present act: one line below the timeline with its time and Stop, wherever the reader is.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::ChatStatus;
use sdk::messages::{Message, Role};
use sdk::parts::Part;
use sdk::workspaces::WorkspaceStatus;

use super::act::{Step, present};
use super::context::Agents;
use super::tool_card::{WorkPlace, short_path};
use crate::api::chats::interrupt_chat;
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::plain::plain;
use crate::components::toast::{ToastKind, Toasts};
use crate::live::chat::OpenChat;
use crate::view;

/// Says what happens and since when, and stops it.
#[component]
pub fn LiveLine(
    /// The chat.
    chat: OpenChat,
    /// Its workspace's state.
    #[prop(into)]
    workspace: Signal<Option<WorkspaceStatus>>,
) -> impl IntoView {
    let agents = Agents::expect();
    let now = RwSignal::new(agents.now.get_untracked());
    // Where the reader is far above, the newest answer is not among what is loaded.
    let committed = Memo::new(move |_| {
        if chat.has_newer.get() {
            Vec::new()
        } else {
            chat.messages.with(|messages| newest_answer(messages))
        }
    });
    let act = Memo::new(move |_| {
        chat.retry.with(|retry| {
            chat.preview.with(|preview| {
                present(
                    chat.status.get(),
                    chat.since.get(),
                    Step {
                        committed: &committed.read(),
                        preview,
                    },
                    retry.as_ref(),
                    workspace.get(),
                )
            })
        })
    });
    let is_shown = Memo::new(move |_| act.with(Option::is_some));
    Effect::new(move |_| {
        if is_shown.get() {
            now.set(Utc::now());
            let tick = move || {
                let _ = now.try_set(Utc::now());
            };
            if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
                on_cleanup(move || handle.clear());
            }
        }
    });
    let verb = move || act.with(|act| act.as_ref().map(|act| act.verb.clone()).unwrap_or_default());
    let place = use_context::<WorkPlace>();
    let object = move || {
        act.with(|act| {
            let object = act.as_ref()?.object.as_ref()?;
            Some(short_path(object, place))
        })
    };
    let tail = move || {
        act.with(|act| {
            act.as_ref()
                .map(|act| act.tail(now.get()))
                .unwrap_or_default()
        })
    };
    view! {
        <div class="live-slot">
            <Show when=move || is_shown.get()>
                <div class="live">
                    {icon_with_class(Icon::LoaderCircle, "icon spin")}
                    <span class="live-words">
                        {move || verb()} {move || object().map(|object| view! { " " {plain("b", object)} })}
                    </span>
                    <span class="live-time">{move || tail()}</span>
                    <StopButton chat/>
                </div>
            </Show>
        </div>
    }
}

/// Stops the running turn.
#[component]
fn StopButton(
    /// The chat.
    chat: OpenChat,
) -> impl IntoView {
    let toasts = Agents::expect().toasts;
    let is_stopping = move || chat.status.get() == ChatStatus::Interrupting;
    view! {
        <button type="button" class="button button-small stop" disabled=is_stopping on:click=move |_| stop(chat, toasts)>
            {icon(Icon::Square)} "Stop" <kbd class="key">"Esc"</kbd>
        </button>
    }
}

/// Stops the running turn; what was written so far stays. Browser only.
pub fn stop(chat: OpenChat, toasts: Toasts) {
    if !chat.status.get_untracked().is_busy()
        || chat.status.get_untracked() == ChatStatus::Interrupting
    {
        return;
    }
    chat.status.set(ChatStatus::Interrupting);
    spawn_local(async move {
        match interrupt_chat(chat.id).await {
            // The stream may already have told more than this answer knows.
            Ok(_) => {}
            Err(error) => {
                let _ = chat.status.try_set(ChatStatus::Running);
                toasts.show(ToastKind::Error, error.message);
            }
        }
    });
}

/// Parts of the newest answer and of the results that follow it; nothing when a person spoke last.
fn newest_answer(messages: &[Arc<Message>]) -> Vec<Part> {
    let results = messages
        .iter()
        .rev()
        .take_while(|message| message.role == Role::Tool)
        .count();
    let answer = messages.len().checked_sub(results + 1);
    match answer.and_then(|start| messages.get(start..)) {
        Some(step)
            if step
                .first()
                .is_some_and(|message| message.role == Role::Assistant) =>
        {
            step.iter()
                .flat_map(|message| message.content.iter().cloned())
                .collect()
        }
        _ => Vec::new(),
    }
}
