//! Scripts that are loaded when they are first needed. The server tells where they are, in a `meta` of the name.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

/// Brings a script in, once for the page; tells when it did not come.
pub fn load_script(name: &str, is_lost: RwSignal<bool>) {
    let document = document();
    let Some(head) = document.head() else { return };
    if document.get_element_by_id(name).is_some() {
        return;
    }
    let place = document
        .query_selector(&format!("meta[name={name}]"))
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    let script = document.create_element("script").ok();
    let (Some(place), Some(script)) = (place, script) else {
        is_lost.set(true);
        return;
    };
    let on_error = Closure::once_into_js({
        let script = script.clone();
        move || {
            script.remove();
            let _ = is_lost.try_set(true);
        }
    });
    let _ = script.add_event_listener_with_callback("error", on_error.unchecked_ref());
    let _ = script.set_attribute("id", name);
    let _ = script.set_attribute("type", "module");
    let _ = script.set_attribute("src", &place);
    let _ = head.append_child(&script);
}
