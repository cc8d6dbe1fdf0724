//! Copies a text to the clipboard and says so.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use web_sys::HtmlTextAreaElement;

use crate::components::icons::{Icon, icon};
use crate::view;

const MARK_SHOWN_FOR: std::time::Duration = std::time::Duration::from_secs(2);

/// A button that copies.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What it copies, as in "Copy token".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let on_click = move |_| {
        copy(&text.get_untracked());
        is_copied.set(true);
        set_timeout(
            move || {
                is_copied.try_set(false);
            },
            MARK_SHOWN_FOR,
        );
    };
    let spoken = label.clone();
    view! {
        <button type="button" class="icon-button" aria-label=label.clone() title=label on:click=on_click>
            {move || icon(if is_copied.get() { Icon::Check } else { Icon::Copy })}
        </button>
        <span class="visually-hidden" role="status">
            {move || is_copied.get().then(|| format!("{spoken}: copied"))}
        </span>
    }
}

/// Puts a text on the clipboard. Browser only.
pub fn copy(text: &str) {
    let navigator = window().navigator();
    // The clipboard interface is missing on plain http outside of localhost.
    let has_clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))
        .is_ok_and(|clipboard| !clipboard.is_undefined());
    if has_clipboard {
        let _ = navigator.clipboard().write_text(text);
    } else {
        copy_by_selection(text);
    }
}

fn copy_by_selection(text: &str) {
    let document = document();
    let Some(area) = document
        .create_element("textarea")
        .ok()
        .and_then(|area| area.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return;
    };
    area.set_value(text);
    area.set_class_name("visually-hidden");
    if let Some(body) = document.body()
        && body.append_child(&area).is_ok()
    {
        area.select();
        if let Ok(document) = document.dyn_into::<web_sys::HtmlDocument>() {
            let _ = document.exec_command("copy");
        }
        area.remove();
    }
}
