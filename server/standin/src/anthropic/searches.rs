//! Anthropic's search of the web: its blocks, and what of them must come back as it was given out.

use std::collections::BTreeMap;

use llm::demo::play::{Beat, Play};
use llm::demo::script::{Cite, Search};
use serde_json::{Value, json};

use crate::convert::{blocks, list, text};
use crate::refusal::Refusal;

pub(super) const TOOL: &str = "web_search_20250305";
pub(super) const CALL: &str = "server_tool_use";
const NAME: &str = "web_search";
const RESULT: &str = "web_search_tool_result";
/// Every page and every place in one in its encrypted form.
const ENCRYPTED: &str = "standin+page/1==";

/// The block of a call, with what was written into it or before that.
pub(super) fn call(id: &str, input: &Value) -> Value {
    json!({"type": CALL, "id": id, "name": NAME, "input": input})
}

/// What a call asks for.
pub(super) fn input(search: &Search) -> Value {
    json!({ "query": search.query })
}

/// The block of a result; `None` for a search that is not answered.
pub(super) fn result(id: &str, search: &Search) -> Option<Value> {
    let content = match (&search.error, &search.pages) {
        (Some(code), _) => json!({"type": "web_search_tool_result_error", "error_code": code}),
        (None, Some(pages)) => pages
            .iter()
            .map(|page| {
                json!({
                    "type": "web_search_result",
                    "url": page.url,
                    "title": page.title,
                    "encrypted_content": ENCRYPTED,
                    "page_age": "2 days ago",
                })
            })
            .collect(),
        (None, None) => return None,
    };
    Some(json!({"type": RESULT, "tool_use_id": id, "content": content}))
}

/// The citation of a text.
pub(super) fn citation(cite: &Cite) -> Value {
    json!({
        "type": "web_search_result_location",
        "url": cite.url,
        "title": cite.title,
        "encrypted_index": ENCRYPTED,
        "cited_text": cite.text,
    })
}

/// How many searches are to be paid for.
pub(super) fn count(play: &Play) -> usize {
    let is_search = |beat: &&Beat| matches!(beat, Beat::Search { .. });
    play.beats.iter().filter(is_search).count()
}

/// Refuses a tool that Anthropic would refuse.
pub(super) fn check_tool(tool: &Value) -> Result<(), Refusal> {
    if text(tool, "name") != NAME {
        return Err(Refusal::bad(format!(
            "tools.0.{TOOL}.name: Input should be '{NAME}'"
        )));
    }
    if tool.get("allowed_domains").is_some() && tool.get("blocked_domains").is_some() {
        return Err(Refusal::bad(
            "Only one of allowed_domains and blocked_domains may be specified",
        ));
    }
    Ok(())
}

/// Refuses results without a call, calls without a result but for those of an answer that goes on, and changed pages.
pub(super) fn check_messages(messages: &[Value]) -> Result<(), Refusal> {
    let last = messages
        .iter()
        .rposition(|message| text(message, "role") == "assistant");
    let mut open = BTreeMap::new();
    let mut goes_on = true;
    for (number, message) in messages.iter().enumerate() {
        for (position, block) in content(message).iter().enumerate() {
            let place = format!("messages.{number}.content.{position}");
            match text(block, "type") {
                CALL => {
                    open.insert(text(block, "id").to_owned(), number);
                }
                RESULT => {
                    let id = text(block, "tool_use_id");
                    if open.remove(id).is_none() {
                        return Err(Refusal::bad(format!(
                            "{place}: unexpected `tool_use_id` found in `{RESULT}` blocks: {id}. Each `{RESULT}` block must have a corresponding `{CALL}` block before it."
                        )));
                    }
                    check_encrypted(&place, list(block, "content"), "encrypted_content")?;
                }
                "text" => check_encrypted(&place, list(block, "citations"), "encrypted_index")?,
                _ => {}
            }
            goes_on &=
                last.is_none_or(|last| number <= last) || text(block, "type") == "tool_result";
        }
    }
    match open
        .iter()
        .find(|(_, number)| !goes_on || Some(**number) != last)
    {
        None => Ok(()),
        Some((id, number)) => Err(Refusal::bad(format!(
            "messages.{number}: `{NAME}` tool use with id `{id}` was found without a corresponding `{RESULT}` block"
        ))),
    }
}

fn content(message: &Value) -> Vec<Value> {
    blocks(message.get("content").unwrap_or(&Value::Null))
}

fn check_encrypted(place: &str, items: &[Value], field: &str) -> Result<(), Refusal> {
    match items.iter().find(|item| text(item, field) != ENCRYPTED) {
        None => Ok(()),
        Some(_) => Err(Refusal::bad(format!("{place}: Invalid `{field}`"))),
    }
}
