//! The lines of one changed file: numbers, signs, colours that are never the only sign, highlighted text where the
//! server has made it.

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::control_flow::Show;
use crate::components::plain::plain;
use crate::diff::{DiffFile, DiffLine, Hunk, LineKind, changed_ranges};
use crate::view;

/// Lines shown before the reader asks for the rest.
const SHOWN_LINES: usize = 600;

/// Draws a file's lines. `html` holds a highlighted piece for each line, or nothing where there is none yet.
#[component]
pub fn DiffLines(
    /// The file.
    file: Arc<DiffFile>,
    /// Highlighted lines in the order of the file's lines.
    #[prop(optional)]
    html: Option<Arc<Vec<String>>>,
    /// Whether line numbers are shown.
    #[prop(default = true)]
    has_numbers: bool,
) -> impl IntoView {
    let total = file.line_count();
    let is_whole = RwSignal::new(total <= SHOWN_LINES);
    let lines = {
        let file = Arc::clone(&file);
        move || {
            rows(
                &file,
                html.as_deref(),
                has_numbers,
                if is_whole.get() {
                    usize::MAX
                } else {
                    SHOWN_LINES
                },
            )
        }
    };
    let rest = total.saturating_sub(SHOWN_LINES);
    view! {
        <div class="diff-scroll" tabindex="0" role="group" aria-label=format!("Changes of {}", file.path())>
            <table class="diff-table">
                <tbody>{move || lines()}</tbody>
            </table>
        </div>
        <Show when=move || !is_whole.get()>
            <button type="button" class="diff-more" on:click=move |_| is_whole.set(true)>
                {format!("Show {rest} more lines")}
            </button>
        </Show>
    }
}

fn rows(
    file: &DiffFile,
    html: Option<&Vec<String>>,
    has_numbers: bool,
    limit: usize,
) -> Vec<AnyView> {
    let mut views = Vec::new();
    let mut position = 0;
    let mut last_line = 0;
    for hunk in &file.hunks {
        if position >= limit {
            break;
        }
        views.push(gap(hunk, last_line, has_numbers));
        let marks = changed_ranges(&hunk.lines);
        for (line, mark) in hunk.lines.iter().zip(marks) {
            if position >= limit {
                break;
            }
            let highlighted = html.and_then(|lines| lines.get(position)).cloned();
            views.push(row(line, mark, highlighted, has_numbers));
            position += 1;
        }
        last_line = hunk.new_start.saturating_add(hunk.new_count);
    }
    views
}

/// The row between two hunks: how many lines are left out and where the next ones stand.
fn gap(hunk: &Hunk, last_line: u32, has_numbers: bool) -> AnyView {
    let skipped = hunk.new_start.saturating_sub(last_line.max(1));
    if skipped == 0 && hunk.section.is_empty() {
        return ().into_any();
    }
    let words = match skipped {
        0 => hunk.section.clone(),
        1 => format!("1 unchanged line  {}", hunk.section),
        many => format!("{many} unchanged lines  {}", hunk.section),
    };
    let columns = if has_numbers { "4" } else { "2" };
    view! { <tr class="diff-gap"><td colspan=columns>{words}</td></tr> }
}

fn row(
    line: &DiffLine,
    mark: Option<std::ops::Range<usize>>,
    html: Option<String>,
    has_numbers: bool,
) -> AnyView {
    let (class, sign) = match line.kind {
        LineKind::Context => ("diff-same", " "),
        LineKind::Added => ("diff-added", "+"),
        LineKind::Removed => ("diff-removed", "−"),
    };
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let numbers = has_numbers.then(|| {
        view! {
            <td class="diff-number">{number(line.old_number)}</td>
            <td class="diff-number">{number(line.new_number)}</td>
        }
    });
    let text = match html {
        Some(html) => view! { <td class="diff-text" inner_html=html></td> },
        None => uncoloured(&line.text, mark),
    };
    let end = line.is_unterminated.then(
        || view! { <span class="diff-end" title="No line end at the end of the file">"∅"</span> },
    );
    view! { <tr class=class>{numbers}<td class="diff-sign">{sign}{end}</td>{text}</tr> }
}

fn uncoloured(text: &str, mark: Option<std::ops::Range<usize>>) -> AnyView {
    let pieces = mark.and_then(|range| {
        Some((
            text.get(..range.start)?,
            text.get(range.clone())?,
            text.get(range.end..)?,
        ))
    });
    match pieces {
        Some((before, changed, after)) => {
            let (before, changed, after) =
                (before.to_owned(), changed.to_owned(), after.to_owned());
            view! { <td class="diff-text">{before}{plain("mark", changed)}{after}</td> }
        }
        None => view! { <td class="diff-text">{text.to_owned()}</td> },
    }
}
