//! What a provider looked up in the web for its model.

use serde_json::Value;

use super::ToolRun;
use super::body::{Body, error_text};
use super::describe::{Summary, answer, argument, summary, text_of};
use crate::components::chat::web_pages::WebPage;
use crate::components::icons::Icon;

/// What was searched for, or which page was opened.
pub(super) fn web_search(run: &ToolRun) -> Summary {
    let quoted = |name| {
        let words = argument(run, name);
        if words.is_empty() {
            words
        } else {
            format!("“{words}”")
        }
    };
    match argument(run, "action").as_str() {
        "open_page" => {
            let words = ["Opening", "Opened", "Could not open"];
            summary(run, Icon::Link, words, argument(run, "url"))
        }
        "find_in_page" | "find" => {
            let words = [
                "Looking in a page for",
                "Looked in a page for",
                "Could not look in a page for",
            ];
            summary(run, Icon::Search, words, quoted("pattern"))
        }
        _ => {
            let query = quoted("query");
            let words = if query.is_empty() {
                [
                    "Searching the web",
                    "Searched the web",
                    "Could not search the web",
                ]
            } else {
                [
                    "Searching the web for",
                    "Searched the web for",
                    "Could not search the web for",
                ]
            };
            summary(run, Icon::Search, words, query)
        }
    }
}

/// The pages that were found.
pub(super) fn pages(run: &ToolRun) -> Body {
    if let Some(error) = error_text(run) {
        return Body::Text(error);
    }
    let found = answer(run, "sources").and_then(Value::as_array);
    let page = |page: &Value| {
        let text = |name: &str| page.get(name).and_then(text_of);
        WebPage::new(
            &text("url")?,
            text("title").as_deref(),
            text("page_age").as_deref(),
        )
    };
    Body::Pages(found.into_iter().flatten().filter_map(page).collect())
}
