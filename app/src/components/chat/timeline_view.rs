//! The conversation on the screen: entries, what is streamed, the present act, and where the reader stands in it.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use sdk::chats::ChatStatus;
use sdk::ids::MessageId;
use sdk::messages::Message;
use sdk::parts::{Part, ReasoningPart};
use sdk::workspaces::WorkspaceStatus;

use super::callouts::Reconnecting;
use super::code_copy;
use super::context::Agents;
use super::history_pages::{History, JumpToLatest, NewerMessages, OlderLink, OlderMessages};
use super::live_line::LiveLine;
use super::message::{AnswerText, NoteLine, Thought, UserMessage};
use super::scroll::Follow;
use super::streaming_text::StreamingText;
use super::timeline::{Block, Entry, EntryKey, block_starts, history, with_preview};
use super::tool_card::ToolGroup;
use super::tools::ToolRun;
use super::words;
use crate::components::control_flow::{For, Show};
use crate::live::chat::OpenChat;
use crate::pages::parts::error_callout;
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
    let history = History::new(chat, follow, entries);
    let is_empty =
        move || entries.with(|layout| layout.blocks.iter().all(|block| block.entries.is_empty()));
    view! {
        <div class="flow" node_ref=follow.container on:scroll=move |_| follow.on_scroll() on:click=move |event| { follow.on_click(&event); code_copy::on_click(&event); }>
            <div class="flow-column" node_ref=follow.column>
                <OlderMessages history link=older_link/>
                <div>
                    <For each=move || entries.with(Layout::starts) key=|start| *start let(start)>
                        <div class="block">
                            <For each=move || entries.with(|layout| layout.block(start)) key=Entry::key let(entry)>
                                <div class="entry">{draw(entry, entries, chat, agents, on_edit)}</div>
                            </For>
                        </div>
                    </For>
                </div>
                <Show when=move || is_empty() && !chat.is_busy()>
                    <p class="flow-empty">"Nothing has been said yet. Write a message below to start."</p>
                </Show>
                <NewerMessages history/>
                <Show when=move || !chat.has_newer.get()>
                    {error_callout(chat)}
                </Show>
            </div>
        </div>
        <div class="flow-over">
            <Reconnecting socket=chat.socket/>
            <JumpToLatest history/>
        </div>
        <LiveLine chat workspace/>
    }
}

/// The entries, with the calls of each group.
#[derive(Clone, Default)]
pub struct Layout {
    /// The entries in reading order, in blocks.
    pub blocks: Vec<Block>,
    groups: HashMap<EntryKey, Vec<Arc<ToolRun>>>,
}

impl Layout {
    fn starts(&self) -> Vec<Option<MessageId>> {
        self.blocks.iter().map(|block| block.start).collect()
    }

    fn block(&self, start: Option<MessageId>) -> Vec<Entry> {
        let block = self.blocks.iter().find(|block| block.start == start);
        block.map(|block| block.entries.clone()).unwrap_or_default()
    }
}

/// The entries. Text that grows does not lay anything out again: for that only which parts there are matters.
fn lay_out(chat: OpenChat, agents: Agents) -> Memo<Layout> {
    let is_busy = Memo::new(move |_| chat.is_busy());
    let starts = Memo::new(move |before: Option<&Vec<MessageId>>| {
        let before = before.map(Vec::as_slice).unwrap_or_default();
        chat.messages
            .with(|messages| block_starts(messages, before))
    });
    let committed = Memo::new_with_compare(
        move |_| {
            let (is_busy, offset_minutes) = (is_busy.get(), agents.offset_minutes.get());
            starts.with(|starts| {
                chat.messages
                    .with(|messages| history(messages, starts, is_busy, offset_minutes))
            })
        },
        |_, _| true,
    );
    let outline = Memo::new(move |_| {
        // What a chat streamed before it came to rest is committed, or void. It stands at the end, which may be far away.
        if chat.status.get() == ChatStatus::Waiting || chat.has_newer.get() {
            Vec::new()
        } else {
            chat.preview.with(|parts| outline_of(parts))
        }
    });
    Memo::new_with_compare(
        move |_| {
            let blocks = chat.messages.with_untracked(|messages| {
                outline.with(|parts| with_preview(committed.get(), messages, parts))
            });
            let groups = blocks
                .iter()
                .flat_map(|block| &block.entries)
                .filter_map(|entry| match entry {
                    Entry::Tools(runs) => Some((entry.key(), runs.clone())),
                    _ => None,
                })
                .collect();
            Layout { blocks, groups }
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
