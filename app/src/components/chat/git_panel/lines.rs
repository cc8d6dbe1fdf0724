//! The lines of a changed file, to be commented on: with the pointer by a click or over several line numbers, with the
//! keyboard by walking over them.

use std::sync::Arc;

use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::parts::DiffSide;
use web_sys::{Element, EventTarget, HtmlElement};

use super::comment::{comment_box, comment_card};
use super::review::{Chosen, Place, Review, Shown, focus_box};
use super::rows::{LineRow, Row, Shape, hidden_lines, rows};
use crate::components::chat::diff_lines::{class_and_sign, end_mark, uncoloured};
use crate::components::control_flow::{For, Show};
use crate::diff::DiffFile;
use crate::diff::anchor::{Placement, place};
use crate::diff::selection::{LineRange, Point, between, step, step_hunk};
use crate::view;

type Placed = Vec<(Shown, Placement)>;

/// What the lines are drawn of. Cheap to copy.
#[derive(Clone, Copy)]
pub struct FileLines {
    /// The comments and what is chosen.
    pub review: Review,
    /// Where the file is.
    pub place: StoredValue<Place>,
    /// The file.
    pub file: Memo<Arc<DiffFile>>,
    /// Its lines in colours.
    pub html: Memo<Option<Arc<Vec<String>>>>,
    /// The comments on it.
    pub placed: Memo<Placed>,
}

impl FileLines {
    /// The lines of the open box, when it is for this file and can be placed.
    pub fn open_range(self) -> Option<Placement> {
        let open = self.review.open.get()?;
        let is_here = self
            .place
            .with_value(|place| place.root == open.repo_root && place.path == open.file_name);
        is_here.then(|| self.file.with(|file| place(&open, file)))
    }

    /// The lines that are chosen here.
    fn chosen(self) -> Option<LineRange> {
        let chosen = self.review.chosen.get()?;
        let is_here = self.place.with_value(|place| *place == chosen.place);
        is_here.then_some(chosen.range)
    }

    fn choose(self, from: Point, range: LineRange) -> Chosen {
        let chosen = Chosen {
            place: self.place.get_value(),
            from,
            range,
        };
        self.review.chosen.set(Some(chosen.clone()));
        chosen
    }

    /// Where a choice that is made longer began.
    fn begun(self) -> Option<Point> {
        let chosen = self.review.chosen.get_untracked()?;
        let is_here = self.place.with_value(|place| *place == chosen.place);
        is_here.then_some(chosen.from)
    }
}

/// What decides which rows there are.
#[derive(Clone, Copy)]
struct Sketch {
    lines: FileLines,
    is_whole: RwSignal<bool>,
    open: Memo<Option<LineRange>>,
}

impl Sketch {
    fn take<T>(self, of: impl FnOnce(&Shape<'_>) -> T) -> T {
        let (html, placed) = (self.lines.html.get(), self.lines.placed.get());
        self.lines.file.with(|file| {
            of(&Shape {
                file,
                html: html.as_deref(),
                is_whole: self.is_whole.get(),
                placed: &placed,
                open: self.open.get(),
            })
        })
    }
}

/// The lines.
pub fn file_lines(lines: FileLines) -> AnyView {
    let is_whole = RwSignal::new(false);
    let table = NodeRef::<Div>::new();
    let open = Memo::new(move |_| lines.open_range().and_then(Placement::range));
    let sketch = Sketch {
        lines,
        is_whole,
        open,
    };
    let hidden = Memo::new(move |_| sketch.take(hidden_lines));
    let drawn = move || sketch.take(rows);
    let label = lines.file.with_untracked(|file| {
        format!(
            "Changes of {}. Press a line number to comment.",
            file.path()
        )
    });
    // Only the file over which the pointer is drawn is marked anew.
    let chosen = Memo::new(move |_| open.get().or_else(|| lines.chosen()));
    mark_lines(lines, table, chosen);
    keep_writing(lines);
    view! {
        <div class="diff-scroll" role="group" aria-label=label node_ref=table
            on:pointerdown=move |event| on_down(lines, &event) on:pointerover=move |event| on_over(lines, &event)
            on:mousedown=move |event: MouseEvent| if number_at(event.target()).is_some() { event.prevent_default() }
            on:click=move |event| on_click(lines, &event) on:keydown=move |event| on_key(lines, &event)
            on:focusin=move |event| on_focus(&event)>
            <table class="diff-table">
                <tbody>
                    <For each=drawn key=Row::key let(row)>{draw(lines, row)}</For>
                </tbody>
            </table>
        </div>
        <Show when=move || { hidden.get() > 0 }>
            <button type="button" class="diff-more" on:click=move |_| is_whole.set(true)>
                {move || format!("Show {} more lines", hidden.get())}
            </button>
        </Show>
    }
}

fn draw(lines: FileLines, row: Row) -> AnyView {
    match row {
        Row::Gap(words) => {
            view! { <tr class="diff-gap"><td colspan="4">{words}</td></tr> }
        }
        Row::Line(row) => line_row(&row),
        Row::Comment(shown, placement) => note(comment_card(lines.review, &shown, placement)),
        Row::Box => note(comment_box(lines.review, move || focus_line(lines))),
    }
}

fn note(content: AnyView) -> AnyView {
    view! { <tr class="diff-note"><td colspan="4"><div class="note">{content}</div></td></tr> }
}

fn line_row(row: &LineRow) -> AnyView {
    let Some(line) = row.line() else {
        return ().into_any();
    };
    let (class, sign) = class_and_sign(line.kind);
    let text = match row.html.clone() {
        Some(html) => view! { <td class="diff-text" inner_html=html></td> },
        None => uncoloured(&line.text, row.mark.clone()),
    };
    // One of them can be reached with the Tab key; the arrow keys go on from there.
    let first = row.position == 0;
    let is_new_first = first && line.new_number.is_some();
    view! {
        <tr class=class data-row=row.position.to_string()>
            <td class="diff-number">{number(DiffSide::Old, line.old_number, first && !is_new_first)}</td>
            <td class="diff-number">{number(DiffSide::New, line.new_number, is_new_first)}</td>
            <td class="diff-sign">{sign}{end_mark(line)}</td>{text}
        </tr>
    }
}

const OLD: &str = "old";
const NEW: &str = "new";

fn number(side: DiffSide, number: Option<u32>, is_first: bool) -> Option<AnyView> {
    let number = number?.to_string();
    let tab_index = if is_first { "0" } else { "-1" };
    let (name, label) = match side {
        DiffSide::Old => (OLD, Some(format!("{number} before the change"))),
        DiffSide::New => (NEW, None),
    };
    Some(view! {
        <button type="button" class="line-number" tabindex=tab_index name=name value=number.clone() aria-label=label>{number.clone()}</button>
    })
}

/// Marks the chosen and the commented lines, where they are drawn.
fn mark_lines(lines: FileLines, table: NodeRef<Div>, chosen: Memo<Option<LineRange>>) {
    Effect::new(move |_| {
        let Some(table) = table.get() else { return };
        let chosen = chosen.get();
        let ranges = lines.placed.with(|placed| {
            let ranges = placed.iter().filter_map(|(_, it)| it.range());
            ranges.collect::<Vec<_>>()
        });
        let file = lines.file.get();
        // They may be drawn anew by what has led here.
        lines.html.track();
        request_animation_frame(move || {
            let Ok(marked) = table.query_selector_all("tr.chosen, tr.commented") else {
                return;
            };
            for at in 0..marked.length() {
                if let Some(row) = marked.get(at).and_then(|it| it.dyn_into::<Element>().ok()) {
                    let _ = row.class_list().remove_2("chosen", "commented");
                }
            }
            if chosen.is_none() && ranges.is_empty() {
                return;
            }
            for (position, line) in file.lines().enumerate() {
                let is_chosen = chosen.is_some_and(|range| range.holds(line));
                let is_commented = ranges.iter().any(|range| range.holds(line));
                if is_chosen || is_commented {
                    mark(&table, position, is_chosen, is_commented);
                }
            }
        });
    });
}

fn mark(table: &Element, position: usize, is_chosen: bool, is_commented: bool) {
    let row = format!("tr[data-row=\"{position}\"]");
    if let Some(row) = table.query_selector(&row).ok().flatten() {
        let _ = row.class_list().toggle_with_force("chosen", is_chosen);
        let _ = row
            .class_list()
            .toggle_with_force("commented", is_commented);
    }
}

/// The line number at a place of the page.
fn number_at(target: Option<EventTarget>) -> Option<(HtmlElement, Point)> {
    let element = target?.dyn_into::<Element>().ok()?;
    let button = element.closest("button.line-number").ok().flatten()?;
    let side = match button.get_attribute("name")?.as_str() {
        OLD => DiffSide::Old,
        _ => DiffSide::New,
    };
    let number = button.get_attribute("value")?.parse().ok()?;
    Some((button.dyn_into().ok()?, Point { side, number }))
}

fn on_down(lines: FileLines, event: &PointerEvent) {
    // A finger that is drawn over the page scrolls it.
    if event.button() != 0 || event.pointer_type() == "touch" || event.shift_key() {
        return;
    }
    if let Some((_, point)) = number_at(event.target()) {
        let file = lines.file.get_untracked();
        lines
            .review
            .begin_drawing(file, lines.place.get_value(), point);
    }
}

fn on_over(lines: FileLines, event: &PointerEvent) {
    // Over another file it stays as it is.
    if lines.begun().is_none() {
        return;
    }
    let target = event.target();
    lines.review.draw_over(|file, from| {
        if let Some((_, point)) = number_at(target.clone()) {
            return Some(point);
        }
        let element = target?.dyn_into::<Element>().ok()?;
        let row = element.closest("tr[data-row]").ok().flatten()?;
        let position = row.get_attribute("data-row")?.parse().ok()?;
        file.lines().nth(position)?.point(from.side)
    });
}

/// A click, or Enter or the space bar on a line number: these take what the keyboard has chosen.
fn on_click(lines: FileLines, event: &MouseEvent) {
    let Some((_, point)) = number_at(event.target()) else {
        return;
    };
    let is_longer = event.shift_key() || event.detail() == 0;
    open_at(lines, point, is_longer, event.shift_key());
}

fn open_at(lines: FileLines, point: Point, takes_chosen: bool, extends: bool) {
    let file = lines.file.get_untracked();
    let begun = lines.begun().filter(|_| takes_chosen);
    let known = lines.review.chosen.get_untracked().map(|it| it.range);
    let (from, range) = match (begun, known) {
        (Some(from), _) if extends => (from, between(&file, from, point)),
        (Some(from), Some(range))
            if range.side == point.side && (range.start..=range.end).contains(&point.number) =>
        {
            (from, range)
        }
        _ => (point, LineRange::of(point)),
    };
    let chosen = lines.choose(from, range);
    lines.review.open(&file, chosen);
}

fn on_key(lines: FileLines, event: &KeyboardEvent) {
    let Some((button, point)) = number_at(event.target()) else {
        return;
    };
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let file = lines.file.get_untracked();
    let by = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "PageDown" => 10,
        "PageUp" => -10,
        "ArrowLeft" | "ArrowRight" => {
            let other = if event.key() == "ArrowLeft" { OLD } else { NEW };
            focus_in(&button, "tr", &format!("button[name={other}]"));
            event.prevent_default();
            return;
        }
        key @ ("j" | "k") => {
            match step_hunk(&file, point, key == "j") {
                Some(next) => focus_in(&button, "table", &selector(next)),
                None => focus_file(&button, key == "j"),
            }
            event.prevent_default();
            return;
        }
        "c" => {
            open_at(lines, point, true, false);
            event.prevent_default();
            return;
        }
        "Escape" if lines.begun().is_some() => {
            lines.review.close();
            event.prevent_default();
            return;
        }
        _ => return,
    };
    event.prevent_default();
    let Some(next) = step(&file, point, by) else {
        return;
    };
    if event.shift_key() {
        let from = lines.begun().unwrap_or(point);
        lines.choose(from, between(&file, from, next));
    } else if lines.review.open.with_untracked(Option::is_none) {
        lines.review.chosen.set(None);
    }
    focus_in(&button, "table", &selector(next));
}

fn selector(point: Point) -> String {
    let name = if point.side == DiffSide::Old {
        OLD
    } else {
        NEW
    };
    format!("button[name={name}][value=\"{}\"]", point.number)
}

fn focus_in(button: &HtmlElement, around: &str, selector: &str) {
    let around = button.closest(around).ok().flatten();
    let found = around.and_then(|around| around.query_selector(selector).ok().flatten());
    if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = found.focus();
    }
}

/// Puts the focus on the next file, or on the own one to go back from there.
fn focus_file(button: &HtmlElement, is_next: bool) {
    let own = button.closest(".file-head").ok().flatten();
    let mut file = own.clone();
    while is_next && let Some(at) = file {
        file = at.next_element_sibling();
        if file
            .as_ref()
            .is_some_and(|it| it.class_name() == "file-head")
        {
            break;
        }
    }
    let summary = file
        .or(own)
        .and_then(|file| file.query_selector("summary").ok().flatten());
    if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
        let _ = summary.focus();
    }
}

/// The Tab key comes back to the line number that had the focus last.
fn on_focus(event: &FocusEvent) {
    let Some((button, _)) = number_at(event.target()) else {
        return;
    };
    let table = button.closest("table").ok().flatten();
    let before = table.and_then(|table| {
        table
            .query_selector("button.line-number[tabindex=\"0\"]")
            .ok()
            .flatten()
    });
    if let Some(before) = before {
        let _ = before.set_attribute("tabindex", "-1");
    }
    let _ = button.set_attribute("tabindex", "0");
}

/// Puts the focus on the last of the lines whose box is about to be closed.
fn focus_line(lines: FileLines) {
    let range = untrack(|| lines.open_range().and_then(Placement::range));
    let Some(range) = range else { return };
    let selector = selector(Point {
        side: range.side,
        number: range.end,
    });
    let field = document().query_selector(".comment-field").ok().flatten();
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        focus_in(&field, "table", &selector);
    }
}

/// An element that is moved loses the focus; the box has it back when the lines around it have changed.
fn keep_writing(lines: FileLines) {
    Effect::new(move |_| {
        lines.file.track();
        let is_open = lines.review.open.with_untracked(Option::is_some);
        if is_open && lines.review.is_writing.get_value() {
            let active = document().active_element();
            if active.is_none_or(|active| active.tag_name() == "BODY") {
                focus_box();
            }
        }
    });
}
