//! Starting, stopping and deleting a workspace from a page. Start and stop are plain forms.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use crate::api::workspaces::{StartWorkspace, StopWorkspace};
use crate::components::button::{ButtonKind, button_class};
use crate::components::form::{error_of, keep_focus};
use crate::components::icons::{Icon, icon};
use crate::error::AppError;
use crate::view;

/// What can be done, and what is being done.
#[derive(Clone, Copy)]
pub struct Actions {
    /// Starts a workspace.
    pub start: ServerAction<StartWorkspace>,
    /// Stops a workspace.
    pub stop: ServerAction<StopWorkspace>,
    /// The workspace that is to be deleted; set to ask.
    pub asked: RwSignal<Option<Workspace>>,
}

impl Actions {
    /// Of one page.
    pub fn new() -> Self {
        Self {
            start: ServerAction::new(),
            stop: ServerAction::new(),
            asked: RwSignal::new(None),
        }
    }

    /// Moves with every answer.
    pub fn version(self) -> usize {
        self.start.version().get() + self.stop.version().get()
    }

    /// Why a workspace could not be started or stopped: that of the newer attempt.
    pub fn error(self) -> Signal<Option<AppError>> {
        let (start, stop) = (error_of(self.start), error_of(self.stop));
        Signal::derive(move || start.get().or_else(|| stop.get()))
    }

    fn is_pending(self, id: WorkspaceId) -> bool {
        let starts = self.start.pending().get()
            && self
                .start
                .input()
                .with(|input| input.as_ref().is_some_and(|input| input.workspace_id == id));
        let stops = self.stop.pending().get()
            && self
                .stop
                .input()
                .with(|input| input.as_ref().is_some_and(|input| input.workspace_id == id));
        starts || stops
    }
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

/// What the one button offers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Start,
    Stop,
    Nothing,
}

const fn offer(status: WorkspaceStatus) -> Offer {
    match status {
        WorkspaceStatus::Stopped | WorkspaceStatus::Failed => Offer::Start,
        WorkspaceStatus::Deleted => Offer::Nothing,
        _ => Offer::Stop,
    }
}

/// The button that starts a workspace, or stops it.
pub fn power(
    id: WorkspaceId,
    name: String,
    status: Signal<WorkspaceStatus>,
    actions: Actions,
    is_small: bool,
) -> AnyView {
    let offered = Memo::new(move |_| offer(status.get()));
    let was_pressed = StoredValue::new(false);
    // The button that was pressed goes when the state changes; the focus stays with the one in its place.
    Effect::new(move |_| {
        offered.track();
        if was_pressed.get_value() {
            was_pressed.set_value(false);
            keep_focus(button_id(id));
        }
    });
    let name = StoredValue::new(name);
    let form = move || {
        let button = move |icon_of, words: &'static str, help: &'static str| {
            let label = format!("{words} {}", name.get_value());
            view! {
                <input type="hidden" name="workspace_id" value=id.to_string()/>
                <button type="submit" id=button_id(id) class=button_class(ButtonKind::Plain, is_small) aria-label=label title=help
                    aria-busy=move || actions.is_pending(id).then_some("true") disabled=move || actions.is_pending(id)
                    on:click=move |_| was_pressed.set_value(true)>
                    {icon(icon_of)} {words}
                </button>
            }
        };
        match offered.get() {
            Offer::Start => view! {
                <ActionForm action=actions.start>{button(Icon::Play, "Start", "Makes it ready for its agent")}</ActionForm>
            },
            Offer::Stop => view! {
                <ActionForm action=actions.stop>{button(Icon::Square, "Stop", "Ends what runs in it; its files stay")}</ActionForm>
            },
            Offer::Nothing => ().into_any(),
        }
    };
    (move || form()).into_any()
}

fn button_id(id: WorkspaceId) -> String {
    format!("workspace-{id}-power")
}
