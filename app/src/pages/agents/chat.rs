//! One chat: its conversation, its composer, and what changed in its workspace.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use sdk::chats::{Chat, PlanMode};
use sdk::ids::{BuildId, ChatId, WorkspaceId};
use sdk::workspaces::WorkspaceStatus;

use crate::api::chats::{ChatView, chat_workspace, view_chat};
use crate::api::codec::resource;
use crate::components::chat::changes::Changes;
use crate::components::chat::chat_rows::{leave_chat, set_archived_from_button};
use crate::components::chat::composer::{Composer, ComposerBox};
use crate::components::chat::context::Agents;
use crate::components::chat::git_panel::Panel;
use crate::components::chat::history_pages::OlderLink;
use crate::components::chat::keys::is_something_over;
use crate::components::chat::live_line::stop;
use crate::components::chat::scroll::Follow;
use crate::components::chat::timeline_view::Timeline;
use crate::components::chat::tool_card::WorkPlace;
use crate::components::chat::top_bar::{ListButton, TopBar, title_of};
use crate::components::control_flow::Show;
use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::icons::{Icon, icon};
use crate::components::loaded::{awaited, fresh};
use crate::error::{AppError, ErrorCode};
use crate::live::chat::OpenChat;
use crate::pages::parts::git_panel;
use crate::view;

const WORKSPACE_CHECK: std::time::Duration = std::time::Duration::from_secs(2);

/// One chat.
#[component]
pub fn ChatPage() -> impl IntoView {
    let agents = Agents::expect();
    let parameters = use_params_map();
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        let before: Option<i64> =
            query.with(|query| query.get("before").and_then(|before| before.parse().ok()));
        (
            parameters.with(|parameters| {
                parameters
                    .get("id")
                    .and_then(|id| id.parse::<ChatId>().ok())
            }),
            before,
        )
    });
    let loaded = resource(
        move || wanted.get(),
        move |(id, before)| async move {
            let id = id.ok_or_else(not_found)?;
            match agents.take_prefetched_unless(id, before.is_some()) {
                Some(view) => Ok(view),
                None => view_chat(id, before).await,
            }
        },
    );
    awaited(loading, move || async move {
        match loaded.await {
            Ok(view) => fresh(move || view! { <OpenedChat view/> }),
            Err(error) => failed(error, Callback::new(move |()| loaded.refetch())),
        }
    })
}

fn not_found() -> AppError {
    AppError::new(ErrorCode::NotFound, "There is no chat at this address.")
}

fn loading() -> AnyView {
    view! {
        <div class="chat-frame">
            <section class="chat"><header class="top"><ListButton/></header><div class="flow"><div class="flow-column">{skeleton_rows(6)}</div></div></section>
        </div>
    }
}

fn failed(error: AppError, on_retry: Callback<()>) -> AnyView {
    if error.code == ErrorCode::NotFound {
        return view! {
            <Title text="Chat not found"/>
            <header class="top top-plain"><ListButton/></header>
            <div class="empty">
                {icon(Icon::MessageSquare)} <h1 class="empty-title">"Chat not found"</h1>
                <p class="empty-text">"It does not exist, or it is not yours."</p>
                <p class="empty-action"><a class="button" href="/agents">"Back to your chats"</a></p>
            </div>
        };
    }
    view! {
        <header class="top top-plain"><ListButton/></header>
        <ErrorState error on_retry/>
    }
}

#[component]
fn OpenedChat(view: ChatView) -> impl IntoView {
    let ChatView {
        chat,
        page,
        is_older_page,
        workspace,
        changes,
        are_changes_cut,
        highlights,
        models,
        has_desktop,
        has_debug,
    } = view;
    let agents = Agents::expect();
    let link = links(&chat.id, &page, is_older_page);
    let open = OpenChat::new(&chat, page);
    let changes = Changes::new(changes, highlights);
    changes.are_cut.set(are_changes_cut);
    let composer = Composer::new(open, &models, chat.last_model_config_id);
    composer.plans.set(chat.plan_mode == PlanMode::Plan);
    let follow = Follow::new(open.has_newer);
    let workspace = RwSignal::new(workspace);
    // A chat may come to a workspace while it is open. Records of calls are there without one.
    let has_panel = Memo::new(move |_| has_debug || workspace.with(Option::is_some));
    let workspace_status = Signal::derive(move || {
        workspace.with(|workspace| workspace.as_ref().map(|workspace| workspace.status))
    });
    provide_context(WorkPlace {
        folder: Signal::derive(move || {
            workspace.with(|workspace| Some(workspace.as_ref()?.working_directory.clone()))
        }),
        workspace_id: Signal::derive(move || {
            workspace.with(|workspace| Some(workspace.as_ref()?.id))
        }),
    });
    let (id, is_archived) = (chat.id, RwSignal::new(chat.archived));
    agents.opened.set(Some(chat.clone()));
    Effect::new(move |_| {
        if let Some((told, archived)) = agents.archive_news.get()
            && told == id
            // What stands below is made anew with every change, also with one to the same.
            && archived != is_archived.get_untracked()
        {
            is_archived.set(archived);
        }
    });
    let row = Memo::new(move |before: Option<&Option<Chat>>| {
        let known = || before.cloned().flatten().unwrap_or_else(|| chat.clone());
        let mut row = agents.row(id).unwrap_or_else(known);
        row.archived = is_archived.get();
        Some(row)
    });
    if !is_older_page {
        live(open, follow);
        let bound = Memo::new(move |_| {
            row.with(|row| row.as_ref().map(|row| (row.workspace_id, row.build_id)))
        });
        watch_workspace(open, workspace, changes, bound);
        tell(open, agents, follow);
    }
    // Another tab, or another client, may have changed it.
    let plans = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .is_some_and(|row| row.plan_mode == PlanMode::Plan)
        })
    });
    Effect::new(move |_| composer.plans.set(plans.get()));
    escape(open, composer, agents);
    let catalogue = StoredValue::new(models);
    let panel = Panel {
        changes,
        workspace: workspace.into(),
        composer,
        can_commit: Signal::derive(move || !is_older_page && !is_archived.get()),
        is_live: !is_older_page,
        has_desktop,
        has_debug,
    };
    let bottom = move || {
        if is_archived.get() {
            view! { <ArchivedNote chat=row/> }
        } else if is_older_page {
            ().into_any()
        } else {
            view! { <ComposerBox composer catalogue=catalogue.get_value()/> }
        }
    };
    view! {
        // Read once more after this chat's owner is gone, when another page puts its title on top.
        <Title text=move || row.try_with(|_| title_of(row)).unwrap_or_default()/>
        <div class="chat-frame" class:has-panel=move || has_panel.get()>
            <section class="chat" aria-label="Conversation">
                <TopBar chat=row workspace changes has_panel/>
                <Timeline chat=open workspace=workspace_status follow on_edit=Callback::new(move |message| composer.edit(message)) older_link=link/>
                {move || bottom()}
            </section>
            <Show when=move || has_panel.get()>{git_panel(panel)}</Show>
        </div>
    }
}

/// Stands where the composer would, with the way back to it.
#[component]
fn ArchivedNote(chat: Memo<Option<Chat>>) -> impl IntoView {
    let agents = Agents::expect();
    let leave = leave_chat();
    let take_out = move |_| {
        if let Some(chat) = chat.get_untracked() {
            set_archived_from_button(agents, chat, false, leave);
        }
    };
    view! {
        <div class="archived-note">
            <p>"This chat is archived. Take it out of the archive to go on."</p>
            <button type="button" class="button button-small" on:click=take_out>"Take out of the archive"</button>
        </div>
    }
}

/// Links through the history for readers without JavaScript.
fn links(id: &ChatId, page: &sdk::messages::MessagePage, is_older_page: bool) -> OlderLink {
    let oldest = page.messages.iter().map(|message| message.id.0).min();
    OlderLink {
        older: oldest
            .filter(|_| page.has_more)
            .map(|oldest| format!("/agents/{id}?before={oldest}")),
        newest: is_older_page.then(|| format!("/agents/{id}")),
    }
}

fn live(open: OpenChat, follow: Follow) {
    follow.start();
    Effect::new(move |_| open.follow());
}

/// What the chat's row says of its workspace and the start it waits for.
type Bound = Option<(Option<WorkspaceId>, Option<BuildId>)>;

/// Keeps the page's knowledge of the workspace fresh. It is looked at while it is on its way to somewhere, when the chat is
/// bound to another one or to another start of it, once more when a turn ends (a short one may be over before its
/// workspace was seen), and when the watch of its changes fails.
fn watch_workspace(
    open: OpenChat,
    workspace: RwSignal<Option<sdk::workspaces::Workspace>>,
    changes: Changes,
    bound: Memo<Bound>,
) {
    let is_moving = Memo::new(move |_| {
        let status =
            workspace.with(|workspace| workspace.as_ref().map(|workspace| workspace.status));
        status.is_some_and(|status| match status {
            WorkspaceStatus::Cloning
            | WorkspaceStatus::SettingUp
            | WorkspaceStatus::Starting
            | WorkspaceStatus::WaitingForAgent
            | WorkspaceStatus::Reconnecting => true,
            // What cannot be watched may be on its way to a stop.
            WorkspaceStatus::Ready => changes.has_failed(),
            // Queued ones stand still until the chat needs them.
            _ => open.is_busy(),
        })
    });
    let look = move || {
        spawn_local(async move {
            if let Ok(seen) = chat_workspace(open.id).await {
                let _ = workspace.try_set(seen.workspace);
            }
        });
    };
    Effect::new(move |_| {
        if is_moving.get() {
            look();
            if let Ok(handle) = set_interval_with_handle(look, WORKSPACE_CHECK) {
                on_cleanup(move || handle.clear());
            }
        }
    });
    Effect::new(move |before: Option<Bound>| {
        let now = bound.get();
        if before.is_some_and(|before| before != now) {
            look();
        }
        now
    });
    Effect::new(move |before: Option<(bool, bool)>| {
        let now = (open.is_busy(), changes.has_failed());
        let has_workspace = workspace.with_untracked(Option::is_some);
        if let Some((was_busy, had_failed)) = before
            && has_workspace
            && (was_busy && !now.0 || now.1 && !had_failed)
        {
            look();
        }
        now
    });
}

/// Tells a screen reader of a finished answer, and counts what comes while the reader is elsewhere.
fn tell(open: OpenChat, agents: Agents, follow: Follow) {
    Effect::new(move |was_busy: Option<bool>| {
        let is_busy = open.is_busy();
        if was_busy == Some(true) && !is_busy {
            let words = match open.status.get_untracked() {
                sdk::chats::ChatStatus::Error => "The turn failed.",
                _ => "The answer is finished.",
            };
            agents.announcer.say(words);
        }
        is_busy
    });
    Effect::new(move |before: Option<usize>| {
        let heard = open.heard.get();
        if let Some(before) = before {
            follow.count_new(heard - before);
        }
        heard
    });
}

/// Esc: what lies over the page first, then the edit, then the running turn.
fn escape(open: OpenChat, composer: Composer, agents: Agents) {
    Effect::new(move |_| {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let is_free =
                event.key() == "Escape" && !event.default_prevented() && !is_something_over();
            if !is_free
                || agents.is_drawer_open.get_untracked()
                || agents.is_panel_drawer_open.get_untracked()
            {
                return;
            }
            if composer.edited.with_untracked(Option::is_some) {
                event.prevent_default();
                composer.cancel_edit();
            } else if open.status.get_untracked().is_busy() {
                event.prevent_default();
                stop(open, agents.toasts);
            }
        });
        on_cleanup(move || handle.remove());
    });
}
