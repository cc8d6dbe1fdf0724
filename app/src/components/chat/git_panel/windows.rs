//! What of a long page is drawn: the parts near the reader, and the one that is gone to. A part far away is as high as it was,
//! or as its lines are likely to be, so that what is looked at stays where it is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::{DomRect, Element, HtmlElement};

use super::review::Place;
use crate::diff::selection::Point;

/// The height of a line, in CSS pixels, as far as none is wrapped.
pub const LINE_PX: usize = 20;
/// The height of what is left out between lines.
pub const GAP_PX: usize = 23;
/// The height of a file's head.
pub const HEAD_PX: usize = 35;
/// Parts that are nearer to what is seen than this are drawn.
const NEAR_PX: f64 = 900.0;
/// Parts that are farther away than this are not drawn any more.
const FAR_PX: f64 = 2000.0;
/// Drawing moves what comes after it: so often it is looked again.
const LOOKS: u32 = 6;

/// What is gone to, a file or a line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The file.
    pub place: Place,
    /// What of it.
    pub target: Target,
}

/// What of a file is gone to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The file.
    Head,
    /// A line.
    Line(Point),
    /// A comment that is not sent yet, wherever its lines are now.
    Comment(u32),
}

type Parts = HashMap<u64, Part>;

/// The parts. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Windows {
    parts: StoredValue<Parts>,
    is_due: StoredValue<bool>,
    /// What is drawn wherever the reader is.
    pub wanted: RwSignal<Option<Wanted>>,
    /// The files that the reader has folded or opened.
    folds: StoredValue<HashMap<String, bool>>,
}

/// A part: whether it is near, and how high it was when it was drawn last.
#[derive(Clone, Copy)]
pub struct Part {
    element: StoredValue<Option<send_wrapper::SendWrapper<Element>>>,
    /// Whether it is to be drawn.
    pub is_near: RwSignal<bool>,
    height_px: RwSignal<Option<usize>>,
}

impl Part {
    /// How high it is likely to be below its head, where that is drawn: as it was, if it was drawn before.
    pub fn height_px(self, head_px: usize, likely_px: usize) -> usize {
        let seen_px = self.height_px.get();
        let seen_px = seen_px.filter(|seen_px| *seen_px > head_px);
        seen_px.map_or(likely_px, |seen_px| seen_px - head_px)
    }
}

/// Makes an element as high as what it stands for; none lets it find its height. The page's policy forbids attributes of style,
/// so that the server cannot.
pub fn keep_height(
    element: impl Fn() -> Option<HtmlElement> + 'static,
    height_px: impl Fn() -> Option<usize> + 'static,
) {
    Effect::new(move |_| {
        let Some(element) = element() else { return };
        let style = element.style();
        let _ = match height_px() {
            Some(height_px) => style.set_property("height", &format!("{height_px}px")),
            None => style.remove_property("height").map(drop),
        };
    });
}

impl Windows {
    /// No parts yet.
    pub fn new() -> Self {
        let windows = Self {
            parts: StoredValue::new(HashMap::new()),
            is_due: StoredValue::new(false),
            wanted: RwSignal::new(None),
            folds: StoredValue::new(HashMap::new()),
        };
        Effect::new(move |_| windows.watch());
        windows
    }

    /// Looks wherever something may have moved. Neither scrolling nor folding bubbles: they are heard of on their way down.
    fn watch(self) {
        let look = Closure::<dyn FnMut()>::new(move || self.look_soon());
        let function = look.as_ref().unchecked_ref();
        let page = document();
        for name in ["scroll", "toggle", "change"] {
            let _ = page.add_event_listener_with_callback_and_bool(name, function, true);
        }
        let resized = window_event_listener(ev::resize, move |_| self.look_soon());
        let guard = send_wrapper::SendWrapper::new(look);
        on_cleanup(move || {
            resized.remove();
            let function = guard.as_ref().unchecked_ref();
            for name in ["scroll", "toggle", "change"] {
                let _ = page.remove_event_listener_with_callback_and_bool(name, function, true);
            }
        });
        self.look_soon();
    }

    /// A part of the page. `element` finds it as soon as it is there.
    pub fn part(
        self,
        is_first: bool,
        element: impl Fn() -> Option<Element> + Send + Sync + 'static,
    ) -> Part {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let part = Part {
            element: StoredValue::new(None),
            is_near: RwSignal::new(is_first),
            height_px: RwSignal::new(None),
        };
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        Effect::new(move |_| {
            let Some(element) = element() else { return };
            let element = send_wrapper::SendWrapper::new(element);
            part.element.set_value(Some(element));
            let _ = self.parts.try_update_value(|parts| parts.insert(key, part));
            self.look_soon();
        });
        on_cleanup(move || {
            let _ = self.parts.try_update_value(|parts| parts.remove(&key));
        });
        part
    }

    /// Looks when the next frame is drawn. Browser only.
    pub fn look_soon(self) {
        self.look_in_a_frame(LOOKS);
    }

    fn look_in_a_frame(self, looks: u32) {
        if self.is_due.try_get_value() != Some(false) {
            return;
        }
        self.is_due.set_value(true);
        request_animation_frame(move || {
            if self.is_due.try_set_value(false).is_none() && self.look() && looks > 0 {
                self.look_in_a_frame(looks - 1);
            }
        });
    }

    /// Draws what is near and lets go of what is far; whether anything changed.
    fn look(self) -> bool {
        let Some(parts) = self
            .parts
            .try_with_value(|parts| parts.values().copied().collect::<Vec<_>>())
        else {
            return false;
        };
        let active = document().active_element();
        let mut seen = None;
        // All places are read before the first change, or each would be laid out anew.
        let changes = parts.into_iter().filter_map(|part| {
            let element = part.element.try_get_value().flatten()?;
            let seen = seen.get_or_insert_with(|| Seen::around(&element));
            let is_near = part.is_near.try_get_untracked()?;
            let place = element.get_bounding_client_rect();
            let distance_px = seen.distance_px(&place)?;
            if is_near == (distance_px < if is_near { FAR_PX } else { NEAR_PX }) {
                return None;
            }
            let is_held = is_near && holds_something(&element, active.as_ref());
            (!is_held).then(|| (part, !is_near, element.client_height()))
        });
        let changes: Vec<_> = changes.collect();
        for (part, is_near, height_px) in &changes {
            if !is_near {
                let _ = part.height_px.try_set(usize::try_from(*height_px).ok());
            }
            let _ = part.is_near.try_set(*is_near);
        }
        !changes.is_empty()
    }

    /// Whether the reader has opened or folded a file; nothing when neither.
    pub fn fold(self, place: &Place) -> Option<bool> {
        self.folds
            .with_value(|folds| folds.get(&name_of(place)).copied())
    }

    /// Keeps what the reader did.
    pub fn keep_fold(self, place: &Place, is_open: bool) {
        self.folds.update_value(|folds| {
            folds.insert(name_of(place), is_open);
        });
    }

    /// Forgets what the reader did: what is viewed, or has changed since, decides anew.
    pub fn forget_fold(self, place: &Place) {
        self.folds.update_value(|folds| {
            folds.remove(&name_of(place));
        });
    }

    /// Whether a file is gone to.
    pub fn wants(self, place: &Place) -> bool {
        self.wanted
            .with(|wanted| wanted.as_ref().is_some_and(|it| it.place == *place))
    }

    /// Whether a file of a work tree is gone to whose path is told by `is_it`.
    pub fn wants_path(self, root: Option<&str>, is_it: impl Fn(&str) -> bool) -> bool {
        self.wanted.with(|wanted| {
            let wanted = wanted.as_ref().map(|it| &it.place);
            wanted.is_some_and(|place| place.root.as_deref() == root && is_it(&place.path))
        })
    }

    /// What of a file is gone to.
    pub fn target(self, place: &Place) -> Option<Target> {
        self.wanted.with(|wanted| {
            let wanted = wanted.as_ref().filter(|it| it.place == *place)?;
            Some(wanted.target)
        })
    }
}

/// Tells a file from all others.
pub fn name_of(place: &Place) -> String {
    format!(
        "{}:{}",
        place.root.as_deref().unwrap_or_default(),
        place.path
    )
}

/// What is seen of the page.
struct Seen {
    top_px: f64,
    bottom_px: f64,
}

impl Seen {
    fn around(element: &Element) -> Self {
        let height_px = window().inner_height().ok();
        let height_px = height_px.and_then(|height| height.as_f64()).unwrap_or(0.0);
        let column = element.closest(".panel-body").ok().flatten();
        match column.map(|column| column.get_bounding_client_rect()) {
            Some(place) => Self {
                top_px: place.top().max(0.0),
                bottom_px: place.bottom().min(height_px),
            },
            None => Self {
                top_px: 0.0,
                bottom_px: height_px,
            },
        }
    }

    /// How far a part is from what is seen; nothing where it is in what is folded or hidden.
    fn distance_px(&self, place: &DomRect) -> Option<f64> {
        (place.width() > 0.0)
            .then(|| (self.top_px - place.bottom()).max(place.top() - self.bottom_px))
    }
}

/// What the reader works on does not go, however far it is.
fn holds_something(element: &Element, active: Option<&Element>) -> bool {
    element.contains(active.map(AsRef::as_ref))
        || element
            .query_selector(".comment-box")
            .is_ok_and(|it| it.is_some())
}
