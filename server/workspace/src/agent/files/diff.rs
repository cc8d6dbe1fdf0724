//! Unified diffs of single files, as the tool cards show them.

use std::time::Duration;

use similar::TextDiff;

/// Larger content gets no diff.
const MAX_DIFF_BYTES: usize = 1024 * 1024;
/// After this the diff is coarser instead of exact.
const DEADLINE: Duration = Duration::from_millis(500);
const CONTEXT_LINES: usize = 3;

/// The change from `old` to `new`; empty when they are equal, `None` when it is too large or not text.
pub fn unified(name: &str, old: &[u8], new: &[u8]) -> Option<String> {
    if old.len() > MAX_DIFF_BYTES
        || new.len() > MAX_DIFF_BYTES
        || old.contains(&0)
        || new.contains(&0)
    {
        return None;
    }
    if old == new {
        return Some(String::new());
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::configure()
        .timeout(DEADLINE)
        .diff_lines(old.as_ref(), new.as_ref());
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT_LINES);
    Some(
        unified
            .header(&format!("a/{name}"), &format!("b/{name}"))
            .to_string(),
    )
}
