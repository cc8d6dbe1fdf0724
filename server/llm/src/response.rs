//! Folds a stream of parts into a whole answer, all at once or while it runs.
//!
//! The [`Accumulator`] is what a turn loop keeps beside the live stream: at any moment it can say what has arrived,
//! so an interrupted answer keeps its partial text.

use futures::StreamExt;
use serde_json::Value;

use crate::{Content, Error, FinishReason, PartStream, StreamPart, Usage};

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Text, reasoning, tool calls and what the provider did in the order they began.
    pub content: Vec<Content>,
    /// Why the model stopped.
    pub finish_reason: FinishReason,
    /// Token counts.
    pub usage: Usage,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
}

impl Response {
    /// All text joined.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(|content| match content {
                Content::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// Reads a stream to its end.
pub async fn collect(mut stream: PartStream) -> Result<Response, Error> {
    let mut accumulator = Accumulator::default();
    while let Some(part) = stream.next().await {
        accumulator.push(&part?)?;
    }
    accumulator.finish().ok_or_else(|| Error::truncated(None))
}

/// Longest answer that is kept, in bytes. No model writes this much; a broken or hostile server may.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// What a block counts besides its text, so that many empty ones end too.
const BLOCK_BYTES: usize = 1024;

/// Folds parts as they come.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    bytes: usize,
    blocks: Vec<Block>,
    usage: Usage,
    finish: Option<(FinishReason, Option<String>)>,
}

#[derive(Clone, Debug)]
enum Block {
    Text(String),
    Reasoning {
        text: String,
        provider_metadata: Option<Value>,
        is_open: bool,
    },
    ToolCall {
        index: usize,
        id: String,
        name: String,
        arguments: String,
        is_whole: bool,
    },
    /// What comes in one piece.
    Whole(Content),
}

impl Accumulator {
    /// Adds the next part. Fails when the answer is longer than any answer may be; what came before is kept.
    pub fn push(&mut self, part: &StreamPart) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(size_of(part));
        if self.bytes > MAX_BYTES {
            return Err(Error::too_long(MAX_BYTES));
        }
        self.fold(part);
        Ok(())
    }

    fn fold(&mut self, part: &StreamPart) {
        match part {
            StreamPart::Start | StreamPart::ProviderCallStart { .. } => {}
            StreamPart::TextDelta { text } => self.push_text(text),
            StreamPart::ReasoningDelta { text } => self.push_reasoning(text),
            StreamPart::ReasoningEnd { provider_metadata } => {
                self.end_reasoning(provider_metadata.as_ref());
            }
            StreamPart::ToolCallStart { index, id, name } => self.blocks.push(Block::ToolCall {
                index: *index,
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
                is_whole: false,
            }),
            StreamPart::ToolCallDelta {
                index,
                arguments_delta,
            } => {
                if let Some(Block::ToolCall { arguments, .. }) = self.tool_call(*index) {
                    arguments.push_str(arguments_delta);
                }
            }
            StreamPart::ToolCallEnd {
                index,
                id,
                name,
                arguments,
            } => self.end_tool_call(*index, id, name, arguments),
            StreamPart::ProviderCallEnd { .. }
            | StreamPart::ProviderResult { .. }
            | StreamPart::Source { .. } => {
                self.blocks.extend(whole(part).map(Block::Whole));
            }
            StreamPart::Usage(usage) => self.usage = *usage,
            StreamPart::Finish {
                reason,
                usage,
                response_id,
            } => {
                self.usage = *usage;
                self.finish = Some((*reason, response_id.clone()));
            }
        }
    }

    /// What has arrived, tool calls only when they are whole; empty text is left out.
    pub fn content(&self) -> Vec<Content> {
        self.blocks.iter().filter_map(Block::content).collect()
    }

    /// Token counts so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The whole answer, or `None` when [`StreamPart::Finish`] has not come.
    pub fn finish(self) -> Option<Response> {
        let content = self.content();
        let (finish_reason, response_id) = self.finish?;
        Some(Response {
            content,
            finish_reason,
            usage: self.usage,
            response_id,
        })
    }

    fn push_text(&mut self, delta: &str) {
        if let Some(Block::Text(text)) = self.blocks.last_mut() {
            text.push_str(delta);
        } else {
            self.blocks.push(Block::Text(delta.to_owned()));
        }
    }

    fn push_reasoning(&mut self, delta: &str) {
        if let Some(Block::Reasoning {
            text,
            is_open: true,
            ..
        }) = self.blocks.last_mut()
        {
            text.push_str(delta);
        } else {
            let text = delta.to_owned();
            self.blocks.push(Block::Reasoning {
                text,
                provider_metadata: None,
                is_open: true,
            });
        }
    }

    fn end_reasoning(&mut self, metadata: Option<&Value>) {
        let open = self.blocks.iter_mut().rev().find_map(|block| match block {
            Block::Reasoning {
                provider_metadata,
                is_open,
                ..
            } if *is_open => Some((provider_metadata, is_open)),
            _ => None,
        });
        if let Some((provider_metadata, is_open)) = open {
            *provider_metadata = metadata.cloned();
            *is_open = false;
        } else if metadata.is_some() {
            let provider_metadata = metadata.cloned();
            self.blocks.push(Block::Reasoning {
                text: String::new(),
                provider_metadata,
                is_open: false,
            });
        }
    }

    fn end_tool_call(&mut self, index: usize, id: &str, name: &str, whole: &str) {
        if let Some(Block::ToolCall {
            arguments,
            is_whole,
            ..
        }) = self.tool_call(index)
        {
            whole.clone_into(arguments);
            *is_whole = true;
        } else {
            self.blocks.push(Block::ToolCall {
                index,
                id: id.to_owned(),
                name: name.to_owned(),
                arguments: whole.to_owned(),
                is_whole: true,
            });
        }
    }

    fn tool_call(&mut self, wanted: usize) -> Option<&mut Block> {
        self.blocks
            .iter_mut()
            .find(|block| matches!(block, Block::ToolCall { index, .. } if *index == wanted))
    }
}

/// What a provider did, and what its text goes back to.
fn whole(part: &StreamPart) -> Option<Content> {
    Some(match part.clone() {
        StreamPart::ProviderCallEnd {
            id,
            name,
            arguments,
            provider_metadata,
        } => Content::ProviderCall {
            id,
            name,
            arguments,
            provider_metadata,
        },
        StreamPart::ProviderResult {
            tool_call_id,
            name,
            result,
            is_error,
            provider_metadata,
        } => Content::ProviderResult {
            tool_call_id,
            name,
            result,
            is_error,
            provider_metadata,
        },
        StreamPart::Source {
            url,
            title,
            provider_metadata,
        } => Content::Source {
            url,
            title,
            provider_metadata,
        },
        _ => return None,
    })
}

/// What a part counts. A call's arguments count twice when they came in deltas and whole.
fn size_of(part: &StreamPart) -> usize {
    match part {
        StreamPart::TextDelta { text } | StreamPart::ReasoningDelta { text } => text.len(),
        StreamPart::ReasoningEnd { provider_metadata } => {
            let metadata = provider_metadata.as_ref();
            BLOCK_BYTES + metadata.map_or(0, |value| value.to_string().len())
        }
        StreamPart::ToolCallStart { id, name, .. } => BLOCK_BYTES + id.len() + name.len(),
        StreamPart::ToolCallDelta {
            arguments_delta, ..
        } => arguments_delta.len(),
        StreamPart::ToolCallEnd {
            id,
            name,
            arguments,
            ..
        } => BLOCK_BYTES + id.len() + name.len() + arguments.len(),
        StreamPart::ProviderCallStart { .. } => BLOCK_BYTES,
        StreamPart::ProviderCallEnd { .. }
        | StreamPart::ProviderResult { .. }
        | StreamPart::Source { .. } => {
            BLOCK_BYTES + whole(part).map_or(0, |content| content.size_bytes())
        }
        StreamPart::Start | StreamPart::Usage(_) | StreamPart::Finish { .. } => 0,
    }
}

impl Block {
    fn content(&self) -> Option<Content> {
        match self {
            Self::Text(text) => (!text.is_empty()).then(|| Content::Text(text.clone())),
            Self::Reasoning {
                text,
                provider_metadata,
                ..
            } => (!text.is_empty() || provider_metadata.is_some()).then(|| Content::Reasoning {
                text: text.clone(),
                provider_metadata: provider_metadata.clone(),
            }),
            Self::ToolCall {
                id,
                name,
                arguments,
                is_whole,
                ..
            } => is_whole.then(|| Content::ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            }),
            Self::Whole(content) => Some(content.clone()),
        }
    }
}

#[cfg(test)]
#[path = "response/tests.rs"]
mod tests;
