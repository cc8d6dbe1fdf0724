//! Puts tool calls together from deltas.
//!
//! By the protocol a delta names its call by index and the first one brings id and name. Servers in the wild leave
//! out the index, leave out the id, send every call whole at index 0, or send arguments as an object.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::Value;

use crate::StreamPart;

/// A piece of a call.
#[derive(Debug, Deserialize)]
pub(super) struct WireCall {
    index: Option<u64>,
    id: Option<String>,
    function: Option<WireFunction>,
}

#[derive(Debug, Default, Deserialize)]
struct WireFunction {
    name: Option<String>,
    #[serde(default)]
    arguments: Value,
}

/// The calls of one answer.
#[derive(Debug)]
pub(super) struct Calls {
    calls: Vec<Call>,
    new_id: fn() -> String,
}

#[derive(Debug)]
struct Call {
    wire_index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Calls {
    /// `new_id` makes ids for calls that come without one.
    pub(super) fn new(new_id: fn() -> String) -> Self {
        Self {
            calls: Vec::new(),
            new_id,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn extend(&mut self, wire: WireCall, parts: &mut VecDeque<StreamPart>) {
        let function = wire.function.unwrap_or_default();
        let id = wire.id.filter(|id| !id.is_empty());
        let name = function.name.filter(|name| !name.is_empty());
        let position = match self.position(wire.index, id.as_deref(), name.is_some()) {
            Some(position) => position,
            None => self.begin(wire.index, id, name, parts),
        };
        let Some(call) = self.calls.get_mut(position) else {
            return;
        };
        let arguments_delta = match function.arguments {
            Value::Null => String::new(),
            Value::String(text) => text,
            whole => whole.to_string(),
        };
        if !arguments_delta.is_empty() {
            call.arguments.push_str(&arguments_delta);
            parts.push_back(StreamPart::ToolCallDelta {
                index: position,
                arguments_delta,
            });
        }
    }

    /// Ends all calls.
    pub(super) fn end(&mut self, parts: &mut VecDeque<StreamPart>) {
        for (index, call) in self.calls.drain(..).enumerate() {
            let is_blank = call.arguments.trim().is_empty();
            let arguments = if is_blank {
                "{}".to_owned()
            } else {
                call.arguments
            };
            parts.push_back(StreamPart::ToolCallEnd {
                index,
                id: call.id,
                name: call.name,
                arguments,
            });
        }
    }

    /// The call that a piece continues. A name together with another id begins a new call even at a used index, and a
    /// name alone does when there is no index to go by.
    fn position(&self, index: Option<u64>, id: Option<&str>, has_name: bool) -> Option<usize> {
        let candidate = match (index, id) {
            (Some(_), _) => self.calls.iter().rposition(|call| call.wire_index == index),
            (None, Some(id)) => self.calls.iter().rposition(|call| call.id == id),
            (None, None) if has_name => None,
            (None, None) => self.calls.len().checked_sub(1),
        }?;
        let call = self.calls.get(candidate)?;
        let is_other = has_name && id.is_some_and(|id| call.id != id);
        (!is_other).then_some(candidate)
    }

    fn begin(
        &mut self,
        wire_index: Option<u64>,
        id: Option<String>,
        name: Option<String>,
        parts: &mut VecDeque<StreamPart>,
    ) -> usize {
        let index = self.calls.len();
        let id = id
            .filter(|id| self.calls.iter().all(|call| call.id != *id))
            .unwrap_or_else(self.new_id);
        let name = name.unwrap_or_default();
        parts.push_back(StreamPart::ToolCallStart {
            index,
            id: id.clone(),
            name: name.clone(),
        });
        self.calls.push(Call {
            wire_index,
            id,
            name,
            arguments: String::new(),
        });
        index
    }
}

#[cfg(test)]
#[path = "calls/tests.rs"]
mod tests;
