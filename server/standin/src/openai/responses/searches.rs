//! OpenAI's search of the web: one item that is done when it is told.

use llm::Content;
use llm::demo::script::{Cite, Search};
use serde_json::{Value, json};

use crate::convert::{list, text};
use crate::refusal::Refusal;

pub(super) const TOOL: &str = "web_search";
pub(super) const ITEM: &str = "web_search_call";
const SOURCES: &str = "web_search_call.action.sources";

/// Whether the caller wants to be told what is found.
pub(super) fn are_sources_included(body: &Value) -> bool {
    list(body, "include").iter().any(|name| name == SOURCES)
}

/// An item that begins.
pub(super) fn begun(id: &str) -> Value {
    json!({"type": ITEM, "id": id, "status": "in_progress"})
}

/// The same when it is done.
pub(super) fn done(id: &str, search: &Search, lists_sources: bool) -> Value {
    let mut action = json!({"type": "search", "query": search.query});
    if let (true, Some(pages), Some(fields)) =
        (lists_sources, &search.pages, action.as_object_mut())
    {
        let sources = pages
            .iter()
            .map(|page| json!({"type": "url", "url": page.url}));
        fields.insert("sources".to_owned(), sources.collect());
    }
    let status = if search.error.is_some() {
        "failed"
    } else {
        "completed"
    };
    json!({"type": ITEM, "id": id, "status": status, "action": action})
}

/// The annotation of a text that begins at this character.
pub(super) fn annotation(cite: &Cite, start: usize) -> Value {
    json!({
        "type": "url_citation",
        "url": cite.url,
        "title": cite.title,
        "start_index": start,
        "end_index": start + cite.text.chars().count(),
    })
}

/// Refuses a tool that OpenAI would refuse.
pub(super) fn check_tool(tool: &Value) -> Result<(), Refusal> {
    let size = tool.get("search_context_size").and_then(Value::as_str);
    match size {
        None | Some("low" | "medium" | "high") => Ok(()),
        Some(size) => Err(Refusal::bad(format!("Invalid value: '{size}'."))
            .with_parameter("tools[0].search_context_size")),
    }
}

/// Refuses an item that does not say what was done, or that names one that is not stored.
pub(super) fn check_item(item: &Value, place: &str) -> Result<(), Refusal> {
    let id = text(item, "id");
    if !id.is_empty() {
        return Err(Refusal::new(
            404,
            format!(
                "Item with id '{id}' not found. Items are not persisted when `store` is set to false."
            ),
        ));
    }
    if item.pointer("/action/type").is_none() {
        return Err(Refusal::bad(format!(
            "Missing required parameter: '{place}'."
        )));
    }
    Ok(())
}

/// A step of the conversation.
pub(super) fn content(item: &Value) -> Content {
    Content::ProviderCall {
        id: String::new(),
        name: TOOL.to_owned(),
        arguments: item.get("action").map(Value::to_string).unwrap_or_default(),
        provider_metadata: None,
    }
}
