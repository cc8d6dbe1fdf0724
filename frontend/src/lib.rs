//! The wasm entry: brings the server's page to life.

use wasm_bindgen::prelude::wasm_bindgen;

/// Attaches the app to the document that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::session::load_pages_on_redirect();
    leptos::mount::hydrate_body(app::App);
}
