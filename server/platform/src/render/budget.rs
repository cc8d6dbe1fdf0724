//! How much code of a page gets colours: colouring costs far more than the rest of rendering.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Code of one page that is coloured: well under a second of work.
pub(super) const PAGE_CODE_BYTES: usize = 256 * 1024;

/// What is left for a page. Behind atomics, because the Markdown library wants its highlighter to be shareable.
#[derive(Debug)]
pub(super) struct CodeBudget {
    left: AtomicUsize,
    was_short: AtomicBool,
}

impl CodeBudget {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            left: AtomicUsize::new(bytes),
            was_short: AtomicBool::new(false),
        }
    }

    /// Whether a piece of code may be coloured.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        match left.checked_sub(bytes) {
            Some(rest) => self.left.store(rest, Ordering::Relaxed),
            None => self.was_short.store(true, Ordering::Relaxed),
        }
        left >= bytes
    }

    /// Whether something was refused since the last question.
    pub(super) fn was_short(&self) -> bool {
        self.was_short.swap(false, Ordering::Relaxed)
    }
}
