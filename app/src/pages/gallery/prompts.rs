//! The preview of a prompt: whole, and cut.

use leptos::prelude::*;

use super::part;
use crate::api::prompt_preview::{BlockGroup, ShownBlock, ShownPrompt};
use crate::pages::prompt_preview::prompt;
use crate::view;

/// The preview in its states.
pub fn previews() -> impl IntoView {
    let whole = ShownPrompt {
        size: "About 3,120 tokens of 200,000 (1 %) for claude-sonnet-5".to_owned(),
        last_call: "The last call read 3,411 tokens, as its provider counted.".to_owned(),
        notes: Vec::new(),
        groups: vec![
            group(
                "Instructions",
                "510 tokens",
                &["Built-in instructions", "Instructions for everybody"],
            ),
            group(
                "Workspace",
                "120 tokens",
                &["About the workspace", "/home/ada/website/AGENTS.md"],
            ),
            group("Tools", "2,400 tokens", &["read_file", "execute"]),
            group("Conversation", "90 tokens", &["You", "Model"]),
        ],
        download: "/dev/gallery".to_owned(),
    };
    let mut cut = group("Conversation", "210,000 tokens", &["Results of tools"]);
    "312 earlier messages with 180,000 tokens are sent too and not shown here."
        .clone_into(&mut cut.left_out);
    for block in &mut cut.blocks {
        block.is_cut = true;
    }
    let long = ShownPrompt {
        size: "About 210,000 tokens of 200,000 (105 %) for claude-sonnet-5".to_owned(),
        last_call: String::new(),
        notes: vec![
            "The workspace does not run, so what it would add is missing here: where it is, its instruction files and skills.".to_owned(),
            "The history is summarized before the next call, so the conversation will be shorter.".to_owned(),
        ],
        groups: vec![cut],
        download: "/dev/gallery".to_owned(),
    };
    part(
        "Preview of a prompt",
        view! {
            <div class="settings-column">{prompt(whole)}</div>
            <div class="settings-column">{prompt(long)}</div>
        },
    )
}

fn group(title: &str, size: &str, blocks: &[&str]) -> BlockGroup {
    let blocks = blocks.iter().map(|title| ShownBlock {
        title: (*title).to_owned(),
        size: "45 tokens".to_owned(),
        text: "The text of this part,\nas it is sent.".to_owned(),
        is_cut: false,
    });
    BlockGroup {
        title: title.to_owned(),
        size: size.to_owned(),
        left_out: String::new(),
        blocks: blocks.collect(),
    }
}
