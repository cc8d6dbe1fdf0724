//! A dependency that no source file of its crate names is left over.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::arrows::{ARROWS, dependencies};

/// Named for a feature they switch on in another crate's dependency, never in code.
const FEATURES_ONLY: [(&str, &str); 0] = [];

/// All dependencies of all crates.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (name, folder, _) in ARROWS {
        let folder = root.join(folder);
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let manifest: toml::Table = toml::from_str(&text)?;
        let mut sources = String::new();
        for part in ["src", "tests", "benches"] {
            collect(&folder.join(part), &mut sources)?;
        }
        for section in ["dependencies", "dev-dependencies"] {
            for dependency in dependencies(&manifest, section) {
                if !is_named(&sources, &dependency)
                    && !FEATURES_ONLY.contains(&(name, dependency.as_str()))
                {
                    findings.push(format!(
                        "{name} does not use {dependency}: remove it from its {section}"
                    ));
                }
            }
        }
    }
    Ok(findings)
}

fn collect(folder: &Path, sources: &mut String) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(
                &fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?,
            );
        }
    }
    Ok(())
}

/// Whether the crate's name stands in the sources as a word that a path or an attribute could begin with.
fn is_named(sources: &str, dependency: &str) -> bool {
    let name = dependency.replace('-', "_");
    sources.match_indices(&name).any(|(start, _)| {
        let before = sources
            .get(..start)
            .and_then(|text| text.chars().next_back());
        let after = sources
            .get(start + name.len()..)
            .and_then(|text| text.chars().next());
        let is_word = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        !is_word(before) && !is_word(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_name_only_as_a_word() {
        assert!(is_named("use tower_http::cors;", "tower-http"));
        assert!(!is_named("use tower_http::cors;", "tower"));
        assert!(!is_named("", "tower"));
    }
}
