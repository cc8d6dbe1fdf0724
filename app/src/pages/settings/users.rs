//! Everyone with an account, for owners.

mod dialogs;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use sdk::ids::UserId;
use sdk::users::{Role, User, UserStatus};

use crate::api::users::{
    CreateAccount, DeleteAccount, ResetPassword, UpdateAccount, UserPage, list_users,
};
use crate::components::badge::{Tone, badge};
use crate::components::button::ButtonKind;
use crate::components::dialog::{self, ConfirmDialog, DialogButton, Question};
use crate::components::feedback::FormError;
use crate::components::form::{error_of, on_answer};
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem};
use crate::components::page_header::PageHeader;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::session::{use_hydrated, use_session};
use crate::view;
use dialogs::{CREATE, CreateDialog, RESET, ResetDialog};

const DELETE: &str = "delete-user";

/// What the rows can ask for.
#[derive(Clone, Copy)]
struct Actions {
    update: ServerAction<UpdateAccount>,
    on_reset: Callback<User>,
    on_delete: Callback<User>,
    focus: StoredValue<String>,
}

/// The page.
#[component]
pub fn UsersPage() -> impl IntoView {
    let create = ServerAction::<CreateAccount>::new();
    let update = ServerAction::<UpdateAccount>::new();
    let set_password = ServerAction::<ResetPassword>::new();
    let delete = ServerAction::<DeleteAccount>::new();
    let query = use_query_map();
    let after_id = Memo::new(move |_| query.with(|query| query.get("after")?.parse().ok()));
    let users = Resource::new(
        move || {
            let changes = (
                create.version().get(),
                update.version().get(),
                delete.version().get(),
            );
            (after_id.get(), changes)
        },
        |(after_id, _)| list_users(after_id),
    );
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<User>);
    let choose = move |user: User, dialog: &'static str| {
        focus.set_value(button_id(&user));
        chosen.set(Some(user));
        dialog::show(dialog);
    };
    let actions = Actions {
        update,
        on_reset: Callback::new(move |user| {
            set_password.clear();
            choose(user, RESET);
        }),
        on_delete: Callback::new(move |user| {
            delete.clear();
            choose(user, DELETE);
        }),
        focus,
    };
    on_answer(delete, DELETE, |()| dialog::close(DELETE));
    let confirm = move |()| {
        if let Some(id) = chosen.with_untracked(|user| user.as_ref().map(|user| user.id)) {
            delete.dispatch(DeleteAccount { id });
        }
    };
    view! {
        <PageHeader title=places::USERS.title lead=places::USERS.lead>
            <DialogButton dialog=CREATE kind=ButtonKind::Primary>
                {icon(Icon::Plus)}
                "New user"
            </DialogButton>
        </PageHeader>
        <FormError error=error_of(update)/>
        <div class="card">{loaded(users, focus, move |page| list(page, after_id, actions))}</div>
        <CreateDialog create=create/>
        <ResetDialog set_password=set_password user=chosen/>
        <ConfirmDialog
            id=DELETE
            question=Signal::derive(move || chosen.with(|user| question(user.as_ref())))
            pending=delete.pending()
            error=error_of(delete)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(user: Option<&User>) -> Question {
    let name = user.map(User::display_name).unwrap_or_default();
    Question {
        title: format!("Delete {name}?"),
        text: format!(
            "The account, its chats, tokens and workspaces are deleted for good. To keep what {name} made, suspend the account instead."
        ),
        action: "Delete user".to_owned(),
    }
}

fn button_id(user: &User) -> String {
    format!("user-{}-button", user.id)
}

fn list(page: UserPage, after_id: Memo<Option<UserId>>, actions: Actions) -> AnyView {
    let UserPage {
        users,
        next_after_id,
    } = page;
    let own_id = use_session().with_untracked(|session| session.user.as_ref().map(|user| user.id));
    let rows = users
        .into_iter()
        .map(|user| {
            let is_self = own_id == Some(user.id);
            row(user, is_self, actions)
        })
        .collect_view();
    view! {
        <Table label="Users" headings=&["User", "Role", "Status", "Created", ""]>
            {rows}
        </Table>
        {pages(after_id.get_untracked(), next_after_id)}
    }
}

/// Links, so that they work without a script; nothing when everybody is on one page.
fn pages(after_id: Option<UserId>, next_after_id: Option<UserId>) -> Option<impl IntoView> {
    if after_id.is_none() && next_after_id.is_none() {
        return None;
    }
    let first = after_id.map(|_| {
        view! { <A href="/settings/users" attr:class="button">"First page"</A> }
    });
    let next = next_after_id.map(|id| {
        view! { <A href=format!("/settings/users?after={id}") attr:class="button">"Next page"</A> }
    });
    Some(view! { <nav class="pager" aria-label="Pages of users">{first}{next}</nav> })
}

fn row(user: User, is_self: bool, actions: Actions) -> impl IntoView {
    let role = if user.is_owner() {
        badge(Tone::Accent, "Administrator")
    } else {
        badge(Tone::Neutral, "Member")
    };
    let status = match user.status {
        UserStatus::Active => badge(Tone::Green, "Active"),
        UserStatus::Suspended => badge(Tone::Amber, "Suspended"),
    };
    let note = format!("{} · {}", user.username, user.email);
    view! {
        <tr>
            <td class="cell-main">
                {user.display_name().to_owned()}
                {is_self.then(|| view! { <span class="field-optional">" (you)"</span> })}
                <span class="cell-note">{note}</span>
            </td>
            <td>{role}</td>
            <td>{status}</td>
            <td class="cell-time" data-label="Created">
                <RelativeTime at=user.created_at/>
            </td>
            <td class="cell-actions">{menu(user, is_self, actions)}</td>
        </tr>
    }
}

fn menu(user: User, is_self: bool, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let id = user.id;
    let label = format!("Actions for {}", user.display_name());
    let focus_id = button_id(&user);
    let change = move |role: Option<Role>, status: Option<UserStatus>| {
        let focus_id = focus_id.clone();
        Callback::new(move |()| {
            actions.focus.set_value(focus_id.clone());
            actions.update.dispatch(UpdateAccount { id, role, status });
        })
    };
    let (other_role, role_words, role_icon) = if user.is_owner() {
        (Role::Member, "Make member", Icon::User)
    } else {
        (Role::Owner, "Make administrator", Icon::Star)
    };
    let (other_status, status_words, status_icon) = match user.status {
        UserStatus::Active => (UserStatus::Suspended, "Suspend", Icon::CircleX),
        UserStatus::Suspended => (UserStatus::Active, "Reactivate", Icon::CircleCheck),
    };
    let change_role = change(Some(other_role), None);
    let change_status = change(None, Some(other_status));
    let user = StoredValue::new(user);
    let reset = Callback::new(move |()| actions.on_reset.run(user.get_value()));
    let delete = Callback::new(move |()| actions.on_delete.run(user.get_value()));
    let about_others = move || {
        view! {
            <MenuItem name=Icon::KeyRound on_select=reset>"Reset password"</MenuItem>
            <MenuItem name=status_icon on_select=change_status>{status_words}</MenuItem>
            <div class="menu-line" role="separator"></div>
            <MenuItem name=Icon::Trash2 is_danger=true on_select=delete>"Delete"</MenuItem>
        }
    };
    view! {
        <Menu id=format!("user-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
            <MenuItem name=role_icon on_select=change_role>{role_words}</MenuItem>
            {(!is_self).then(about_others)}
        </Menu>
    }
}
