//! What is known about a workspace beside its state.

use leptos::prelude::*;
use sdk::workspaces::{HeldLimits, Sandbox, Workspace};

use super::list::made_from;
use crate::api::workspaces::WorkspaceRow;
use crate::components::badge::{Tone, badge_with_icon};
use crate::components::icons::Icon;
use crate::components::relative_time::RelativeTime;
use crate::view;

/// One fact.
fn fact(name: impl IntoView, value: impl IntoView) -> AnyView {
    view! { <div class="fact"><dt>{name}</dt><dd>{value}</dd></div> }
}

/// All of them.
pub fn facts(row: WorkspaceRow, limits: HeldLimits) -> AnyView {
    let WorkspaceRow {
        workspace,
        template,
        chat,
        owner,
        permissions: _,
    } = row;
    let made_from = made_from(&workspace, template.as_ref());
    let chat = chat.map(|chat| {
        let link = view! { <a class="link" href=format!("/agents/{}", chat.id)>{chat.title}</a> };
        fact("Chat", link)
    });
    let code = |text: String| view! { <code class="fact-code">{text}</code> };
    let folder = (!workspace.working_directory.is_empty())
        .then(|| fact("Folder", code(workspace.working_directory.clone())));
    let branch = workspace
        .branch
        .clone()
        .map(|branch| fact("Branch", code(branch)));
    let parameters: Vec<AnyView> = workspace
        .parameters
        .iter()
        .map(|(name, value)| fact(code(name.clone()), code(value.clone())))
        .collect();
    view! {
        <dl class="facts">
            {owner.map(|owner| fact("Belongs to", owner))}
            {fact("Made from", made_from)}
            {chat}
            {branch}
            {folder}
            {sandbox(&workspace)}
            {held(limits)}
            {fact("Made", view! { <RelativeTime at=workspace.created_at/> })}
            {parameters}
        </dl>
    }
}

fn sandbox(workspace: &Workspace) -> Option<AnyView> {
    let value = match workspace.sandbox.as_ref()? {
        Sandbox::Bubblewrap => "Processes are kept apart from the server’s machine".into_any(),
        Sandbox::None { reason } => view! {
            {badge_with_icon(Tone::Amber, Some(Icon::ShieldAlert), "No sandbox")} " " {reason.clone()}
        },
    };
    Some(fact("Sandbox", value))
}

/// Whether they hold is the machine's business, so it is told as of now; the log of a start tells what held for it.
fn held(limits: HeldLimits) -> AnyView {
    let mut letters = limits.words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let words: String = first.into_iter().chain(letters).collect();
    let missing = limits.missing.map(|missing| {
        view! {
            <br/>
            {badge_with_icon(Tone::Amber, Some(Icon::ShieldAlert), "Not limited")} " " {missing}
        }
    });
    fact("Limits", view! { {words} {missing} })
}
