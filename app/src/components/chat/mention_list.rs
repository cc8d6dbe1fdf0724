//! The files that are offered behind an `@`. A part of its own (`pages::parts`).

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::workspace_files::FoundFile;

use super::mentions::Mentions;
use crate::api::chats::find_files;
use crate::components::icons::{Icon, icon};
use crate::view;

/// Letters that come faster are asked for together.
const TYPING_PAUSE: Duration = Duration::from_millis(60);

/// The list above the editor.
#[component]
pub fn MentionList(
    /// What is offered.
    mentions: Mentions,
) -> impl IntoView {
    Effect::new(move |_| {
        let Some(letters) = mentions.letters.get() else {
            mentions.found.set(Vec::new());
            return;
        };
        set_timeout(move || ask(mentions, letters), TYPING_PAUSE);
    });
    (move || {
        mentions
            .is_open()
            .then(|| draw(mentions, mentions.found.get()))
    })
    .into_any()
}

/// Asks, unless other letters stand there by now; an answer that comes too late is dropped.
fn ask(mentions: Mentions, letters: String) {
    let is_asked = move |letters: &String| {
        let now = mentions.letters.try_get_untracked().flatten();
        now.as_ref() == Some(letters)
    };
    if !is_asked(&letters) {
        return;
    }
    spawn_local(async move {
        // Without an answer the path can still be typed.
        let found = find_files(mentions.chat, letters.clone()).await;
        if is_asked(&letters) {
            mentions.at.set(0);
            mentions.found.set(found.unwrap_or_default());
        }
    });
}

fn draw(mentions: Mentions, found: Vec<FoundFile>) -> impl IntoView {
    let lines: Vec<_> = found
        .into_iter()
        .enumerate()
        .map(|(position, file)| line(mentions, position, &file))
        .collect();
    view! { <ul class="mentions" id="mentions" role="listbox" aria-label="Files of the workspace">{lines}</ul> }
}

/// The name stands first, because the end of a long path is cut.
fn line(mentions: Mentions, position: usize, file: &FoundFile) -> AnyView {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let name_icon = if file.is_dir {
        Icon::Folder
    } else {
        Icon::FileText
    };
    let is_chosen = move || mentions.at.get() == position;
    view! {
        <li class="palette-choice mention" id=format!("mention-{position}") role="option" title=file.path.clone()
            aria-selected=move || is_chosen().to_string()
            on:mousedown=move |event| {
                // The cursor stays in the field.
                event.prevent_default();
                mentions.choose(position);
            }
        >
            {icon(name_icon)}
            <span class="mention-name">{name.to_owned()}</span>
            <span class="mention-folder">{folder.to_owned()}</span>
        </li>
    }
    .into_any()
}
