//! What was rendered lately. Bounded by size; the oldest goes first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sdk::ids::MessageId;

const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A message and its revision.
pub(super) type Key = (MessageId, i64);
type Rendered = Arc<[Option<String>]>;

/// Rendered parts by message and revision.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, Rendered>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, key: Key) -> Option<Rendered> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .by_key
            .get(&key)
            .cloned()
    }

    pub(super) fn put(&self, key: Key, rendered: Rendered) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = size_of(&rendered);
        if size > MAX_BYTES || entries.by_key.contains_key(&key) {
            return;
        }
        while entries.bytes + size > MAX_BYTES {
            let Some(oldest) = entries.order.pop_front() else {
                break;
            };
            if let Some(gone) = entries.by_key.remove(&oldest) {
                entries.bytes -= size_of(&gone);
            }
        }
        entries.bytes += size;
        entries.order.push_back(key);
        entries.by_key.insert(key, rendered);
    }
}

fn size_of(rendered: &Rendered) -> usize {
    64 + rendered.iter().flatten().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn forgets_the_oldest_at_its_bound() {
        let cache = Cache::default();
        for id in 0..10 {
            cache.put(
                (MessageId(id), 1),
                vec![Some("x".repeat(1024 * 1024))].into(),
            );
        }
        assert!(cache.get((MessageId(0), 1)).is_none());
        assert!(cache.get((MessageId(9), 1)).is_some());
        assert!(cache.get((MessageId(9), 2)).is_none());
        assert!(cache.0.lock().unwrap().bytes <= MAX_BYTES);
    }
}
