//! A unified diff as lines with classes.

use super::highlight::escape;

/// Every line in a span that says what it is.
pub(super) fn to_html(diff: &str) -> String {
    let mut html = String::with_capacity(diff.len() * 2);
    html.push_str("<pre class=\"diff\"><code>");
    for line in diff.lines() {
        let class = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "diff-file",
            [b'@', b'@', ..] => "diff-hunk",
            [b'+', ..] => "diff-added",
            [b'-', ..] => "diff-removed",
            _ => "diff-context",
        };
        html.push_str("<span class=\"");
        html.push_str(class);
        html.push_str("\">");
        escape(line, &mut html);
        html.push_str("\n</span>");
    }
    html.push_str("</code></pre>");
    html
}
