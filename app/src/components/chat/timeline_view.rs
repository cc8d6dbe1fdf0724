//! The conversation on the screen: entries, what is streamed, the present act, and where the reader stands in it.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use sdk::chats::ChatStatus;
use sdk::messages::Message;
use sdk::parts::{Part, ReasoningPart};
use sdk::workspaces::WorkspaceStatus;

use super::callouts::{ErrorCallout, Reconnecting};
use super::code_copy;
use super::context::Agents;
use super::live_line::LiveLine;
use super::message::{AnswerText, NoteLine, Thought, UserMessage};
use super::scroll::Follow;
use super::streaming_text::StreamingText;
use super::timeline::{Entry, EntryKey, history, with_preview};
use super::tool_card::ToolGroup;
use super::tools::ToolRun;
use super::words;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon};
use crate::live::chat::OpenChat;
use crate::view;

/// Draws a chat's conversation.
#[component]
pub fn Timeline(
    /// The chat.
    chat: OpenChat,
    /// Its workspace's state, for the line that says what is waited for.
    #[prop(into)]
    workspace: Signal<Option<WorkspaceStatus>>,
    /// Where the reader stands.
    follow: Follow,
    /// Called to edit a message.
    on_edit: Callback<Arc<Message>>,
    /// The link to older messages that works without JavaScript, and the link back to the newest.
    older_link: OlderLink,
) -> impl IntoView {
    let agents = Agents::expect();
    let entries = lay_out(chat, agents);
    Effect::new(move |_| {
        entries.track();
        request_animation_frame(move || {
            if let Some(Some(column)) = follow.column.try_get_untracked() {
                code_copy::add_buttons(&column);
            }
        });
    });
    let is_empty = move || entries.with(|layout| layout.entries.is_empty());
    view! {
        <div class="flow" node_ref=follow.container on:scroll=move |_| follow.on_scroll() on:click=move |event| { follow.on_click(&event); code_copy::on_click(&event); }>
            <div class="flow-column" node_ref=follow.column>
                <OlderMessages chat follow link=older_link/>
                <For each=move || entries.with(|layout| layout.entries.clone()) key=Entry::key let(entry)>
                    <div class="entry">{draw(entry, entries, chat, agents, on_edit)}</div>
                </For>
                <Show when=move || is_empty() && !chat.is_busy()>
                    <p class="flow-empty">"Nothing has been said yet. Write a message below to start."</p>
                </Show>
                <ErrorCallout chat/>
                <LiveLine chat workspace/>
            </div>
        </div>
        <div class="flow-over">
            <Reconnecting socket=chat.socket/>
            <JumpToLatest follow/>
        </div>
    }
}

/// Links of a page of history that was read without JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OlderLink {
    /// The page before this one.
    pub older: Option<String>,
    /// The newest page, when this is not it.
    pub newest: Option<String>,
}

#[derive(Clone, Default)]
struct Layout {
    entries: Vec<Entry>,
    groups: HashMap<EntryKey, Vec<Arc<ToolRun>>>,
}

/// The entries. Text that grows does not lay anything out again: for that only which parts there are matters.
fn lay_out(chat: OpenChat, agents: Agents) -> Memo<Layout> {
    let is_busy = Memo::new(move |_| chat.is_busy());
    let committed = Memo::new_with_compare(
        move |_| {
            chat.messages
                .with(|messages| history(messages, is_busy.get(), agents.offset_minutes.get()))
        },
        |_, _| true,
    );
    let outline = Memo::new(move |_| {
        // What a chat streamed before it came to rest is committed, or void.
        if chat.status.get() == ChatStatus::Waiting {
            Vec::new()
        } else {
            chat.preview.with(|parts| outline_of(parts))
        }
    });
    Memo::new_with_compare(
        move |_| {
            let entries = chat.messages.with_untracked(|messages| {
                outline.with(|parts| with_preview(committed.get(), messages, parts))
            });
            let groups = entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::Tools(runs) => Some((entry.key(), runs.clone())),
                    _ => None,
                })
                .collect();
            Layout { entries, groups }
        },
        |_, _| true,
    )
}

fn outline_of(parts: &[Part]) -> Vec<Part> {
    let present = |text: &str| {
        if text.trim().is_empty() {
            String::new()
        } else {
            "…".to_owned()
        }
    };
    parts
        .iter()
        .map(|part| match part {
            Part::Text { text } => Part::Text {
                text: present(text),
            },
            Part::Reasoning(reasoning) => Part::Reasoning(ReasoningPart {
                text: present(&reasoning.text),
                ..ReasoningPart::default()
            }),
            other => other.clone(),
        })
        .collect()
}

fn draw(
    entry: Entry,
    entries: Memo<Layout>,
    chat: OpenChat,
    agents: Agents,
    on_edit: Callback<Arc<Message>>,
) -> AnyView {
    let key = entry.key();
    match entry {
        Entry::Day(day) => view! {
            <p class="day">
                <span>{move || words::day_name(day, words::local_day(agents.now.get(), agents.offset_minutes.get()))}</span>
            </p>
        },
        Entry::User(message) => view! { <UserMessage message on_edit/> },
        Entry::Text(message, part) => view! { <AnswerText message part/> },
        Entry::Reasoning(message, part) => {
            let reasoning = match message.content.get(part) {
                Some(Part::Reasoning(reasoning)) => reasoning.clone(),
                _ => ReasoningPart::default(),
            };
            view! { <Thought reasoning=Signal::stored(reasoning)/> }
        }
        Entry::Tools(first) => {
            let runs = Memo::new_with_compare(
                move |_| {
                    entries
                        .with(|layout| layout.groups.get(&key).cloned())
                        .unwrap_or_else(|| first.clone())
                },
                |_, _| true,
            );
            view! { <ToolGroup runs/> }
        }
        Entry::Note(message, part) => view! { <NoteLine message part/> },
        Entry::LiveText(position) => {
            let text =
                Memo::new(
                    move |_| match chat.preview.with(|parts| parts.get(position).cloned()) {
                        Some(Part::Text { text }) => text,
                        _ => String::new(),
                    },
                );
            view! { <article class="said by-agent" aria-label="The agent is writing"><StreamingText text/></article> }
        }
        Entry::LiveReasoning(position) => {
            let reasoning =
                Memo::new(
                    move |_| match chat.preview.with(|parts| parts.get(position).cloned()) {
                        Some(Part::Reasoning(reasoning)) => reasoning,
                        _ => ReasoningPart::default(),
                    },
                );
            view! { <Thought reasoning/> }
        }
    }
}

/// Loads older messages: by scrolling near the top, by a button, and without JavaScript by a link.
#[component]
fn OlderMessages(
    /// The chat.
    chat: OpenChat,
    /// Where the reader stands.
    follow: Follow,
    /// Links for readers without JavaScript.
    link: OlderLink,
) -> impl IntoView {
    let OlderLink { older, newest } = link;
    let loading = follow.loading_older;
    let failure = RwSignal::new(None::<String>);
    let load = move || {
        let oldest = chat
            .messages
            .with_untracked(|messages| messages.first().map(|message| message.id.0));
        let (Some(oldest), false) = (oldest, loading.get_untracked()) else {
            return;
        };
        loading.set(true);
        failure.set(None);
        leptos::task::spawn_local(async move {
            let outcome = crate::api::chats::list_messages(chat.id, oldest).await;
            if loading.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(page) => follow.keep_place_while(move || chat.prepend(page)),
                Err(error) => failure.set(Some(error.message)),
            }
        });
    };
    follow.on_near_top(move || {
        if chat.has_older.get_untracked() && failure.with_untracked(Option::is_none) {
            load();
        }
    });
    view! {
        {newest.map(|href| view! { <p class="older"><a class="button button-small" href=href>"Go to the newest messages"</a></p> })}
        <Show when=move || chat.has_older.get()>
            <p class="older">
                <a class="button button-small" href=older.clone().unwrap_or_default() rel="external"
                    aria-busy=move || loading.get().to_string()
                    on:click=move |event| {
                        event.prevent_default();
                        load();
                    }>
                    {move || if loading.get() { "Loading older messages" } else { "Load older messages" }}
                </a>
                {move || failure.get().map(|message| view! { <span class="field-error" role="alert">{message}</span> })}
            </p>
        </Show>
    }
}

/// Brings the reader back to the end, and says how much came meanwhile.
#[component]
fn JumpToLatest(
    /// Where the reader stands.
    follow: Follow,
) -> impl IntoView {
    let words = move || match follow.new_count.get() {
        0 => "Jump to latest".to_owned(),
        count => format!("{count} new · jump to latest"),
    };
    view! {
        <Show when=move || !follow.is_at_end.get()>
            <button type="button" class="button button-small jump" on:click=move |_| follow.jump()>
                {icon(Icon::ArrowDown)} {move || words()}
            </button>
        </Show>
    }
}
