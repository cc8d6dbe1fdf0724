//! The style sheet, compiled by Tailwind, and the fonts it names.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::run;

/// Font files that the style sheet refers to as `/pkg/fonts/<name>`.
const FONTS: [&str; 2] = [
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
];

/// Writes `main.css`.
pub fn compile(root: &Path, pkg: &Path, minify: bool) -> Result<()> {
    let mut command = Command::new(root.join("style/node_modules/.bin/tailwindcss"));
    command
        .current_dir(root)
        .args(["--input", "style/main.css", "--output"])
        .arg(pkg.join("main.css"));
    if minify {
        command.arg("--minify");
    }
    run(&mut command).context("compile the style sheet")
}

/// Copies the fonts out of their packages.
pub fn copy_fonts(root: &Path, pkg: &Path) -> Result<()> {
    let folder = pkg.join("fonts");
    fs::create_dir_all(&folder)?;
    for font in FONTS {
        let source = root.join("style/node_modules").join(font);
        let name = source.file_name().context("a font without a name")?;
        fs::copy(&source, folder.join(name))
            .with_context(|| format!("copy {}", source.display()))?;
    }
    Ok(())
}
