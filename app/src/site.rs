//! Names of the files that the page loads, as the build tool wrote them to `pkg/manifest.json`.

use serde::{Deserialize, Serialize};

/// File names below `/pkg`, each with a hash of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteManifest {
    /// The script that starts the page.
    pub js: String,
    /// The WebAssembly module it loads.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// The interface's font; met late in the style sheet, needed for the first line of text.
    pub font: String,
    /// The script of terminals, which loads xterm.js.
    pub terminal: String,
    /// The script of desktops, which loads noVNC.
    pub desktop: String,
}
