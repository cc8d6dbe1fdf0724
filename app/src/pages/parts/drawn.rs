//! Parts that the server may have drawn into the document: they come before hydration then, or when they are first wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{self, SplitLoaderError};

use super::{LOST, Load, lost};
use crate::components::chat::context::Agents;
use crate::components::chat::git_panel::{GitPanel, Panel};
use crate::components::chat::tool_body::ToolBody;
use crate::components::chat::tool_card::WorkPlace;
use crate::components::chat::tools::ToolRun;
use crate::components::control_flow::Show;
use crate::components::toast::ToastKind;
use crate::view;

/// Loads what the server drew into the document beside the page itself; `false` when it did not come.
pub(super) async fn load_drawn() -> bool {
    let opened = document().query_selector(".tool-body > *");
    match opened {
        Ok(Some(_)) => TOOL_BODY.bring().await,
        _ => true,
    }
}

/// A part that the server may have drawn into the document: it comes before hydration then, or when it is first wanted.
pub(super) struct Drawn {
    is_here: AtomicBool,
    load: Load,
}

pub(super) static GIT_PANEL: Drawn =
    Drawn::new(|| Box::pin(async { load_git_panel().await.is_ok() }));
static TOOL_BODY: Drawn = Drawn::new(|| Box::pin(async { load_tool_body().await.is_ok() }));

impl Drawn {
    const fn new(load: Load) -> Self {
        // On the server every part is there.
        let is_here = AtomicBool::new(cfg!(not(target_family = "wasm")));
        Self { is_here, load }
    }

    fn is_here(&self) -> bool {
        self.is_here.load(Ordering::Relaxed)
    }

    pub(super) async fn bring(&self) -> bool {
        let is_here = (self.load)().await;
        self.is_here.store(is_here, Ordering::Relaxed);
        is_here
    }
}

/// The panel of changes, as soon as it is there: at once, unless the reader came from a page without one.
pub fn git_panel(panel: Panel) -> AnyView {
    let is_here = RwSignal::new(GIT_PANEL.is_here());
    if !is_here.get_untracked() {
        let toasts = Agents::expect().toasts;
        spawn_local(async move {
            if GIT_PANEL.bring().await {
                let _ = is_here.try_set(true);
            } else {
                toasts.show(ToastKind::Error, LOST.to_owned());
            }
        });
    }
    let draw = move || git_panel_part(panel).now_or_never().and_then(Result::ok);
    view! { <Show when=move || is_here.get()>{draw()}</Show> }
}

#[wasm_split::wasm_split(
    git_panel,
    wasm_split_path = wasm_split,
    preload(load_git_panel),
    fallible
)]
fn git_panel_part(panel: Panel) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <GitPanel panel/> })
}

/// What the card of a tool call shows, from the first time that it is opened.
pub fn tool_body(
    run: Signal<Arc<ToolRun>>,
    place: Option<WorkPlace>,
    is_wanted: Signal<bool>,
) -> AnyView {
    let is_here = RwSignal::new(TOOL_BODY.is_here().then_some(true));
    Effect::new(move |_| {
        if is_wanted.get() && is_here.get_untracked().is_none() {
            spawn_local(async move {
                let came = TOOL_BODY.bring().await;
                let _ = is_here.try_set(Some(came));
            });
        }
    });
    let draw = move |came: bool| {
        let drawn = came.then(|| tool_body_part(run, place).now_or_never());
        drawn.flatten().and_then(Result::ok).unwrap_or_else(lost)
    };
    (move || is_here.get().filter(|_| is_wanted.get()).map(draw)).into_any()
}

#[wasm_split::wasm_split(
    tool_body,
    wasm_split_path = wasm_split,
    preload(load_tool_body),
    fallible
)]
fn tool_body_part(
    run: Signal<Arc<ToolRun>>,
    place: Option<WorkPlace>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <ToolBody run place/> })
}
