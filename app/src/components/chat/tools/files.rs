//! Files of a workspace, and pictures of its desktop, that come with a result.

use sdk::parts::FilePart;
use serde_json::Value;

use super::ToolRun;
use super::body::{Body, error_text};
use super::describe::{Summary, answer_text, argument, summary, text_of};
use crate::components::icons::Icon;

/// A file that was handed over.
pub(super) fn attach_file(run: &ToolRun) -> Summary {
    let name = answer_text(run, "name").unwrap_or_else(|| argument(run, "path"));
    let words = ["Attaching", "Attached", "Could not attach"];
    summary(run, Icon::Paperclip, words, name)
}

/// The file itself.
pub(super) fn attached(run: &ToolRun) -> Body {
    let file = run
        .result
        .as_ref()
        .and_then(|result| result.result.as_ref());
    file_body(run, file)
}

/// A file that a result names, or why there is none.
pub(super) fn file_body(run: &ToolRun, file: Option<&Value>) -> Body {
    let field = |name| file?.get(name).and_then(text_of);
    let id = field("file_id").and_then(|id| id.parse().ok());
    match (error_text(run), id) {
        (None, Some(id)) => Body::File(FilePart {
            media_type: field("media_type").unwrap_or_default(),
            file_id: Some(id),
            name: field("name"),
            data: None,
        }),
        (error, _) => Body::Text(error.unwrap_or_default()),
    }
}
