//! The wasm entry: brings the server's page to life.

use leptos::mount::hydrate_from_async;
use leptos::prelude::{ArcRwSignal, Set as _};
use leptos::tachys::dom::body;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Attaches the app to the document that the server rendered, then says so.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::session::load_pages_on_redirect();
    spawn_local(async {
        let hydrated = ArcRwSignal::new(false);
        let sign = hydrated.clone();
        let page = move || {
            app::session::provide_hydrated(sign);
            app::App()
        };
        hydrate_from_async(body(), page).await.forget();
        hydrated.set(true);
    });
}
