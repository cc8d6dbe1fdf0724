//! Writes the body of a Responses call.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::dialect::Dialect;
use super::super::request::{AS_THEY_ARE, copy, own};
use super::computer::{self, Ids};
use super::searches;
use crate::options::{Own, rounded};
use crate::replay::{arguments_object, object_schema, split_result, tool_call_id};
use crate::{Content, ReasoningEffort, Request, Role, ToolChoice, ToolResultContent, web};

const LONGEST_ID: usize = 64;

/// The whole body as JSON. Written from what the request holds: a tree of values of a long conversation would take
/// several times as long.
pub(in super::super) fn write(request: &Request, dialect: Dialect) -> Vec<u8> {
    let body = Body {
        model: &request.model,
        stream: true,
        instructions: instructions(request),
        options: options(request, dialect),
        input: Writer::new(request, dialect).input(request),
    };
    crate::http::json(request, &body)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    instructions: String,
    #[serde(flatten)]
    options: Map<String, Value>,
    input: Vec<Item<'a>>,
}

/// A piece of the conversation.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message {
        role: &'static str,
        content: Vec<Part<'a>>,
    },
    Reasoning {
        summary: Vec<Part<'a>>,
        encrypted_content: &'a Value,
    },
    FunctionCall {
        call_id: Cow<'a, str>,
        name: &'a str,
        arguments: String,
    },
    FunctionCallOutput {
        call_id: Cow<'a, str>,
        output: Output<'a>,
    },
    ComputerCall {
        id: &'a str,
        call_id: &'a str,
        actions: Vec<Value>,
        pending_safety_checks: [Value; 0],
        status: &'static str,
    },
    ComputerCallOutput {
        call_id: &'a str,
        output: Part<'a>,
    },
    /// As it came.
    #[serde(untagged)]
    Own(&'a Value),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    Text(String),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    InputText { text: Cow<'a, str> },
    OutputText { text: Cow<'a, str> },
    SummaryText { text: &'a str },
    InputImage { image_url: String },
    ComputerScreenshot { image_url: String },
}

fn instructions(request: &Request) -> String {
    let texts = request.system.iter().map(|block| block.text.as_str());
    let texts: Vec<_> = texts.filter(|text| !text.trim().is_empty()).collect();
    texts.join("\n\n")
}

fn options(request: &Request, dialect: Dialect) -> Map<String, Value> {
    let own = own(request, dialect);
    // Nothing is kept there unless the settings ask for it.
    let mut options = Map::from_iter([("store".to_owned(), Value::Bool(false))]);
    copy(&own, &AS_THEY_ARE, &mut options);
    let mut set = |name: &str, value: Value| options.insert(name.to_owned(), value);
    let ceiling = own.number("max_completion_tokens");
    if let Some(ceiling) = ceiling.or(request.max_output_tokens) {
        set("max_output_tokens", json!(ceiling));
    }
    if let Some(temperature) = request.temperature.filter(|_| dialect.has_temperature) {
        set("temperature", rounded(temperature));
    }
    if let Some(top_p) = request.top_p.filter(|_| dialect.has_sampling) {
        set("top_p", rounded(top_p));
    }
    let mut reasoning = Map::new();
    let effort = own.effort("reasoning_effort").or(request.reasoning);
    if let Some(effort) = effort.filter(|_| dialect.has_reasoning_effort) {
        reasoning.insert("effort".to_owned(), effort.as_str().into());
        if dialect.has_reasoning_summary {
            let summary = own.text("reasoning_summary").unwrap_or("auto");
            reasoning.insert("summary".to_owned(), summary.into());
        }
    }
    if let Some(verbosity) = own.text("text_verbosity") {
        set("text", json!({ "verbosity": verbosity }));
    }
    if let Some(most) = own.number("max_tool_calls") {
        set("max_tool_calls", json!(most));
    }
    if !reasoning.is_empty() {
        set("reasoning", reasoning.into());
    }
    let encrypted = dialect
        .has_encrypted_reasoning
        .then_some("reasoning.encrypted_content");
    let found = has_search(request, &own).then_some(searches::INCLUDED);
    let included: Vec<_> = encrypted.into_iter().chain(found).collect();
    if !included.is_empty() {
        set("include", json!(included));
    }
    let tools = tools(request, dialect);
    if !tools.is_empty() {
        set("tools", tools.into());
        let choice = match request.tool_choice {
            ToolChoice::Auto => "auto",
            ToolChoice::None => "none",
            ToolChoice::Required => "required",
        };
        set("tool_choice", choice.into());
        if let Some(is_on) = own.flag("parallel_tool_calls") {
            set("parallel_tool_calls", is_on.into());
        }
    }
    options
}

fn tools(request: &Request, dialect: Dialect) -> Vec<Value> {
    let tools = request.tools.iter().map(|tool| {
        if tool.screen.is_some() && dialect.has_computer {
            return json!({"type": "computer"});
        }
        json!({
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": object_schema(&tool.input_schema),
            "strict": false,
        })
    });
    tools.chain(provider_tools(request, dialect)).collect()
}

/// Those that OpenAI runs itself.
pub(in super::super) fn provider_tools(request: &Request, dialect: Dialect) -> Option<Value> {
    let own = own(request, dialect);
    has_search(request, &own).then(|| searches::definition(&own))
}

/// Whether the search is offered. OpenAI refuses it to a model that is to think as little as it can.
fn has_search(request: &Request, own: &Own<'_>) -> bool {
    let effort = own.effort("reasoning_effort").or(request.reasoning);
    web::is_offered(request, own) && effort != Some(ReasoningEffort::Minimal)
}

/// The actions of a call on a screen, and what came of them.
#[derive(Default)]
struct Acted<'a> {
    actions: Vec<Value>,
    arguments: Vec<&'a str>,
    /// The last picture.
    picture: Option<(&'a str, &'a Bytes)>,
    /// Words of actions that failed, or of all when there is no picture.
    failures: Vec<&'a str>,
    words: Vec<&'a str>,
    /// Whether its output was written.
    is_answered: bool,
}

struct Writer<'a> {
    dialect: Dialect,
    /// Whether earlier searches go back: not where none is offered.
    has_search: bool,
    /// By the id of the call that they belong to.
    acted: HashMap<&'a str, Acted<'a>>,
}

impl<'a> Writer<'a> {
    fn new(request: &'a Request, dialect: Dialect) -> Self {
        let mut acted: HashMap<&str, Acted<'_>> = HashMap::new();
        let has_computer =
            dialect.has_computer && request.tools.iter().any(|tool| tool.screen.is_some());
        let contents = request.messages.iter().flat_map(|message| &message.content);
        for content in contents.filter(|_| has_computer) {
            match content {
                Content::ToolCall {
                    id,
                    name,
                    arguments,
                } if name == computer::NAME => {
                    if let Some(ids) = Ids::read(id) {
                        let group = acted.entry(ids.call).or_default();
                        group
                            .actions
                            .push(computer::to_action(&arguments_object(arguments)));
                        group.arguments.push(arguments);
                    }
                }
                Content::ToolResult {
                    tool_call_id,
                    content,
                    is_error,
                    ..
                } => {
                    let ids = Ids::read(tool_call_id);
                    if let Some(group) = ids.and_then(|ids| acted.get_mut(ids.call)) {
                        group.add(content, *is_error);
                    }
                }
                _ => {}
            }
        }
        Self {
            dialect,
            has_search: has_search(request, &own(request, dialect)),
            acted,
        }
    }

    fn input(mut self, request: &'a Request) -> Vec<Item<'a>> {
        let mut input = Vec::with_capacity(request.messages.len());
        for message in request.messages.iter() {
            if message.role == Role::Assistant {
                self.assistant(&message.content, &mut input);
            } else {
                self.user_or_tool(&message.content, &mut input);
            }
        }
        input
    }

    fn assistant(&self, contents: &'a [Content], input: &mut Vec<Item<'a>>) {
        let mut last_call = None;
        for content in contents {
            match content {
                Content::Text(text) if !text.is_empty() => {
                    let text = text.as_str().into();
                    let content = vec![Part::OutputText { text }];
                    input.push(Item::Message {
                        role: "assistant",
                        content,
                    });
                }
                Content::Reasoning {
                    text,
                    provider_metadata: Some(metadata),
                } if self.dialect.has_encrypted_reasoning => {
                    input.extend(reasoning(text, metadata));
                }
                Content::ProviderCall { .. } if self.has_search => {
                    input.extend(searches::item(content).map(Item::Own));
                }
                Content::ToolCall {
                    id,
                    name,
                    arguments,
                } => match Ids::read(id).and_then(|ids| Some((ids, self.acted.get(ids.call)?))) {
                    Some((ids, acted)) => {
                        if last_call.replace(ids.call) != Some(ids.call) {
                            input.push(acted.call(ids));
                        }
                    }
                    None => input.push(Item::FunctionCall {
                        call_id: tool_call_id(id, LONGEST_ID),
                        name,
                        arguments: arguments_object(arguments).to_string(),
                    }),
                },
                _ => {}
            }
        }
    }

    fn user_or_tool(&mut self, contents: &'a [Content], input: &mut Vec<Item<'a>>) {
        let mut said = Vec::new();
        for content in contents {
            match content {
                Content::Text(text) if !text.is_empty() => said.push(Part::InputText {
                    text: text.as_str().into(),
                }),
                Content::Image { media_type, data } => said.push(Part::InputImage {
                    image_url: image_url(media_type, data),
                }),
                Content::ToolResult {
                    tool_call_id: id,
                    content,
                    ..
                } => {
                    let call = Ids::read(id).map(|ids| ids.call);
                    match call.and_then(|call| Some((call, self.acted.get_mut(call)?))) {
                        // The first result of a call speaks for all.
                        Some((_, acted)) if acted.is_answered => {}
                        Some((call, acted)) => {
                            acted.is_answered = true;
                            input.extend(acted.output(call));
                        }
                        None => input.push(Item::FunctionCallOutput {
                            call_id: tool_call_id(id, LONGEST_ID),
                            output: output(content),
                        }),
                    }
                }
                _ => {}
            }
        }
        if !said.is_empty() {
            input.push(Item::Message {
                role: "user",
                content: said,
            });
        }
    }
}

impl<'a> Acted<'a> {
    fn add(&mut self, content: &'a [ToolResultContent], is_error: bool) {
        for piece in content {
            match piece {
                ToolResultContent::Text(text) => {
                    self.words.push(text);
                    if is_error {
                        self.failures.push(text);
                    }
                }
                ToolResultContent::Image { media_type, data } => {
                    self.picture = Some((media_type, data));
                }
            }
        }
    }

    /// Without a picture a call cannot be answered; then it is told in words.
    fn call(&self, ids: Ids<'a>) -> Item<'a> {
        if self.picture.is_none() {
            let text = format!("[done on the computer: {}]", self.arguments.join(", "));
            return Item::Message {
                role: "assistant",
                content: vec![Part::OutputText { text: text.into() }],
            };
        }
        Item::ComputerCall {
            id: ids.item,
            call_id: ids.call,
            actions: self.actions.clone(),
            pending_safety_checks: [],
            status: "completed",
        }
    }

    fn output(&self, call_id: &'a str) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        let mut told = &self.words;
        if let Some((media_type, data)) = self.picture {
            told = &self.failures;
            items.push(Item::ComputerCallOutput {
                call_id,
                output: Part::ComputerScreenshot {
                    image_url: image_url(media_type, data),
                },
            });
        }
        if !told.is_empty() {
            let text = format!("[what came of it: {}]", told.join(" "));
            items.push(Item::Message {
                role: "user",
                content: vec![Part::InputText { text: text.into() }],
            });
        }
        items
    }
}

/// A thought of OpenAI's own; others have no encrypted form and cannot go back.
fn reasoning<'a>(text: &'a str, metadata: &'a Value) -> Option<Item<'a>> {
    let encrypted_content = metadata.get("openai")?.get("encrypted_content")?;
    let summary = if text.is_empty() {
        Vec::new()
    } else {
        vec![Part::SummaryText { text }]
    };
    Some(Item::Reasoning {
        summary,
        encrypted_content,
    })
}

fn output(content: &[ToolResultContent]) -> Output<'_> {
    let (text, images) = split_result(content);
    if images.is_empty() {
        return Output::Text(text);
    }
    let mut parts = Vec::with_capacity(images.len() + 1);
    if !text.is_empty() {
        parts.push(Part::InputText { text: text.into() });
    }
    parts.extend(
        images
            .into_iter()
            .map(|(media_type, data)| Part::InputImage {
                image_url: image_url(media_type, data),
            }),
    );
    Output::Parts(parts)
}

fn image_url(media_type: &str, data: &Bytes) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(data))
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
