//! Committed text as sanitized HTML, made once on the server: Markdown, highlighted code, diffs of edits.
//!
//! Styles are classes only, because the page's policy forbids inline styles. Nothing that a model or a person wrote
//! reaches a browser as markup without passing the sanitizer; pictures from elsewhere become links.

mod cache;
mod diff;
mod highlight;
mod markdown;

use std::sync::Arc;

use sdk::messages::{Message, Role};
use sdk::parts::{Part, ToolResultPart};

pub use highlight::highlight_lines;

/// Longest text that is rendered; longer text is shown as it is.
const MAX_TEXT_BYTES: usize = 512 * 1024;

/// Renders messages and remembers what it rendered. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Renderer {
    cache: Arc<cache::Cache>,
}

impl Renderer {
    /// HTML of each part that has text, in the order of the parts.
    pub fn render(&self, message: &Message, revision: i64) -> Vec<Option<String>> {
        let key = (message.id, revision);
        if let Some(known) = self.cache.get(key) {
            return known.to_vec();
        }
        let rendered: Vec<Option<String>> = message
            .content
            .iter()
            .map(|part| part_html(part, message.role))
            .collect();
        self.cache.put(key, rendered.clone().into());
        rendered
    }
}

impl chatd::Renderer for Renderer {
    fn render(&self, message: &Message, revision: i64) -> Vec<Option<String>> {
        Self::render(self, message, revision)
    }
}

fn part_html(part: &Part, role: Role) -> Option<String> {
    match part {
        Part::Text { text } => markdown_html(text, role),
        Part::Reasoning(reasoning) => markdown_html(&reasoning.text, role),
        Part::ToolResult(result) => diffs_html(result),
        _ => None,
    }
}

/// People press Enter where they want a new line; models write Markdown.
fn markdown_html(text: &str, role: Role) -> Option<String> {
    let is_renderable = !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES;
    is_renderable.then(|| markdown::to_html(text, role == Role::User))
}

/// The diffs in the result of an edit.
fn diffs_html(result: &ToolResultPart) -> Option<String> {
    let value = result.result.as_ref()?;
    let diffs: Vec<&str> = match result.tool_name.as_str() {
        "edit_files" => value
            .get("files")?
            .as_array()?
            .iter()
            .filter_map(|file| file.get("diff")?.as_str())
            .collect(),
        "write_file" => vec![value.get("diff")?.as_str()?],
        _ => return None,
    };
    let html: String = diffs
        .into_iter()
        .filter(|diff| !diff.is_empty())
        .map(diff::to_html)
        .collect();
    (!html.is_empty()).then_some(html)
}

/// Markdown as sanitized HTML.
pub fn markdown(text: &str) -> String {
    markdown::to_html(text, false)
}

#[cfg(test)]
mod tests;
