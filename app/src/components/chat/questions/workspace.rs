//! In which workspace a chat is to work.

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::{Chat, UpdateChat};
use sdk::ids::WorkspaceId;
use uuid::Uuid;

use super::{Asked, finish};
use crate::api::chats::update_chat;
use crate::api::workspaces::{OfferedWorkspace, offered_workspaces};
use crate::components::button::{Button, ButtonKind};
use crate::components::chat::context::Agents;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::error::AppError;
use crate::view;

const DIALOG: &str = "chat-workspace";
/// Stands for no workspace, also in the API.
const NONE: WorkspaceId = WorkspaceId(Uuid::nil());

/// The question.
#[component]
pub fn ChooseWorkspace() -> impl IntoView {
    let agents = Agents::expect();
    let chat = RwSignal::new(None::<Chat>);
    let offered = RwSignal::new(None::<Vec<OfferedWorkspace>>);
    let chosen = RwSignal::new(NONE);
    let pending = RwSignal::new(false);
    let error = RwSignal::new(None::<AppError>);
    Effect::new(move |_| {
        if let Some(Asked::Workspace(asked)) = agents.asked.get() {
            let current = asked.workspace_id;
            error.set(None);
            offered.set(None);
            chosen.set(current.unwrap_or(NONE));
            chat.set(Some(asked));
            dialog::show(DIALOG);
            spawn_local(async move {
                match offered_workspaces(current).await {
                    Ok(workspaces) => offered.set(Some(workspaces)),
                    Err(refused) => error.set(Some(refused)),
                }
            });
        }
    });
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        let workspace = chosen.get_untracked();
        spawn_local(async move {
            let request = UpdateChat {
                workspace_id: Some(workspace),
                ..UpdateChat::default()
            };
            let work = update_chat(chat.id, request).boxed_local();
            if finish(DIALOG, work, pending, error).await {
                let workspace = (workspace != NONE).then_some(workspace);
                agents.update_row(chat.id, |row| row.workspace_id = workspace);
            }
        });
    };
    let choices = move || {
        let workspaces = offered.get().unwrap_or_default();
        let choices = workspaces
            .into_iter()
            .map(|workspace| (workspace.id, workspace.label()));
        std::iter::once((NONE, "No workspace, talk only".to_owned()))
            .chain(choices)
            .map(|(id, label)| {
                let is_chosen = move || chosen.get() == id;
                view! { <option value=id.to_string() selected=is_chosen>{label}</option> }
            })
            .collect_view()
    };
    let is_loading = Memo::new(move |_| offered.with(Option::is_none));
    view! {
        <Dialog id=DIALOG title="Workspace of the chat">
            <form class="form" on:submit=on_submit>
                <label class="field">
                    <span class="field-label">"The agent works in"</span>
                    <select class="input" name="workspace_id" disabled=move || is_loading.get() aria-busy=move || is_loading.get().to_string()
                        prop:value=move || { offered.track(); chosen.get().to_string() }
                        on:change=move |event| if let Ok(id) = event_target_value(&event).parse() { chosen.set(id) }>
                        {choices}
                    </select>
                    <span class="field-help">"What the agent did before stays where it did it. Its next step works in the workspace chosen here."</span>
                </label>
                <FormError error=error/>
                <div class="dialog-actions">
                    <CancelButton dialog=DIALOG/>
                    <Button kind=ButtonKind::Primary disabled=Signal::derive(move || pending.get() || is_loading.get()) attr:r#type="submit">"Save"</Button>
                </div>
            </form>
        </Dialog>
    }
}
