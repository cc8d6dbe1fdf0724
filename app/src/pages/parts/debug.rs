//! The part beside a chat that shows what its models were asked.

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::wasm_split::{self, SplitLoaderError};

use super::{Load, lost, on_demand};
use crate::components::chat::debug_panel::DebugPanel;
use crate::live::chat::OpenChat;
use crate::view;

/// What models were asked in a chat, from the first time that it is shown; from then on it stays.
pub fn debug(chat: OpenChat, is_live: bool, is_shown: Signal<bool>) -> AnyView {
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| debug_part(chat, is_live, is_shown).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_debug().await.is_ok() });
    on_demand(is_shown, load, Box::new(draw))
}

#[wasm_split::wasm_split(debug, wasm_split_path = wasm_split, preload(load_debug), fallible)]
fn debug_part(
    chat: OpenChat,
    is_live: bool,
    is_shown: Signal<bool>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <DebugPanel chat is_live is_shown/> })
}
