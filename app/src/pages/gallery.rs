//! Every component in every state, for those who build pages and for the end-to-end tests, which photograph it.
//!
//! Shown to owners, and to everyone when the server runs in development mode.

mod audit_log;
mod changes;
mod composers;
mod controls;
mod conversation;
mod costs;
mod debug;
mod desktop;
mod feedback;
mod foundations;
mod git_hosts;
mod list;
mod prices;
mod prompts;
mod samples;
mod surfaces;
mod templates;
mod terminals;
mod tools;
mod turns;
mod workspaces;

use leptos::prelude::*;

use crate::components::chat::context::Agents;
use crate::components::page_header::PageHeader;
use crate::view;

/// One page of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// What all pages are made of.
    Basics,
    /// What a chat is made of.
    Chat,
    /// What an agent does and changes.
    Tools,
    /// Templates and workspaces.
    Workspaces,
}

impl Sheet {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Basics, "/dev/gallery", "Basics"),
        (Self::Chat, "/dev/gallery/chat", "Chat"),
        (Self::Tools, "/dev/gallery/tools", "Tools and changes"),
        (
            Self::Workspaces,
            "/dev/gallery/workspaces",
            "Templates and workspaces",
        ),
    ];

    fn content(self) -> AnyView {
        match self {
            Self::Basics => basics(),
            Self::Chat => chat(Agents::expect()),
            Self::Workspaces => {
                let now = Agents::expect().now.get_untracked();
                view! {
                    {workspaces::list(now)}
                    {workspaces::logs()}
                    {workspaces::builds(now)}
                    {workspaces::about(now)}
                    {workspaces::shares()}
                    {terminals::states()}
                    {desktop::states()}
                    {debug::states(now)}
                    {templates::list(now)}
                    {templates::questions()}
                    {templates::editor(now)}
                    {git_hosts::lists(now)}
                    {costs::pages()}
                    {prices::forms()}
                    {prompts::previews()}
                    {audit_log::pages()}
                }
            }
            Self::Tools => {
                view! { {tools::cards()}{tools::agents()}{tools::workspaces()}{tools::groups()}{changes::lines()}{changes::panels()} }
            }
        }
    }
}

/// The page.
#[component]
pub fn GalleryPage(
    /// Which of its pages.
    sheet: Sheet,
) -> impl IntoView {
    let links = Sheet::ALL
        .into_iter()
        .map(|(other, path, name)| {
            let current = (other == sheet).then_some("page");
            view! { <a class="button button-small" href=path aria-current=current>{name}</a> }
        })
        .collect_view();
    view! {
        <main class="gallery" id="main" tabindex="-1">
            <PageHeader title="Gallery" lead="Every component in every state."/>
            <nav class="gallery-row" aria-label="Pages of the gallery">{links}</nav>
            {sheet.content()}
        </main>
    }
}

fn basics() -> AnyView {
    view! {
        {foundations::colours()}
        {foundations::type_and_icons()}
        {controls::buttons()}
        {controls::fields()}
        {controls::choices()}
        {controls::navigation()}
        {surfaces::dialogs_and_menus()}
        {surfaces::tables()}
        {surfaces::badges_and_words()}
        {feedback::notices()}
        {feedback::states()}
        {feedback::toasts()}
    }
}

fn chat(agents: Agents) -> AnyView {
    let now = agents.now.get_untracked();
    view! {
        {conversation::messages(now)}
        {conversation::thoughts(now)}
        {conversation::whole(now)}
        {turns::acts(now)}
        {turns::failures(now)}
        {turns::connections(now)}
        {composers::composers(now)}
        {composers::answers(now)}
        {composers::gauges(now)}
        {composers::contexts()}
        {list::rows(now)}
        {list::pull_requests(now)}
        {list::workspaces(now)}
        {list::empty()}
    }
}

/// A heading with what belongs to it.
fn part(title: &'static str, content: impl IntoView) -> impl IntoView {
    view! {
        <section class="settings-section">
            <h2 class="settings-section-title">{title}</h2>
            {content}
        </section>
    }
}
