//! What assistive technology is told without the focus moving: finished answers, not every token.

use leptos::prelude::*;

use crate::view;

/// The announcer, by context.
#[derive(Clone, Copy, Debug)]
pub struct Announcer(RwSignal<String>);

impl Announcer {
    /// Says a sentence politely.
    pub fn say(self, sentence: impl Into<String>) {
        self.0.set(sentence.into());
    }
}

/// Hands the announcer to the tree. Called once, by `App`.
pub fn provide_announcer() -> Announcer {
    let announcer = Announcer(RwSignal::new(String::new()));
    provide_context(announcer);
    announcer
}

/// The announcer of this page.
pub fn use_announcer() -> Announcer {
    use_context::<Announcer>().unwrap_or_else(provide_announcer)
}

/// Where the sentences are put.
#[component]
pub fn LiveRegion() -> impl IntoView {
    let announcer = use_announcer();
    view! {
        <div class="visually-hidden" role="status" aria-live="polite">
            {move || announcer.0.get()}
        </div>
    }
}
