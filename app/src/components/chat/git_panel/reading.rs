//! What the views of a diff share: the comments, what was looked through, how lines are shown and which are drawn; and the
//! way to a file that may not be drawn yet.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use super::regions::Regions;
use super::review::{Place, Review};
use super::side_by_side::DiffView;
use super::viewed::Viewed;
use super::windows::{Target, Wanted, Windows};

/// Files that are drawn together.
pub const BLOCK_FILES: usize = 50;
/// Frames in which what is gone to is drawn, and what stands around it finds its height.
const FRAMES: u32 = 6;

/// What is read, and how. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Reading {
    /// The comments on lines.
    pub review: Review,
    /// What was looked through.
    pub viewed: Viewed,
    /// What is opened between changes.
    pub regions: Regions,
    /// One column or two.
    pub view: DiffView,
    /// What is drawn.
    pub windows: Windows,
}

/// Draws a file of a repository's view, brings its head to the top where that is wanted, and puts the focus on it.
pub fn go_to_file(
    windows: Windows,
    repository: &Element,
    place: Place,
    position: usize,
    is_to_top: bool,
) {
    windows.wanted.set(Some(Wanted {
        place,
        target: Target::Head,
    }));
    let repository = repository.clone();
    in_frames(FRAMES, move |frame| {
        let Some(section) = section(&repository, position) else {
            return;
        };
        if is_to_top {
            section.scroll_into_view();
        }
        let head = section.query_selector("summary").ok().flatten();
        // Once: the reader may have gone on from there.
        let is_due = frame + 1 == FRAMES || !is_in(&section);
        if let Some(head) = head.filter(|_| is_due)
            && let Ok(head) = head.dyn_into::<HtmlElement>()
        {
            let _ = head.focus();
        }
    });
}

fn is_in(section: &Element) -> bool {
    let active = document().active_element();
    section.contains(active.as_ref().map(AsRef::as_ref))
}

/// The view of a file, as soon as it is drawn.
fn section(repository: &Element, position: usize) -> Option<Element> {
    let blocks = repository.query_selector_all(".file-block").ok()?;
    let block = blocks.get(u32::try_from(position / BLOCK_FILES).ok()?)?;
    let block = block.dyn_into::<Element>().ok()?;
    let files = block.query_selector_all(".file-section").ok()?;
    let file = files.get(u32::try_from(position % BLOCK_FILES).ok()?)?;
    file.dyn_into().ok()
}

/// Does something in each of the next frames, and says how many come after it.
pub fn in_frames(frames: u32, act: impl Fn(u32) + 'static) {
    if frames == 0 {
        return;
    }
    request_animation_frame(move || {
        act(frames - 1);
        in_frames(frames - 1, act);
    });
}
