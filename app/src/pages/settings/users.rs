//! Everyone with an account, for those who may see them; and what those who manage them can do.

mod dialogs;

pub use dialogs::shown_link;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use sdk::ids::UserId;
use sdk::password_links::PasswordLink;
use sdk::permissions::Permission;
use sdk::users::{Role, User, UserStatus};

use crate::api::users::{
    CreateAccount, CreatePasswordLink, DeleteAccount, ResetPassword, UpdateAccount, UserPage,
    list_users,
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
use dialogs::{CREATE, CreateDialog, LINK, LinkDialog, RESET, ResetDialog};

const DELETE: &str = "delete-user";

/// What the rows can ask for.
#[derive(Clone, Copy)]
struct Actions {
    update: ServerAction<UpdateAccount>,
    on_reset: Callback<User>,
    on_link: Callback<User>,
    on_delete: Callback<User>,
    focus: StoredValue<String>,
}

/// The page.
#[component]
pub fn UsersPage() -> impl IntoView {
    let create = ServerAction::<CreateAccount>::new();
    let update = ServerAction::<UpdateAccount>::new();
    let set_password = ServerAction::<ResetPassword>::new();
    let make_link = ServerAction::<CreatePasswordLink>::new();
    let link = RwSignal::new(None::<PasswordLink>);
    let show_link = move |made: &PasswordLink| {
        link.set(Some(made.clone()));
        dialog::show(LINK);
    };
    on_answer(make_link, LINK, show_link);
    on_answer(create, CREATE, move |created| {
        dialog::close(CREATE);
        if let Some(made) = &created.invitation {
            show_link(made);
        }
    });
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
        on_link: Callback::new(move |user: User| {
            focus.set_value(button_id(&user));
            make_link.dispatch(CreatePasswordLink { id: user.id });
        }),
        focus,
    };
    on_answer(delete, DELETE, |()| dialog::close(DELETE));
    let confirm = move |()| {
        if let Some(id) = chosen.with_untracked(|user| user.as_ref().map(|user| user.id)) {
            delete.dispatch(DeleteAccount { id });
        }
    };
    let manages = use_session().with_untracked(|session| session.may(Permission::ManageUsers));
    let create_button = move || {
        view! {
            <DialogButton dialog=CREATE kind=ButtonKind::Primary>
                {icon(Icon::Plus)}
                "New user"
            </DialogButton>
        }
    };
    view! {
        <PageHeader title=places::USERS.title lead=places::USERS.lead>
            {manages.then(create_button)}
        </PageHeader>
        <FormError error=error_of(update)/>
        <FormError error=error_of(make_link)/>
        <div class="card">{loaded(users, focus, move |page| list(page, after_id, actions))}</div>
        <CreateDialog create=create/>
        <LinkDialog link=link/>
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
    let role = role_badge(user.role());
    let without_agents = (!user.agents_access).then(|| badge(Tone::Amber, "No agents"));
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
            <td>{role} {without_agents}</td>
            <td>{status}</td>
            <td class="cell-time" data-label="Created">
                <RelativeTime at=user.created_at/>
            </td>
            <td class="cell-actions">{may_manage(&user).then(|| menu(user, is_self, actions))}</td>
        </tr>
    }
}

/// A role as it stands in the list.
pub fn role_badge(role: Role) -> AnyView {
    let tone = match role {
        Role::Owner => Tone::Purple,
        Role::Admin => Tone::Accent,
        Role::Auditor => Tone::Green,
        Role::Member => Tone::Neutral,
    };
    badge(tone, role.title()).into_any()
}

/// Whether the reader may change an account: owners' by owners alone.
fn may_manage(user: &User) -> bool {
    let needed = if user.is_owner() {
        Permission::ManageOwners
    } else {
        Permission::ManageUsers
    };
    use_session().with_untracked(|session| session.may(needed))
}

/// The roles that the reader may give, the one that may do most first.
fn roles_to_give() -> Vec<Role> {
    let makes_owners =
        use_session().with_untracked(|session| session.may(Permission::ManageOwners));
    let roles = Role::ALL.into_iter();
    roles
        .filter(|role| makes_owners || *role != Role::Owner)
        .collect()
}

const fn words_of(role: Role) -> (&'static str, Icon) {
    match role {
        Role::Owner => ("Make owner", Icon::Star),
        Role::Admin => ("Make administrator", Icon::ShieldAlert),
        Role::Auditor => ("Make auditor", Icon::FileText),
        Role::Member => ("Make member", Icon::User),
    }
}

fn menu(user: User, is_self: bool, actions: Actions) -> impl IntoView {
    let hydrated = use_hydrated();
    let id = user.id;
    let label = format!("Actions for {}", user.display_name());
    let focus_id = button_id(&user);
    let change =
        move |role: Option<Role>, status: Option<UserStatus>, agents_access: Option<bool>| {
            let focus_id = focus_id.clone();
            Callback::new(move |()| {
                actions.focus.set_value(focus_id.clone());
                actions.update.dispatch(UpdateAccount {
                    id,
                    role,
                    status,
                    agents_access,
                });
            })
        };
    let roles: Vec<_> = roles_to_give()
        .into_iter()
        .filter(|role| *role != user.role())
        .map(|role| (words_of(role), change(Some(role), None, None)))
        .collect();
    let (access_words, access_icon) = if user.agents_access {
        ("Take agents access away", Icon::CircleX)
    } else {
        ("Give agents access", Icon::Brain)
    };
    let change_access = change(None, None, Some(!user.agents_access));
    let has_access_switch = !user.is_owner();
    let (other_status, status_words, status_icon) = match user.status {
        UserStatus::Active => (UserStatus::Suspended, "Suspend", Icon::CircleX),
        UserStatus::Suspended => (UserStatus::Active, "Reactivate", Icon::CircleCheck),
    };
    let change_status = change(None, Some(other_status), None);
    let user = StoredValue::new(user);
    let reset = Callback::new(move |()| actions.on_reset.run(user.get_value()));
    let link = Callback::new(move |()| actions.on_link.run(user.get_value()));
    let delete = Callback::new(move |()| actions.on_delete.run(user.get_value()));
    let access = move || {
        view! { <MenuItem name=access_icon on_select=change_access>{access_words}</MenuItem> }
    };
    let about_others = move || {
        view! {
            <MenuItem name=Icon::KeyRound on_select=reset>"Reset password"</MenuItem>
            <MenuItem name=Icon::Link on_select=link>"Link to set a password"</MenuItem>
            <MenuItem name=status_icon on_select=change_status>{status_words}</MenuItem>
            <div class="menu-line" role="separator"></div>
            <MenuItem name=Icon::Trash2 is_danger=true on_select=delete>"Delete"</MenuItem>
        }
    };
    view! {
        <Menu id=format!("user-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
            {roles
                .iter()
                .map(|((words, name), on_select)| {
                    let (words, name, on_select) = (*words, *name, *on_select);
                    view! { <MenuItem name=name on_select=on_select>{words}</MenuItem> }
                })
                .collect_view()}
            {has_access_switch.then(access)}
            {(!is_self).then(about_others)}
        </Menu>
    }
}
