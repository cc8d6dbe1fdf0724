//! Arrows between crates point down only, and some libraries stay in one room.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A crate, its folder, and the crates of ours it may use.
pub const ARROWS: [(&str, &str, &[&str]); 13] = [
    ("frontend", "frontend", &["app"]),
    ("app", "app", &["sdk", "platform"]),
    ("sdk", "app/sdk", &[]),
    ("server", "server", &["app", "platform", "sdk", "workspace"]),
    (
        "platform",
        "server/platform",
        &["chatd", "workspace", "forge", "llm", "store", "sdk"],
    ),
    (
        "chatd",
        "server/chatd",
        &["llm", "workspace", "store", "sdk"],
    ),
    ("workspace", "server/workspace", &["sdk"]),
    ("forge", "server/forge", &["sdk"]),
    ("store", "server/store", &["sdk"]),
    ("llm", "server/llm", &[]),
    ("standin", "server/standin", &["llm"]),
    ("bench", "server/bench", &["sdk"]),
    ("xtask", "server/build", &[]),
];

/// Crates that tests may use besides, anywhere.
const TEST_ONLY: [&str; 3] = ["standin", "store", "llm"];

/// A library and the only crates that may use it.
const KEPT_IN: [(&str, &[&str]); 4] = [
    ("sqlx", &["store"]),
    ("leptos", &["app", "frontend", "server"]),
    ("reqwest", &["llm", "forge", "sdk"]),
    ("syntect", &["platform"]),
];

/// All dependencies against the drawing.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let workspace = fs::read_to_string(root.join("Cargo.toml")).context("read Cargo.toml")?;
    let mut findings = undrawn(&workspace)?;
    for (name, folder, allowed) in ARROWS {
        let path = root.join(folder).join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        findings.extend(check_manifest(name, &text, allowed)?);
    }
    Ok(findings)
}

/// Members of the workspace that the drawing does not have.
fn undrawn(text: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(text).context("parse Cargo.toml")?;
    let members = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(toml::Value::as_array)
        .context("Cargo.toml has no members")?;
    Ok(members
        .iter()
        .filter_map(toml::Value::as_str)
        .filter(|member| ARROWS.iter().all(|(_, folder, _)| folder != member))
        .map(|member| {
            format!("{member} has no place in the drawing: say in arrows.rs what it may use")
        })
        .collect())
}

fn check_manifest(name: &str, text: &str, allowed: &[&str]) -> Result<Vec<String>> {
    let manifest: toml::Table =
        toml::from_str(text).with_context(|| format!("parse Cargo.toml of {name}"))?;
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    let mut findings = Vec::new();
    // What a build script uses is built for it: the arrows hold there, too.
    let used = ["dependencies", "build-dependencies"]
        .into_iter()
        .flat_map(|section| dependencies(&manifest, section));
    for dependency in used {
        if ours.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
            findings.push(format!(
                "{name} must not use {dependency}: arrows of the architecture point down only"
            ));
        }
        for (library, rooms) in KEPT_IN {
            if dependency == library && !rooms.contains(&name) {
                findings.push(format!(
                    "{name} must not use {library}: it stays in {}",
                    rooms.join(", ")
                ));
            }
        }
    }
    for dependency in dependencies(&manifest, "dev-dependencies") {
        let is_allowed =
            allowed.contains(&dependency.as_str()) || TEST_ONLY.contains(&dependency.as_str());
        if ours.contains(dependency.as_str()) && !is_allowed {
            findings.push(format!("tests of {name} must not use {dependency}"));
        }
    }
    Ok(findings)
}

/// Names of a manifest's dependencies in a section, those of targets too.
pub fn dependencies(manifest: &toml::Table, section: &str) -> Vec<String> {
    let plain = manifest.get(section).and_then(toml::Value::as_table);
    let of_targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(|target| target.get(section).and_then(toml::Value::as_table));
    plain
        .into_iter()
        .chain(of_targets)
        .flat_map(toml::Table::keys)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let text = "[dependencies]\nplatform.workspace = true\nserde = \"1\"";
        let findings = check_manifest("store", text, &["sdk"]).unwrap();
        assert_eq!(findings.len(), 1);
        assert!(
            findings
                .iter()
                .all(|finding| finding.contains("store must not use platform"))
        );
    }

    #[test]
    fn a_member_that_is_not_drawn_is_found() {
        let text = "[workspace]\nmembers = [\"app\", \"server/new\"]";
        assert_eq!(undrawn(text).unwrap().len(), 1);
    }

    #[test]
    fn a_library_out_of_its_room_is_found() {
        let text = "[target.'cfg(unix)'.dependencies]\nsqlx = \"1\"";
        assert_eq!(check_manifest("platform", text, &[]).unwrap().len(), 1);
        assert!(check_manifest("store", text, &[]).unwrap().is_empty());
    }

    #[test]
    fn a_build_script_points_down_too() {
        let text = "[build-dependencies]\nserver.workspace = true\nsqlx = \"1\"";
        assert_eq!(check_manifest("platform", text, &[]).unwrap().len(), 2);
    }

    #[test]
    fn tests_may_use_the_stand_in_but_nothing_above() {
        let text = "[dev-dependencies]\nstandin.workspace = true\nserver.workspace = true";
        assert_eq!(check_manifest("llm", text, &[]).unwrap().len(), 1);
    }
}
