//! Lines are chosen: with the pointer by a click or over several line numbers, with the keyboard by walking over them.

use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent, PointerEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::parts::DiffSide;
use web_sys::{Element, EventTarget, HtmlElement};

use super::lines::FileLines;
use super::reading::go_to_file;
use super::review::Place;
use super::windows::{Target, Wanted};
use crate::diff::anchor::Placement;
use crate::diff::selection::{LineRange, Point, between, step, step_hunk, step_in_column};

const OLD: &str = "old";
const NEW: &str = "new";

/// How the page names a side.
pub const fn name_of(side: DiffSide) -> &'static str {
    match side {
        DiffSide::Old => OLD,
        DiffSide::New => NEW,
    }
}

/// The line number at a place of the page.
pub fn number_at(target: Option<EventTarget>) -> Option<(HtmlElement, Point)> {
    let element = target?.dyn_into::<Element>().ok()?;
    let button = element.closest("button.line-number").ok().flatten()?;
    let side = match button.get_attribute("name")?.as_str() {
        OLD => DiffSide::Old,
        _ => DiffSide::New,
    };
    let number = button.get_attribute("value")?.parse().ok()?;
    Some((button.dyn_into().ok()?, Point { side, number }))
}

pub fn on_down(lines: FileLines, event: &PointerEvent) {
    // A finger that is drawn over the page scrolls it.
    if event.button() != 0 || event.pointer_type() == "touch" || event.shift_key() {
        return;
    }
    if let Some((_, point)) = number_at(event.target()) {
        let file = (lines.current.get_untracked(), lines.file.get_untracked());
        lines
            .reading
            .review
            .begin_drawing(file, lines.place.get_value(), point);
    }
}

pub fn on_over(lines: FileLines, event: &PointerEvent) {
    // Over another file it stays as it is.
    if lines.begun().is_none() {
        return;
    }
    let target = event.target();
    lines.reading.review.draw_over(|from| {
        if let Some((_, point)) = number_at(target.clone()) {
            return Some(point);
        }
        let element = target?.dyn_into::<Element>().ok()?;
        let row = element.closest("tr").ok().flatten()?;
        point_in(&row, from.side)
    });
}

/// The line of a side that a row holds; in one column the other one, where it holds none.
fn point_in(row: &Element, side: DiffSide) -> Option<Point> {
    let number = |element: &Element, side| {
        let number = element.get_attribute(&format!("data-{}", name_of(side)))?;
        let number = number.parse().ok()?;
        Some(Point { side, number })
    };
    if row.class_name() == "diff-pair" {
        let cell = format!("[data-{}]", name_of(side));
        return number(&row.query_selector(&cell).ok().flatten()?, side);
    }
    let or = |other| move || number(row, other);
    number(row, side)
        .or_else(or(DiffSide::Old))
        .or_else(or(DiffSide::New))
}

/// A click, or Enter or the space bar on a line number: these take what the keyboard has chosen.
pub fn on_click(lines: FileLines, event: &MouseEvent) {
    let Some((_, point)) = number_at(event.target()) else {
        return;
    };
    let is_longer = event.shift_key() || event.detail() == 0;
    open_at(lines, point, is_longer, event.shift_key());
}

fn open_at(lines: FileLines, point: Point, takes_chosen: bool, extends: bool) {
    let file = lines.file.get_untracked();
    let begun = lines.begun().filter(|_| takes_chosen);
    let known = lines
        .reading
        .review
        .chosen
        .get_untracked()
        .map(|it| it.range);
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
    let versions = lines.current.get_untracked();
    lines.reading.review.open(&versions, &file, chosen);
}

pub fn on_key(lines: FileLines, event: &KeyboardEvent) {
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
                Some(next) => focus_point(lines, &button, next),
                None => focus_file(lines, &button, key == "j"),
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
            lines.reading.review.close();
            event.prevent_default();
            return;
        }
        _ => return,
    };
    event.prevent_default();
    let next = if untrack(|| lines.reading.view.is_split()) {
        step_in_column(&file, point, by)
    } else {
        step(&file, point, by)
    };
    let Some(next) = next else {
        return;
    };
    if event.shift_key() {
        let from = lines.begun().unwrap_or(point);
        lines.choose(from, between(&file, from, next));
    } else if lines.reading.review.open.with_untracked(Option::is_none) {
        lines.reading.review.chosen.set(None);
    }
    focus_point(lines, &button, next);
}

fn selector(point: Point) -> String {
    let name = name_of(point.side);
    format!("button[name={name}][value=\"{}\"]", point.number)
}

fn focus_in(button: &HtmlElement, around: &str, selector: &str) -> bool {
    let around = button.closest(around).ok().flatten();
    let found = around.and_then(|around| around.query_selector(selector).ok().flatten());
    let found = found.and_then(|found| found.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|found| found.focus().is_ok())
}

/// Puts the focus on a line's number, which may have to be drawn first.
fn focus_point(lines: FileLines, button: &HtmlElement, point: Point) {
    let selector = selector(point);
    if focus_in(button, "table", &selector) {
        return;
    }
    lines.reading.windows.wanted.set(Some(Wanted {
        place: lines.place.get_value(),
        target: Target::Line(point),
    }));
    let button = button.clone();
    request_animation_frame(move || {
        focus_in(&button, "table", &selector);
    });
}

/// Puts the focus on the next file, or on the own one to go back from there.
fn focus_file(lines: FileLines, button: &HtmlElement, is_next: bool) {
    let place = lines.place.get_value();
    let next = lines.files.with_untracked(|files| {
        let own = files.position(&place.path)?;
        let next = files.list.get(own + usize::from(is_next)).map(|file| {
            let path = file.path().to_owned();
            (own + usize::from(is_next), path)
        });
        next.or(Some((own, place.path.clone())))
    });
    let repository = button.closest(".repository").ok().flatten();
    if let (Some((position, path)), Some(repository)) = (next, repository) {
        let root = place.root;
        go_to_file(
            lines.reading.windows,
            &repository,
            Place { root, path },
            position,
            false,
        );
    }
}

/// The Tab key comes back to the line number that had the focus last.
pub fn on_focus(event: &FocusEvent) {
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
pub fn focus_line(lines: FileLines) {
    let range = untrack(|| lines.open_range().and_then(Placement::range));
    let Some(range) = range else { return };
    let selector = selector(range.last());
    let field = document().query_selector(".comment-field").ok().flatten();
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        focus_in(&field, "table", &selector);
    }
}
