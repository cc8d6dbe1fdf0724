//! What draws terminals: xterm.js out of its packages, and the script of ours that uses it. A page loads it when a terminal
//! is first opened.
//!
//! The page's policy lets no style through without its nonce, and no `style` attribute at all. xterm.js writes style sheets,
//! and attributes for colours of 24 bits; there is no option for either, so these few places are changed here.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::assets;

const FOLDER: &str = "terminal";
const SCRIPT: &str = "terminal.js";
const XTERM: &str = "xterm.js";
/// Files of packages and the names that the script knows them by.
const FILES: [(&str, &str); 3] = [
    ("@xterm/xterm/lib/xterm.mjs", XTERM),
    ("@xterm/xterm/css/xterm.css", "xterm.css"),
    ("@xterm/addon-fit/lib/addon-fit.mjs", "addon-fit.js"),
];
/// Maps are not shipped, so they are not named either.
const SOURCE_MAP: &str = "\n//# sourceMappingURL=";

/// Makes a style sheet that the page's policy lets through.
const WITH_NONCE: &str = "function withNonce(document){const style=document.createElement(\"style\");\
    style.nonce=globalThis.document.querySelector(\"script[nonce]\")?.nonce??\"\";return style}\n";
/// What stands in xterm.js, how often, and what takes its place.
const CHANGES: [(&str, usize, &str); 3] = [
    (
        r#"this._document.createElement("style")"#,
        2,
        "withNonce(this._document)",
    ),
    (
        r#"n.mainDocument.createElement("style")"#,
        1,
        "withNonce(n.mainDocument)",
    ),
    (
        r#"t.setAttribute("style",`${t.getAttribute("style")||""}${e};`)"#,
        1,
        "t.style.cssText+=`${e};`",
    ),
];

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
        let mut text = text.split(SOURCE_MAP).next().unwrap_or_default().to_owned();
        if to == XTERM {
            text = within_policy(&text)?;
        }
        fs::write(folder.join(to), text)?;
    }
    let folder = assets::hash_folder(pkg, FOLDER, FOLDER)?;
    Ok(format!("{folder}/{SCRIPT}"))
}

/// Another version of xterm.js may write styles elsewhere, which nobody would notice before a browser refuses them.
fn within_policy(xterm: &str) -> Result<String> {
    let mut changed = xterm.to_owned();
    for (old, count, new) in CHANGES {
        let found = changed.matches(old).count();
        if found != count {
            bail!("xterm.js has {found} times {old}, not {count}; see where it writes styles now");
        }
        changed = changed.replace(old, new);
    }
    for left in [r#"createElement("style")"#, r#"setAttribute("style""#] {
        if changed.contains(left) {
            bail!("xterm.js has {left} in a place that is not known");
        }
    }
    Ok(format!("{WITH_NONCE}{changed}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_script_that_writes_styles_elsewhere_is_refused() {
        let known: String = CHANGES
            .iter()
            .map(|(old, count, _)| format!("{old};").repeat(*count))
            .collect();
        let changed = within_policy(&known).unwrap();
        assert_eq!(changed.matches("createElement(\"style\")").count(), 1);
        assert!(changed.contains("t.style.cssText+=`${e};`;"));
        let unknown = format!("{known}other.createElement(\"style\")");
        assert!(within_policy(&unknown).is_err());
        assert!(within_policy("").is_err());
    }
}
