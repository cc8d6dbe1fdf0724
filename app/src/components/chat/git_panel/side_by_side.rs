//! Whether diffs are shown in one column or in two: kept in the browser, and offered where there is room for two.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::wasm_bindgen::closure::Closure;

use crate::components::chat::draft;
use crate::view;

const KEY: &str = "switchyard-diff-view";
const SIDE_BY_SIDE: &str = "side-by-side";
/// Two columns need as much.
const WIDE_PX: i32 = 700;

/// The choice. Cheap to copy.
#[derive(Clone, Copy)]
pub struct DiffView {
    /// Whether the reader wants two columns.
    pub is_wanted: RwSignal<bool>,
    /// Whether there is room for them.
    pub is_wide: RwSignal<bool>,
    is_kept: bool,
}

impl DiffView {
    /// What was chosen last in this browser.
    pub fn kept() -> Self {
        let view = Self {
            is_kept: true,
            ..Self::of(false)
        };
        Effect::new(move |_| {
            if draft::read(KEY).as_deref() == Some(SIDE_BY_SIDE) {
                view.is_wanted.set(true);
            }
        });
        view
    }

    /// A choice that is not kept.
    pub fn of(is_wanted: bool) -> Self {
        Self {
            is_wanted: RwSignal::new(is_wanted),
            is_wide: RwSignal::new(is_wanted),
            is_kept: false,
        }
    }

    /// Whether two columns are shown.
    pub fn is_split(self) -> bool {
        self.is_wanted.get() && self.is_wide.get()
    }

    fn choose(self, is_wanted: bool) {
        self.is_wanted.set(is_wanted);
        if self.is_kept {
            draft::write(KEY, if is_wanted { SIDE_BY_SIDE } else { "" });
        }
    }

    /// Notes how wide what holds the diffs is. Browser only.
    pub fn measure(self, column: NodeRef<Div>) {
        Effect::new(move |_| {
            let Some(column) = column.get() else { return };
            let measured = column.clone();
            let note = Closure::<dyn FnMut()>::new(move || {
                let width_px = measured.client_width();
                // Hidden behind another tab it is as wide as it was.
                if width_px > 0 && self.is_wide.try_get_untracked() != Some(width_px >= WIDE_PX) {
                    let _ = self.is_wide.try_set(width_px >= WIDE_PX);
                }
            });
            let Ok(observer) = web_sys::ResizeObserver::new(note.as_ref().unchecked_ref()) else {
                return;
            };
            observer.observe(&column);
            let guard = send_wrapper::SendWrapper::new((observer, note));
            on_cleanup(move || guard.0.disconnect());
        });
    }
}

/// The switch, where there is a choice.
pub fn switch(view: DiffView) -> AnyView {
    let option = move |is_split: bool, words: &'static str| {
        view! {
            <label class="segment">
                <input type="radio" name="diff-view" autocomplete="off" prop:checked=move || view.is_wanted.get() == is_split
                    on:change=move |_| keep_place(move || view.choose(is_split))/>
                {words}
            </label>
        }
    };
    (move || {
        view.is_wide.get().then(|| {
            view! {
                <div class="segments diff-view" role="radiogroup" aria-label="How diffs are shown">
                    {option(false, "Unified")} {option(true, "Side by side")}
                </div>
            }
        })
    })
    .into_any()
}

/// How often the place is corrected while the lines around it are drawn.
const CORRECTIONS: u32 = 4;

/// Does something that draws all lines anew; the line at the top stays there.
fn keep_place(change: impl FnOnce()) {
    let top = Top::find();
    change();
    if let Some(top) = top {
        top.correct(CORRECTIONS);
    }
}

/// What stands at the top.
#[derive(Clone)]
struct Top {
    column: web_sys::Element,
    file: web_sys::Element,
    /// Finds the line in its file.
    line: Option<String>,
    file_px: f64,
    line_px: f64,
}

impl Top {
    fn find() -> Option<Self> {
        let column = document().query_selector(".panel-body").ok().flatten()?;
        let top_px = column.get_bounding_client_rect().top();
        let files = column.query_selector_all(".file-section").ok()?;
        let file = (0..files.length()).find_map(|at| {
            let file = files.get(at)?.dyn_into::<web_sys::Element>().ok()?;
            (file.get_bounding_client_rect().bottom() > top_px).then_some(file)
        })?;
        let lines = file.query_selector_all("[data-old], [data-new]").ok()?;
        let line = (0..lines.length()).find_map(|at| {
            let line = lines.get(at)?.dyn_into::<web_sys::Element>().ok()?;
            // Below the file's head, which stays at the top.
            (line.get_bounding_client_rect().top() >= top_px + 34.0).then_some(line)
        });
        let selector = |line: &web_sys::Element| {
            ["data-new", "data-old"].into_iter().find_map(|name| {
                let position = line.get_attribute(name)?;
                Some(format!("[{name}=\"{position}\"]"))
            })
        };
        Some(Self {
            line: line.as_ref().and_then(selector),
            line_px: line.map_or(0.0, |line| line.get_bounding_client_rect().top()),
            file_px: file.get_bounding_client_rect().top(),
            column,
            file,
        })
    }

    fn correct(self, times: u32) {
        request_animation_frame(move || {
            let line = self.line.as_ref();
            let line = line.and_then(|line| self.file.query_selector(line).ok().flatten());
            let moved_px = match line {
                Some(line) => line.get_bounding_client_rect().top() - self.line_px,
                None => self.file.get_bounding_client_rect().top() - self.file_px,
            };
            #[expect(clippy::cast_possible_truncation, reason = "a page is not as high")]
            let moved_px = moved_px.round() as i32;
            if moved_px != 0 {
                let top_px = self.column.scroll_top();
                self.column.set_scroll_top(top_px + moved_px);
            }
            if times > 0 {
                self.correct(times - 1);
            }
        });
    }
}
