//! The wasm entry: brings the server's page to life.

use wasm_bindgen::prelude::wasm_bindgen;

/// Attaches the app to the document that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
