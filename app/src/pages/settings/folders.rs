//! Folders of the server's machine that agents may work in.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::allowed_folders::AllowedFolder;

use crate::api::allowed_folders::{AllowFolder, DisallowFolder, list_allowed_folders};
use crate::components::badge::{Tone, badge, badge_with_icon};
use crate::components::button::SubmitButton;
use crate::components::dialog::{self, ConfirmDialog, Question};
use crate::components::feedback::{EmptyState, FormError};
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer, reset};
use crate::components::icons::Icon;
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem};
use crate::components::page_header::PageHeader;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::session::use_hydrated;
use crate::view;

const ADD: &str = "add-folder";
const REMOVE: &str = "remove-folder";

/// The page.
#[component]
pub fn FoldersPage() -> impl IntoView {
    let add = ServerAction::<AllowFolder>::new();
    let remove = ServerAction::<DisallowFolder>::new();
    let folders = Resource::new(
        move || (add.version().get(), remove.version().get()),
        |_| list_allowed_folders(),
    );
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<AllowedFolder>);
    let error = error_of(add);
    on_answer(add, ADD, |_| reset(ADD));
    on_answer(remove, REMOVE, |()| dialog::close(REMOVE));
    let on_remove = Callback::new(move |folder: AllowedFolder| {
        focus.set_value(format!("folder-{}-button", folder.id));
        chosen.set(Some(folder));
        remove.clear();
        dialog::show(REMOVE);
    });
    let confirm = move |()| {
        if let Some(id) = chosen.with_untracked(|folder| folder.as_ref().map(|folder| folder.id)) {
            remove.dispatch(DisallowFolder { id });
        }
    };
    view! {
        <PageHeader title=places::FOLDERS.title lead=places::FOLDERS.lead/>
        <div class="card">
            <div class="card-body" id=ADD>
                <ActionForm action=add>
                    <div class="form">
                        <FormError error=error fields=&["path"]/>
                        <div class="inline-form">
                            <TextField
                                label="Folder"
                                name="path"
                                input=Input::Code
                                placeholder="/srv/projects/website"
                                help="The absolute path of a folder that exists on the server."
                                error=field_error(error, "path")
                            />
                            <SubmitButton pending=add.pending()>"Allow folder"</SubmitButton>
                        </div>
                    </div>
                </ActionForm>
            </div>
            <div class="card-section">{loaded(folders, focus, move |folders| list(folders, on_remove))}</div>
        </div>
        <ConfirmDialog
            id=REMOVE
            question=Signal::derive(move || chosen.with(|folder| question(folder.as_ref())))
            pending=remove.pending()
            error=error_of(remove)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(folder: Option<&AllowedFolder>) -> Question {
    let path = folder
        .map(|folder| folder.path.as_str())
        .unwrap_or_default();
    Question {
        title: "Remove this folder from the list?".to_owned(),
        text: format!(
            "No new workspaces can be made from {path}. Files and workspaces that exist stay as they are."
        ),
        action: "Remove folder".to_owned(),
    }
}

fn list(folders: Vec<AllowedFolder>, on_remove: Callback<AllowedFolder>) -> AnyView {
    if folders.is_empty() {
        return view! {
            <EmptyState
                name=Icon::FolderPlus
                title="No folders yet"
                text="Until a folder is allowed, chats can only start in an empty workspace."
            />
        };
    }
    let rows = folders
        .into_iter()
        .map(|folder| row(folder, on_remove))
        .collect_view();
    view! {
        <Table label="Allowed folders" headings=&["Folder", "Kind", "Added", ""]>
            {rows}
        </Table>
    }
}

fn row(folder: AllowedFolder, on_remove: Callback<AllowedFolder>) -> impl IntoView {
    let hydrated = use_hydrated();
    let path = folder.path.clone();
    let id = folder.id;
    let created_at = folder.created_at;
    let label = format!("Actions for {path}");
    let kind = if folder.is_git_repository {
        badge_with_icon(Tone::Green, Some(Icon::FolderGit2), "Git repository").into_any()
    } else {
        badge(Tone::Neutral, "Folder").into_any()
    };
    let remove = Callback::new(move |()| on_remove.run(folder.clone()));
    view! {
        <tr>
            <td class="cell-main cell-path">{path}</td>
            <td>{kind}</td>
            <td class="cell-time" data-label="Added">
                <RelativeTime at=created_at/>
            </td>
            <td class="cell-actions">
                <Menu id=format!("folder-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
                    <MenuItem name=Icon::Trash2 is_danger=true on_select=remove>
                        "Remove"
                    </MenuItem>
                </Menu>
            </td>
        </tr>
    }
}
