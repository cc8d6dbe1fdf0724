//! What draws terminals: xterm.js out of its packages, and the script of ours that uses it. A page loads it when a terminal
//! is first opened.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::assets;

const FOLDER: &str = "terminal";
const SCRIPT: &str = "terminal.js";
/// Files of packages and the names that the script knows them by.
const FILES: [(&str, &str); 3] = [
    ("@xterm/xterm/lib/xterm.mjs", "xterm.js"),
    ("@xterm/xterm/css/xterm.css", "xterm.css"),
    ("@xterm/addon-fit/lib/addon-fit.mjs", "addon-fit.js"),
];
/// Maps are not shipped, so they are not named either.
const SOURCE_MAP: &str = "\n//# sourceMappingURL=";

/// Copies everything into one folder whose name carries its hash; returns the script's path below `pkg`.
pub fn copy(root: &Path, pkg: &Path) -> Result<String> {
    let folder = pkg.join(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::copy(root.join("frontend").join(SCRIPT), folder.join(SCRIPT))
        .context("copy frontend/terminal.js")?;
    for (from, to) in FILES {
        let source = root.join("style/node_modules").join(from);
        let text =
            fs::read_to_string(&source).with_context(|| format!("read {}", source.display()))?;
        let text = text.split(SOURCE_MAP).next().unwrap_or_default();
        fs::write(folder.join(to), text)?;
    }
    Ok(format!(
        "{}/{SCRIPT}",
        assets::hash_folder(pkg, FOLDER, FOLDER)?
    ))
}
