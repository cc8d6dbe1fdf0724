//! What a model answers, part by part, and what it cost in tokens.
//!
//! A stream ends in exactly one of two ways: [`StreamPart::Finish`] as its last item, or an `Err` as its last item.
//! A connection that ends before the provider said it was done is an `Err`.

use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// The answer of one call. Dropping it closes the connection; reading it past [`StreamPart::Finish`] to `None` lets the
/// connection be used again.
pub type PartStream = BoxStream<'static, Result<StreamPart, Error>>;

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamPart {
    /// The provider accepted the call and began to answer.
    Start,
    /// More text.
    TextDelta {
        /// What to append.
        text: String,
    },
    /// More reasoning.
    ReasoningDelta {
        /// What to append.
        text: String,
    },
    /// A block of reasoning is whole. It may come without any delta before it (an encrypted block).
    ReasoningEnd {
        /// What must be sent back with the block, if anything.
        provider_metadata: Option<Value>,
    },
    /// A tool call begins. Several may be open at once; `index` tells them apart.
    ToolCallStart {
        /// Position of the call in this answer, from 0.
        index: usize,
        /// Its id, unique in this answer.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// More of a call's arguments.
    ToolCallDelta {
        /// Which call.
        index: usize,
        /// Raw JSON to append.
        arguments_delta: String,
    },
    /// A tool call is whole.
    ToolCallEnd {
        /// Which call.
        index: usize,
        /// Its id.
        id: String,
        /// The tool's name.
        name: String,
        /// All of its arguments, raw, as the model wrote them; `{}` when it wrote none.
        arguments: String,
    },
    /// A tool that the provider runs itself was called. No calls of ours are told so.
    ProviderCallStart {
        /// Its id, unique in this answer.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// Such a call is whole.
    ProviderCallEnd {
        /// Its id.
        id: String,
        /// The tool's name.
        name: String,
        /// All of its arguments, raw.
        arguments: String,
        /// What must be sent back with it, if anything.
        provider_metadata: Option<Value>,
    },
    /// The provider's tool answered, maybe a call of the answer before.
    ProviderResult {
        /// Id of the call.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// What of the answer is meant for people.
        result: Value,
        /// Whether the tool failed.
        is_error: bool,
        /// What must be sent back with it, if anything.
        provider_metadata: Option<Value>,
    },
    /// What the text before it goes back to. Comes once for each address when the text is whole.
    Source {
        /// Its address, `http` or `https`.
        url: String,
        /// Its title.
        title: Option<String>,
        /// What must be sent back with the text; with the first source for all of them.
        provider_metadata: Option<Value>,
    },
    /// Token counts so far; later ones replace earlier ones.
    Usage(Usage),
    /// The answer is whole. Always last.
    Finish {
        /// Why the model stopped.
        reason: FinishReason,
        /// Final token counts.
        usage: Usage,
        /// The provider's id of the answer.
        response_id: Option<String>,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// The answer or the context reached its limit.
    Length,
    /// It waits for the results of its tool calls.
    ToolCalls,
    /// The provider withheld the rest.
    ContentFilter,
    /// The provider pauses; it goes on when it is asked again with what it said.
    Paused,
    /// Something this crate has no word for.
    Other,
}

impl FinishReason {
    /// Name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Paused => "paused",
            Self::Other => "other",
        }
    }
}

/// Token counts of one call, the same meaning for every provider; `None` is "not said", never zero.
///
/// The four priced counts do not overlap: `input_tokens` leaves out what was read from or written to the prompt cache
/// (OpenAI counts both inside `prompt_tokens`; they are taken out here, Anthropic already leaves them out), and
/// `output_tokens` includes reasoning. So a call's cost is the sum of count × price over input, output,
/// `cache_creation` and `cache_read`, and `reasoning_tokens` is never added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to the cache.
    pub input_tokens: Option<u64>,
    /// Answer tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Everything, as the provider counts it; the sum of the parts where it does not say. Less than the parts where these are
    /// sums over several calls of the model within one answer: then what the last of them read and wrote.
    pub total_tokens: Option<u64>,
    /// The part of `output_tokens` spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Prompt tokens written to the cache.
    pub cache_creation_tokens: Option<u64>,
    /// Prompt tokens read from the cache.
    pub cache_read_tokens: Option<u64>,
}

impl Usage {
    /// Whether the provider said nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tokens the conversation occupies after this call: prompt (cached or not) and answer.
    pub fn context_tokens(&self) -> u64 {
        self.sum_of_parts().unwrap_or_default()
    }

    /// Sum of the non-overlapping counts, `None` when none was said.
    pub(crate) fn sum_of_parts(&self) -> Option<u64> {
        [
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_tokens,
            self.cache_read_tokens,
        ]
        .into_iter()
        .flatten()
        .reduce(u64::saturating_add)
    }
}
