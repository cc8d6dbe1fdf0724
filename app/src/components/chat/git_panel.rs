//! The right panel: what changed in the chat's workspace, live, a view for each repository.
//!
//! A part of its own (`pages::parts`). The agent in the workspace looks; `follow` hears of it.

mod comment;
mod commit;
mod file;
mod file_blocks;
mod file_list;
mod files;
mod follow;
mod highlights;
mod line_choice;
mod lines;
mod notes;
mod pictures;
mod reading;
mod regions;
mod remote;
mod repository;
mod review;
mod rows;
mod side_by_side;
mod tabs;
mod versions;
mod viewed;
mod windows;

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use sdk::workspaces::{Sandbox, Workspace, WorkspaceStatus};

pub use self::files::FIRST_LINES;
use self::files::Files;
use self::highlights::Highlights;
pub use self::pictures::drawn as drawn_pictures;
pub use self::reading::BLOCK_FILES;
use self::reading::{Reading, in_frames};
pub use self::regions::{RegionState, Regions};
pub use self::remote::Remote;
use self::remote::{REMOTE, remote_view};
use self::repository::RepositoryView;
pub use self::review::{Place, Review};
use self::review::{Source, draft_id};
pub use self::side_by_side::DiffView;
use self::side_by_side::switch;
use self::tabs::RepositoryTabs;
pub use self::viewed::Viewed;
use self::windows::{Target, Wanted, Windows};
use super::changes::Changes;
use super::composer::Composer;
use super::context::Agents;
use super::frame::{Edge, Side, toggle};
use crate::components::button::IconButton;
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::plain::plain;
use crate::pages::parts::{debug, desktop, terminals};
use crate::view;

/// What the panel works on. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The changes.
    pub changes: Changes,
    /// The chat's workspace.
    pub workspace: Signal<Option<Workspace>>,
    /// Where a request to commit is written.
    pub composer: Composer,
    /// Whether the chat takes messages.
    pub can_commit: Signal<bool>,
    /// Whether the workspace is followed; an older page of a chat stands still.
    pub is_live: bool,
    /// Whether desktops are switched on.
    pub has_desktop: bool,
    /// Whether what the reader's models are asked is recorded.
    pub has_debug: bool,
}

/// The panel.
#[component]
pub fn GitPanel(
    /// What it works on.
    panel: Panel,
) -> impl IntoView {
    let agents = Agents::expect();
    let Panel {
        changes, workspace, ..
    } = panel;
    if panel.is_live {
        follow::while_it_runs(changes, panel.composer.chat.id, workspace);
    }
    let review = Review::new(
        panel.composer.editor.attachments,
        panel.composer.chat.messages,
        panel.composer.chat.queue,
        panel.can_commit,
    );
    let on_commit = Callback::new(move |request| commit::ask(agents, panel.composer, request));
    Effect::new(move |_| review.look_back(panel.composer.chat));
    let chat = panel.composer.chat.id;
    let remote = Remote::new(panel.is_live.then_some(chat), move || {
        agents.row(chat)?.diff_status.map(|status| *status)
    });
    let regions = Regions::new(chat, panel.is_live, changes, remote);
    let viewed = Viewed::new(Some(chat));
    let view = DiffView::kept();
    let look = move |_| {
        follow::refresh(changes);
        remote.refresh();
        agents.announcer.say("Looking for changes.");
    };
    // The tabs are a choice of the browser's own: the style sheet shows what is chosen, also without a script.
    let is_terminal_wanted = RwSignal::new(false);
    let is_desktop_wanted = RwSignal::new(false);
    let is_debug_shown = RwSignal::new(false);
    let want = move |event: web_sys::Event| {
        let tab = event_target::<web_sys::Element>(&event).class_name();
        is_debug_shown.set(tab == "wants-debug");
        match tab.as_str() {
            "wants-terminal" => is_terminal_wanted.set(true),
            "wants-desktop" => is_desktop_wanted.set(true),
            _ => {}
        }
    };
    let mut tabs = TABS.to_owned();
    if panel.has_desktop {
        tabs.push_str(DESKTOP_TAB);
    }
    if panel.has_debug {
        tabs.push_str(DEBUG_TAB);
    }
    let desktop = panel.has_desktop.then(|| {
        let chat = panel.composer.chat.id;
        view! { <div class="desktop">{desktop(chat, workspace, is_desktop_wanted.into())}</div> }
    });
    let debug = panel.has_debug.then(|| {
        let records = debug(panel.composer.chat, panel.is_live, is_debug_shown.into());
        view! { <div class="debug">{records}</div> }
    });
    view! {
        <section class="right-panel git-panel" id="panel" aria-label="Changes, terminal and what else stands beside the chat">
            <Edge side=Side::Panel/>
            <div class="panel-head">
                <div class="tabs" role="radiogroup" aria-label="Shown here" inner_html=tabs on:change=want></div>
                <span class="spacer"></span>
                {switch(view)}
                <IconButton name=Icon::RefreshCw label="Look for changes now" on_click=look/>
                <IconButton name=Icon::X label="Close the panel" on_click=move |_| toggle(agents, Side::Panel)/>
            </div>
            <div class="panel-body" tabindex="-1"><ChangesView changes workspace review viewed regions view remote on_commit can_commit=panel.can_commit/></div>
            <div class="terminals">{terminals(workspace, is_terminal_wanted.into())}</div>
            {desktop}
            {debug}
        </section>
    }
}

const TABS: &str = r#"<label class="tab"><input type="radio" name="panel" autocomplete="off" checked> Changes</label><label class="tab"><input type="radio" name="panel" class="wants-terminal" autocomplete="off"> Terminal</label>"#;
const DESKTOP_TAB: &str = r#"<label class="tab"><input type="radio" name="panel" class="wants-desktop" autocomplete="off"> Desktop</label>"#;
const DEBUG_TAB: &str = r#"<label class="tab"><input type="radio" name="panel" class="wants-debug" autocomplete="off"> Debug</label>"#;

/// What the panel holds.
#[component]
pub fn ChangesView(
    /// The changes.
    changes: Changes,
    /// The chat's workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
    /// The comments on its lines.
    review: Review,
    /// What of them was looked through.
    viewed: Viewed,
    /// What is opened between them.
    regions: Regions,
    /// Whether they are shown in one column or in two.
    view: DiffView,
    /// What was pushed of them.
    remote: Remote,
    /// Takes the words that ask for a commit.
    on_commit: Callback<String>,
    /// Whether the chat takes them.
    #[prop(into)]
    can_commit: Signal<bool>,
) -> impl IntoView {
    let highlights = Highlights::new(changes);
    let reading = Reading {
        review,
        viewed,
        regions,
        view,
        windows: Windows::new(),
    };
    let column = NodeRef::<Div>::new();
    view.measure(column);
    let roots = Memo::new(move |_| {
        let pushed = remote
            .status
            .with(|status| status.as_ref().map(|_| REMOTE.to_owned()));
        changes.repositories.with(|known| {
            let roots = known.iter().map(|repository| repository.repo_root.clone());
            roots.chain(pushed).collect::<Vec<_>>()
        })
    });
    let chosen = RwSignal::new(None::<String>);
    let shown = Memo::new(move |before: Option<&Option<String>>| {
        let roots = roots.get();
        let is_there = |root: &String| roots.contains(root);
        // What is looked at stays until the reader chooses another one or it is gone.
        chosen
            .get()
            .filter(is_there)
            .or_else(|| before.cloned().flatten().filter(is_there))
            .or_else(|| {
                let known = changes.repositories;
                known
                    .with_untracked(|known| tabs::first(known))
                    .or_else(|| roots.first().cloned())
            })
    });
    Effect::new(move |_| seek(reading, [changes, remote.changes], roots, chosen));
    let has_several = Memo::new(move |_| roots.with(|roots| roots.len() > 1));
    view! {
        <div node_ref=column>
        {move || workspace.get().map(|workspace| place(&workspace))}
        {move || notes::problem(changes, workspace)}
        <Show when=move || has_several.get()><RepositoryTabs changes remote roots shown chosen/></Show>
        {move || shown.get().map(|root| {
            if root == REMOTE {
                return remote_view(remote, reading);
            }
            view! { <RepositoryView changes highlights reading root is_one_of_several=has_several on_commit can_commit/> }
        })}
        {move || notes::omitted(changes.omitted.get())}
        {move || {
            let is_remote = shown.with(|shown| shown.as_deref() == Some(REMOTE));
            (!is_remote).then(|| notes::nothing(changes, workspace)).flatten()
        }}
        </div>
    }
}

/// Shows the lines of the comment that is sought.
///
/// Its file may have another name by now.
fn seek(
    reading: Reading,
    [changes, pushed]: [Changes; 2],
    roots: Memo<Vec<String>>,
    chosen: RwSignal<Option<String>>,
) {
    let review = reading.review;
    let Some(key) = review.attachments.sought.get() else {
        return;
    };
    review.attachments.sought.set(None);
    let comment = review.shown.with_untracked(|shown| {
        let mut shown = shown.iter();
        let sought = shown.find(|shown| shown.source == Source::Draft(key))?;
        Some(Arc::clone(&sought.comment))
    });
    let root = comment.as_ref().and_then(|it| it.repo_root.clone());
    let tab = root.clone().unwrap_or_else(|| REMOTE.to_owned());
    if roots.with_untracked(|roots| roots.contains(&tab)) {
        chosen.set(Some(tab));
    }
    if let Some(comment) = comment {
        // Its file has to be drawn, and the lines around it; where they are now, the file's own view finds out.
        let known = if root.is_some() { changes } else { pushed };
        let path = known.repositories.with_untracked(|known| {
            let mut known = known.iter();
            let repository =
                known.find(|it| root.is_none() || root.as_ref() == Some(&it.repo_root));
            repository.and_then(|it| Files::of(it).path_of(&comment))
        });
        let path = path.unwrap_or_else(|| comment.file_name.clone());
        reading.windows.wanted.set(Some(Wanted {
            place: Place { root, path },
            target: Target::Comment(key),
        }));
    }
    in_frames(8, move |_| show(&draft_id(key)));
}

/// Brings an element into view, out of what is folded.
fn show(id: &str) {
    if let Some(tab) = document().query_selector(FIRST_TAB).ok().flatten()
        && let Ok(tab) = tab.dyn_into::<web_sys::HtmlInputElement>()
        && !tab.checked()
    {
        tab.click();
    }
    let Some(element) = document().get_element_by_id(id) else {
        return;
    };
    let mut folded = element.closest("details").ok().flatten();
    while let Some(details) = folded {
        let _ = details.set_attribute("open", "");
        let parent = details.parent_element();
        folded = parent.and_then(|parent| parent.closest("details").ok().flatten());
    }
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Center);
    element.scroll_into_view_with_scroll_into_view_options(&options);
    if let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() {
        let _ = element.focus();
    }
}

const FIRST_TAB: &str = ".git-panel .panel-head input[name=panel]";

/// Where the agent works, and how well it is kept apart.
fn place(workspace: &Workspace) -> AnyView {
    let folder = workspace
        .folder
        .clone()
        .unwrap_or_else(|| workspace.working_directory.clone());
    if folder.is_empty() && workspace.status != WorkspaceStatus::Ready {
        return ().into_any();
    }
    let sandbox = match &workspace.sandbox {
        Some(Sandbox::None { reason }) => Some(view! {
            <details class="unprotected">
                <summary class="badge badge-amber">{icon(Icon::ShieldAlert)} "No sandbox"</summary>
                {plain("p", reason.clone())}
            </details>
        }),
        _ => None,
    };
    view! {
        <div class="place">
            <span class="place-folder" title=workspace.working_directory.clone()>{icon_with_class(Icon::Folder, "icon icon-small")} <span>{folder}</span></span>
            {sandbox}
        </div>
    }
}
