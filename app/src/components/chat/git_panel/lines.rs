//! The lines of a changed file, to be commented on: with the pointer by a click or over several line numbers, with the
//! keyboard by walking over them.

use std::sync::Arc;

use leptos::ev::MouseEvent;
use leptos::html::{Div, Tbody, Tr};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::parts::DiffSide;
use web_sys::Element;

use super::comment::{comment_box, comment_card};
use super::files::Files;
use super::line_choice::{
    focus_line, name_of, number_at, on_click, on_down, on_focus, on_key, on_over,
};
use super::reading::Reading;
use super::regions::region_row;
use super::review::{Chosen, Place, Shown, Source, focus_box};
use super::rows::{Cell, LineRow, Plan, RUN_ROWS, Row, Shape, rows};
use super::windows::{Target, keep_height};
use crate::components::chat::diff_lines::{class_and_sign, end_mark, uncoloured};
use crate::components::control_flow::For;
use crate::diff::anchor::{Placement, place};
use crate::diff::index::IndexedFile;
use crate::diff::regions::{Opened, ReadLines};
use crate::diff::selection::{LineRange, Point};
use crate::diff::{DiffFile, DiffLine};
use crate::view;

type Placed = Vec<(Shown, Placement)>;

/// What the lines are drawn of. Cheap to copy.
#[derive(Clone, Copy)]
pub struct FileLines {
    /// What is read, and how.
    pub reading: Reading,
    /// The files among which it is.
    pub files: Memo<Files>,
    /// Where the file is.
    pub place: StoredValue<Place>,
    /// The file as it is in the diff.
    pub current: Memo<Arc<IndexedFile>>,
    /// The lines that were read of it.
    pub read: Memo<Option<Arc<ReadLines>>>,
    /// With them in their places.
    pub opened: Memo<Arc<Opened>>,
    /// The file as it is shown.
    pub file: Memo<Arc<DiffFile>>,
    /// The diff's lines in colours.
    pub html: Memo<Option<Arc<Vec<String>>>>,
    /// The comments on it.
    pub placed: Memo<Placed>,
}

impl FileLines {
    /// The lines of the open box, when it is for this file and can be placed.
    pub fn open_range(self) -> Option<Placement> {
        let open = self.reading.review.open.get()?;
        let is_here = self
            .place
            .with_value(|place| place.root == open.repo_root && place.path == open.file_name);
        is_here.then(|| self.file.with(|file| place(&open, file)))
    }

    /// The lines that are chosen here.
    fn chosen(self) -> Option<LineRange> {
        let chosen = self.reading.review.chosen.get()?;
        let is_here = self.place.with_value(|place| *place == chosen.place);
        is_here.then_some(chosen.range)
    }

    pub fn choose(self, from: Point, range: LineRange) -> Chosen {
        let chosen = Chosen {
            place: self.place.get_value(),
            from,
            range,
        };
        self.reading.review.chosen.set(Some(chosen.clone()));
        chosen
    }

    /// Where a choice that is made longer began.
    pub fn begun(self) -> Option<Point> {
        let chosen = self.reading.review.chosen.get_untracked()?;
        let is_here = self.place.with_value(|place| *place == chosen.place);
        is_here.then_some(chosen.from)
    }
}

/// What decides which rows there are.
#[derive(Clone, Copy)]
struct Sketch {
    lines: FileLines,
    plan: Memo<Arc<Plan>>,
    open: Memo<Option<LineRange>>,
    /// The runs with the open box and with what is gone to.
    held: Memo<[Option<usize>; 2]>,
    is_split: bool,
    /// Lines that are drawn before it is known where the reader is.
    first_lines: usize,
    /// Counts the runs that were drawn.
    drawn: RwSignal<u32>,
}

impl Sketch {
    fn take<T>(self, of: impl FnOnce(&Shape<'_>) -> T) -> T {
        let (html, placed) = (self.lines.html.get(), self.lines.placed.get());
        let read = self.lines.read.get();
        self.plan.with(|plan| {
            of(&Shape {
                plan,
                html: html.as_deref(),
                read: read.as_deref(),
                placed: &placed,
                open: self.open.get(),
            })
        })
    }
}

/// The line that is gone to.
fn wanted_point(lines: FileLines) -> Option<Point> {
    let windows = lines.reading.windows;
    match lines.place.with_value(|it| windows.target(it))? {
        Target::Head => None,
        Target::Line(point) => Some(point),
        Target::Comment(key) => lines.placed.with(|placed| {
            let is_it = |(shown, _): &&(Shown, Placement)| shown.source == Source::Draft(key);
            let (_, placement) = placed.iter().find(is_it)?;
            placement.range().map(LineRange::last)
        }),
    }
}

/// The lines.
pub fn file_lines(lines: FileLines, first_lines: usize) -> AnyView {
    let table = NodeRef::<Div>::new();
    let open = Memo::new(move |_| lines.open_range().and_then(Placement::range));
    let label = lines.file.with_untracked(|file| {
        format!(
            "Changes of {}. Press a line number to comment.",
            file.path()
        )
    });
    // Only the file over which the pointer is drawn is marked anew.
    let chosen = Memo::new(move |_| open.get().or_else(|| lines.chosen()));
    let drawn = RwSignal::new(0);
    mark_lines(lines, table, chosen, drawn);
    keep_writing(lines);
    let is_split = Memo::new(move |_| lines.reading.view.is_split());
    let content = move || {
        let is_split = is_split.get();
        let plan = Memo::new(move |_| {
            lines
                .opened
                .with(|opened| Arc::new(Plan::new(opened, is_split)))
        });
        let held = Memo::new(move |_| {
            let points = [open.get().map(LineRange::last), wanted_point(lines)];
            plan.with(|plan| points.map(|point| plan.run_of(point?)))
        });
        table_of(Sketch {
            lines,
            plan,
            open,
            held,
            is_split,
            first_lines,
            drawn,
        })
    };
    view! {
        <div class="diff-scroll" role="group" aria-label=label node_ref=table
            on:pointerdown=move |event| on_down(lines, &event) on:pointerover=move |event| on_over(lines, &event)
            on:mousedown=move |event: MouseEvent| if number_at(event.target()).is_some() { event.prevent_default() }
            on:click=move |event| on_click(lines, &event) on:keydown=move |event| on_key(lines, &event)
            on:focusin=move |event| on_focus(&event)>
            {move || content()}
        </div>
    }
}

fn table_of(sketch: Sketch) -> AnyView {
    let runs = Memo::new(move |_| sketch.plan.with(|plan| plan.run_count()));
    // As wide as the longest number from the beginning, whatever is drawn.
    let class = move || {
        let digits = sketch.lines.file.with(|file| digits(file));
        let split = if sketch.is_split { " diff-split" } else { "" };
        format!("diff-table digits-{digits}{split}")
    };
    let columns = sketch.is_split.then(|| {
        view! {
            <colgroup>
                <col class="diff-col-number"/><col class="diff-col-sign"/><col/>
                <col class="diff-col-number"/><col class="diff-col-sign"/><col/>
            </colgroup>
        }
    });
    view! {
        <table class=class>
            {columns}
            <For each=move || (0..runs.get()).collect() key=|run| *run let(run)>{run_view(sketch, run)}</For>
        </table>
    }
}

fn digits(file: &DiffFile) -> usize {
    let last = file.hunks.last().map_or(0, |hunk| {
        let old = hunk.old_start.saturating_add(hunk.old_count);
        old.max(hunk.new_start.saturating_add(hunk.new_count))
    });
    last.to_string().len().clamp(3, 7)
}

/// A run of rows, drawn when it is near.
fn run_view(sketch: Sketch, run: usize) -> AnyView {
    let windows = sketch.lines.reading.windows;
    let body = NodeRef::<Tbody>::new();
    let is_first = run == 0 || run * RUN_ROWS < sketch.first_lines;
    let part = windows.part(is_first, move || body.get().map(Into::into));
    let is_drawn =
        Memo::new(move |_| part.is_near.get() || sketch.held.with(|it| it.contains(&Some(run))));
    Effect::new(move |_| {
        if is_drawn.get() {
            sketch.drawn.update(|drawn| *drawn += 1);
            windows.look_soon();
        }
    });
    let rows_of_run = move || sketch.take(|shape| rows(shape, run));
    let content = move || {
        if is_drawn.get() {
            return view! { <For each=rows_of_run key=Row::key let(row)>{draw(sketch, row)}</For> };
        }
        let rest = NodeRef::<Tr>::new();
        let likely_px = move || sketch.plan.with(|plan| plan.run_px(run));
        let height_px = move || Some(part.height_px(0, likely_px()));
        keep_height(move || rest.get().map(Into::into), height_px);
        view! { <tr node_ref=rest><td colspan=COLUMNS></td></tr> }
    };
    view! { <tbody node_ref=body>{move || content()}</tbody> }
}

/// More than there are in either view.
pub const COLUMNS: &str = "6";

fn draw(sketch: Sketch, row: Row) -> AnyView {
    let lines = sketch.lines;
    match row {
        Row::Gap(region) => region_row(lines, sketch.plan, region.index),
        Row::Line(row) if sketch.is_split => facing_row(&row),
        Row::Line(row) => line_row(&row),
        Row::Comment(shown, placement) => {
            let side = placement.range().map(|range| range.side);
            note(
                sketch,
                side,
                comment_card(lines.reading.review, &shown, placement),
            )
        }
        Row::Box(side) => {
            let content = comment_box(lines.reading.review, move || focus_line(lines));
            note(sketch, Some(side), content)
        }
    }
}

/// What stands under a line: in two columns under its own.
fn note(sketch: Sketch, side: Option<DiffSide>, content: AnyView) -> AnyView {
    if !sketch.is_split {
        return view! { <tr class="diff-note"><td colspan=COLUMNS><div class="note">{content}</div></td></tr> };
    }
    let content = view! { <td colspan="3"><div class="note">{content}</div></td> };
    let empty = view! { <td colspan="3" class="diff-blank"></td> };
    let (left, right) = match side {
        Some(DiffSide::Old) => (content, empty),
        _ => (empty, content),
    };
    view! { <tr class="diff-note">{left}{right}</tr> }
}

fn line_row(row: &LineRow) -> AnyView {
    let Some(cell) = row.new.as_ref().or(row.old.as_ref()) else {
        return ().into_any();
    };
    let Some(line) = row.line(cell) else {
        return ().into_any();
    };
    let (class, sign) = class_and_sign(line.kind);
    // One of them can be reached with the Tab key; the arrow keys go on from there.
    let first = cell.is_first;
    let is_new_first = first && line.new_number.is_some();
    let named = |number: Option<u32>| number.map(|number| number.to_string());
    view! {
        <tr class=class data-old=named(line.old_number) data-new=named(line.new_number)>
            <td class="diff-number">{number(DiffSide::Old, line.old_number, first && !is_new_first)}</td>
            <td class="diff-number">{number(DiffSide::New, line.new_number, is_new_first)}</td>
            <td class="diff-sign">{sign}{end_mark(line)}</td>{text(line, cell)}
        </tr>
    }
}

fn text(line: &DiffLine, cell: &Cell) -> AnyView {
    match cell.html.clone() {
        Some(html) => view! { <td class="diff-text" inner_html=html></td> },
        None => uncoloured(&line.text, &cell.marks),
    }
}

/// Two lines that face each other.
fn facing_row(row: &LineRow) -> AnyView {
    let is_new_first = row.new.as_ref().is_some_and(|cell| cell.is_first);
    let old = half(row, DiffSide::Old, row.old.as_ref(), !is_new_first);
    let new = half(row, DiffSide::New, row.new.as_ref(), is_new_first);
    view! { <tr class="diff-pair">{old}{new}</tr> }
}

fn half(row: &LineRow, side: DiffSide, cell: Option<&Cell>, is_first: bool) -> AnyView {
    let found = cell.and_then(|cell| Some((cell, row.line(cell)?)));
    let Some((cell, line)) = found else {
        return view! { <td colspan="3" class="diff-blank"></td> };
    };
    let (class, sign) = class_and_sign(line.kind);
    let class = format!("diff-number {class}");
    let named = line.number(side).map(|number| number.to_string());
    let (old, new) = match side {
        DiffSide::Old => (named, None),
        DiffSide::New => (None, named),
    };
    let button = number(side, line.number(side), is_first && cell.is_first);
    view! {
        <td class=class data-old=old data-new=new>{button}</td>
        <td class="diff-sign">{sign}{end_mark(line)}</td>{text(line, cell)}
    }
}

fn number(side: DiffSide, number: Option<u32>, is_first: bool) -> Option<AnyView> {
    let number = number?.to_string();
    let tab_index = if is_first { "0" } else { "-1" };
    let name = name_of(side);
    let label = (side == DiffSide::Old).then(|| format!("{number} before the change"));
    Some(view! {
        <button type="button" class="line-number" tabindex=tab_index name=name value=number.clone() aria-label=label>{number.clone()}</button>
    })
}

/// Marks the chosen and the commented lines, where they are drawn, and keeps one of the numbers in reach of the Tab key.
fn mark_lines(
    lines: FileLines,
    table: NodeRef<Div>,
    chosen: Memo<Option<LineRange>>,
    drawn: RwSignal<u32>,
) {
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
        drawn.track();
        request_animation_frame(move || {
            reach_one(&table);
            let Ok(marked) = table.query_selector_all(".chosen, .commented") else {
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
            let chosen = chosen.iter().map(|range| (*range, "chosen"));
            let commented = ranges.iter().map(|range| (*range, "commented"));
            let marks: Vec<_> = chosen.chain(commented).collect();
            for line in file.lines() {
                for (range, class) in marks.iter().filter(|(range, _)| range.holds(line)) {
                    mark(&table, range.side, line.number(range.side), class);
                }
            }
        });
    });
}

fn mark(table: &Element, side: DiffSide, number: Option<u32>, class: &str) {
    let Some(number) = number else { return };
    let row = format!("[data-{}=\"{number}\"]", name_of(side));
    if let Some(row) = table.query_selector(&row).ok().flatten() {
        let _ = row.class_list().add_1(class);
    }
}

/// The number that could be reached may not be drawn any more.
fn reach_one(table: &Element) {
    let is_reached = table
        .query_selector("button.line-number[tabindex=\"0\"]")
        .is_ok_and(|found| found.is_some());
    if !is_reached && let Ok(Some(first)) = table.query_selector("button.line-number") {
        let _ = first.set_attribute("tabindex", "0");
    }
}

/// An element that is moved loses the focus; the box has it back when the lines around it have changed.
fn keep_writing(lines: FileLines) {
    Effect::new(move |_| {
        lines.file.track();
        lines.reading.view.is_split();
        let is_open = lines.reading.review.open.with_untracked(Option::is_some);
        if is_open && lines.reading.review.is_writing.get_value() {
            let active = document().active_element();
            if active.is_none_or(|active| active.tag_name() == "BODY") {
                focus_box();
            }
        }
    });
}
