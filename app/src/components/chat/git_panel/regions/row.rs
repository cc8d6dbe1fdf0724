//! The row that says what is not shown, with the buttons that open it.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use super::{Lines, MOST_LINES, RegionState, STEP_LINES};
use crate::components::chat::git_panel::lines::{COLUMNS, FileLines};
use crate::components::chat::git_panel::reading::in_frames;
use crate::components::chat::git_panel::rows::Plan;
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::regions::Region;
use crate::view;

/// Frames after which a button is where it will be.
const FRAMES: u32 = 3;

/// A region's row. It stays while lines come out of the region.
pub fn region_row(lines: FileLines, plan: Memo<Arc<Plan>>, index: usize) -> AnyView {
    let region = Memo::new(move |_| plan.with(|plan| plan.region(index).cloned()));
    let can_read = Memo::new(move |_| {
        let place = lines.place;
        let regions = lines.reading.regions;
        place.with_value(|place| lines.current.with(|file| regions.can_read(place, file)))
    });
    let told = move || region.with(|region| region.as_ref().map(told));
    let buttons = move || {
        let region = region.get().filter(|region| !region.is_empty())?;
        can_read.get().then(|| buttons(lines, &region))
    };
    view! {
        <tr class="diff-gap" data-region=index.to_string()>
            <td colspan=COLUMNS><div class="gap">{move || told()}{move || buttons()}{move || state(lines, index)}</div></td>
        </tr>
    }
}

fn told(region: &Region) -> AnyView {
    let words = match region.count {
        Some(0) => None,
        Some(1) => Some("1 unchanged line".to_owned()),
        Some(many) => Some(format!("{} unchanged lines", grouped(many))),
        None => Some("The rest of the file".to_owned()),
    };
    let section = region.section.clone();
    let section = (!section.is_empty()).then(|| {
        let title = section.clone();
        view! { <span class="gap-section" title=title>{section}</span> }
    });
    view! { {words.map(|words| view! { <span>{words}</span> })} {section} }
}

fn buttons(lines: FileLines, region: &Region) -> AnyView {
    let is_long = region.count.is_none_or(|count| count > STEP_LINES);
    let (above, below) = region.touches;
    let (down, up) = (is_long && above, is_long && below);
    let (from, count) = (region.new_first, region.count);
    let down = down.then(|| {
        let label = format!("Show {STEP_LINES} lines from line {from} on");
        let words = view! { {icon_with_class(Icon::ArrowDown, "icon icon-small")} {STEP_LINES.to_string()} };
        button(lines, region, Lines::Down, label, words)
    });
    let up = up.then(|| {
        let to = from.saturating_add(count.unwrap_or(0)).saturating_sub(1);
        let label = format!("Show {STEP_LINES} lines up to line {to}");
        let words =
            view! { {icon_with_class(Icon::ArrowUp, "icon icon-small")} {STEP_LINES.to_string()} };
        button(lines, region, Lines::Up, label, words)
    });
    let (label, words) = match count {
        Some(1) => ("Show the unchanged line".to_owned(), "All".to_owned()),
        Some(count) if count <= MOST_LINES => (
            format!("Show all {} unchanged lines", grouped(count)),
            "All".to_owned(),
        ),
        Some(_) => {
            let most = grouped(MOST_LINES);
            (format!("Show {most} of the unchanged lines"), most)
        }
        None => (
            format!(
                "Show the rest of the file, at most {} lines",
                grouped(MOST_LINES)
            ),
            "All".to_owned(),
        ),
    };
    let all = (above || below).then(|| button(lines, region, Lines::All, label, words.into_any()));
    view! { <span class="gap-buttons">{down}{up}{all}</span> }
}

fn button(
    lines: FileLines,
    region: &Region,
    wanted: Lines,
    label: String,
    words: AnyView,
) -> AnyView {
    let name = name_of(wanted);
    let title = label.clone();
    let region = region.clone();
    let on_click = move |event: web_sys::MouseEvent| {
        let table = event_target::<Element>(&event).closest(".diff-scroll");
        let table = table.ok().flatten();
        let index = region.index;
        let (place, file) = (lines.place.get_value(), lines.current.get_untracked());
        let then = move |first: u32| {
            lines.reading.windows.look_soon();
            in_frames(FRAMES, move |frame| {
                if let Some(table) = table.as_ref().filter(|_| frame == 0) {
                    keep_focus(table, index, name, first);
                }
            });
        };
        lines
            .reading
            .regions
            .open(place, file, &region, wanted, then);
    };
    view! {
        <button type="button" class="gap-button" name=name aria-label=label title=title on:click=on_click>{words}</button>
    }
}

const fn name_of(lines: Lines) -> &'static str {
    match lines {
        Lines::Down => "down",
        Lines::Up => "up",
        Lines::All => "all",
    }
}

/// The button that was pressed may be another one by now, or none: then its lines are what the reader goes on with.
fn keep_focus(table: &Element, index: usize, name: &str, first: u32) {
    let active = document().active_element();
    if active.is_some_and(|active| active.tag_name() != "BODY") {
        return;
    }
    let find = |selector: &str| table.query_selector(selector).ok().flatten();
    let row = format!("tr[data-region=\"{index}\"] button");
    let found = find(&format!("{row}[name={name}]"))
        .or_else(|| find(&row))
        .or_else(|| find(&format!("button.line-number[value=\"{first}\"]")));
    if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = found.focus();
    }
}

fn state(lines: FileLines, index: usize) -> Option<AnyView> {
    let regions = lines.reading.regions;
    let state = lines
        .place
        .with_value(|place| regions.state(place, index))?;
    Some(match state {
        RegionState::Reading => view! { <span class="gap-state" role="status">"Reading…"</span> },
        RegionState::Failed(message) => {
            view! { <span class="gap-state gap-failed" role="status">{message}</span> }
        }
        RegionState::Changed => {
            let refresh = move |_| {
                lines
                    .place
                    .with_value(|place| regions.refresh(place, index));
            };
            view! {
                <span class="gap-state gap-failed" role="status">"The file is not what this diff was made of."</span>
                <button type="button" class="gap-button" on:click=refresh>"Look again"</button>
            }
        }
    })
}

/// `2,000`.
fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        let words = [0, 999, 1000, 5_314, 1_020_003].map(grouped);
        assert_eq!(words, ["0", "999", "1,000", "5,314", "1,020,003"]);
    }
}
