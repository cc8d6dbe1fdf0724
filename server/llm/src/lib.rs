//! Model providers behind one streaming interface.
//!
//! A caller builds a [`Request`], asks a [`Provider`] for a [`Model`] and reads [`StreamPart`]s until
//! [`StreamPart::Finish`] or an [`Error`]; there is no third ending. This crate knows no database and no chat:
//! retrying, persistence and tool execution belong to the caller. Wire formats live in [`anthropic`] and
//! [`openai`]; [`demo`] is the scripted model; [`http`] holds the one client, its deadlines and the seam for recording.

pub mod anthropic;
pub mod demo;
pub mod error;
pub mod http;
pub mod limits;
pub mod ollama;
pub mod openai;
mod options;
pub mod provider;
mod replay;
pub mod request;
pub mod response;
pub mod retry;
pub mod stream;
mod web;

pub use error::{Error, ErrorKind};
pub use http::{HttpClient, Timeouts};
pub use provider::{
    ConnectionReport, Model, ModelInfo, Provider, ProviderConfig, ProviderKind, connect,
};
pub use request::{
    ComputerScreen, Content, Message, Purpose, ReasoningEffort, Request, RequestMetadata, Role,
    SystemBlock, Tool, ToolChoice, ToolResultContent,
};
pub use response::{Accumulator, Response, collect};
pub use stream::{FinishReason, PartStream, StreamPart, Usage};
/// What a caller passes to [`Model::stream`] to end a call early.
pub use tokio_util::sync::CancellationToken;
