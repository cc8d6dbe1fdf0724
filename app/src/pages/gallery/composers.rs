//! The composer with its queue, in every state, and how full the context is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use sdk::chat_context::{ChatContext, ContextFile, ContextSkill};
use sdk::chats::ChatStatus;
use sdk::ids::QueuedMessageId;
use sdk::messages::{MessageUsage, QueuedMessage, Role};
use sdk::models::ModelCatalogue;
use sdk::parts::Part;

use super::{part, samples};
use serde_json::json;

use crate::api::chats::ContextView;
use crate::components::chat::answers::Answers;
use crate::components::chat::composer::{Composer, ComposerBox};
use crate::components::chat::context_card::told;
use crate::components::chat::context_ring::ContextRing;
use crate::components::chat::model_picker::NoAgentsAccess;
use crate::components::chat::planning::Asked;
use crate::error::{AppError, ErrorCode};
use crate::view;

/// Composers: empty, written in, while a turn runs, editing, sending, refused, without a model; and what stands in its place.
pub fn composers(now: DateTime<Utc>) -> impl IntoView {
    let composer = |number, status, catalogue: &ModelCatalogue, text: &str| {
        let chat = samples::chat(number, "", status, now);
        let open = samples::open(&chat, Vec::new());
        let composer = Composer::new(open, catalogue, samples::MODEL);
        composer.editor.text.set(text.to_owned());
        composer
    };
    let catalogue = samples::catalogue();
    let idle = |number, text| composer(number, ChatStatus::Waiting, &catalogue, text);
    let busy = composer(
        930,
        ChatStatus::Running,
        &catalogue,
        "and the documentation",
    );
    busy.chat.queue.set(queue(now));
    let planning = idle(937, "Greet people by their title.");
    planning.plans.set(true);
    let editing = idle(931, "Greet people very politely.");
    let earlier = samples::message(931, Role::User, vec![Part::text("Greet")], now);
    editing.edited.set(Some(Arc::new(earlier)));
    let sending = idle(932, "Greet people politely.");
    sending.is_sending.set(true);
    let refused = idle(933, "Greet people politely.");
    refused.error.set(Some(AppError::new(
        ErrorCode::Conflict,
        "This chat is archived. Take it out of the archive to go on.",
    )));
    let none = ModelCatalogue::default();
    let without_model = composer(934, ChatStatus::Waiting, &none, "");
    let drawn = |composer, catalogue: &ModelCatalogue| {
        view! { <ComposerBox composer catalogue=catalogue.clone()/> }
    };
    let with_model = [
        idle(935, ""),
        idle(936, "Greet"),
        planning,
        busy,
        editing,
        sending,
        refused,
    ];
    let with_model = with_model
        .into_iter()
        .map(|composer| drawn(composer, &catalogue))
        .collect_view();
    part(
        "Composer and queue",
        view! { <div class="stack">{with_model} {drawn(without_model, &none)} <NoAgentsAccess/></div> },
    )
}

/// A plan and questions that wait for an answer.
pub fn answers(now: DateTime<Utc>) -> impl IntoView {
    let composer = |number| {
        let chat = samples::chat(number, "", ChatStatus::Waiting, now);
        let open = samples::open(&chat, Vec::new());
        Composer::new(open, &samples::catalogue(), samples::MODEL)
    };
    let option =
        |label: &str, description: &str| json!({"label": label, "description": description});
    let questions = vec![
        json!({"header": "Titles", "question": "Where do the titles of people come from?", "options": [
            option("The address book", "It has them for most people, and is asked already."),
            option("A column of its own", "Needs a migration, and somebody who fills it in."),
        ]}),
        json!({"question": "What is said to people without a title?", "options": [option("Hello", ""), option("Good day", "")]}),
    ];
    part(
        "A plan and questions",
        view! {
            <div class="stack">
                <Answers composer=composer(941) asked=Asked::Plan/>
                <Answers composer=composer(942) asked=Asked::Questions(questions)/>
            </div>
        },
    )
}

fn queue(now: DateTime<Utc>) -> Vec<QueuedMessage> {
    let waiting = |id, text: &str| QueuedMessage {
        id: QueuedMessageId(id),
        chat_id: samples::chat(930, "", ChatStatus::Running, now).id,
        created_by: None,
        model_config_id: None,
        content: vec![Part::text(text)],
        created_at: now,
    };
    vec![
        waiting(1, "Then look at the tests"),
        waiting(
            2,
            "and when those are green, write down in the documentation how people are greeted, in which order the parts of a name come and who decides it",
        ),
    ]
}

/// Rings with little, half, and nearly all of the context used.
pub fn gauges(now: DateTime<Utc>) -> impl IntoView {
    let all = [(940_u32, 4_000), (941, 94_000), (942, 186_000)]
        .into_iter()
        .map(|(number, used)| {
            let mut answer =
                samples::message(number.into(), Role::Assistant, vec![Part::text("…")], now);
            answer.usage = Some(MessageUsage {
                input_tokens: Some(used),
                ..MessageUsage::default()
            });
            let chat = samples::chat(number.into(), "", ChatStatus::Waiting, now);
            let chat = samples::open(&chat, vec![answer]);
            view! { <ContextRing chat limit=Signal::stored(Some(200_000))/> }
        })
        .collect_view();
    part(
        "How full the context is",
        view! { <div class="gallery-row">{all}</div> },
    )
}

/// What the card behind the ring tells of a workspace.
pub fn contexts() -> impl IntoView {
    let full = ContextView {
        context: Some(ChatContext {
            working_directory: "/srv/greeter".to_owned(),
            home_directory: "/home/agent".to_owned(),
            instruction_files: vec![
                context_file("/home/agent/.switchyard/AGENTS.md", false),
                context_file("/srv/greeter/AGENTS.md", true),
            ],
            skills: vec![
                context_skill(
                    "greet",
                    "How people are greeted, in which order the parts of a name come, and what to do when one is missing.",
                ),
                context_skill("release", ""),
            ],
        }),
        threshold_percent: Some(70),
        cost: "$0.42, $0.11 of it by subagents".to_owned(),
        ..ContextView::default()
    };
    let empty = ContextView {
        context: Some(ChatContext::default()),
        threshold_percent: Some(100),
        ..ContextView::default()
    };
    let stopped = ContextView {
        unavailable: Some("The workspace is stopped. It starts with the next message.".to_owned()),
        threshold_percent: Some(70),
        ..ContextView::default()
    };
    let cards = [full, empty, stopped].map(|context| {
        view! { <div class="card context-card">{told(context)}</div> }
    });
    part(
        "What the model is told",
        view! { <div class="gallery-row">{Vec::from(cards)}</div> },
    )
}

fn context_file(path: &str, is_cut: bool) -> ContextFile {
    ContextFile {
        path: path.to_owned(),
        is_cut,
    }
}

fn context_skill(name: &str, description: &str) -> ContextSkill {
    ContextSkill {
        name: name.to_owned(),
        description: description.to_owned(),
        path: format!("/srv/greeter/.agents/skills/{name}"),
    }
}
