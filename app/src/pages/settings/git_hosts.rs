//! What the reader signs in to git hosts with: link by signing in there, or enter a token; replace, remove. Tokens go in and
//! are never shown. Owners set up here where people can sign in (`configs`).

mod configs;
mod device;
mod notice;
mod providers;
mod webhooks;

use leptos::prelude::*;
use sdk::external_auth::{
    ExternalAuth, ExternalAuthDeleted, ExternalAuthKind, ExternalAuthLink, ExternalAuthProvider,
};
use sdk::permissions::Permission;

use crate::api::external_auth::{PutToken, RemoveToken, list_external_auth};
use crate::components::badge::{Tone, badge, badge_with_icon};
use crate::components::button::ButtonKind;
use crate::components::dialog::{self, ConfirmDialog, DialogButton, Question};
use crate::components::feedback::EmptyState;
use crate::components::field::{Input, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::components::form_dialog::FormDialog;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem};
use crate::components::only_looked_at::only_looked_at;
use crate::components::page_header::PageHeader;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::error::AppError;
use crate::pages::settings::places;
use crate::session::{use_hydrated, use_session};
use crate::view;

pub use configs::list as config_list;
pub use device::{Entry, code as device_code};
pub use notice::outcome;
pub use providers::sign_ins;

const ADD: &str = "add-git-host";
const REPLACE: &str = "replace-git-host";
const REMOVE: &str = "remove-git-host";
const FIELDS: &[&str] = &["host", "token", "username"];

/// What can be done with a host that is listed.
#[derive(Clone, Copy)]
pub struct HostActions {
    /// Asks for another token.
    pub replace: Callback<ExternalAuthLink>,
    /// Asks whether to forget it.
    pub remove: Callback<ExternalAuthLink>,
    /// Begins to link with a device code, by the configuration's name.
    pub device: Callback<String>,
}

/// The page.
#[component]
pub fn GitHostsPage() -> impl IntoView {
    let add = ServerAction::<PutToken>::new();
    let replace = ServerAction::<PutToken>::new();
    let remove = ServerAction::<RemoveToken>::new();
    let linked = RwSignal::new(0_u32);
    let set_up = RwSignal::new(0_u32);
    let links = Resource::new(
        move || {
            (
                add.version().get(),
                replace.version().get(),
                remove.version().get(),
                linked.get(),
                set_up.get(),
            )
        },
        |_| list_external_auth(),
    );
    let sees_settings =
        use_session().with_untracked(|session| session.may(Permission::ReadSettings));
    let device = device::Device::new(linked);
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<ExternalAuthLink>);
    on_answer(add, ADD, |_| dialog::close(ADD));
    on_answer(replace, REPLACE, |_| dialog::close(REPLACE));
    let not_revoked = RwSignal::new(None::<String>);
    on_answer(remove, REMOVE, move |deleted: &ExternalAuthDeleted| {
        not_revoked.set(deleted.token_revocation_error.clone());
        dialog::close(REMOVE);
    });
    let choose = move |link: ExternalAuthLink| {
        focus.set_value(format!("{}-button", menu_id(&link.host)));
        chosen.set(Some(link));
    };
    let actions = HostActions {
        replace: Callback::new(move |link| {
            choose(link);
            dialog::show(REPLACE);
        }),
        remove: Callback::new(move |link| {
            choose(link);
            remove.clear();
            dialog::show(REMOVE);
        }),
        device: Callback::new(move |config| device.start(config)),
    };
    let confirm = move |()| {
        if let Some(host) =
            chosen.with_untracked(|link| link.as_ref().map(|link| link.host.clone()))
        {
            remove.dispatch(RemoveToken { host });
        }
    };
    view! {
        <PageHeader title=places::GIT_HOSTS.title lead=places::GIT_HOSTS.lead>
            <DialogButton dialog=ADD kind=ButtonKind::Primary>
                {icon(Icon::Plus)}
                "Add host"
            </DialogButton>
        </PageHeader>
        {notice::notice()}
        {move || not_revoked.get().map(notice::not_revoked)}
        {loaded(links, focus, move |auth| view! {
            {sign_ins(&auth, actions)}
            <div class="card">{hosts(auth, actions)}</div>
        })}
        {sees_settings.then(|| only_looked_at(Permission::ManageSettings, || configs::section(set_up)))}
        {device.dialog()}
        <AddDialog add=add/>
        <ReplaceDialog replace=replace chosen=chosen/>
        <ConfirmDialog
            id=REMOVE
            question=Signal::derive(move || chosen.with(|link| question(link.as_ref())))
            pending=remove.pending()
            error=error_of(remove)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(link: Option<&ExternalAuthLink>) -> Question {
    let host = link.map(|link| link.host.as_str()).unwrap_or_default();
    let kind = link.map_or(ExternalAuthKind::Token, |link| link.kind);
    let text = match kind {
        ExternalAuthKind::Token => {
            "Your agents can no longer sign in there. The token itself stays valid until you revoke it at the host."
        }
        ExternalAuthKind::Oauth => {
            "Your agents can no longer sign in there, and the host is asked to revoke the token that it gave."
        }
    };
    Question {
        title: format!("Remove the token for {host}?"),
        text: text.to_owned(),
        action: "Remove token".to_owned(),
    }
}

/// The hosts that there are tokens for, or that there are none.
pub fn hosts(auth: ExternalAuth, actions: HostActions) -> AnyView {
    if auth.links.is_empty() {
        return view! {
            <EmptyState
                name=Icon::FolderGit2
                title="No git hosts yet"
                text="Sign in at your git host, or add a personal access token of it, so that agents can clone private repositories and push."
            />
        };
    }
    let providers = auth.providers;
    let rows = auth
        .links
        .into_iter()
        .map(|link| {
            let provider = providers.iter().find(|it| it.host == link.host).cloned();
            row(link, provider, actions)
        })
        .collect_view();
    view! {
        <Table label="Git hosts" headings=&["Host", "User name", "State", "Added", "Last used", ""]>
            {rows}
        </Table>
    }
}

fn row(
    link: ExternalAuthLink,
    provider: Option<ExternalAuthProvider>,
    actions: HostActions,
) -> impl IntoView {
    let hydrated = use_hydrated();
    let (replaced, removed) = (link.clone(), link.clone());
    let replace = Callback::new(move |()| actions.replace.run(replaced.clone()));
    let remove = Callback::new(move |()| actions.remove.run(removed.clone()));
    let label = format!("Actions for {}", link.host);
    let id = menu_id(&link.host);
    let state = state(&link, provider);
    view! {
        <tr>
            <td class="cell-main cell-path">{link.host}</td>
            <td data-label="User name">{link.username}</td>
            <td data-label="State">{state}</td>
            <td class="cell-time" data-label="Added">
                <RelativeTime at=link.updated_at/>
            </td>
            <td class="cell-time" data-label="Last used">
                {match link.last_used_at {
                    Some(at) => view! { <RelativeTime at=at/> },
                    None => "never".into_any(),
                }}
            </td>
            <td class="cell-actions">
                <Menu id=id label=label disabled=Signal::derive(move || !hydrated.get())>
                    <MenuItem name=Icon::KeyRound on_select=replace>
                        "Replace token"
                    </MenuItem>
                    <MenuItem name=Icon::Trash2 is_danger=true on_select=remove>
                        "Remove"
                    </MenuItem>
                </Menu>
            </td>
        </tr>
    }
}

/// How a link came, or why it works no more and the way to link again.
fn state(link: &ExternalAuthLink, provider: Option<ExternalAuthProvider>) -> AnyView {
    let Some(problem) = link.problem.clone() else {
        let words = match link.kind {
            ExternalAuthKind::Token => "Token",
            ExternalAuthKind::Oauth => "Signed in",
        };
        return badge(Tone::Neutral, words).into_any();
    };
    let again = provider
        .filter(|provider| provider.code_flow)
        .map(|provider| providers::link_button(&provider.id, "Link again"));
    view! {
        {badge_with_icon(Tone::Red, Some(Icon::CircleAlert), "Works no more")}
        <p class="field-help">{problem}</p>
        {again}
    }
}

/// Letters, digits and hyphens: it stands in selectors.
fn menu_id(host: &str) -> String {
    let plain = host.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    format!("host-{plain}")
}

#[component]
fn AddDialog(add: ServerAction<PutToken>) -> impl IntoView {
    let error = error_of(add);
    view! {
        <FormDialog id=ADD title="Add git host".to_owned() action=add fields=FIELDS submit="Add host">
            <TextField
                label="Host"
                name="host"
                input=Input::Code
                placeholder="git.example.com"
                help="As in the https address of your repositories, with the port if there is one."
                error=field_error(error, "host")
            />
            {secret_fields("add", String::new(), error)}
        </FormDialog>
    }
}

#[component]
fn ReplaceDialog(
    replace: ServerAction<PutToken>,
    chosen: RwSignal<Option<ExternalAuthLink>>,
) -> impl IntoView {
    let error = error_of(replace);
    let title = Signal::derive(move || {
        let host = chosen.with(|link| link.as_ref().map(|link| link.host.clone()));
        format!("Replace the token for {}", host.unwrap_or_default())
    });
    let asked = move || {
        chosen.get().map(|link| {
            view! {
                <input type="hidden" name="host" value=link.host/>
                {secret_fields("replace", link.username, error)}
            }
        })
    };
    view! {
        <FormDialog id=REPLACE title=title action=replace fields=FIELDS submit="Replace token">
            {asked}
        </FormDialog>
    }
}

fn secret_fields(
    dialog: &'static str,
    username: String,
    error: Signal<Option<AppError>>,
) -> impl IntoView {
    view! {
        <TextField
            label="Personal access token"
            name="token"
            id=format!("{dialog}-git-token")
            input=Input::Secret
            help="Made in the settings of your git host, with the rights that agents shall have. Kept encrypted and never shown again."
            error=field_error(error, "token")
        />
        <TextField
            label="User name"
            name="username"
            id=format!("{dialog}-git-username")
            value=username
            is_optional=true
            help="Most hosts look at the token alone; then leave it as it is."
            error=field_error(error, "username")
        />
    }
}
