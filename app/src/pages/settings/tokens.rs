//! API tokens of the reader: create with a one-time display, list, revoke.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::ids::TokenId;
use sdk::tokens::{CreatedToken, Token};

use crate::api::tokens::{CreateApiToken, DeleteToken, list_tokens};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::copy_button::CopyButton;
use crate::components::dialog::{
    self, CancelButton, ConfirmDialog, Dialog, DialogButton, Question,
};
use crate::components::feedback::{EmptyState, FormError, Notice, NoticeKind};
use crate::components::field::{SelectField, TextField};
use crate::components::form::{error_of, field_error, on_answer, reset};
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem};
use crate::components::page_header::PageHeader;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::session::use_hydrated;
use crate::view;

const CREATE: &str = "create-token";
const REVOKE: &str = "revoke-token";
const FIELDS: &[&str] = &["token_name", "lifetime_days", "lifetime_seconds"];

/// The page.
#[component]
pub fn TokensPage() -> impl IntoView {
    let create = ServerAction::<CreateApiToken>::new();
    let revoke = ServerAction::<DeleteToken>::new();
    let tokens = Resource::new(
        move || (create.version().get(), revoke.version().get()),
        |_| list_tokens(),
    );
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<Token>);
    on_answer(revoke, REVOKE, |()| dialog::close(REVOKE));
    let on_revoke = Callback::new(move |token: Token| {
        focus.set_value(format!("token-{}-button", token.id));
        chosen.set(Some(token));
        revoke.clear();
        dialog::show(REVOKE);
    });
    let confirm = move |()| {
        if let Some(id) = chosen.with_untracked(|token| token.as_ref().map(|token| token.id)) {
            revoke.dispatch(DeleteToken { id });
        }
    };
    view! {
        <PageHeader title=places::TOKENS.title lead=places::TOKENS.lead>
            <DialogButton dialog=CREATE kind=ButtonKind::Primary>
                {icon(Icon::Plus)}
                "New token"
            </DialogButton>
        </PageHeader>
        <div class="card">{loaded(tokens, focus, move |tokens| list(tokens, on_revoke))}</div>
        <CreateDialog create=create/>
        <ConfirmDialog
            id=REVOKE
            question=Signal::derive(move || chosen.with(|token| question(token.as_ref())))
            pending=revoke.pending()
            error=error_of(revoke)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(token: Option<&Token>) -> Question {
    let name = token
        .map(|token| token.token_name.as_str())
        .unwrap_or_default();
    Question {
        title: format!("Revoke the token “{name}”?"),
        text: "Programs that use it are refused from now on. This cannot be undone.".to_owned(),
        action: "Revoke token".to_owned(),
    }
}

fn list(tokens: Vec<Token>, on_revoke: Callback<Token>) -> AnyView {
    if tokens.is_empty() {
        return view! {
            <EmptyState
                name=Icon::KeyRound
                title="No tokens yet"
                text="Create one to start chats and read their answers from a script."
            />
        };
    }
    let rows = tokens
        .into_iter()
        .map(|token| row(token, on_revoke))
        .collect_view();
    view! {
        <Table label="API tokens" headings=&["Name", "Created", "Expires", "Last used", ""]>
            {rows}
        </Table>
    }
}

fn row(token: Token, on_revoke: Callback<Token>) -> impl IntoView {
    let hydrated = use_hydrated();
    let id = token.id;
    let revoked = token.clone();
    view! {
        <tr>
            <td class="cell-main">{token.token_name.clone()}</td>
            <td class="cell-time" data-label="Created">
                <RelativeTime at=token.created_at/>
            </td>
            <td class="cell-time" data-label="Expires">
                {match token.expires_at {
                    Some(at) => view! { <RelativeTime at=at may_come=true/> },
                    None => "never".into_any(),
                }}
            </td>
            <td class="cell-time" data-label="Last used">
                {match token.last_used_at {
                    Some(at) => view! { <RelativeTime at=at/> },
                    None => "never".into_any(),
                }}
            </td>
            <td class="cell-actions">{actions(id, &token.token_name, revoked, on_revoke, hydrated)}</td>
        </tr>
    }
}

fn actions(
    id: TokenId,
    name: &str,
    token: Token,
    on_revoke: Callback<Token>,
    hydrated: RwSignal<bool>,
) -> impl IntoView + use<> {
    let revoke = Callback::new(move |()| on_revoke.run(token.clone()));
    view! {
        <Menu id=format!("token-{id}") label=format!("Actions for {name}") disabled=Signal::derive(move || !hydrated.get())>
            <MenuItem name=Icon::Trash2 is_danger=true on_select=revoke>
                "Revoke"
            </MenuItem>
        </Menu>
    }
}

/// The form; after success, in its place, the key.
#[component]
fn CreateDialog(create: ServerAction<CreateApiToken>) -> impl IntoView {
    let hydrated = use_hydrated();
    let error = error_of(create);
    on_answer(create, CREATE, |_| {});
    let created = Signal::derive(move || {
        create
            .value()
            .with(|answer| answer.clone().and_then(Result::ok))
    });
    let on_close = move |_| {
        create.clear();
        reset(CREATE);
    };
    let title = Signal::derive(move || {
        if created.with(Option::is_some) {
            "Token created"
        } else {
            "New API token"
        }
        .to_owned()
    });
    view! {
        <Dialog id=CREATE title=title on:close=on_close>
            {move || created.get().map(secret)}
            <div hidden=move || created.with(Option::is_some)>
                <ActionForm action=create>
                    <div class="form">
                        <TextField
                            label="Name"
                            name="token_name"
                            placeholder="deploy script"
                            help="So that you know later what it is for."
                            error=field_error(error, "token_name")
                        />
                        <SelectField
                            label="Expires"
                            name="lifetime_days"
                            value="90"
                            options=lifetimes()
                            error=field_error(error, "lifetime_days")
                        />
                        <FormError error=error fields=FIELDS/>
                        <div class="dialog-actions">
                            <CancelButton dialog=CREATE/>
                            // The key is shown once, in this dialog: without a living page it would be lost.
                            <SubmitButton pending=create.pending() disabled=Signal::derive(move || !hydrated.get())>
                                "Create token"
                            </SubmitButton>
                        </div>
                    </div>
                </ActionForm>
            </div>
        </Dialog>
    }
}

fn lifetimes() -> Vec<(String, String)> {
    [
        ("7", "in 7 days"),
        ("30", "in 30 days"),
        ("90", "in 90 days"),
        ("365", "in a year"),
        ("", "never"),
    ]
    .map(|(days, words)| (days.to_owned(), words.to_owned()))
    .to_vec()
}

fn secret(created: CreatedToken) -> impl IntoView {
    let key = created.key;
    let copied = key.clone();
    view! {
        <Notice kind=NoticeKind::Warning title="Copy the key now. It is not shown again."/>
        <div class="secret">
            <code id="created-token-key">{key}</code>
            <CopyButton text=Signal::derive(move || copied.clone()) label="Copy key"/>
        </div>
        <form method="dialog" class="dialog-actions">
            <button class="button button-primary">"Done"</button>
        </form>
    }
}
