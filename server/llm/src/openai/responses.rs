//! OpenAI Responses, streamed: the API that OpenAI's own models are made for.
//!
//! Nothing is stored there: each call brings the whole conversation, with thoughts in the encrypted form in which they came.
//! `request` writes the body, `events` reads the answer, `computer` translates what is done on a screen, `searches` what
//! OpenAI looked up in the web.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

mod computer;
pub(super) mod events;
pub(super) mod request;
mod searches;
