//! Whether the house stands as `docs/architecture.md` draws it: which crate may use which, how long a
//! file may be, and that no dependency is left over.
//!
//! What needs a running server or a database (access entries, equal schemas) is told by tests of those rooms, which
//! `make check` runs too.

mod arrows;
mod sizes;
mod unused;

use std::path::Path;

use anyhow::{Result, bail};

/// Runs all checks and prints every finding before failing.
pub fn run(root: &Path) -> Result<()> {
    let mut findings = arrows::check(root)?;
    findings.extend(sizes::check(root)?);
    findings.extend(unused::check(root)?);
    if findings.is_empty() {
        println!("architecture: dependencies and file sizes are as drawn");
        return Ok(());
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    bail!("{} finding(s)", findings.len())
}
