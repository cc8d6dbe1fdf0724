//! A prompt in words, cut to what a page can show.

use sdk::prompt_preview::{PromptBlock, PromptBlockKind, PromptPreview};

use super::{BlockGroup, ShownBlock, ShownPrompt};
use crate::api::costs::words::number;

/// Of one block.
const LONGEST_TEXT: usize = 32 * 1024;
/// Messages that are shown: the newest.
const MESSAGES: usize = 100;

/// The prompt as the page shows it.
pub(super) fn shown(preview: PromptPreview) -> ShownPrompt {
    let mut notes = Vec::new();
    if preview.is_workspace_missing {
        notes.push("The workspace does not run, so what it would add is missing here: where it is, its instruction files and skills.".to_owned());
    }
    if preview.is_summarized_first {
        notes.push(
            "The history is summarized before the next call, so the conversation will be shorter."
                .to_owned(),
        );
    }
    let limit = preview.context_limit;
    let share = if limit > 0 {
        format!(
            " of {} ({} %)",
            number(limit),
            preview.estimated_tokens.saturating_mul(100) / limit
        )
    } else {
        String::new()
    };
    let mut groups: Vec<(&'static str, Vec<PromptBlock>)> = Vec::new();
    for block in preview.blocks {
        let title = group_of(block.kind);
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, blocks)) => blocks.push(block),
            None => groups.push((title, vec![block])),
        }
    }
    ShownPrompt {
        size: format!(
            "About {}{share} for {}",
            tokens(preview.estimated_tokens),
            preview.model
        ),
        last_call: preview.last_call_tokens.map_or_else(String::new, |tokens| {
            format!(
                "The last call read {} tokens, as its provider counted.",
                number(tokens)
            )
        }),
        notes,
        groups: groups
            .into_iter()
            .map(|(title, blocks)| group(title, blocks))
            .collect(),
        download: format!("/api/v2/chats/{}/prompt", preview.chat_id),
    }
}

const fn group_of(kind: PromptBlockKind) -> &'static str {
    match kind {
        PromptBlockKind::BuiltInInstructions
        | PromptBlockKind::DeploymentInstructions
        | PromptBlockKind::UserInstructions
        | PromptBlockKind::PlanMode
        | PromptBlockKind::ChatInstructions => "Instructions",
        PromptBlockKind::Workspace | PromptBlockKind::InstructionFile | PromptBlockKind::Skills => {
            "Workspace"
        }
        PromptBlockKind::Tool => "Tools",
        PromptBlockKind::Message => "Conversation",
    }
}

fn title_of(block: &PromptBlock) -> String {
    match block.kind {
        PromptBlockKind::BuiltInInstructions => "Built-in instructions".to_owned(),
        PromptBlockKind::DeploymentInstructions => "Instructions for everybody".to_owned(),
        PromptBlockKind::UserInstructions => "Your instructions".to_owned(),
        PromptBlockKind::PlanMode => "Plan mode".to_owned(),
        PromptBlockKind::ChatInstructions => "Instructions of this chat".to_owned(),
        PromptBlockKind::Workspace => "About the workspace".to_owned(),
        PromptBlockKind::Skills => "Skills".to_owned(),
        PromptBlockKind::InstructionFile | PromptBlockKind::Tool => block.name.clone(),
        PromptBlockKind::Message => match block.name.as_str() {
            "user" => "You".to_owned(),
            "assistant" => "Model".to_owned(),
            _ => "Results of tools".to_owned(),
        },
    }
}

fn tokens(count: i64) -> String {
    match count {
        1 => "1 token".to_owned(),
        count => format!("{} tokens", number(count)),
    }
}

fn sum(blocks: &[PromptBlock]) -> i64 {
    blocks.iter().map(|block| block.estimated_tokens).sum()
}

fn group(title: &str, mut blocks: Vec<PromptBlock>) -> BlockGroup {
    let size = tokens(sum(&blocks));
    let earlier = match blocks.first().map(|block| block.kind) {
        Some(PromptBlockKind::Message) => blocks.len().saturating_sub(MESSAGES),
        _ => 0,
    };
    let left_out: Vec<PromptBlock> = blocks.drain(..earlier).collect();
    BlockGroup {
        title: title.to_owned(),
        size,
        left_out: if left_out.is_empty() {
            String::new()
        } else {
            format!(
                "{} earlier messages with {} are sent too and not shown here.",
                number(i64::try_from(left_out.len()).unwrap_or(i64::MAX)),
                tokens(sum(&left_out))
            )
        },
        blocks: blocks.into_iter().map(block).collect(),
    }
}

fn block(block: PromptBlock) -> ShownBlock {
    let title = title_of(&block);
    let size = tokens(block.estimated_tokens);
    let mut text = block.text;
    let is_cut = text.len() > LONGEST_TEXT;
    if is_cut {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    }
    ShownBlock {
        title,
        size,
        text,
        is_cut,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use sdk::ids::{ChatId, ModelConfigId};

    use super::*;

    fn preview(blocks: Vec<PromptBlock>) -> PromptPreview {
        PromptPreview {
            chat_id: ChatId::generate(),
            model_config_id: ModelConfigId::generate(),
            model: "m".to_owned(),
            context_limit: 10_000,
            estimated_tokens: sum(&blocks),
            blocks,
            last_call_tokens: None,
            is_workspace_missing: false,
            is_summarized_first: false,
        }
    }

    fn said(text: &str, estimated_tokens: i64) -> PromptBlock {
        PromptBlock {
            kind: PromptBlockKind::Message,
            name: "user".to_owned(),
            text: text.to_owned(),
            estimated_tokens,
        }
    }

    #[test]
    fn of_a_long_conversation_the_end_is_shown_and_the_rest_is_counted() {
        let blocks = (0..MESSAGES + 7).map(|number| said(&number.to_string(), 2));
        let shown = shown(preview(blocks.collect()));
        assert_eq!(shown.size, "About 214 tokens of 10,000 (2 %) for m");
        let talk = &shown.groups[0];
        assert_eq!(
            (talk.blocks.len(), talk.size.as_str()),
            (MESSAGES, "214 tokens")
        );
        assert_eq!(talk.blocks[0].text, "7");
        assert_eq!(
            talk.left_out,
            "7 earlier messages with 14 tokens are sent too and not shown here."
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = format!("x{}", "ä".repeat(LONGEST_TEXT));
        let shown = shown(preview(vec![said(&text, 1), said("short", 1)]));
        let blocks = &shown.groups[0].blocks;
        assert!(blocks[0].is_cut && blocks[0].text.len() < LONGEST_TEXT);
        assert!(!blocks[1].is_cut);
        assert_eq!(blocks[1].size, "1 token");
    }

    #[test]
    fn a_model_without_a_known_window_has_no_share() {
        let shown = shown(PromptPreview {
            context_limit: 0,
            ..preview(vec![said("x", 1)])
        });
        assert_eq!(shown.size, "About 1 token for m");
    }
}
