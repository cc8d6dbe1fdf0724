//! What draws desktops: noVNC out of its package, and the script of ours that uses it. A page loads it when a desktop is
//! first opened.
//!
//! noVNC is modules already, and writes its styles in a way that the page's policy lets through, so it is copied as it is.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::assets;

const FOLDER: &str = "desktop";
const SCRIPT: &str = "desktop.js";
const PACKAGE: &str = "style/node_modules/@novnc/novnc";
const LICENCE: &str = "LICENSE.txt";
/// Folders of the package, with what they are needed for: the client, and how it unpacks what it is sent.
const FOLDERS: [&str; 2] = ["core", "vendor"];
/// What the page's policy would refuse, or what would reach further than the desktop.
const REFUSED: [&str; 6] = [
    "createElement(\"style\")",
    "createElement('style')",
    "setAttribute(\"style\"",
    "setAttribute('style'",
    "eval(",
    "navigator.clipboard",
];

/// Copies everything into one folder whose name carries its hash; returns the script's path below `pkg`.
pub fn copy(root: &Path, pkg: &Path) -> Result<String> {
    let folder = pkg.join(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::copy(root.join("frontend").join(SCRIPT), folder.join(SCRIPT))
        .context("copy frontend/desktop.js")?;
    let package = root.join(PACKAGE);
    fs::copy(package.join(LICENCE), folder.join(LICENCE)).context("copy noVNC's licence")?;
    for name in FOLDERS {
        copy_modules(&package.join(name), &folder.join(name))?;
    }
    let folder = assets::hash_folder(pkg, FOLDER, FOLDER)?;
    Ok(format!("{folder}/{SCRIPT}"))
}

fn copy_modules(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_modules(&path, &target)?;
        } else if path.extension().is_some_and(|ending| ending == "js") {
            let text = fs::read_to_string(&path)?;
            check(&text).with_context(|| format!("look at {}", path.display()))?;
            fs::write(target, text)?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// Another version of noVNC may do what nobody would notice before a browser refuses it.
fn check(module: &str) -> Result<()> {
    match REFUSED.iter().find(|refused| module.contains(**refused)) {
        Some(refused) => bail!("noVNC has {refused}; see what it is for"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_client_that_writes_styles_or_clipboards_by_itself_is_refused() {
        assert!(check("canvas.style.margin = 'auto';").is_ok());
        for refused in REFUSED {
            let error = check(&format!("a; {refused};")).unwrap_err();
            assert!(error.to_string().contains(refused), "{error}");
        }
    }

    #[test]
    fn the_folders_name_changes_with_every_file_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let name = |text: &str| {
            let inner = folder.path().join("x/core/util");
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join("a.js"), text).unwrap();
            assets::hash_folder(folder.path(), "x", "x").unwrap()
        };
        assert_ne!(name("1"), name("2"));
    }
}
