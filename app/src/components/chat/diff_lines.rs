//! The lines of one changed file: signs, colours that are never the only sign. With numbers, highlighted text and comments the
//! panel of changes shows them (`git_panel::lines`).

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::control_flow::Show;
use crate::components::plain::plain;
use crate::diff::{DiffFile, DiffLine, Hunk, LineKind, Marks, changed_ranges};
use crate::view;

/// Lines shown before the reader asks for the rest.
const SHOWN_LINES: usize = 600;

/// Draws a file's lines.
#[component]
pub fn DiffLines(
    /// The file.
    file: Arc<DiffFile>,
) -> impl IntoView {
    let total = file.line_count();
    let is_whole = RwSignal::new(total <= SHOWN_LINES);
    let lines = {
        let file = Arc::clone(&file);
        move || {
            rows(
                &file,
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

fn rows(file: &DiffFile, limit: usize) -> Vec<AnyView> {
    let mut views = Vec::new();
    let mut position = 0;
    let mut last_line = 0;
    for hunk in &file.hunks {
        if position >= limit {
            break;
        }
        views.push(gap(hunk, last_line));
        let marks = changed_ranges(&hunk.lines);
        for (line, mark) in hunk.lines.iter().zip(marks) {
            if position >= limit {
                break;
            }
            views.push(row(line, &mark));
            position += 1;
        }
        last_line = hunk.new_start.saturating_add(hunk.new_count);
    }
    views
}

/// The row between two hunks: how many lines are left out and where the next ones stand.
fn gap(hunk: &Hunk, last_line: u32) -> AnyView {
    let skipped = hunk.new_start.saturating_sub(last_line.max(1));
    if skipped == 0 && hunk.section.is_empty() {
        return ().into_any();
    }
    let words = match skipped {
        0 => hunk.section.clone(),
        1 => format!("1 unchanged line  {}", hunk.section),
        many => format!("{many} unchanged lines  {}", hunk.section),
    };
    view! { <tr class="diff-gap"><td colspan="2">{words}</td></tr> }
}

fn row(line: &DiffLine, marks: &Marks) -> AnyView {
    let (class, sign) = class_and_sign(line.kind);
    let text = uncoloured(&line.text, marks);
    view! { <tr class=class><td class="diff-sign">{sign}{end_mark(line)}</td>{text}</tr> }
}

/// How the row of a line looks.
pub const fn class_and_sign(kind: LineKind) -> (&'static str, &'static str) {
    match kind {
        LineKind::Context => ("diff-same", " "),
        LineKind::Added => ("diff-added", "+"),
        LineKind::Removed => ("diff-removed", "−"),
    }
}

/// Says that the file ends without a line end.
pub fn end_mark(line: &DiffLine) -> Option<AnyView> {
    line.is_unterminated.then(
        || view! { <span class="diff-end" title="No line end at the end of the file">"∅"</span> },
    )
}

/// The text of a line with what changed in it.
pub fn uncoloured(text: &str, marks: &Marks) -> AnyView {
    if marks.is_empty() {
        return view! { <td class="diff-text">{text.to_owned()}</td> };
    }
    let mut pieces = Vec::new();
    let mut rest = 0;
    for mark in marks {
        let piece = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
        pieces.push(piece(rest..mark.start).into_any());
        pieces.push(plain("mark", piece(mark.clone())).into_any());
        rest = mark.end;
    }
    let rest = text.get(rest..).unwrap_or_default().to_owned();
    view! { <td class="diff-text">{pieces}{rest}</td> }
}
