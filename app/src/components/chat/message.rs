//! What people and the model said: bubbles, answers, thoughts, and the small tools beside each.

use std::sync::Arc;

use leptos::prelude::*;
use sdk::files::{address, is_picture, thumbnail_address};
use sdk::ids::MessageId;
use sdk::messages::{CutShort, Message};
use sdk::parts::{FilePart, Part, ReasoningPart};

use super::context::Agents;
use super::streaming_text::StreamingText;
use super::web_pages::{page_list, sources_of};
use super::words;
use crate::components::copy_button::copy;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::session::{Session, use_session};
use crate::view;

/// What a person said.
#[component]
pub fn UserMessage(
    /// The message.
    message: Arc<Message>,
    /// Called to edit it.
    on_edit: Callback<Arc<Message>>,
) -> impl IntoView {
    let extras = message.content.iter().enumerate();
    let extras = extras
        .filter_map(|(part, _)| attachment(&message, part))
        .collect_view();
    let text = message.text();
    let edited = Arc::clone(&message);
    let id = anchor(message.id);
    let may_edit = !use_session().with_untracked(Session::is_kept_from_agents);
    view! {
        <article class="said by-user" id=id aria-label="You said">
            <div class="bubble">{text.clone()}<span class="extras">{extras}</span></div>
            <div class="said-tools">
                {may_edit.then(|| view! {
                    <button type="button" class="icon-button icon-button-small" aria-label="Edit this message" title="Edit"
                        on:click=move |_| on_edit.run(Arc::clone(&edited))>
                        {icon_with_class(Icon::Pencil, "icon icon-small")}
                    </button>
                })}
                <CopyButton text=text/>
                <MessageTime message=message/>
            </div>
        </article>
    }
}

/// A text part of an answer, as the server rendered it.
#[component]
pub fn AnswerText(
    /// The message.
    message: Arc<Message>,
    /// Which part.
    part: usize,
) -> impl IntoView {
    let text = match message.content.get(part) {
        Some(Part::Text { text }) => text.clone(),
        _ => String::new(),
    };
    let html = message.rendered.get(part).cloned().flatten();
    let body = if let Some(html) = html {
        view! { <div class="prose" inner_html=html></div> }
    } else {
        let text = text.clone();
        view! { <StreamingText text=Signal::derive(move || text.clone())/> }
    };
    let id = anchor(message.id);
    let sources = sources_of(&message, part);
    let rest = message.content.iter().skip(part + 1);
    // What a provider did after its last words was part of the same answer.
    let is_end = rest.into_iter().all(|part| match part {
        Part::ToolCall(call) => call.provider_executed,
        part => matches!(part, Part::Source(_) | Part::ToolResult(_)),
    });
    let sources = (!sources.is_empty()).then(|| page_list(&sources, "Sources"));
    let cut_short = message.cut_short.filter(|_| is_end);
    let cut = cut_short.map(|cut_short| {
        let (name, words) = match cut_short {
            CutShort::Stopped => (Icon::Square, "Stopped before its end"),
            CutShort::Length => (Icon::TriangleAlert, "Cut off at the model’s output limit"),
            CutShort::ContentFilter => (Icon::TriangleAlert, "The provider withheld the rest"),
        };
        view! { <p class="said-cut">{icon_with_class(name, "icon icon-small")} {words}</p> }
    });
    view! {
        <article class="said by-agent" id=id aria-label="The agent said">
            {body} {sources} {cut}
            <div class="said-tools">
                <CopyButton text=text/>
                <MessageTime message=message/>
            </div>
        </article>
    }
}

/// A thought, folded.
#[component]
pub fn Thought(
    /// The thought.
    #[prop(into)]
    reasoning: Signal<ReasoningPart>,
) -> impl IntoView {
    let title = move || reasoning.with(thought_title);
    view! {
        <details class="thought">
            <summary>
                {icon_with_class(Icon::Brain, "icon icon-small")} <span>{move || title()}</span>
                {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")}
            </summary>
            <div class="thought-text">{move || reasoning.with(|reasoning| reasoning.text.clone())}</div>
        </details>
    }
}

fn thought_title(reasoning: &ReasoningPart) -> String {
    match (reasoning.created_at, reasoning.completed_at) {
        (Some(from), Some(to)) => format!(
            "Thought for {}",
            words::thinking_time((to - from).num_milliseconds())
        ),
        (Some(_), None) => "Thinking".to_owned(),
        _ => "Thought".to_owned(),
    }
}

/// A part that has no look of its own.
#[component]
pub fn NoteLine(
    /// The message.
    message: Arc<Message>,
    /// Which part.
    part: usize,
) -> impl IntoView {
    attachment(&message, part)
}

/// Copies text to the clipboard and says so.
#[component]
pub fn CopyButton(
    /// What to copy.
    text: String,
) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let on_click = move |_| {
        copy(&text);
        is_copied.set(true);
        set_timeout(
            move || {
                let _ = is_copied.try_set(false);
            },
            std::time::Duration::from_secs(2),
        );
    };
    view! {
        <button type="button" class="icon-button icon-button-small" title="Copy"
            aria-label=move || if is_copied.get() { "Copied" } else { "Copy" } on:click=on_click>
            {move || icon_with_class(if is_copied.get() { Icon::Check } else { Icon::Copy }, "icon icon-small")}
        </button>
    }
}

/// A file; a picture as a picture. What is not kept any more is only named.
pub fn file(file: &FilePart) -> AnyView {
    let name = file.name.clone().unwrap_or_else(|| file.media_type.clone());
    let Some(id) = file.file_id else {
        return view! { <span class="note-line">{icon(Icon::Paperclip)}<span>{name}</span></span> };
    };
    let is_gone = RwSignal::new(false);
    let shown = if is_picture(&file.media_type) {
        let name = name.clone();
        (move || {
            if is_gone.get() {
                view! { <span class="file-gone">{icon(Icon::CircleAlert)} <span>{format!("{name} is not kept any more")}</span></span> }
            } else {
                view! { <img src=thumbnail_address(id) alt=name.clone() loading="lazy" on:error=move |_| is_gone.set(true)/> }
            }
        })
        .into_any()
    } else {
        view! { <span class="note-line">{icon(Icon::FileText)}<span>{name.clone()}</span></span> }
    };
    view! {
        <a class="file" class:file-picture=is_picture(&file.media_type) href=address(id) target="_blank" rel="noopener" title=name>{shown}</a>
    }
}

/// When a message was said; a link to it.
#[component]
fn MessageTime(
    /// The message.
    message: Arc<Message>,
) -> impl IntoView {
    let agents = Agents::expect();
    let time = message.created_at;
    view! {
        <a class="said-time" href=format!("#{}", anchor(message.id)) rel="external" title=move || words::exact(time, agents.offset_minutes.get())>
            <time datetime=time.to_rfc3339()>{move || words::time_of_day(time, agents.offset_minutes.get())}</time>
        </a>
    }
}

/// The name that links to a message use.
pub fn anchor(id: MessageId) -> String {
    format!("message-{id}")
}

fn attachment(message: &Message, part: usize) -> Option<AnyView> {
    let html = message.rendered.get(part).cloned().flatten();
    let (name, words) = match message.content.get(part)? {
        Part::Text { .. } | Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => {
            return None;
        }
        Part::Source(source) => (
            Icon::Link,
            source.title.clone().unwrap_or_else(|| source.url.clone()),
        ),
        Part::File(part) => return Some(file(part)),
        Part::FileReference(_) | Part::DiffComment(_) if html.is_some() => {
            return Some(view! { <div class="quotes" inner_html=html></div> });
        }
        // What the server could not render in time.
        Part::FileReference(lines) => (Icon::FileText, lines.file_name.clone()),
        Part::DiffComment(comment) => (Icon::MessageSquare, comment.content.clone()),
        Part::ContextFile {
            context_file_path, ..
        } => (Icon::FileText, format!("Read {context_file_path}")),
        Part::Skill { skill_name, .. } => (Icon::Sparkles, format!("Knows the skill {skill_name}")),
        Part::Unknown => (Icon::Info, "Something a newer version wrote".to_owned()),
    };
    Some(view! { <span class="note-line">{icon(name)}<span>{words}</span></span> })
}
