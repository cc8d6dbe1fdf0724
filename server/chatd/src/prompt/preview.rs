//! A request to a model, taken apart for people: where each part comes from and about how many tokens it takes.
//!
//! Nothing is put together here. What is shown is what [`super::Prompt`] and the turn have made.

use llm::{Content, Message, Request, Tool, ToolResultContent};
use sdk::prompt_preview::{PromptBlock, PromptBlockKind};
use serde_json::Value;

use super::{DEFAULT_SYSTEM_PROMPT, Instructions, Prompt};

/// A token takes about so many bytes of English or code.
const BYTES_OF_A_TOKEN: usize = 4;
/// About what a picture takes: providers shrink large ones before they count.
const TOKENS_OF_A_PICTURE: usize = 1500;

/// Begins the text of an instruction file among the facts.
const FILE: &str = "Instructions from ";
const WORKSPACE_END: &str = "</workspace>";

/// Stands before a tool that the provider runs itself.
const RUN_BY_PROVIDER: &str = "Run by the provider itself. What it tells the model of it, and what is found, is not counted here.";

/// What is sent, in order.
pub(crate) fn blocks(
    prompt: &Prompt,
    instructions: &Instructions,
    request: &Request,
    provider_tools: &[Value],
) -> Vec<PromptBlock> {
    let mut blocks = Vec::new();
    let kinds = instructions.kinds();
    let last = request.system.len().saturating_sub(1);
    for (index, block) in request.system.iter().enumerate() {
        match kinds.get(index) {
            Some(PromptBlockKind::DeploymentInstructions) => {
                push_deployment(&mut blocks, &block.text);
            }
            Some(kind) => blocks.push(text_block(*kind, "", &block.text)),
            None if prompt.has_facts && index == last => push_facts(&mut blocks, &block.text),
            None => blocks.push(text_block(
                PromptBlockKind::ChatInstructions,
                "",
                &block.text,
            )),
        }
    }
    blocks.extend(request.tools.iter().map(tool_block));
    blocks.extend(provider_tools.iter().map(provider_tool_block));
    blocks.extend(request.messages.iter().map(message_block));
    blocks
}

fn estimate(bytes: usize) -> i64 {
    i64::try_from(bytes.div_ceil(BYTES_OF_A_TOKEN)).unwrap_or(i64::MAX)
}

fn text_block(kind: PromptBlockKind, name: &str, text: &str) -> PromptBlock {
    PromptBlock {
        kind,
        name: name.to_owned(),
        text: text.to_owned(),
        estimated_tokens: estimate(text.len()),
    }
}

/// What is built in and what owners add to it are one block of the request.
fn push_deployment(blocks: &mut Vec<PromptBlock>, text: &str) {
    let own = match text.strip_prefix(DEFAULT_SYSTEM_PROMPT) {
        Some(own) => {
            blocks.push(text_block(
                PromptBlockKind::BuiltInInstructions,
                "",
                DEFAULT_SYSTEM_PROMPT,
            ));
            own.trim_start()
        }
        None => text,
    };
    if !own.is_empty() {
        blocks.push(text_block(PromptBlockKind::DeploymentInstructions, "", own));
    }
}

/// The workspace, each of its instruction files, and its skills are one block of the request. It is divided by its own
/// words, as the model must.
fn push_facts(blocks: &mut Vec<PromptBlock>, text: &str) {
    let (workspace, skills) = match text.rfind(WORKSPACE_END) {
        Some(end) => text.split_at(end + WORKSPACE_END.len()),
        None => (text, ""),
    };
    let mut about = String::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in workspace.split_inclusive('\n') {
        let path = line.trim_end().strip_prefix(FILE);
        let path = path.and_then(|path| path.strip_suffix(':'));
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), line.to_owned())),
            // The end belongs to the beginning.
            (None, _) if line.trim_end() == WORKSPACE_END => about.push_str(line),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => about.push_str(line),
        }
    }
    blocks.push(text_block(PromptBlockKind::Workspace, "", &about));
    for (path, text) in files {
        blocks.push(text_block(
            PromptBlockKind::InstructionFile,
            &path,
            text.trim_end(),
        ));
    }
    let skills = skills.trim_start();
    if !skills.is_empty() {
        blocks.push(text_block(PromptBlockKind::Skills, "", skills));
    }
}

fn tool_block(tool: &Tool) -> PromptBlock {
    let schema = tool.input_schema.to_string();
    PromptBlock {
        kind: PromptBlockKind::Tool,
        name: tool.name.clone(),
        text: format!("{}\n\n{}", tool.description, readable(&tool.input_schema)),
        estimated_tokens: estimate(tool.name.len() + tool.description.len() + schema.len()),
    }
}

/// Of such a tool only its settings are sent.
fn provider_tool_block(tool: &Value) -> PromptBlock {
    let name = tool.get("name").or_else(|| tool.get("type"));
    PromptBlock {
        kind: PromptBlockKind::Tool,
        name: name.and_then(Value::as_str).unwrap_or_default().to_owned(),
        text: format!("{RUN_BY_PROVIDER}\n\n{}", readable(tool)),
        estimated_tokens: estimate(tool.to_string().len()),
    }
}

fn readable(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn message_block(message: &Message) -> PromptBlock {
    let name = match message.role {
        llm::Role::User => "user",
        llm::Role::Assistant => "assistant",
        llm::Role::Tool => "tool",
    };
    let texts: Vec<String> = message.content.iter().map(text_of).collect();
    let sizes = message.content.iter().map(|piece| {
        let pictures = pictures_of(piece);
        let text_bytes = piece.size_bytes().saturating_sub(pictures.1);
        text_bytes + pictures.0 * TOKENS_OF_A_PICTURE * BYTES_OF_A_TOKEN
    });
    PromptBlock {
        kind: PromptBlockKind::Message,
        name: name.to_owned(),
        text: texts.join("\n\n"),
        estimated_tokens: estimate(sizes.sum()),
    }
}

/// How many pictures stand in a piece, and their bytes.
fn pictures_of(content: &Content) -> (usize, usize) {
    match content {
        Content::Image { data, .. } => (1, data.len()),
        Content::ToolResult { content, .. } => {
            let pictures = content.iter().filter_map(|piece| match piece {
                ToolResultContent::Image { data, .. } => Some(data.len()),
                ToolResultContent::Text(_) => None,
            });
            pictures.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one))
        }
        _ => (0, 0),
    }
}

fn text_of(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Reasoning { text, .. } => format!("[reasoning]\n{text}"),
        Content::Image { media_type, data } => picture(media_type, data.len()),
        Content::ToolCall {
            name, arguments, ..
        } => format!("[call of {name}]\n{arguments}"),
        Content::ToolResult { name, content, .. } => {
            let pieces: Vec<String> = content
                .iter()
                .map(|piece| match piece {
                    ToolResultContent::Text(text) => text.clone(),
                    ToolResultContent::Image { media_type, data } => {
                        picture(media_type, data.len())
                    }
                })
                .collect();
            format!("[result of {name}]\n{}", pieces.join("\n"))
        }
        Content::ProviderCall {
            name, arguments, ..
        } => format!("[call of {name} by the provider]\n{arguments}"),
        Content::ProviderResult { name, result, .. } => {
            format!("[result of {name} by the provider]\n{result}")
        }
        Content::Source { url, .. } => format!("[source: {url}]"),
    }
}

fn picture(media_type: &str, bytes: usize) -> String {
    format!("[picture: {media_type}, {bytes} bytes]")
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

    use super::*;

    fn kinds(blocks: &[PromptBlock]) -> Vec<(PromptBlockKind, &str)> {
        blocks
            .iter()
            .map(|block| (block.kind, block.name.as_str()))
            .collect()
    }

    #[test]
    fn what_is_built_in_is_told_apart_from_what_owners_add() {
        for (text, expected) in [
            (
                DEFAULT_SYSTEM_PROMPT.to_owned(),
                vec![PromptBlockKind::BuiltInInstructions],
            ),
            (
                "Use tabs.".to_owned(),
                vec![PromptBlockKind::DeploymentInstructions],
            ),
            (
                format!("{DEFAULT_SYSTEM_PROMPT}\n\nUse tabs."),
                vec![
                    PromptBlockKind::BuiltInInstructions,
                    PromptBlockKind::DeploymentInstructions,
                ],
            ),
        ] {
            let mut blocks = Vec::new();
            push_deployment(&mut blocks, &text);
            let found: Vec<_> = blocks.iter().map(|block| block.kind).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn facts_are_divided_into_workspace_files_and_skills_and_nothing_is_lost() {
        let facts = "<workspace>\nOperating system: Linux\nInstructions from /a/AGENTS.md:\nUse tabs.\n\n\
                     Instructions from here on are yours.\nInstructions from /a/b/AGENTS.md:\nUse spaces.\n</workspace>\n\
                     <available-skills>\n- release: Cut one.\n</available-skills>";
        let mut blocks = Vec::new();
        push_facts(&mut blocks, facts);
        assert_eq!(
            kinds(&blocks),
            [
                (PromptBlockKind::Workspace, ""),
                (PromptBlockKind::InstructionFile, "/a/AGENTS.md"),
                (PromptBlockKind::InstructionFile, "/a/b/AGENTS.md"),
                (PromptBlockKind::Skills, ""),
            ]
        );
        assert!(blocks[1].text.ends_with("from here on are yours."));
        let lines = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let shown: Vec<_> = blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(
            lines(&shown.join("\n").replace("\n\n", "\n")),
            lines(&facts.replace("\n\n", "\n"))
        );
    }

    #[test]
    fn pictures_are_named_and_counted_whatever_their_bytes() {
        let block = message_block(&Message {
            role: llm::Role::User,
            content: vec![
                Content::Text("12345678".to_owned()),
                Content::Image {
                    media_type: "image/png".to_owned(),
                    data: vec![0; 1_000_000].into(),
                },
            ],
        });
        assert_eq!(
            block.text,
            "12345678\n\n[picture: image/png, 1000000 bytes]"
        );
        assert_eq!(block.estimated_tokens, 1502);
    }
}
