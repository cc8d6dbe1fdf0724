//! As whom git hosts know this deployment: what owners set up.

use leptos::prelude::*;
use sdk::external_auth::{ExternalAuthConfig, ExternalAuthConfigSource};

use crate::api::external_auth::{
    AddAuthConfig, ChangeAuthConfig, NewSecret, RemoveAuthConfig, RemoveSecret,
    list_external_auth_configs,
};
use crate::components::badge::{Tone, badge};
use crate::components::button::ButtonKind;
use crate::components::copy_button::CopyButton;
use crate::components::dialog::{self, ConfirmDialog, DialogButton, Question};
use crate::components::feedback::EmptyState;
use crate::components::field::{Checkbox, Input, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::components::form_dialog::FormDialog;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem};
use crate::components::table::Table;
use crate::error::AppError;
use crate::pages::settings::git_hosts::webhooks::{WEBHOOK, WebhookDialog};
use crate::pages::settings::places::{GIT_SIGN_INS, SettingSection};
use crate::session::use_hydrated;
use crate::view;

const ADD: &str = "add-git-sign-in";
const CHANGE: &str = "change-git-sign-in";
const REMOVE: &str = "remove-git-sign-in";
const FIELDS: &[&str] = &[
    "id",
    "display_name",
    "base_url",
    "api_base_url",
    "client_id",
    "client_secret",
    "webhook_secret",
    "scopes",
];

/// The section; `changed` is moved when something was set up.
pub(super) fn section(changed: RwSignal<u32>) -> AnyView {
    let add = ServerAction::<AddAuthConfig>::new();
    let change = ServerAction::<ChangeAuthConfig>::new();
    let remove = ServerAction::<RemoveAuthConfig>::new();
    let new_secret = ServerAction::<NewSecret>::new();
    let remove_secret = ServerAction::<RemoveSecret>::new();
    let configs = Resource::new(
        move || {
            (
                add.version().get(),
                change.version().get(),
                remove.version().get(),
                new_secret.version().get(),
                remove_secret.version().get(),
            )
        },
        |_| list_external_auth_configs(),
    );
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<ExternalAuthConfig>);
    let tell = move || changed.update(|times| *times += 1);
    on_answer(add, ADD, move |()| {
        dialog::close(ADD);
        tell();
    });
    on_answer(change, CHANGE, move |()| {
        dialog::close(CHANGE);
        tell();
    });
    on_answer(remove, REMOVE, move |()| {
        dialog::close(REMOVE);
        tell();
    });
    let choose = move |config: ExternalAuthConfig| {
        focus.set_value(format!("git-sign-in-{}-button", config.id));
        chosen.set(Some(config));
    };
    let on_change = Callback::new(move |config| {
        choose(config);
        dialog::show(CHANGE);
    });
    let on_remove = Callback::new(move |config| {
        choose(config);
        remove.clear();
        dialog::show(REMOVE);
    });
    let on_webhook = Callback::new(move |config| {
        choose(config);
        new_secret.clear();
        remove_secret.clear();
        dialog::show(WEBHOOK);
    });
    let confirm = move |()| {
        if let Some(config) =
            chosen.with_untracked(|config| config.as_ref().map(|config| config.id.clone()))
        {
            remove.dispatch(RemoveAuthConfig { config });
        }
    };
    view! {
        <SettingSection setting=&GIT_SIGN_INS>
            {loaded(configs, focus, move |configs| list(configs, on_change, on_webhook, on_remove))}
            <DialogButton dialog=ADD kind=ButtonKind::Plain>
                {icon(Icon::Plus)}
                "Add sign-in"
            </DialogButton>
        </SettingSection>
        {add_dialog(add)}
        {change_dialog(change, chosen)}
        <WebhookDialog chosen=chosen new_secret=new_secret remove_secret=remove_secret/>
        <ConfirmDialog
            id=REMOVE
            question=Signal::derive(move || chosen.with(|config| question(config.as_ref())))
            pending=remove.pending()
            error=error_of(remove)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(config: Option<&ExternalAuthConfig>) -> Question {
    let host = config
        .map(|config| config.host.as_str())
        .unwrap_or_default();
    Question {
        title: format!("Remove the sign-in at {host}?"),
        text: "Nobody can link their account there with a button any more. Links that exist work until their tokens end, and \
               then cannot be renewed."
            .to_owned(),
        action: "Remove sign-in".to_owned(),
    }
}

/// The configurations, or that there are none.
pub fn list(
    configs: Vec<ExternalAuthConfig>,
    on_change: Callback<ExternalAuthConfig>,
    on_webhook: Callback<ExternalAuthConfig>,
    on_remove: Callback<ExternalAuthConfig>,
) -> AnyView {
    if configs.is_empty() {
        return view! {
            <EmptyState
                name=Icon::KeyRound
                title="No sign-ins yet"
                text="Register an application at your git host and enter its client id and secret here."
            />
        };
    }
    let rows = configs
        .into_iter()
        .map(|config| row(config, on_change, on_webhook, on_remove))
        .collect_view();
    view! {
        <Table label="Sign-in at git hosts" headings=&["Host", "Callback URL", "From", ""]>
            {rows}
        </Table>
    }
}

fn row(
    config: ExternalAuthConfig,
    on_change: Callback<ExternalAuthConfig>,
    on_webhook: Callback<ExternalAuthConfig>,
    on_remove: Callback<ExternalAuthConfig>,
) -> impl IntoView {
    let hydrated = use_hydrated();
    let source = match config.source {
        ExternalAuthConfigSource::Environment => "Environment",
        ExternalAuthConfigSource::Database => "This page",
    };
    let (changed, hooked, removed) = (config.clone(), config.clone(), config.clone());
    let is_ours = config.source == ExternalAuthConfigSource::Database;
    let change = Callback::new(move |()| on_change.run(changed.clone()));
    let webhook = Callback::new(move |()| on_webhook.run(hooked.clone()));
    let remove = Callback::new(move |()| on_remove.run(removed.clone()));
    // What the environment says is not changed here, and its webhook's address is needed all the same.
    let changes = move || {
        is_ours.then(|| {
            view! {
                <MenuItem name=Icon::Pencil on_select=change>
                    "Change"
                </MenuItem>
            }
        })
    };
    let removes = move || {
        is_ours.then(|| {
            view! {
                <MenuItem name=Icon::Trash2 is_danger=true on_select=remove>
                    "Remove"
                </MenuItem>
            }
        })
    };
    let menu = view! {
        <Menu
            id=format!("git-sign-in-{}", config.id)
            label=format!("Actions for {}", config.host)
            disabled=Signal::derive(move || !hydrated.get())
        >
            {changes}
            <MenuItem name=Icon::GitPullRequest on_select=webhook>
                "Webhook"
            </MenuItem>
            {removes}
        </Menu>
    };
    let callback_url = config.callback_url;
    view! {
        <tr>
            <td class="cell-main cell-path">
                {config.host}
                <p class="field-help">{config.client_id}</p>
            </td>
            <td class="cell-path" data-label="Callback URL">
                {callback_url.clone()}
                " "
                <CopyButton text=Signal::stored(callback_url) label="Copy callback URL"/>
            </td>
            <td data-label="From">{badge(Tone::Neutral, source)}</td>
            <td class="cell-actions">{menu}</td>
        </tr>
    }
}

fn add_dialog(add: ServerAction<AddAuthConfig>) -> AnyView {
    let error = error_of(add);
    view! {
        <FormDialog id=ADD title="Add sign-in at a git host".to_owned() action=add fields=FIELDS submit="Add sign-in">
            <TextField
                label="Address of the host"
                name="form[base_url]"
                id="add-auth-base-url"
                input=Input::Url
                placeholder="https://github.com"
                help="github.com, or a GitHub Enterprise."
                error=field_error(error, "base_url")
            />
            {fields("add", None, error)}
            <TextField
                label="Name in addresses"
                name="form[id]"
                id="add-auth-id"
                input=Input::Code
                is_optional=true
                help="Small letters, digits and hyphens. It stands in the callback URL; without one it is made of the host."
                error=field_error(error, "id")
            />
        </FormDialog>
    }
}

fn change_dialog(
    change: ServerAction<ChangeAuthConfig>,
    chosen: RwSignal<Option<ExternalAuthConfig>>,
) -> AnyView {
    let error = error_of(change);
    let title = Signal::derive(move || {
        let host = chosen.with(|config| config.as_ref().map(|config| config.host.clone()));
        format!("Change the sign-in at {}", host.unwrap_or_default())
    });
    let asked = move || {
        chosen.get().map(|config| {
            view! {
                <input type="hidden" name="config" value=config.id.clone()/>
                {fields("change", Some(&config), error)}
            }
        })
    };
    view! {
        <FormDialog id=CHANGE title=title action=change fields=FIELDS submit="Save">
            {asked}
        </FormDialog>
    }
}

/// What both forms ask for.
fn fields(
    dialog: &'static str,
    config: Option<&ExternalAuthConfig>,
    error: Signal<Option<AppError>>,
) -> AnyView {
    let value = |of: fn(&ExternalAuthConfig) -> String| config.map(of).unwrap_or_default();
    let has_secret = config.is_some_and(|config| config.has_client_secret);
    let secret_help = if has_secret {
        "Stored. Leave it empty to keep it."
    } else {
        "Kept encrypted and never shown again. Without it, people can link with device codes only."
    };
    let webhook_help = if config.is_some_and(|config| config.has_webhook_secret) {
        "Stored. Leave it empty to keep it."
    } else {
        "What the host signs its webhooks with. You can also let one be made, later."
    };
    view! {
        <TextField
            label="Client ID"
            name="form[client_id]"
            id=format!("{dialog}-auth-client-id")
            input=Input::Code
            value=value(|config| config.client_id.clone())
            error=field_error(error, "client_id")
        />
        <TextField
            label="Client secret"
            name="form[client_secret]"
            id=format!("{dialog}-auth-client-secret")
            input=Input::Secret
            is_optional=true
            help=secret_help
            error=field_error(error, "client_secret")
        />
        <TextField
            label="Webhook secret"
            name="form[webhook_secret]"
            id=format!("{dialog}-auth-webhook-secret")
            input=Input::Secret
            is_optional=true
            help=webhook_help
            error=field_error(error, "webhook_secret")
        />
        <TextField
            label="Scopes"
            name="form[scopes]"
            id=format!("{dialog}-auth-scopes")
            input=Input::Code
            is_optional=true
            value=value(|config| config.scopes.join(" "))
            placeholder="repo"
            help="By spaces. A GitHub App has its rights by itself; an OAuth app needs “repo” to push."
            error=field_error(error, "scopes")
        />
        <TextField
            label="Name"
            name="form[display_name]"
            id=format!("{dialog}-auth-name")
            is_optional=true
            value=value(|config| config.display_name.clone())
            help="What people read; without one, the host."
            error=field_error(error, "display_name")
        />
        <TextField
            label="Address of the API"
            name="form[api_base_url]"
            id=format!("{dialog}-auth-api")
            input=Input::Url
            is_optional=true
            value=value(|config| config.api_base_url.clone())
            help="Only when it is not where GitHub has it."
            error=field_error(error, "api_base_url")
        />
        <Checkbox
            label="Allow device codes"
            name="form[device_flow]"
            id=format!("{dialog}-auth-device-flow")
            checked=config.is_some_and(|config| config.device_flow)
            help="The application has to allow the device flow too."
        />
    }
}
