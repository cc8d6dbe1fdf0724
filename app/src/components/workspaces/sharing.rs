//! With whom a workspace is shared: people and what they may do, for those who may share it.

use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspace_shares::{WorkspaceAcl, WorkspacePermission as Permission, WorkspaceShare};

use crate::api::workspaces::sharing::{ShareWorkspace, UnshareWorkspace};
use crate::components::dialog::{self, ConfirmDialog, DialogButton, Question};
use crate::components::feedback::EmptyState;
use crate::components::field::{Checkbox, TextField};
use crate::components::form::{error_of, field_error, keep_focus, on_answer};
use crate::components::form_dialog::FormDialog;
use crate::components::icons::{Icon, icon};
use crate::components::menu::{Menu, MenuItem};
use crate::components::table::Table;
use crate::session::use_hydrated;
use crate::view;

const SHARE: &str = "share-workspace";
const CHANGE: &str = "change-share";
const UNSHARE: &str = "unshare-workspace";
const TITLE: &str = "shared-with-title";
const FIELDS: &[&str] = &["person", "user_permissions"];

/// What can be done with a person who is listed.
#[derive(Clone, Copy)]
pub struct ShareActions {
    /// Asks what they may do from now on.
    pub change: Callback<WorkspaceShare>,
    /// Asks whether to take the workspace away from them.
    pub unshare: Callback<WorkspaceShare>,
}

/// The section of the workspace's page.
#[component]
pub fn SharedWith(
    /// The workspace.
    id: WorkspaceId,
    /// As the server rendered it.
    acl: WorkspaceAcl,
) -> impl IntoView {
    let (share, change) = (
        ServerAction::<ShareWorkspace>::new(),
        ServerAction::<ShareWorkspace>::new(),
    );
    let unshare = ServerAction::<UnshareWorkspace>::new();
    let shares = RwSignal::new(acl.users);
    let chosen = RwSignal::new(None::<WorkspaceShare>);
    let take = move |acl: &WorkspaceAcl, dialog: &str| {
        shares.set(acl.users.clone());
        dialog::close(dialog);
        let row = chosen.with_untracked(|share| share.as_ref().map(row_id));
        keep_focus(row.map_or_else(|| TITLE.to_owned(), |row| format!("{row}-button")));
    };
    on_answer(share, SHARE, move |acl| take(acl, SHARE));
    on_answer(change, CHANGE, move |acl| take(acl, CHANGE));
    on_answer(unshare, UNSHARE, move |acl| take(acl, UNSHARE));
    let actions = ShareActions {
        change: Callback::new(move |share| {
            chosen.set(Some(share));
            change.clear();
            dialog::show(CHANGE);
        }),
        unshare: Callback::new(move |share| {
            chosen.set(Some(share));
            unshare.clear();
            dialog::show(UNSHARE);
        }),
    };
    let confirm = move |()| {
        if let Some(share) = chosen.get_untracked() {
            unshare.dispatch(UnshareWorkspace {
                workspace_id: id,
                person: share.id.to_string(),
            });
        }
    };
    view! {
        <section class="card" aria-labelledby=TITLE>
            <div class="card-head">
                <h2 id=TITLE tabindex="-1">"Shared with"</h2>
                <span class="spacer"></span>
                <DialogButton dialog=SHARE is_small=true>{icon(Icon::Plus)} "Share"</DialogButton>
            </div>
            {move || shares_table(shares.get(), actions)}
        </section>
        <ShareDialog id=id share=share/>
        <ChangeDialog id=id change=change chosen=chosen/>
        <ConfirmDialog
            id=UNSHARE
            question=Signal::derive(move || chosen.with(|share| question(share.as_ref())))
            pending=unshare.pending()
            error=error_of(unshare)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(share: Option<&WorkspaceShare>) -> Question {
    let name = share.map(shown_name).unwrap_or_default();
    Question {
        title: format!("Stop sharing with {name}?"),
        text: "They no longer see this workspace, their chats can no longer work in it, and their terminals end. Files stay."
            .to_owned(),
        action: "Stop sharing".to_owned(),
    }
}

/// The people and what they may do, or that there are none.
pub fn shares_table(shares: Vec<WorkspaceShare>, actions: ShareActions) -> AnyView {
    if shares.is_empty() {
        return view! {
            <EmptyState
                name=Icon::Users
                title="Shared with nobody"
                text="Others of this deployment can see this workspace or work in it once you share it with them."
            />
        };
    }
    let rows = shares
        .into_iter()
        .map(|share| row(share, actions))
        .collect_view();
    view! {
        <Table label="People this workspace is shared with" headings=&["Person", "May", ""]>
            {rows}
        </Table>
    }
}

fn row(share: WorkspaceShare, actions: ShareActions) -> impl IntoView {
    let hydrated = use_hydrated();
    let (name, may) = (shown_name(&share), may(&share.permissions));
    let (id, label) = (row_id(&share), format!("Actions for {name}"));
    let (changed, unshared) = (share.clone(), share);
    let change = Callback::new(move |()| actions.change.run(changed.clone()));
    let unshare = Callback::new(move |()| actions.unshare.run(unshared.clone()));
    view! {
        <tr>
            <td class="cell-main">{name}</td>
            <td data-label="May">{may}</td>
            <td class="cell-actions">
                <Menu id=id label=label disabled=Signal::derive(move || !hydrated.get())>
                    <MenuItem name=Icon::Pencil on_select=change>"Change"</MenuItem>
                    <MenuItem name=Icon::Trash2 is_danger=true on_select=unshare>"Stop sharing"</MenuItem>
                </Menu>
            </td>
        </tr>
    }
}

fn row_id(share: &WorkspaceShare) -> String {
    format!("share-{}", share.id)
}

fn shown_name(share: &WorkspaceShare) -> String {
    if share.name.is_empty() {
        share.username.clone()
    } else {
        format!("{} ({})", share.name, share.username)
    }
}

fn may(permissions: &[Permission]) -> String {
    let words = permissions.iter().map(|permission| match permission {
        Permission::Read => "see it",
        Permission::Ssh => "work in it",
        Permission::ApplicationConnect => "see changes and desktop",
        Permission::Update => "start, stop and rename it",
        Permission::Delete => "delete it",
    });
    words.collect::<Vec<_>>().join(", ")
}

#[component]
fn ShareDialog(id: WorkspaceId, share: ServerAction<ShareWorkspace>) -> impl IntoView {
    let error = error_of(share);
    view! {
        <FormDialog id=SHARE title="Share this workspace".to_owned() action=share fields=FIELDS submit="Share">
            <input type="hidden" name="workspace_id" value=id.to_string()/>
            <TextField
                label="Person"
                name="person"
                placeholder="ada"
                help="The user name or e-mail address that they sign in with, all of it."
                error=field_error(error, "person")
            />
            {choices("share", &[Permission::Ssh])}
        </FormDialog>
    }
}

#[component]
fn ChangeDialog(
    id: WorkspaceId,
    change: ServerAction<ShareWorkspace>,
    chosen: RwSignal<Option<WorkspaceShare>>,
) -> impl IntoView {
    let title = Signal::derive(move || {
        let name = chosen.with(|share| share.as_ref().map(shown_name));
        format!("What {} may do", name.unwrap_or_default())
    });
    let asked = move || {
        chosen.get().map(|share| {
            view! {
                <input type="hidden" name="workspace_id" value=id.to_string()/>
                <input type="hidden" name="person" value=share.id.to_string()/>
                {choices("change", &share.permissions)}
            }
        })
    };
    view! {
        <FormDialog id=CHANGE title=title action=change fields=FIELDS submit="Save">
            {asked}
        </FormDialog>
    }
}

fn choices(dialog: &'static str, ticked: &[Permission]) -> impl IntoView + use<> {
    let ticked = ticked.to_vec();
    let choice = move |permission: Permission, label: &'static str, help: &'static str| {
        let id = format!("{dialog}-{}", permission.as_str());
        let name = format!("may[{}]", permission.as_str());
        view! { <Checkbox label=label name=name id=id checked=ticked.contains(&permission) help=help/> }
    };
    view! {
        <p class="field-help">"They can see the workspace and the logs of its builds. Beside that they may:"</p>
        {choice(
            Permission::Ssh,
            "Work in it",
            "Their chats and terminals run here, with all its files. They can use what git of your chats here may.",
        )}
        {choice(Permission::ApplicationConnect, "See changes and desktop", "Without changing anything.")}
        {choice(Permission::Update, "Start, stop and rename it", "")}
        {choice(Permission::Delete, "Delete it", "With all its files.")}
    }
}
