//! One type for everything that is drawn.

/// The framework's `view!`, with its type erased: drawn alike, and compiled once for each kind of element instead of
/// once more for each way in which views nest, which is a good part of what a browser has to load.
macro_rules! view {
    ($($tokens:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::view! { $($tokens)* }.into_inner())
    };
}

pub(crate) use view;
