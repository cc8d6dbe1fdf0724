//! Parts around the composer: what is seldom there, and then comes with its first.

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::wasm_split::{self, SplitLoaderError};

use super::{Load, lost, on_demand};
use crate::components::chat::answers::Answers;
use crate::components::chat::attachment_list::AttachmentList;
use crate::components::chat::attachments::Attachments;
use crate::components::chat::composer::Composer;
use crate::components::chat::mention_list::MentionList;
use crate::components::chat::mentions::Mentions;
use crate::components::chat::planning::{Asked, asked};
use crate::components::chat::queue::QueueList;
use crate::view;

/// The way to answer a plan or questions, while the chat waits for that.
pub fn answers(composer: Composer) -> AnyView {
    let asked = Memo::new(move |_| {
        let is_open = !composer.chat.is_busy() && composer.edited.with(Option::is_none);
        is_open.then(|| composer.chat.messages.with(|messages| asked(messages)))?
    });
    let is_wanted = Signal::derive(move || asked.with(Option::is_some));
    let one = move || answers_part(composer, asked.get()?).now_or_never()?.ok();
    // When it does not come the answer can still be typed.
    let draw = move |is_loaded: bool| is_loaded.then(|| one.into_any());
    let load: Load = || Box::pin(async { load_answers().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(answers, wasm_split_path = wasm_split, preload(load_answers), fallible)]
fn answers_part(composer: Composer, asked: Asked) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Answers composer asked/> })
}

/// The messages that wait, as soon as there are any.
pub fn queue_list(composer: Composer) -> AnyView {
    let queue = composer.chat.queue;
    let is_wanted = Signal::derive(move || queue.with(|queue| !queue.is_empty()));
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| queue_list_part(composer).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_queue_list().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    queue_list,
    wasm_split_path = wasm_split,
    preload(load_queue_list),
    fallible
)]
fn queue_list_part(composer: Composer) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <QueueList composer/> })
}

/// What is attached to a message, from the first file on.
pub fn attachment_list(attachments: Attachments) -> AnyView {
    let is_given = move || attachments.given.with(|given| !given.is_empty());
    let is_wanted = Signal::derive(move || is_given() || !attachments.is_empty());
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| attachment_list_part(attachments).now_or_never());
        let drawn = drawn.flatten().and_then(Result::ok);
        if drawn.is_none() {
            // Nobody takes them; the message can be sent without.
            attachments.given.set(Vec::new());
        }
        Some(drawn.unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_attachment_list().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    attachment_list,
    wasm_split_path = wasm_split,
    preload(load_attachment_list),
    fallible
)]
fn attachment_list_part(attachments: Attachments) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <AttachmentList attachments/> })
}

/// The files that can be named in a message, from the first `@` on.
pub fn mention_list(mentions: Mentions) -> AnyView {
    let is_wanted = Signal::derive(move || mentions.letters.with(Option::is_some));
    // When it does not come the path can still be typed.
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| mention_list_part(mentions).now_or_never());
        drawn.flatten().and_then(Result::ok)
    };
    let load: Load = || Box::pin(async { load_mention_list().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    mention_list,
    wasm_split_path = wasm_split,
    preload(load_mention_list),
    fallible
)]
fn mention_list_part(mentions: Mentions) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <MentionList mentions/> })
}
