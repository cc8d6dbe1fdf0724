//! What a finished site was made of, to leave it as it is while that stays the same: what follows the compiler takes minutes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// Folders and files that end up in the site, or that the style sheet is made from.
const SOURCES: [&str; 4] = [
    "app/src",
    "frontend/desktop.js",
    "frontend/terminal.js",
    "style",
];
/// Says which packages are installed here; what they hold is not read.
const INSTALLED: &str = "node_modules";

/// A hash of everything that a release is made of: the compiled module, the sources beside it, and this program.
pub fn of(root: &Path, module: &Path) -> Result<String> {
    let mut files = vec![
        module.to_path_buf(),
        std::env::current_exe().context("find this program")?,
    ];
    for source in SOURCES {
        list(&root.join(source), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(file);
        hash.update(name.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(content.len().to_le_bytes());
        hash.update(content);
    }
    Ok(hash
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
}

/// Where the fingerprint of a site is kept: beside it, so that it is not shipped.
pub fn path(site: &Path) -> PathBuf {
    let mut name = site.as_os_str().to_owned();
    name.push(".fingerprint");
    PathBuf::from(name)
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("read {}", path.display()))? {
        let entry = entry?.path();
        if entry.file_name().is_none_or(|name| name != INSTALLED) {
            list(&entry, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn changes_with_what_the_site_is_made_of_and_with_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["app/src", "frontend", "style/node_modules"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let write = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
        for name in [
            "module.wasm",
            "app/src/lib.rs",
            "frontend/desktop.js",
            "frontend/terminal.js",
            "style/main.css",
            "style/node_modules/one.js",
        ] {
            write(name, "a");
        }
        let print = || of(root, &root.join("module.wasm")).unwrap();
        let first = print();
        write("style/node_modules/one.js", "b");
        write("README.md", "b");
        assert_eq!(print(), first);
        for name in [
            "module.wasm",
            "app/src/lib.rs",
            "style/main.css",
            "frontend/terminal.js",
        ] {
            write(name, "b");
            assert_ne!(print(), first, "{name}");
            write(name, "a");
        }
        assert_eq!(print(), first);
        fs::rename(root.join("style/main.css"), root.join("style/other.css")).unwrap();
        assert_ne!(print(), first);
    }
}
