//! Anthropic's own search of the web: how it is offered, read and sent back.
//!
//! A call and its result go back as they came, with the encrypted pages that only Anthropic can read, and only for the account
//! that they were given to; so do citations. A call
//! that was never answered would be refused, but for one of the newest answer: when the model calls a tool of ours beside it,
//! Anthropic searches with the next request, and the result begins the next answer.
//!
//! <https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool>

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::options::Own;
use crate::web::{self, Sources};
use crate::{Content, Request, Role, StreamPart};

/// The block of a call.
pub(super) const CALL: &str = "server_tool_use";
/// The block of its result.
pub(super) const RESULT: &str = "web_search_tool_result";

const KIND: &str = "web_search_20250305";
/// Searches are paid for one by one: an answer makes no more than this.
const MOST_SEARCHES: u32 = 8;

/// What stands in the list of tools. Anthropic takes only one of the two lists of domains.
pub(super) fn definition(own: &Own<'_>) -> Value {
    let mut tool = json!({"type": KIND, "name": web::SEARCH, "max_uses": MOST_SEARCHES});
    let lists = ["allowed_domains", "blocked_domains"].map(|name| (name, own.texts(name)));
    if let Some((name, domains)) = lists.into_iter().find(|(_, domains)| !domains.is_empty())
        && let Some(fields) = tool.as_object_mut()
    {
        fields.insert(name.to_owned(), json!(domains));
    }
    tool
}

/// A call that is whole: its block as it began, with what was written into it.
pub(super) fn call(mut block: Value, input: Value) -> StreamPart {
    let text = |name: &str| text(&block, name).to_owned();
    let (id, name) = (text("id"), text("name"));
    let arguments = input.to_string();
    if let Some(fields) = block.as_object_mut() {
        fields.insert("input".to_owned(), input);
    }
    StreamPart::ProviderCallEnd {
        id,
        name,
        arguments,
        provider_metadata: Some(json!({"anthropic": {"block": block}})),
    }
}

/// A result: a list of pages, or why there is none.
pub(super) fn result(block: &Value) -> StreamPart {
    let content = block.get("content");
    let (result, is_error) = if let Some(Value::Array(pages)) = content {
        (web::result(pages.iter().filter_map(web::page)), false)
    } else {
        let code = content.map(|error| text(error, "error_code"));
        (web::failure(code.unwrap_or_default()), true)
    };
    StreamPart::ProviderResult {
        tool_call_id: text(block, "tool_use_id").to_owned(),
        name: web::SEARCH.to_owned(),
        result,
        is_error,
        provider_metadata: Some(json!({"anthropic": {"block": block}})),
    }
}

fn text<'a>(block: &'a Value, name: &str) -> &'a str {
    block.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Text blocks that follow each other, which are one text in conversations, and what each of them cites.
#[derive(Debug, Default)]
pub(super) struct TextRun {
    bytes: usize,
    cited: Vec<Cited>,
    sources: Sources,
}

#[derive(Debug)]
struct Cited {
    from: usize,
    to: usize,
    citations: Vec<Value>,
}

impl TextRun {
    /// A block begins.
    pub(super) fn begin(&mut self) {
        self.cited.push(Cited {
            from: self.bytes,
            to: self.bytes,
            citations: Vec::new(),
        });
    }

    /// More of it.
    pub(super) fn add(&mut self, text: &str) {
        self.bytes += text.len();
        if let Some(block) = self.cited.last_mut() {
            block.to = self.bytes;
        }
    }

    /// What it cites.
    pub(super) fn cite(&mut self, citation: Value) {
        self.sources.add(&citation);
        if let Some(block) = self.cited.last_mut() {
            block.citations.push(citation);
        }
    }

    /// Something else follows. Places are counted from the end: what of the text came before this run does not matter then.
    pub(super) fn end(&mut self, parts: &mut VecDeque<StreamPart>) {
        let length = std::mem::take(&mut self.bytes);
        let cited = std::mem::take(&mut self.cited);
        let cited = cited
            .into_iter()
            .filter(|block| !block.citations.is_empty());
        let cited = cited.map(|block| {
            json!({"start": length - block.from, "end": length - block.to, "citations": block.citations})
        });
        let metadata = json!({"anthropic": {"cited": cited.collect::<Vec<_>>()}});
        parts.extend(self.sources.take(Some(metadata)));
    }
}

/// A text in the blocks that it came in, each with its citations; `None` when it is not that text. A block of spaces alone
/// would be refused, so it stays with the next one.
pub(super) fn cited<'a>(
    text: &'a str,
    metadata: &'a Value,
) -> Option<Vec<(&'a str, Option<&'a Value>)>> {
    let spans = metadata.get("anthropic")?.get("cited")?.as_array()?;
    let place = |span: &Value, name: &str| {
        let before_end = usize::try_from(span.get(name)?.as_u64()?).ok()?;
        text.len().checked_sub(before_end)
    };
    let mut pieces = Vec::with_capacity(spans.len() * 2 + 1);
    let mut written = 0;
    for span in spans {
        let (from, to) = (place(span, "start")?, place(span, "end")?);
        let between = text.get(written..from)?;
        let from = if between.trim().is_empty() {
            written
        } else {
            pieces.push((between, None));
            from
        };
        pieces.push((text.get(from..to)?, Some(span.get("citations")?)));
        written = to;
    }
    pieces.push((text.get(written..)?, None));
    Some(pieces)
}

/// What of earlier searches goes back.
#[derive(Debug, Default)]
pub(super) struct Replay<'a> {
    kept: HashSet<&'a str>,
    written: HashSet<&'a str>,
    open: HashSet<&'a str>,
    account: Option<&'a str>,
    is_offered: bool,
}

impl<'a> Replay<'a> {
    /// Where no search is offered, nothing goes back, and to an account what it gave out.
    pub(super) fn of(request: &'a Request, account: Option<&'a str>, is_offered: bool) -> Self {
        let mut replay = Self {
            account,
            is_offered,
            ..Self::default()
        };
        if !is_offered {
            return replay;
        }
        let messages = &request.messages;
        let newest = messages
            .iter()
            .rposition(|message| message.role == Role::Assistant);
        let is_over = |newest: usize| {
            let after = messages.iter().skip(newest);
            after.into_iter().any(|message| message.role == Role::User)
        };
        let newest = newest.filter(|newest| !is_over(*newest));
        let mut open = HashSet::new();
        // A call may be named otherwise in the chat.
        let mut by_chat_id = HashMap::new();
        for (position, message) in messages.iter().enumerate() {
            for content in &message.content {
                match (content, own_block(content, account)) {
                    (Content::ProviderCall { id: chat_id, .. }, Some((id, _))) => {
                        open.insert(id);
                        by_chat_id.insert(chat_id.as_str(), id);
                        if newest == Some(position) {
                            replay.kept.insert(id);
                        }
                    }
                    (Content::ProviderResult { .. }, Some((id, _))) if open.remove(id) => {
                        replay.kept.insert(id);
                    }
                    // It was stopped: nothing comes any more.
                    (Content::ProviderResult { tool_call_id, .. }, None) => {
                        if let Some(id) = by_chat_id.get(tool_call_id.as_str()) {
                            replay.kept.remove(id);
                        }
                    }
                    _ => {}
                }
            }
        }
        replay
    }

    /// Whose call it is.
    pub(super) fn account(&self) -> Option<&'a str> {
        self.account
    }

    /// Whether citations go back.
    pub(super) fn is_offered(&self) -> bool {
        self.is_offered
    }

    /// The block that goes back for a call or a result, if one does. In the order of the conversation.
    pub(super) fn block(&mut self, content: &'a Content) -> Option<&'a Value> {
        let (id, block) = own_block(content, self.account)?;
        let goes_back = if matches!(content, Content::ProviderCall { .. }) {
            self.kept.contains(id) && self.written.insert(id) && self.open.insert(id)
        } else {
            self.open.remove(id)
        };
        goes_back.then_some(block)
    }
}

/// A block that was given to the account, and the id that pairs it.
fn own_block<'a>(content: &'a Content, account: Option<&str>) -> Option<(&'a str, &'a Value)> {
    let (metadata, id) = match content {
        Content::ProviderCall {
            provider_metadata, ..
        } => (provider_metadata, "id"),
        Content::ProviderResult {
            provider_metadata, ..
        } => (provider_metadata, "tool_use_id"),
        _ => return None,
    };
    let metadata = metadata.as_ref();
    let metadata = metadata.filter(|metadata| web::is_of(metadata, account))?;
    let block = metadata.get("anthropic")?.get("block")?;
    Some((block.get(id)?.as_str()?, block))
}

/// What was written into a call's block, as the object that it must be.
pub(super) fn input(block: &Value, written: &str) -> Value {
    let whole = || {
        block
            .get("input")
            .filter(|input| input.is_object())
            .cloned()
    };
    let written = serde_json::from_str(written).ok().filter(Value::is_object);
    written.or_else(whole).unwrap_or_else(|| Map::new().into())
}

#[cfg(test)]
#[path = "searches/tests.rs"]
mod tests;
