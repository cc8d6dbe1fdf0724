//! Committed text as sanitized HTML, made once on the server: Markdown, highlighted code, diffs of edits.
//!
//! Styles are classes only, because the page's policy forbids inline styles. Nothing that a model or a person wrote
//! reaches a browser as markup without passing the sanitizer; pictures from elsewhere become links.

mod budget;
mod cache;
mod diff;
mod highlight;
mod markdown;
mod offload;
mod quote;

use std::sync::Arc;

use async_trait::async_trait;
use sdk::messages::{Message, Role};
use sdk::parts::{Part, ToolResultPart};

pub use highlight::highlight_lines;
pub use offload::offload;

use budget::{CodeBudget, PAGE_CODE_BYTES};

/// Longest text that is rendered; longer text is shown as it is.
const MAX_TEXT_BYTES: usize = 512 * 1024;

/// Renders messages and remembers what it rendered. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Renderer {
    cache: Arc<cache::Cache>,
}

/// A message that the cache does not hold, and where it stands in its page.
struct Unknown {
    position: usize,
    key: cache::Key,
    role: Role,
    content: Vec<Part>,
}

impl Renderer {
    /// Fills `rendered` of a page's messages with the HTML of each part that has text, in the order of the parts.
    /// What could not be made is left out: the page then shows the text itself.
    pub async fn render_page(&self, page: Vec<(Message, i64)>) -> Vec<Message> {
        let mut messages = Vec::with_capacity(page.len());
        let mut unknown = Vec::new();
        for (position, (mut message, revision)) in page.into_iter().enumerate() {
            let key = (message.id, revision);
            match self.cache.get(key) {
                Some(known) => message.rendered = known.to_vec(),
                None => unknown.push(Unknown {
                    position,
                    key,
                    role: message.role,
                    content: message.content.clone(),
                }),
            }
            messages.push(message);
        }
        if unknown.is_empty() {
            return messages;
        }
        let cache = Arc::clone(&self.cache);
        let rendered = offload(move || render_unknown(unknown, &cache)).await;
        for (position, html) in rendered.unwrap_or_default() {
            if let Some(message) = messages.get_mut(position) {
                message.rendered = html;
            }
        }
        messages
    }
}

/// Fills `rendered` of what a person just sent, where it quotes lines: an answer to their request shows them at once.
pub async fn render_quotes(mut message: Message) -> Message {
    let is_quote = |part: &Part| matches!(part, Part::FileReference(_) | Part::DiffComment(_));
    if message.content.iter().any(is_quote) {
        let content = message.content.clone();
        let rendered = offload(move || {
            let budget = CodeBudget::new(PAGE_CODE_BYTES);
            let parts = content.iter();
            let html = |part| is_quote(part).then(|| part_html(part, Role::User, &budget))?;
            parts.map(html).collect()
        });
        message.rendered = rendered.await.unwrap_or_default();
    }
    message
}

/// The newest first, because they are read first and so get the colours.
fn render_unknown(
    mut unknown: Vec<Unknown>,
    cache: &cache::Cache,
) -> Vec<(usize, Vec<Option<String>>)> {
    let budget = CodeBudget::new(PAGE_CODE_BYTES);
    unknown.sort_by_key(|message| std::cmp::Reverse(message.key));
    unknown
        .into_iter()
        .map(|message| {
            let parts = message.content.iter();
            let rendered: Vec<Option<String>> = parts
                .map(|part| part_html(part, message.role, &budget))
                .collect();
            // Another time, on another page, it may get its colours.
            if !budget.was_short() {
                cache.put(message.key, rendered.clone().into());
            }
            (message.position, rendered)
        })
        .collect()
}

#[async_trait]
impl chatd::Renderer for Renderer {
    async fn render(&self, page: Vec<(Message, i64)>) -> Vec<Message> {
        self.render_page(page).await
    }
}

fn part_html(part: &Part, role: Role, budget: &CodeBudget) -> Option<String> {
    match part {
        Part::Text { text } => markdown_html(text, role, budget),
        Part::Reasoning(reasoning) => markdown_html(&reasoning.text, role, budget),
        Part::ToolResult(result) => diffs_html(result),
        Part::FileReference(lines) => Some(quote::reference(lines, budget)),
        Part::DiffComment(comment) => Some(quote::comment(comment, budget)),
        _ => None,
    }
}

/// People press Enter where they want a new line; models write Markdown.
fn markdown_html(text: &str, role: Role, budget: &CodeBudget) -> Option<String> {
    let is_renderable = !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES;
    is_renderable.then(|| markdown::to_html(text, role == Role::User, budget))
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

#[cfg(test)]
mod tests;
