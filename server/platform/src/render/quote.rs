//! Lines that a person quoted, as the conversation shows them: where they are, the code, what was said of it.

use sdk::parts::{DiffComment, DiffSide, LineReference};

use super::budget::CodeBudget;
use super::highlight::{escape, highlight_lines};

/// Lines that are shown at once; the rest is folded.
const SHOWN_LINES: usize = 12;

/// Lines of a file, or its name alone.
pub(super) fn reference(lines: &LineReference, budget: &CodeBudget) -> String {
    let quoted: Vec<&str> = lines.content.lines().collect();
    figure(&lines.file_name, &lines.place(), "", &quoted, "", budget)
}

/// A comment on lines of a diff.
pub(super) fn comment(comment: &DiffComment, budget: &CodeBudget) -> String {
    let side = match comment.side {
        DiffSide::Old => "before the change",
        DiffSide::New => "",
    };
    let quoted = comment.quoted_lines().unwrap_or_default();
    figure(
        &comment.file_name,
        &comment.place(),
        side,
        &quoted,
        &comment.content,
        budget,
    )
}

fn figure(
    file: &str,
    place: &str,
    side: &str,
    quoted: &[&str],
    said: &str,
    budget: &CodeBudget,
) -> String {
    let mut html = String::from("<figure class=\"quote\"><figcaption class=\"quote-place\"><code>");
    escape(place, &mut html);
    html.push_str("</code>");
    if !side.is_empty() {
        html.push_str(" <span>");
        html.push_str(side);
        html.push_str("</span>");
    }
    html.push_str("</figcaption>");
    let size: usize = quoted.iter().map(|line| line.len()).sum();
    // A file without a name has no language.
    let language = if budget.take(size) { file } else { "" };
    let lines = highlight_lines(language, quoted);
    let (shown, folded) = lines.split_at(lines.len().min(SHOWN_LINES));
    if !shown.is_empty() {
        push_code(shown, &mut html);
    }
    if !folded.is_empty() {
        let words = match folded.len() {
            1 => "1 more line".to_owned(),
            more => format!("{more} more lines"),
        };
        html.push_str("<details class=\"quote-more\"><summary>");
        html.push_str(&words);
        html.push_str("</summary>");
        push_code(folded, &mut html);
        html.push_str("</details>");
    }
    if !said.is_empty() {
        html.push_str("<div class=\"quote-said\">");
        escape(said, &mut html);
        html.push_str("</div>");
    }
    html.push_str("</figure>");
    html
}

fn push_code(lines: &[String], html: &mut String) {
    html.push_str("<pre class=\"quote-code\"><code>");
    for line in lines {
        html.push_str(line);
        html.push('\n');
    }
    html.push_str("</code></pre>");
}
