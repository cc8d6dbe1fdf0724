//! Dialogs, menus, tables, badges, times.

use chrono::DateTime;
use leptos::prelude::*;
use sdk::password_links::PasswordLink;
use sdk::users::Role;

use super::part;
use crate::components::badge::{Tone, badge, badge_with_icon};
use crate::components::button::{Button, ButtonKind};
use crate::components::dialog::{
    self, CancelButton, ConfirmDialog, Dialog, DialogButton, Question,
};
use crate::components::icons::Icon;
use crate::components::menu::{Menu, MenuItem};
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::components::toast::{ToastKind, use_toasts};
use crate::pages::settings::{role_badge, shown_link};
use crate::view;

const DIALOG: &str = "gallery-dialog";
const QUESTION: &str = "gallery-question";
/// 2026-03-05 14:07 UTC.
const A_TIME_MS: i64 = 1_772_719_620_000;

/// A dialog, a question, a menu.
pub fn dialogs_and_menus() -> impl IntoView {
    let toasts = use_toasts();
    let pick = Callback::new(move |()| toasts.show(ToastKind::Info, "Chosen from the menu."));
    let question = Question {
        title: "Delete “Faster cold start”?".to_owned(),
        text: "The chat and its workspace are deleted for good.".to_owned(),
        action: "Delete chat".to_owned(),
    };
    part(
        "Dialogs and menus",
        view! {
            <div class="gallery-row">
                <DialogButton dialog=DIALOG>"Open a dialog"</DialogButton>
                <Button on_click=move |_| dialog::show(QUESTION)>"Ask a question"</Button>
                <Menu id="gallery-menu" label="A menu">
                    <p class="menu-label" role="presentation">"This chat"</p>
                    <MenuItem name=Icon::Pencil on_select=pick>"Rename"</MenuItem>
                    <MenuItem name=Icon::Pin disabled=true on_select=pick>"Pin"</MenuItem>
                    <div class="menu-line" role="separator"></div>
                    <MenuItem name=Icon::Trash2 is_danger=true on_select=pick>"Delete"</MenuItem>
                </Menu>
            </div>
            <Dialog id=DIALOG title="A dialog".to_owned()>
                <p class="dialog-text">"Esc, the cross and a click beside it close it."</p>
                <div class="dialog-actions">
                    <CancelButton dialog=DIALOG/>
                    <Button kind=ButtonKind::Primary on_click=move |_| dialog::close(DIALOG)>"Understood"</Button>
                </div>
            </Dialog>
            <ConfirmDialog
                id=QUESTION
                question=question
                pending=false
                error=Signal::stored(None)
                on_confirm=Callback::new(|()| dialog::close(QUESTION))
            />
        },
    )
}

/// A table with two rows.
pub fn tables() -> impl IntoView {
    let at = DateTime::from_timestamp_millis(A_TIME_MS).unwrap_or_default();
    let rows = [
        ("deploy script", "never"),
        ("nightly report with a rather long name", "5 min ago"),
    ]
    .map(|(name, used)| {
        view! {
            <tr>
                <td class="cell-main">{name}</td>
                <td class="cell-time" data-label="Created">
                    <RelativeTime at=at/>
                </td>
                <td class="cell-time" data-label="Last used">{used}</td>
                <td class="cell-actions">
                    <Button is_small=true kind=ButtonKind::Quiet>"Revoke"</Button>
                </td>
            </tr>
        }
    })
    .into_iter()
    .collect_view();
    part(
        "Table",
        view! {
            <div class="card">
                <Table label="Example" headings=&["Name", "Created", "Last used", ""]>
                    {rows}
                </Table>
            </div>
        },
    )
}

/// Badges in every tone, and a link that is shown once.
pub fn badges_and_words() -> impl IntoView {
    let link = PasswordLink {
        url: "https://switchyard.example.com/set-password?token=3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        token: String::new(),
        expires_at: DateTime::default(),
    };
    part(
        "Badges",
        view! {
            <div class="gallery-row">
                {Role::ALL.map(role_badge).into_iter().collect_view()}
                {badge(Tone::Amber, "No agents")}
                {badge(Tone::Green, "Active")}
                {badge(Tone::Amber, "Suspended")}
                {badge(Tone::Red, "Failed")}
                {badge(Tone::Purple, "Merged")}
                {badge_with_icon(Tone::Green, Some(Icon::GitPullRequest), "#412")}
                {badge_with_icon(Tone::Accent, Some(Icon::Star), "Default")}
            </div>
            <div class="card">
                <div class="card-body">{shown_link(link)}</div>
            </div>
        },
    )
}
