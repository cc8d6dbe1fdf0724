//! No source file grows over the limit, except those in a list that may only shrink.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Lines a source file may have.
const LIMIT_LINES: usize = 500;
/// `path lines` a line; blank lines and `#` are skipped.
const LIST: &str = "server/build/large-files.txt";
const FOLDERS: [&str; 5] = ["app", "frontend", "server", "style", "end2end"];
const ENDINGS: [&str; 6] = ["rs", "css", "ts", "js", "mjs", "sh"];
/// What others wrote, or a build or a test run.
const SKIPPED: [&str; 4] = ["node_modules", "target", "artifacts", "test-results"];

/// All source files against the limit and the list.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let list = fs::read_to_string(root.join(LIST)).with_context(|| format!("read {LIST}"))?;
    let mut lengths = BTreeMap::new();
    for folder in FOLDERS {
        measure(root, &root.join(folder), &mut lengths)?;
    }
    Ok(compare(&parse(&list)?, &lengths))
}

fn parse(list: &str) -> Result<BTreeMap<String, usize>> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (path, lines) = line
                .rsplit_once(' ')
                .with_context(|| format!("{LIST}: {line}: no line count"))?;
            Ok((
                path.to_owned(),
                lines.parse().with_context(|| format!("{LIST}: {line}"))?,
            ))
        })
        .collect()
}

fn measure(root: &Path, folder: &Path, lengths: &mut BTreeMap<String, usize>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            if !is_one_of(path.file_name(), &SKIPPED) {
                measure(root, &path, lengths)?;
            }
        } else if is_one_of(path.extension(), &ENDINGS) {
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            lengths.insert(name, text.lines().count());
        }
    }
    Ok(())
}

fn is_one_of(name: Option<&OsStr>, known: &[&str]) -> bool {
    name.and_then(OsStr::to_str)
        .is_some_and(|name| known.contains(&name))
}

fn compare(listed: &BTreeMap<String, usize>, lengths: &BTreeMap<String, usize>) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, lines) in lengths {
        match listed.get(path) {
            None if *lines > LIMIT_LINES => {
                findings.push(format!(
                    "{path} has {lines} lines, the limit is {LIMIT_LINES}: split it by meaning"
                ));
            }
            Some(most) if lines > most => {
                findings.push(format!(
                    "{path} grew from {most} to {lines} lines: it may only shrink"
                ));
            }
            Some(most) if lines < most => {
                findings.push(format!(
                    "{path} shrank to {lines} lines: say so in {LIST} ({most} stands there)"
                ));
            }
            _ => {}
        }
    }
    for path in listed.keys().filter(|path| !lengths.contains_key(*path)) {
        findings.push(format!("{path} is gone: remove it from {LIST}"));
    }
    findings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn findings(list: &str, lengths: &[(&str, usize)]) -> usize {
        let lengths = lengths
            .iter()
            .map(|(path, lines)| ((*path).to_owned(), *lines))
            .collect();
        compare(&parse(list).unwrap(), &lengths).len()
    }

    #[test]
    fn a_long_file_is_found_unless_listed_with_its_length() {
        assert_eq!(findings("", &[("a.rs", 500)]), 0);
        assert_eq!(findings("", &[("a.rs", 501)]), 1);
        assert_eq!(findings("a.rs 501", &[("a.rs", 501)]), 0);
    }

    #[test]
    fn the_list_may_only_shrink() {
        assert_eq!(findings("a.rs 600", &[("a.rs", 601)]), 1);
        assert_eq!(findings("a.rs 600", &[("a.rs", 550)]), 1);
        assert_eq!(findings("a.rs 600", &[]), 1);
    }

    #[test]
    fn a_line_without_a_count_is_refused() {
        assert!(parse("a.rs").is_err());
    }
}
