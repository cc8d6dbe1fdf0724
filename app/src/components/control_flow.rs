//! What is there only sometimes, and lists. They stand in for the framework's `Show` and `For`, which are compiled once
//! more for each place that uses them; these are compiled once, which is a good part of what a browser has to load.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use leptos::prelude::*;

/// Shows its children while `when` holds.
#[component]
pub fn Show(
    /// Whether they are there.
    when: impl Fn() -> bool + Send + Sync + 'static,
    /// What is there.
    children: ChildrenFn,
) -> AnyView {
    shown(Memo::new(move |_| when()), children)
}

fn shown(is_there: Memo<bool>, children: ChildrenFn) -> AnyView {
    (move || is_there.get().then(|| children())).into_any()
}

/// A view for each item. One that stays keeps its view, wherever it moves.
#[component]
pub fn For<T, K, N>(
    /// The items in order.
    each: impl Fn() -> Vec<T> + Send + Sync + 'static,
    /// What tells them apart.
    key: impl Fn(&T) -> K + Send + Sync + 'static,
    /// Draws one.
    children: impl Fn(T) -> N + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Send + 'static,
    K: Hash + 'static,
    N: IntoView + 'static,
{
    let rows = move || {
        let row = |item: T| {
            let key = hash(&key(&item));
            let children = children.clone();
            let draw: Draw = Box::new(move || children(item).into_any());
            (key, draw)
        };
        each().into_iter().map(row).collect()
    };
    keyed(Box::new(rows))
}

type Draw = Box<dyn FnOnce() -> AnyView + Send>;

fn keyed(rows: Box<dyn Fn() -> Vec<(u64, Draw)> + Send + Sync>) -> AnyView {
    leptos::prelude::For(
        leptos::prelude::ForProps::builder()
            .each(rows)
            .key(|(key, _): &(u64, Draw)| *key)
            .children(|(_, draw): (u64, Draw)| draw())
            .build(),
    )
    .into_any()
}

/// Alike in every process, so that the server's rows and the browser's have the same keys.
fn hash(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
