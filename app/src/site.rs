//! Names of the files that the page loads, as the build tool named them.

use serde::{Deserialize, Serialize};

/// The page's files below the site's root, each with a content hash in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteManifest {
    /// The script that starts the page.
    pub script: String,
    /// The WebAssembly module it loads.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// Fonts to load before they are met in the style sheet.
    pub fonts: Vec<String>,
}
