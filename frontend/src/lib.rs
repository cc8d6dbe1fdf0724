//! The wasm entry: brings the server's page to life.

use leptos::mount::hydrate_from;
use leptos::prelude::{ArcRwSignal, Set as _, window};
use leptos::tachys::dom::body;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Attaches the app to the document that the server rendered, then says so. The page's parts of the module come first;
/// without them the document stays as it is: it can be read, and its links and forms work.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::session::load_pages_on_redirect();
    spawn_local(async {
        let path = window().location().pathname().unwrap_or_default();
        if !app::load_parts_of(&path).await {
            return;
        }
        let hydrated = ArcRwSignal::new(false);
        let sign = hydrated.clone();
        let page = move || {
            app::session::provide_hydrated(sign);
            app::App()
        };
        hydrate_from(body(), page).forget();
        hydrated.set(true);
    });
}
