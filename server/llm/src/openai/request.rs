//! Writes the body of a Chat Completions call.
//!
//! The instructions become one system message, because many chat templates take only one. Tool results hold text only;
//! their pictures follow in a user message.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::reasoning;
use crate::options::{Own, rounded};
use crate::replay::{arguments_object, object_schema, split_result, tool_call_id};
use crate::{Content, Message, ReasoningEffort, Request, Role, ToolChoice};

const LONGEST_ID: usize = 40;
/// Settings that are called the same in both APIs.
pub(super) const AS_THEY_ARE: [&str; 3] = ["store", "prompt_cache_key", "service_tier"];
/// Fields of the body that are written here or not at all.
const OURS: [&str; 6] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
];
const LONGEST_FOREIGN_ID: usize = 64;

/// The whole body as JSON. Written from what the request holds: a tree of values of a long conversation would take
/// several times as long.
pub(super) fn write(request: &Request, dialect: Dialect) -> Vec<u8> {
    let body = Body {
        model: &request.model,
        stream: true,
        options: options(request, dialect),
        messages: messages(request, dialect),
    };
    crate::http::json(request, &body)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(flatten)]
    options: Map<String, Value>,
    messages: Vec<Said<'a>>,
}

/// One message.
#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Said<'a> {
    System {
        content: String,
    },
    User {
        content: UserContent<'a>,
    },
    Assistant {
        #[serde(skip_serializing_if = "str::is_empty")]
        content: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
        /// Thoughts, in the fields of the server's own.
        #[serde(flatten)]
        thoughts: Map<String, Value>,
    },
    Tool {
        tool_call_id: Cow<'a, str>,
        content: String,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum UserContent<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct Call<'a> {
    id: Cow<'a, str>,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: String,
}

fn options(request: &Request, dialect: Dialect) -> Map<String, Value> {
    let mut options = Map::new();
    if dialect.has_stream_options {
        options.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    let own = own(request, dialect);
    let ceiling = own.number("max_completion_tokens");
    if let Some(ceiling) = ceiling.or(request.max_output_tokens) {
        let name = if dialect.says_max_completion_tokens {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        options.insert(name.to_owned(), json!(ceiling));
    }
    if let Some(temperature) = request.temperature.filter(|_| dialect.has_temperature) {
        options.insert("temperature".to_owned(), rounded(temperature));
    }
    if dialect.has_sampling {
        let mut set = |name: &str, value: Option<Value>| {
            options.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("top_p", request.top_p.map(rounded));
        set("presence_penalty", request.presence_penalty.map(rounded));
        set("frequency_penalty", request.frequency_penalty.map(rounded));
        // OpenAI has no word for it, most servers that imitate it have.
        let top_k = request.top_k.filter(|_| !dialect.is_official);
        set("top_k", top_k.map(Value::from));
    }
    let effort = own.effort("reasoning_effort").or(request.reasoning);
    if let Some(effort) = effort.filter(|_| dialect.has_reasoning_effort) {
        options.insert(
            "reasoning_effort".to_owned(),
            json!(ReasoningEffort::as_str(effort)),
        );
    }
    if !request.tools.is_empty() {
        options.insert("tools".to_owned(), tools(request));
        options.insert(
            "tool_choice".to_owned(),
            json!(tool_choice(request.tool_choice)),
        );
        let parallel = own.flag("parallel_tool_calls");
        options.extend(parallel.map(|is_on| ("parallel_tool_calls".to_owned(), is_on.into())));
    }
    copy(&own, &AS_THEY_ARE, &mut options);
    let verbosity = own.text("text_verbosity");
    options.extend(verbosity.map(|word| ("verbosity".to_owned(), word.into())));
    for (name, value) in own.object("extra_body").into_iter().flatten() {
        // What the conversation hangs on is not for settings to change.
        if !OURS.contains(&name.as_str()) {
            options.entry(name).or_insert_with(|| value.clone());
        }
    }
    options
}

/// Settings for OpenAI itself, or for a server that imitates it, which is told what OpenAI is told unless it has its own.
pub(super) fn own(request: &Request, dialect: Dialect) -> Own<'_> {
    let names = if dialect.is_official {
        ["openai", ""]
    } else {
        ["openaicompat", "openai"]
    };
    Own::of(&request.provider_options, names)
}

/// Sets those of the named settings that there are.
pub(super) fn copy(own: &Own<'_>, names: &[&str], options: &mut Map<String, Value>) {
    let named = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), own.value(name)?.clone())));
    options.extend(named);
}

fn tools(request: &Request) -> Value {
    request
        .tools
        .iter()
        .map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": object_schema(&tool.input_schema),
                },
            })
        })
        .collect()
}

fn tool_choice(choice: ToolChoice) -> &'static str {
    match choice {
        ToolChoice::Auto => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required => "required",
    }
}

fn messages(request: &Request, dialect: Dialect) -> Vec<Said<'_>> {
    let mut writer = Writer {
        dialect,
        messages: Vec::with_capacity(request.messages.len() + 1),
        held_images: Vec::new(),
    };
    writer.system(request);
    let last_user = request
        .messages
        .iter()
        .rposition(|message| message.role == Role::User);
    for (position, message) in request.messages.iter().enumerate() {
        match message.role {
            Role::Assistant => {
                writer.assistant(message, last_user.is_none_or(|user| position > user));
            }
            Role::User | Role::Tool => writer.user_or_tool(message),
        }
    }
    writer.flush_images();
    writer.messages
}

struct Writer<'a> {
    dialect: Dialect,
    messages: Vec<Said<'a>>,
    /// Pictures of tool results, held back until the last result of the step is written.
    held_images: Vec<Part<'a>>,
}

impl<'a> Writer<'a> {
    fn system(&mut self, request: &'a Request) {
        let texts: Vec<&str> = request
            .system
            .iter()
            .map(|block| block.text.as_str())
            .filter(|text| !text.trim().is_empty())
            .collect();
        if !texts.is_empty() {
            self.messages.push(Said::System {
                content: texts.join("\n\n"),
            });
        }
    }

    fn assistant(&mut self, message: &'a Message, is_current_turn: bool) {
        self.flush_images();
        let mut thoughts = Map::new();
        let mut text = Cow::Borrowed("");
        let mut calls = Vec::new();
        for content in &message.content {
            match content {
                Content::Text(more) if text.is_empty() => text = Cow::Borrowed(more),
                Content::Text(more) => text.to_mut().push_str(more),
                Content::Reasoning {
                    text,
                    provider_metadata: Some(metadata),
                } if !self.dialect.is_official => {
                    reasoning::put_back(&mut thoughts, text, metadata, is_current_turn);
                }
                Content::ToolCall {
                    id,
                    name,
                    arguments,
                } => calls.push(Call {
                    id: self.call_id(id),
                    function: Function {
                        name,
                        arguments: arguments_object(arguments).to_string(),
                    },
                }),
                Content::Reasoning { .. }
                | Content::Image { .. }
                | Content::ToolResult { .. }
                | Content::ProviderCall { .. }
                | Content::ProviderResult { .. }
                | Content::Source { .. } => {}
            }
        }
        if !text.is_empty() || !calls.is_empty() {
            self.messages.push(Said::Assistant {
                content: text,
                tool_calls: calls,
                thoughts,
            });
        }
    }

    fn user_or_tool(&mut self, message: &'a Message) {
        let mut parts = Vec::new();
        for content in &message.content {
            match content {
                Content::Text(text) if !text.is_empty() => {
                    parts.push(Part::Text {
                        text: Cow::Borrowed(text),
                    });
                }
                Content::Image { media_type, data } => parts.push(image(media_type, data)),
                Content::ToolResult {
                    tool_call_id: id,
                    name,
                    content,
                    ..
                } => {
                    let (text, images) = split_result(content);
                    let id = self.call_id(id);
                    if !images.is_empty() {
                        let note = format!("Images from the result of {name} ({id}):");
                        self.held_images.push(Part::Text { text: note.into() });
                        self.held_images.extend(
                            images
                                .into_iter()
                                .map(|(media_type, data)| image(media_type, data)),
                        );
                    }
                    self.messages.push(Said::Tool {
                        tool_call_id: id,
                        content: text,
                    });
                }
                _ => {}
            }
        }
        if message.role == Role::User {
            self.flush_images();
        }
        if !parts.is_empty() {
            self.messages.push(Said::User {
                content: joined(parts),
            });
        }
    }

    /// OpenAI's rule is strict. Other servers get their own ids back as they were, because some templates read them.
    fn call_id(&self, id: &'a str) -> Cow<'a, str> {
        let is_printable =
            !id.is_empty() && id.chars().all(|character| character.is_ascii_graphic());
        if !self.dialect.is_official && is_printable && id.len() <= LONGEST_FOREIGN_ID {
            return Cow::Borrowed(id);
        }
        tool_call_id(id, LONGEST_ID)
    }

    fn flush_images(&mut self) {
        if !self.held_images.is_empty() {
            let parts = std::mem::take(&mut self.held_images);
            self.messages.push(Said::User {
                content: UserContent::Parts(parts),
            });
        }
    }
}

/// Plain text as a string: servers without vision take nothing else.
fn joined(mut parts: Vec<Part<'_>>) -> UserContent<'_> {
    if let [Part::Text { text }] = parts.as_mut_slice() {
        return UserContent::Text(std::mem::take(text));
    }
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part {
            Part::Text { text } => Some(text.as_ref()),
            Part::ImageUrl { .. } => None,
        })
        .collect();
    match texts {
        Some(texts) => UserContent::Text(texts.join("\n").into()),
        None => UserContent::Parts(parts),
    }
}

fn image(media_type: &str, data: &Bytes) -> Part<'static> {
    Part::ImageUrl {
        image_url: ImageUrl {
            url: format!("data:{media_type};base64,{}", STANDARD.encode(data)),
        },
    }
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
