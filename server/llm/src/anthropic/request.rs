//! Writes the body of a Messages call.
//!
//! Messages of the same side are joined (tool results belong to the user's side), results come first in their
//! message, and empty text is left out, because the API refuses it. Cache marks go on the last system block and on the
//! last two messages: with three of the four marks allowed, the prefix of the last step and of this one are found.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::computer::{self, Form};
use super::searches::{self, Replay};
use super::thinking::{self, Wish};
use crate::options::{Own, rounded};
use crate::replay::{arguments_object, object_schema, tool_call_id};
use crate::{Content, Message, Request, Role, ToolChoice, ToolResultContent, limits, web};

/// Ceiling of an answer when the caller names none; the API demands one.
const DEFAULT_MAX_TOKENS: u64 = 32_000;
const LONGEST_ID: usize = 64;
const IMAGE_TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The whole body as JSON. Written from what the request holds: a tree of values of a long conversation would take
/// several times as long.
pub(super) fn write(request: &Request, computer: Form, account: Option<&str>) -> Vec<u8> {
    let body = Body {
        model: &request.model,
        stream: true,
        options: options(request, computer),
        system: system(request),
        messages: messages(request, computer, account),
    };
    crate::http::json(request, &body)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(flatten)]
    options: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Marked<'a>>,
    messages: Vec<Turn<'a>>,
}

/// What one side says until the other does.
#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Marked<'a>>,
}

/// A block, and whether the prompt up to it is to be kept.
#[derive(Serialize)]
struct Marked<'a> {
    #[serde(flatten)]
    block: Block<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "ephemeral")]
struct CacheControl {}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        citations: Option<&'a Value>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a Value,
    },
    RedactedThinking {
        data: &'a Value,
    },
    Image {
        source: ImageSource<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        toolset_name: Option<&'static str>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        toolset_name: Option<&'static str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<ResultContent<'a>>,
    },
    /// As it came.
    #[serde(untagged)]
    Own(&'a Value),
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "base64")]
struct ImageSource<'a> {
    media_type: &'a str,
    data: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ResultContent<'a> {
    Words(&'static str),
    Blocks(Vec<Block<'a>>),
}

fn options(request: &Request, computer: Form) -> Map<String, Value> {
    let max_tokens = request
        .max_output_tokens
        .unwrap_or_else(|| default_max_tokens(&request.model));
    let mut options = Map::new();
    options.insert("max_tokens".to_owned(), json!(max_tokens));
    let own = own(request);
    let budget = own
        .object("thinking")
        .and_then(|thinking| thinking.get("budget_tokens")?.as_u64());
    let wish = Wish {
        effort: own.effort("effort").or(request.reasoning),
        budget_tokens: budget.and_then(|budget| u32::try_from(budget).ok()),
    };
    let thinks = thinking::apply(&mut options, &request.model, wish, max_tokens);
    // A model that thinks samples as it does.
    if !thinks {
        let mut set = |name: &str, value: Option<Value>| {
            options.extend(value.map(|value| (name.to_owned(), value)));
        };
        let temperature = request.temperature.map(|it| rounded(it.clamp(0.0, 1.0)));
        set("temperature", temperature);
        set("top_p", request.top_p.map(rounded));
        set("top_k", request.top_k.map(Value::from));
    }
    let tools = tools(request, computer);
    if !tools.is_empty() {
        options.insert("tools".to_owned(), tools.into());
        let is_one_at_a_time = own.flag("disable_parallel_tool_use") == Some(true);
        let choice = tool_choice(request.tool_choice, thinks, is_one_at_a_time);
        options.insert("tool_choice".to_owned(), choice);
    }
    options
}

fn own(request: &Request) -> Own<'_> {
    Own::of(&request.provider_options, ["anthropic", ""])
}

fn default_max_tokens(model: &str) -> u32 {
    u32::try_from(
        limits::known(model)
            .max_output_tokens
            .min(DEFAULT_MAX_TOKENS),
    )
    .unwrap_or(u32::MAX)
}

fn system(request: &Request) -> Vec<Marked<'_>> {
    let blocks = request.system.iter();
    let mut blocks: Vec<_> = blocks
        .filter_map(|block| text_block(&block.text))
        .map(unmarked)
        .collect();
    if request.cache {
        mark_last(&mut blocks);
    }
    blocks
}

fn tools(request: &Request, computer: Form) -> Vec<Value> {
    let tools = request.tools.iter().map(|tool| {
        let own = tool.screen.and_then(|screen| computer.definition(screen));
        own.unwrap_or_else(|| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "input_schema": object_schema(&tool.input_schema),
            })
        })
    });
    tools.chain(provider_tools(request)).collect()
}

/// Those that Anthropic runs itself.
pub(super) fn provider_tools(request: &Request) -> Option<Value> {
    let own = own(request);
    web::is_offered(request, &own).then(|| searches::definition(&own))
}

/// A model that thinks cannot be forced to call.
fn tool_choice(choice: ToolChoice, thinks: bool, is_one_at_a_time: bool) -> Value {
    let kind = match choice {
        ToolChoice::None => return json!({"type": "none"}),
        ToolChoice::Required if !thinks => "any",
        ToolChoice::Auto | ToolChoice::Required => "auto",
    };
    if is_one_at_a_time {
        return json!({"type": kind, "disable_parallel_tool_use": true});
    }
    json!({"type": kind})
}

fn messages<'a>(request: &'a Request, computer: Form, account: Option<&'a str>) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn<'a>> = Vec::with_capacity(request.messages.len());
    let own = own(request);
    let sends_thoughts = own.flag("send_reasoning") != Some(false);
    let mut replay = Replay::of(request, account, web::is_offered(request, &own));
    let last_user = request
        .messages
        .iter()
        .rposition(|message| message.role == Role::User);
    for (position, message) in request.messages.iter().enumerate() {
        // The API wants the thoughts of the turn that is under way in any case.
        let keeps_thoughts = sends_thoughts || last_user.is_none_or(|user| position > user);
        let role = if message.role == Role::Assistant {
            "assistant"
        } else {
            "user"
        };
        let blocks = blocks(message, keeps_thoughts, computer, &mut replay);
        match turns.last_mut() {
            Some(last) if last.role == role => last.content.extend(blocks),
            _ => turns.push(Turn {
                role,
                content: blocks,
            }),
        }
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == "assistant") {
        // The API refuses an answer that ends in a thought: one that was stopped, or whose search does not go back.
        while turn.content.last().is_some_and(Marked::is_thought) {
            turn.content.pop();
        }
    }
    turns.retain(|turn| !turn.content.is_empty());
    for turn in turns.iter_mut().filter(|turn| turn.role == "user") {
        // The API wants the results of a turn's calls before anything else is said.
        turn.content
            .sort_by_key(|marked| !matches!(marked.block, Block::ToolResult { .. }));
    }
    if request.cache {
        for turn in turns.iter_mut().rev().take(2) {
            mark_last(&mut turn.content);
        }
    }
    turns
}

fn blocks<'a>(
    message: &'a Message,
    keeps_thoughts: bool,
    computer: Form,
    replay: &mut Replay<'a>,
) -> Vec<Marked<'a>> {
    let mut blocks = Vec::with_capacity(message.content.len());
    let mut contents = message.content.iter().peekable();
    while let Some(content) = contents.next() {
        match (content, contents.peek()) {
            (
                Content::Text(text),
                Some(Content::Source {
                    provider_metadata, ..
                }),
            ) if replay.is_offered() => {
                let metadata = provider_metadata.as_ref();
                let metadata = metadata.filter(|metadata| web::is_of(metadata, replay.account()));
                let pieces = metadata.and_then(|metadata| searches::cited(text, metadata));
                let pieces = pieces.unwrap_or_else(|| vec![(text, None)]).into_iter();
                blocks.extend(pieces.filter_map(|(text, citations)| cited_block(text, citations)));
            }
            (Content::Reasoning { .. }, _) if !keeps_thoughts => {}
            (Content::ProviderCall { .. } | Content::ProviderResult { .. }, _) => {
                blocks.extend(replay.block(content).map(Block::Own));
            }
            _ => blocks.extend(block(message.role, content, computer)),
        }
    }
    blocks.into_iter().map(unmarked).collect()
}

fn block(role: Role, content: &Content, computer: Form) -> Option<Block<'_>> {
    let is_member = |name: &str| computer == Form::Toolset && name == computer::NAME;
    match content {
        Content::Text(text) => text_block(text),
        Content::Reasoning {
            text,
            provider_metadata,
        } if role == Role::Assistant => thinking_block(text, provider_metadata.as_ref()?),
        Content::Reasoning { .. } => None,
        Content::Image { media_type, data } => Some(image_block(media_type, data)),
        Content::ToolCall {
            id,
            name,
            arguments,
        } => Some(call_block(id, name, arguments, is_member(name))),
        Content::ToolResult {
            tool_call_id: id,
            name,
            content,
            is_error,
        } => {
            let toolset_name = is_member(name).then_some(computer::NAME);
            Some(result_block(id, content, *is_error, toolset_name))
        }
        Content::ProviderCall { .. } | Content::ProviderResult { .. } | Content::Source { .. } => {
            None
        }
    }
}

fn text_block(text: &str) -> Option<Block<'_>> {
    cited_block(text, None)
}

fn cited_block<'a>(text: &'a str, citations: Option<&'a Value>) -> Option<Block<'a>> {
    (!text.trim().is_empty()).then_some(Block::Text {
        text: Cow::Borrowed(text),
        citations,
    })
}

/// Thoughts go back exactly as they came; those of other providers have no signature and cannot.
fn thinking_block<'a>(text: &'a str, metadata: &'a Value) -> Option<Block<'a>> {
    let own = metadata.get("anthropic")?;
    if let Some(data) = own.get("redacted_data") {
        return Some(Block::RedactedThinking { data });
    }
    Some(Block::Thinking {
        thinking: text,
        signature: own.get("signature")?,
    })
}

fn image_block<'a>(media_type: &'a str, data: &Bytes) -> Block<'a> {
    if !IMAGE_TYPES.contains(&media_type) || data.is_empty() {
        let words = format!("[An image of type {media_type} that cannot be shown.]");
        return Block::Text {
            text: words.into(),
            citations: None,
        };
    }
    Block::Image {
        source: ImageSource {
            media_type,
            data: STANDARD.encode(data),
        },
    }
}

/// A call, or that of a member of the computer's toolset.
fn call_block<'a>(id: &'a str, name: &'a str, arguments: &str, is_member: bool) -> Block<'a> {
    let id = tool_call_id(id, LONGEST_ID);
    let input = arguments_object(arguments);
    match is_member.then(|| computer::to_member(input.clone())) {
        Some(Some((member, input))) => Block::ToolUse {
            id,
            name: member.into(),
            input,
            toolset_name: Some(computer::NAME),
        },
        // What names no action was refused; the member that only looks stands for it.
        Some(None) => Block::ToolUse {
            id,
            name: "screenshot".into(),
            input: json!({}),
            toolset_name: Some(computer::NAME),
        },
        None => Block::ToolUse {
            id,
            name: name.into(),
            input,
            toolset_name: None,
        },
    }
}

fn result_block<'a>(
    id: &'a str,
    content: &'a [ToolResultContent],
    is_error: bool,
    toolset_name: Option<&'static str>,
) -> Block<'a> {
    let pieces = content.iter();
    let pieces: Vec<_> = pieces
        .filter_map(|piece| match piece {
            ToolResultContent::Text(text) => text_block(text),
            ToolResultContent::Image { media_type, data } => Some(image_block(media_type, data)),
        })
        .collect();
    let content = match (pieces.is_empty(), is_error) {
        (false, _) => Some(ResultContent::Blocks(pieces)),
        // An error without a word is refused.
        (true, true) => Some(ResultContent::Words("The tool failed and said nothing.")),
        (true, false) => None,
    };
    Block::ToolResult {
        tool_use_id: tool_call_id(id, LONGEST_ID),
        toolset_name,
        is_error,
        content,
    }
}

impl Marked<'_> {
    const fn is_thought(&self) -> bool {
        matches!(
            self.block,
            Block::Thinking { .. } | Block::RedactedThinking { .. }
        )
    }
}

const fn unmarked(block: Block<'_>) -> Marked<'_> {
    Marked {
        block,
        cache_control: None,
    }
}

/// Thoughts cannot carry a mark.
fn mark_last(blocks: &mut [Marked<'_>]) {
    let is_thought = |block: &Block<'_>| {
        matches!(
            block,
            Block::Thinking { .. } | Block::RedactedThinking { .. }
        )
    };
    let mut from_the_end = blocks.iter_mut().rev();
    if let Some(last) = from_the_end.find(|marked| !is_thought(&marked.block)) {
        last.cache_control = Some(CacheControl {});
    }
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
