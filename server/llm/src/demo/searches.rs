//! Searches of the web as a provider's answer tells of them. Nothing is searched for: the script says what is found.

use serde_json::{Value, json};

use super::script::{Cite, Page, Search};
use crate::StreamPart;
use crate::web::{self, Sources};

/// The parts of a search: the call, and its answer if it has one.
pub(super) fn search(id: String, search: Search) -> Vec<StreamPart> {
    let name = || web::SEARCH.to_owned();
    let mut parts = vec![
        StreamPart::ProviderCallStart {
            id: id.clone(),
            name: name(),
        },
        StreamPart::ProviderCallEnd {
            id: id.clone(),
            name: name(),
            arguments: json!({ "query": search.query }).to_string(),
            provider_metadata: None,
        },
    ];
    let found = search
        .pages
        .map(|pages| web::result(pages.iter().filter_map(|page| web::page(&found(page)))));
    let is_error = search.error.is_some();
    let failure = search.error.map(|code| web::failure(&code));
    parts.extend(failure.or(found).map(|result| StreamPart::ProviderResult {
        tool_call_id: id,
        name: name(),
        result,
        is_error,
        provider_metadata: None,
    }));
    parts
}

fn found(page: &Page) -> Value {
    json!({"url": page.url, "title": page.title})
}

/// The source of a cited text, which the caller tells when the text is whole.
pub(super) fn cite(cite: &Cite, sources: &mut Sources) {
    sources.add(&json!({"url": cite.url, "title": cite.title}));
}
