//! Where the reader stands in the timeline: at the end, following it, or somewhere above, undisturbed.

use leptos::html::Div;
use leptos::prelude::*;
use sdk::ids::MessageId;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use super::message::anchor;

/// Nearer to the end than this counts as at the end.
const END_SLACK_PX: i32 = 48;
/// Nearer to the top than this loads older messages, nearer to the end newer ones.
const NEAR_PX: i32 = 500;

/// A place that moved this long after the reader turned the wheel was moved by the reader.
const GESTURE_MS: f64 = 500.0;

/// The reader's place. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Follow {
    /// The element that scrolls.
    pub container: NodeRef<Div>,
    /// The column in it, which grows.
    pub column: NodeRef<Div>,
    /// Whether the reader is at the end and stays there while it grows.
    pub is_at_end: RwSignal<bool>,
    /// Entries that came while the reader was elsewhere.
    pub new_count: RwSignal<usize>,
    /// Whether what is loaded ends before the chat does.
    has_newer: RwSignal<bool>,
    near_top: StoredValue<Option<Callback<()>>>,
    near_end: StoredValue<Option<Callback<()>>>,
    is_held: StoredValue<bool>,
    last_top_px: StoredValue<i32>,
    last_gesture_ms: StoredValue<f64>,
}

impl Follow {
    /// A reader at the end. `has_newer` tells whether what is loaded ends before the chat does.
    pub fn new(has_newer: RwSignal<bool>) -> Self {
        Self {
            container: NodeRef::new(),
            column: NodeRef::new(),
            is_at_end: RwSignal::new(true),
            new_count: RwSignal::new(0),
            has_newer,
            near_top: StoredValue::new(None),
            near_end: StoredValue::new(None),
            is_held: StoredValue::new(false),
            last_top_px: StoredValue::new(0),
            last_gesture_ms: StoredValue::new(0.0),
        }
    }

    /// What to do near the top.
    pub fn on_near_top(self, load: impl Fn() + Send + Sync + 'static) {
        self.near_top
            .set_value(Some(Callback::new(move |()| load())));
    }

    /// What to do near the end of what is loaded.
    pub fn on_near_end(self, load: impl Fn() + Send + Sync + 'static) {
        self.near_end
            .set_value(Some(Callback::new(move |()| load())));
    }

    /// Starts at the end, or at the message that the address names, and follows the end from then on. Browser only.
    pub fn start(self) {
        Effect::new(move |_| {
            let Some(column) = self.column.get() else {
                return;
            };
            if !self.go_to_named_message() {
                self.to_end();
            }
            let keep = Closure::<dyn FnMut()>::new(move || self.on_growth());
            let Ok(observer) = web_sys::ResizeObserver::new(keep.as_ref().unchecked_ref()) else {
                return;
            };
            observer.observe(&column);
            if let Some(container) = self.container.get_untracked() {
                observer.observe(&container);
            }
            // On the window, where listening to them holds no scrolling up.
            let note = move |event: &web_sys::Event| {
                let target = event
                    .target()
                    .and_then(|it| it.dyn_into::<web_sys::Node>().ok());
                let container = self.container.get_untracked();
                if container.is_some_and(|container| container.contains(target.as_ref())) {
                    self.last_gesture_ms.set_value(js_sys::Date::now());
                }
            };
            let wheel = window_event_listener(leptos::ev::wheel, move |event| note(&event));
            let touch = window_event_listener(leptos::ev::touchmove, move |event| note(&event));
            let guard = send_wrapper::SendWrapper::new((observer, keep));
            on_cleanup(move || {
                guard.0.disconnect();
                wheel.remove();
                touch.remove();
            });
        });
    }

    /// Notes where the reader went; also when the conversation is left by then.
    pub fn on_scroll(self) {
        if let Some(is_at_end) = self.is_at_end.try_get_untracked() {
            self.note_place(is_at_end);
        }
    }

    /// What grew since the last scroll lies between a follower and the end, and so does what the browser moved the place on by:
    /// it holds on to what it takes for being read. Where the reader moved, only the distance counts, for entries that come
    /// into sight get other heights, and the browser may have moved the place further on than the reader went up.
    fn note_place(self, is_follower: bool) {
        let Some(container) = self.container.get_untracked() else {
            return;
        };
        let top_px = container.scroll_top();
        let moved_px = top_px - self.last_top_px.get_value();
        let gesture_ms = js_sys::Date::now() - self.last_gesture_ms.get_value();
        let has_left = moved_px < 0 || (moved_px > 0 && gesture_ms < GESTURE_MS);
        self.last_top_px.set_value(top_px);
        let rest = container.scroll_height() - top_px - container.client_height();
        let is_near = rest <= END_SLACK_PX || (is_follower && !has_left);
        let is_at_end = is_near && !self.has_newer.get_untracked();
        if self.is_at_end.get_untracked() != is_at_end {
            self.is_at_end.set(is_at_end);
        }
        if is_at_end && self.new_count.get_untracked() > 0 {
            self.new_count.set(0);
        }
        let borders = [(top_px, self.near_top), (rest, self.near_end)];
        for (distance, load) in borders {
            if distance < NEAR_PX
                && let Some(load) = load.get_value()
            {
                load.run(());
            }
        }
    }

    /// Opening a card must not carry its head away: growth right after a click is not followed.
    pub fn on_click(self, event: &leptos::ev::MouseEvent) {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let is_summary = target
            .and_then(|element| element.closest("summary").ok().flatten())
            .is_some();
        if is_summary {
            self.is_held.set_value(true);
            set_timeout(
                move || {
                    // Who left the conversation meanwhile has taken all of this along.
                    if self.is_held.try_set_value(false).is_none() {
                        self.note_place(false);
                    }
                },
                std::time::Duration::from_millis(250),
            );
        }
    }

    /// Goes to the end and follows it again.
    pub fn jump(self) {
        self.is_at_end.set(true);
        self.new_count.set(0);
        self.to_end();
    }

    /// Counts an entry that came at the end.
    pub fn count_new(self, number: usize) {
        if !self.is_at_end.get_untracked() {
            self.new_count.update(|count| *count += number);
        }
    }

    /// Puts entries in front without moving what the reader looks at. Browsers keep the place by themselves, except at
    /// the very top.
    pub fn keep_place_while(self, change: impl FnOnce()) {
        let container = self.container.get_untracked();
        let at_top = container.filter(|container| container.scroll_top() == 0);
        let said = at_top.as_ref().and_then(|container| {
            let said = container.query_selector(".said").ok().flatten()?;
            Some((said.get_bounding_client_rect().top(), said))
        });
        change();
        let (Some(container), Some((before_px, said))) = (at_top, said) else {
            return;
        };
        request_animation_frame(move || {
            if said.is_connected() {
                let moved_px = said.get_bounding_client_rect().top() - before_px;
                container.scroll_by_with_x_and_y(0.0, moved_px);
            }
        });
    }

    fn on_growth(self) {
        if self.is_at_end.try_get_untracked() == Some(true)
            && self.is_held.try_get_value() == Some(false)
        {
            self.to_end();
        }
    }

    fn to_end(self) {
        if let Some(container) = self.container.get_untracked() {
            container.set_scroll_top(container.scroll_height());
            // Its event may come with that of a reader who went up meanwhile.
            self.last_top_px.set_value(container.scroll_top());
        }
    }

    /// Goes to the message that the address names; false when it is not loaded, or none is named.
    pub fn go_to_named_message(self) -> bool {
        let name = named_message().map(anchor);
        let element = name.and_then(|name| document().get_element_by_id(&name));
        let Some(element) = element else {
            return false;
        };
        element.scroll_into_view();
        self.is_at_end.set(false);
        true
    }
}

/// The message that the address names. Browser only.
pub fn named_message() -> Option<MessageId> {
    let hash = window().location().hash().ok()?;
    let id = hash.strip_prefix("#message-")?.parse().ok()?;
    Some(MessageId(id))
}
