//! Messages, thoughts, and a conversation as a whole.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::chats::ChatStatus;
use sdk::messages::{CutShort, Message, Role};
use sdk::parts::{DiffComment, DiffSide, FilePart, LineReference, Part, ReasoningPart, SourcePart};
use serde_json::json;

use super::{part, samples};
use crate::components::chat::history_pages::OlderLink;
use crate::components::chat::message::{AnswerText, NoteLine, Thought, UserMessage};
use crate::components::chat::scroll::Follow;
use crate::components::chat::streaming_text::StreamingText;
use crate::components::chat::timeline_view::Timeline;
use crate::live::chat::OpenChat;
use crate::view;

/// What the server makes of Markdown.
const HTML: &str = "<h2>What I changed</h2><p>The greeting is <strong>polite</strong> now, see <code>src/lib.rs</code> and \
    <a href=\"https://example.com\">the guide</a>:</p><ol><li>a title, when there is one</li><li>otherwise <em>the name</em></li></ol>\
    <div class=\"code-block\" data-language=\"rust\"><pre><code><span class=\"hl-keyword\">let</span> name = \
    <span class=\"hl-string\">\"Ada\"</span>; <span class=\"hl-comment\">// the first</span></code></pre></div>\
    <blockquote><p>Greet people as they wish to be greeted.</p></blockquote><hr><table><thead><tr><th>Test</th><th>Result</th></tr></thead>\
    <tbody><tr><td>greets_by_name</td><td>passed</td></tr></tbody></table>";
const LIGHT: &str = "## While it streams\n\nLight **Markdown** with `code`, *emphasis* and\n\n- a list\n- that goes on\n\n\
    ```rust\nlet name = \"Ada\";\n```\n\n> and a quote\n\nthat is not yet at its e";

/// What people and the model said.
pub fn messages(now: DateTime<Utc>) -> impl IntoView {
    let on_edit = Callback::new(|_| {});
    let by_user = |id, content| Arc::new(samples::message(id, Role::User, content, now));
    let long = "Please greet people politely:\n\n- with their title, when they have one\n- with an_identifier_that_is_far_too_long_to_stand_on_one_line_of_a_narrow_window_and_so_it_is_broken\n\nand keep the tests green.";
    let answer = samples::message(903, Role::Assistant, vec![Part::text("…")], now);
    let mut cut = samples::message(905, Role::Assistant, vec![Part::text("…")], now);
    cut.cut_short = Some(CutShort::Length);
    let cut = samples::rendered(cut, "<p>The first thing to look at is</p>");
    let cited = samples::message(906, Role::Assistant, cited(), now);
    let cited = samples::rendered(cited, "<p>People like to be greeted by name.</p>");
    let notes = Arc::new(samples::message(904, Role::Assistant, other_parts(), now));
    let notes = (0..notes.content.len())
        .map(|part| view! { <NoteLine message=Arc::clone(&notes) part/> })
        .collect_view();
    part(
        "Messages",
        view! {
            <div class="stack">
                <UserMessage message=by_user(900, vec![Part::text("Greet people politely.")]) on_edit/>
                <UserMessage message=by_user(901, vec![Part::text(long)]) on_edit/>
                <UserMessage message=by_user(902, attachments()) on_edit/>
                <AnswerText message=Arc::new(samples::rendered(answer, HTML)) part=0/>
                <AnswerText message=Arc::new(cut) part=0/>
                <AnswerText message=Arc::new(cited) part=0/>
                <StreamingText text=Signal::stored(LIGHT.to_owned())/>
                {notes}
            </div>
        },
    )
}

/// A text with its sources, one of them without a title and one that is none of the web.
fn cited() -> Vec<Part> {
    let source = |url: &str, title: Option<&str>| {
        Part::Source(SourcePart {
            url: url.to_owned(),
            title: title.map(str::to_owned),
            ..SourcePart::default()
        })
    };
    vec![
        Part::text("…"),
        source("https://example.com/greetings", Some("On greetings")),
        source("https://www.example.org/names?of=people", None),
        source("javascript:alert(1)", Some("No page")),
    ]
}

fn attachments() -> Vec<Part> {
    vec![
        Part::text("As I noted there."),
        Part::File(FilePart {
            media_type: "image/png".to_owned(),
            name: Some("screen.png".to_owned()),
            ..FilePart::default()
        }),
        Part::File(FilePart {
            media_type: "text/plain".to_owned(),
            file_id: "01900000-0000-7000-8000-000000000001".parse().ok(),
            name: Some("pasted-text-2026-01-02-03-04-05.txt".to_owned()),
            data: None,
        }),
        Part::FileReference(LineReference {
            file_name: "src/lib.rs".to_owned(),
            start_line: 4,
            end_line: 6,
            content: String::new(),
        }),
        Part::DiffComment(DiffComment {
            file_name: "src/lib.rs".to_owned(),
            start_line: 5,
            end_line: 5,
            side: DiffSide::New,
            content: "Use the title here.".to_owned(),
            diff_hunk: Some(samples::HUNK.to_owned()),
            repo_root: None,
            blob: None,
        }),
    ]
}

fn other_parts() -> Vec<Part> {
    vec![
        Part::Source(SourcePart {
            url: "https://example.com/greetings".to_owned(),
            title: Some("On greetings".to_owned()),
            ..SourcePart::default()
        }),
        Part::ContextFile {
            context_file_path: "AGENTS.md".to_owned(),
            context_file_truncated: false,
        },
        Part::Skill {
            skill_name: "release-notes".to_owned(),
            skill_description: String::new(),
        },
        Part::Unknown,
    ]
}

/// Thoughts: under way, over, of unknown length.
pub fn thoughts(now: DateTime<Utc>) -> impl IntoView {
    let thought = |took: Option<Option<i64>>| ReasoningPart {
        text: "The title is optional.\nSo the name alone must still do.".to_owned(),
        created_at: took.map(|_| now),
        completed_at: took
            .flatten()
            .map(|seconds| now + Duration::seconds(seconds)),
        provider_metadata: None,
    };
    let all = [Some(None), Some(Some(4)), Some(Some(250)), None]
        .map(|took| view! { <Thought reasoning=Signal::stored(thought(took))/> })
        .into_iter()
        .collect_view();
    part("Thoughts", view! { <div class="stack">{all}</div> })
}

/// Conversations: with the agent at work, read far above its end, and not begun.
pub fn whole(now: DateTime<Utc>) -> impl IntoView {
    let open = |number, status, messages| {
        samples::open(
            &samples::chat(number, "Greet politely", status, now),
            messages,
        )
    };
    let at_work = open(910, ChatStatus::Running, turns(now, 910));
    at_work
        .preview
        .set(vec![Part::text("Both pass. Now the **docume")]);
    let far_above = open(920, ChatStatus::Waiting, turns(now, 920));
    far_above.has_older.set(true);
    far_above.has_newer.set(true);
    let link = OlderLink {
        older: Some("#main".to_owned()),
        newest: Some("#main".to_owned()),
    };
    part(
        "A conversation",
        view! {
            <div class="stack">
                {timeline(at_work, 0, OlderLink::default())}
                {timeline(far_above, 3, link)}
                {timeline(open(930, ChatStatus::Waiting, Vec::new()), 0, OlderLink::default())}
            </div>
        },
    )
}

/// The reader is at the end when there is nothing that they have not seen.
fn timeline(chat: OpenChat, new_count: usize, older_link: OlderLink) -> AnyView {
    let follow = Follow::new(chat.has_newer);
    follow.is_at_end.set(new_count == 0);
    follow.new_count.set(new_count);
    let (workspace, on_edit) = (Signal::stored(None), Callback::new(|_| {}));
    view! { <div class="card"><Timeline chat workspace follow on_edit older_link/></div> }
}

/// Messages numbered from `first` on.
fn turns(now: DateTime<Utc>, first: i64) -> Vec<Message> {
    let yesterday = now - Duration::days(1);
    let test = json!({"command": "cargo test"});
    let call = Part::ToolCall(samples::call("whole", "execute", Some(test), None));
    let result = json!({"output": "2 passed\n", "exit_code": 0, "wall_duration_ms": 5200});
    let result = Part::ToolResult(samples::answer("whole", result, false));
    let said = |id, role, text: &str, at| samples::message(id, role, vec![Part::text(text)], at);
    let looked = samples::rendered(
        said(first + 1, Role::Assistant, "I looked.", yesterday),
        "<p>It greets by name alone.</p>",
    );
    // The newest comes first.
    vec![
        samples::message(first + 4, Role::Tool, vec![result], now),
        samples::message(first + 3, Role::Assistant, vec![call], now),
        said(first + 2, Role::User, "Then greet politely.", now),
        looked,
        said(first, Role::User, "How does it greet?", yesterday),
    ]
}
