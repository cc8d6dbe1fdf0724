//! Calls of tools that the provider runs itself, as parts of an answer. They are never run here, and nothing waits for them:
//! one that the provider did not answer is closed with the last answer of its turn, and does not go back to it. One of an earlier answer
//! stays as it is, and counts as interrupted once its turn is over.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use llm::{Content, StreamPart};
use sdk::parts::{Part, SourcePart, ToolCallPart, ToolResultPart};

use super::publisher::{can_be_kept, parse_arguments};
use crate::state::open_calls::error_result;

/// Stands for the answer of a call that was stopped.
pub(super) const STOPPED: &str = "The user stopped this before it was done.";
/// Stands for the answer of a call that the provider forgot.
pub(super) const FORGOTTEN: &str = "The provider did not say what came of it.";

/// Those of one answer.
#[derive(Debug, Default)]
pub(super) struct ProviderCalls {
    /// What they are called in the chat, by the provider's ids.
    ids: HashMap<String, String>,
    began: HashMap<String, DateTime<Utc>>,
    answered: HashMap<String, DateTime<Utc>>,
    pub(super) source_count: usize,
}

impl ProviderCalls {
    /// A call begins.
    pub(super) fn begin(&mut self, id: String, unique: &str, now: DateTime<Utc>) {
        self.ids.insert(id, unique.to_owned());
        self.began.insert(unique.to_owned(), now);
    }

    /// The part with the id that its call has in the chat. A result may be that of a call of the answer before.
    pub(super) fn with_unique_id(
        &mut self,
        mut part: StreamPart,
        now: DateTime<Utc>,
    ) -> StreamPart {
        match &mut part {
            StreamPart::ProviderCallEnd { id, .. } => {
                if let Some(unique) = self.ids.get(id) {
                    id.clone_from(unique);
                }
            }
            StreamPart::ProviderResult { tool_call_id, .. } => {
                if let Some(unique) = self.ids.get(tool_call_id) {
                    tool_call_id.clone_from(unique);
                }
                self.answered.insert(tool_call_id.clone(), now);
            }
            StreamPart::Source { .. } => self.source_count += 1,
            _ => {}
        }
        part
    }

    /// Makes parts of what the answer holds, in its order.
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            calls: self,
            source_count: 0,
        }
    }
}

/// Parts of an answer, one after another.
pub(super) struct Parts<'a> {
    calls: &'a ProviderCalls,
    source_count: usize,
}

impl Parts<'_> {
    pub(super) fn next(&mut self, piece: Content) -> Option<Part> {
        Some(match piece {
            Content::ProviderCall {
                id,
                name,
                arguments,
                provider_metadata,
            } => Part::ToolCall(ToolCallPart {
                args: Some(parse_arguments(&arguments)),
                created_at: self.calls.began.get(&id).copied(),
                tool_call_id: id,
                tool_name: name,
                provider_executed: true,
                provider_metadata: provider_metadata.filter(can_be_kept),
                ..ToolCallPart::default()
            }),
            Content::ProviderResult {
                tool_call_id,
                name,
                result,
                is_error,
                provider_metadata,
            } => Part::ToolResult(ToolResultPart {
                created_at: self.calls.answered.get(&tool_call_id).copied(),
                tool_call_id,
                tool_name: name,
                result: Some(result),
                is_error,
                provider_executed: true,
                provider_metadata: provider_metadata.filter(can_be_kept),
                ..ToolResultPart::default()
            }),
            Content::Source {
                url,
                title,
                provider_metadata,
            } => {
                self.source_count += 1;
                Part::Source(SourcePart {
                    url,
                    title,
                    source_id: Some(source_id(self.source_count)),
                    provider_metadata: provider_metadata.filter(can_be_kept),
                })
            }
            _ => return None,
        })
    }
}

fn source_id(number: usize) -> String {
    format!("source-{number}")
}

/// What readers see of a part while it streams. `source_count` counts the sources so far.
pub(super) fn live_part(
    part: &StreamPart,
    now: DateTime<Utc>,
    source_count: usize,
) -> Option<Part> {
    Some(match part {
        StreamPart::ProviderCallStart { id, name } => Part::ToolCall(ToolCallPart {
            tool_call_id: id.clone(),
            tool_name: name.clone(),
            provider_executed: true,
            created_at: Some(now),
            ..ToolCallPart::default()
        }),
        StreamPart::ProviderCallEnd {
            id,
            name,
            arguments,
            ..
        } => Part::ToolCall(ToolCallPart {
            tool_call_id: id.clone(),
            tool_name: name.clone(),
            args: Some(parse_arguments(arguments)),
            provider_executed: true,
            ..ToolCallPart::default()
        }),
        StreamPart::ProviderResult {
            tool_call_id,
            name,
            result,
            is_error,
            ..
        } => Part::ToolResult(ToolResultPart {
            tool_call_id: tool_call_id.clone(),
            tool_name: name.clone(),
            result: Some(result.clone()),
            is_error: *is_error,
            provider_executed: true,
            created_at: Some(now),
            ..ToolResultPart::default()
        }),
        StreamPart::Source { url, title, .. } => Part::Source(SourcePart {
            url: url.clone(),
            title: title.clone(),
            source_id: Some(source_id(source_count)),
            provider_metadata: None,
        }),
        _ => return None,
    })
}

/// Answers the calls that the provider did not answer before the turn was over. An answer of ours does not go back to it, and
/// then neither does the call.
pub(super) fn close(parts: &mut Vec<Part>, words: &str, now: DateTime<Utc>) {
    let answered: HashSet<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some(result.tool_call_id.clone()),
            _ => None,
        })
        .collect();
    let open: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) if call.provider_executed => Some(call),
            _ => None,
        })
        .filter(|call| !answered.contains(&call.tool_call_id))
        .map(|call| ToolResultPart {
            interrupted: true,
            provider_executed: true,
            created_at: Some(now),
            ..error_result(call, words)
        })
        .collect();
    parts.extend(open.into_iter().map(Part::ToolResult));
}

#[cfg(test)]
#[path = "provider_calls/tests.rs"]
mod tests;
