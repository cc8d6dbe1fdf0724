//! The document around the app: theme, style sheet, fonts, and the script that brings the page to life.
//!
//! No inline handlers and no inline styles: the inline script and style carry the request's nonce.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::components::chat::frame::width_rules;
use crate::routes::App;
use crate::session::Session;
use crate::site::SiteManifest;
use crate::theme;
use crate::view;

/// A chat is read from its end, also before the page has come to life.
const START_AT_END: &str =
    "for (const flow of document.querySelectorAll('.flow')) flow.scrollTop = flow.scrollHeight";

/// Renders the whole document. The server provides `Session` and `SiteManifest` by context.
pub fn shell() -> AnyView {
    let site = use_context::<SiteManifest>().unwrap_or_default();
    let theme =
        use_context::<Session>().and_then(|session| theme::attribute(session.preferences.theme));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                {assets(&site)}
                <style nonce=use_nonce() inner_html=widths()></style>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <div hidden=true inner_html=icons()></div>
                <script nonce=use_nonce() inner_html=START_AT_END></script>
            </body>
        </html>
    }
}

/// A promise that is kept when the document stands on the screen. Until then the module, by far the largest file, would
/// take the line from the style and the font that the reader waits for. Nothing is painted in a tab behind another one;
/// there, and wherever it takes longer, a moment is enough.
const FIRST_PAINT: &str = "new Promise(painted => { requestAnimationFrame(() => setTimeout(painted)); setTimeout(painted, 300); })";

/// What icons point to. The document is only ever written by the server.
fn icons() -> &'static str {
    #[cfg(feature = "ssr")]
    return crate::components::icons::set();
    #[cfg(not(feature = "ssr"))]
    ""
}

/// The kept widths of the agents page, so that nothing jumps.
fn widths() -> String {
    let preferences = use_context::<Session>().unwrap_or_default().preferences;
    width_rules(preferences.sidebar_width_px, preferences.panel_width_px)
}

/// What was not built is not named: without a script the page is read as the server rendered it.
fn assets(site: &SiteManifest) -> impl IntoView + use<> {
    let style = present(&site.css).map(|css| view! { <link rel="stylesheet" href=css/> });
    let font = present(&site.font).map(|font| {
        view! { <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="anonymous"/> }
    });
    let start = present(&site.js).zip(present(&site.wasm)).map(|(script, wasm)| {
        let start = format!(
            "import start, {{ hydrate }} from '{script}'; await {FIRST_PAINT}; await start({{ module_or_path: '{wasm}' }}); hydrate();"
        );
        view! {
            <link rel="modulepreload" href=script/>
            <script type="module" nonce=use_nonce() inner_html=start></script>
        }
    });
    // For the part that opens the first terminal.
    let terminal = present(&site.terminal)
        .map(|script| view! { <meta name="terminal-script" content=script/> });
    // And for the one that opens the first desktop.
    let desktop =
        present(&site.desktop).map(|script| view! { <meta name="desktop-script" content=script/> });
    (style, font, start, terminal, desktop)
}

/// The URL of a file of the bundle, when there is one.
fn present(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| format!("/pkg/{name}"))
}
