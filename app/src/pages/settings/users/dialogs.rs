//! The dialogs of the users page: a new account, a new password for one.

use leptos::prelude::*;
use sdk::password_links::PasswordLink;
use sdk::users::User;

use super::roles_to_give;
use crate::api::users::{CreateAccount, ResetPassword};
use crate::components::copy_button::CopyButton;
use crate::components::dialog::{self, Dialog};
use crate::components::feedback::{Notice, NoticeKind};
use crate::components::field::{Checkbox, Input, SelectField, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::components::form_dialog::FormDialog;
use crate::components::toast::{ToastKind, use_toasts};
use crate::view;

/// Id of the dialog for a new account.
pub const CREATE: &str = "create-user";
/// Id of the dialog with a link.
pub const LINK: &str = "password-link";
/// Id of the dialog for a new password.
pub const RESET: &str = "reset-password";

/// A new account.
#[component]
pub fn CreateDialog(create: ServerAction<CreateAccount>) -> impl IntoView {
    const FIELDS: &[&str] = &["name", "email", "username", "password", "role"];
    let error = error_of(create);
    // What may do least stands first, and what most of all cannot be chosen by mistake.
    let roles = roles_to_give().into_iter().rev();
    let roles = roles.map(|role| (role.as_str().to_owned(), role.title().to_owned()));
    let roles = roles.collect::<Vec<_>>();
    view! {
        <FormDialog id=CREATE title="New user".to_owned() action=create fields=FIELDS submit="Create user">
            <TextField
                label="Name"
                name="name"
                id="new-user-name"
                is_optional=true
                error=field_error(error, "name")
            />
            <TextField
                label="E-mail"
                name="email"
                id="new-user-email"
                input=Input::Email
                error=field_error(error, "email")
            />
            <div class="form-row">
                <TextField
                    label="User name"
                    name="username"
                    id="new-user-username"
                    input=Input::Username
                    error=field_error(error, "username")
                />
                <SelectField label="Role" name="role" id="new-user-role" value="member" options=roles error=field_error(error, "role")/>
            </div>
            <TextField
                label="Password"
                name="password"
                id="new-user-password"
                input=Input::NewPassword
                help="At least 8 characters. Leave it empty to get a link with which they set their own."
                is_optional=true
                min_length=8
                error=field_error(error, "password")
            />
            <Checkbox
                label="May use agents"
                name="agents_access"
                id="new-user-agents-access"
                checked=true
                help="Agents work and spend money for them. Owners always may."
            />
        </FormDialog>
    }
}

/// A link with which somebody sets their own password. It is shown here and never again.
#[component]
pub fn LinkDialog(link: RwSignal<Option<PasswordLink>>) -> impl IntoView {
    view! {
        <Dialog id=LINK title="Link to set a password".to_owned() on:close=move |_| link.set(None)>
            {move || link.get().map(shown_link)}
        </Dialog>
    }
}

/// What the dialog holds.
pub fn shown_link(link: PasswordLink) -> AnyView {
    view! {
        <div class="form">
            <Notice kind=NoticeKind::Warning title="Copy the link now. It is not shown again.">
                "Whoever opens it sets the password of this account. It holds once, and for 7 days."
            </Notice>
            <div class="secret">
                <code id="password-link-url">{link.url.clone()}</code>
                <CopyButton text=Signal::derive(move || link.url.clone()) label="Copy link"/>
            </div>
            <form method="dialog" class="dialog-actions">
                <button class="button button-primary">"Done"</button>
            </form>
        </div>
    }
}

/// A new password for the chosen account.
#[component]
pub fn ResetDialog(
    set_password: ServerAction<ResetPassword>,
    user: RwSignal<Option<User>>,
) -> impl IntoView {
    let error = error_of(set_password);
    let toasts = use_toasts();
    on_answer(set_password, RESET, move |user| {
        dialog::close(RESET);
        toasts.show(
            ToastKind::Success,
            format!("{} has a new password.", user.display_name()),
        );
    });
    let title = Signal::derive(move || {
        let name = user.with(|user| user.as_ref().map(|user| user.display_name().to_owned()));
        format!("New password for {}", name.unwrap_or_default())
    });
    let id = move || user.with(|user| user.as_ref().map(|user| user.id.to_string()));
    view! {
        <FormDialog id=RESET title=title action=set_password fields=&["password"] submit="Set password">
            <input type="hidden" name="id" prop:value=id/>
            <TextField
                label="New password"
                name="password"
                id="reset-password-field"
                input=Input::NewPassword
                help="At least 8 characters. Their sessions end."
                min_length=8
                error=field_error(error, "password")
            />
        </FormDialog>
    }
}
