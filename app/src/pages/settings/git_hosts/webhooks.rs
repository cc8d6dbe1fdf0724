//! The webhook of a sign-in: what to enter at the git host, and the secret that it is signed with.

use leptos::prelude::*;
use sdk::external_auth::{ExternalAuthConfig, ExternalAuthConfigSource, NewWebhookSecret};

use crate::api::external_auth::{NewSecret, RemoveSecret};
use crate::components::button::Button;
use crate::components::copy_button::CopyButton;
use crate::components::dialog::{self, Dialog};
use crate::components::feedback::{FormError, Notice, NoticeKind};
use crate::components::form::{error_of, on_answer};
use crate::view;

/// Id of the dialog.
pub(super) const WEBHOOK: &str = "git-webhook";

/// What to enter at the chosen one's host. A secret that was made is shown here and never again.
#[component]
pub(super) fn WebhookDialog(
    chosen: RwSignal<Option<ExternalAuthConfig>>,
    new_secret: ServerAction<NewSecret>,
    remove_secret: ServerAction<RemoveSecret>,
) -> impl IntoView {
    let made = RwSignal::new(None::<NewWebhookSecret>);
    on_answer(new_secret, WEBHOOK, move |secret: &NewWebhookSecret| {
        made.set(Some(secret.clone()));
        chosen.update(|config| {
            if let Some(config) = config {
                config.has_webhook_secret = true;
            }
        });
    });
    on_answer(remove_secret, WEBHOOK, |()| dialog::close(WEBHOOK));
    let title = Signal::derive(move || {
        let host = chosen.with(|config| config.as_ref().map(|config| config.host.clone()));
        format!("Webhook of {}", host.unwrap_or_default())
    });
    let is_pending =
        Signal::derive(move || new_secret.pending().get() || remove_secret.pending().get());
    let buttons = move |config: &ExternalAuthConfig| {
        let (id, removed) = (config.id.clone(), config.id.clone());
        let is_there = config.has_webhook_secret;
        let generate = move |_| {
            new_secret.dispatch(NewSecret { config: id.clone() });
        };
        let remove = move |_| {
            remove_secret.dispatch(RemoveSecret {
                config: removed.clone(),
            });
        };
        let removes = is_there.then(|| {
            view! { <Button disabled=is_pending on_click=remove>"Remove secret"</Button> }
        });
        view! {
            {removes}
            <Button disabled=is_pending on_click=generate>
                {if is_there { "Make another secret" } else { "Make a secret" }}
            </Button>
        }
    };
    let content = move || {
        chosen.get().map(|config| {
            let is_ours = config.source == ExternalAuthConfigSource::Database;
            let buttons = is_ours.then(|| buttons(&config));
            view! {
                <div class="form">
                    {what_to_enter(&config)}
                    {move || made.get().map(shown_secret)}
                    <FormError error=error_of(new_secret)/>
                    <FormError error=error_of(remove_secret)/>
                    <form method="dialog" class="dialog-actions">
                        {buttons}
                        <button class="button button-primary">"Done"</button>
                    </form>
                </div>
            }
        })
    };
    view! {
        <Dialog id=WEBHOOK title=title on:close=move |_| made.set(None)>
            {content}
        </Dialog>
    }
}

fn what_to_enter(config: &ExternalAuthConfig) -> AnyView {
    let address = config.webhook_url.clone();
    let state = match (config.source, config.has_webhook_secret) {
        (_, true) => "A secret is stored: what the host signs with it is taken.",
        (ExternalAuthConfigSource::Database, false) => {
            "There is no secret yet, and without one no webhook is taken."
        }
        (ExternalAuthConfigSource::Environment, false) => {
            "The server's environment names no webhook secret, and without one no webhook is taken."
        }
    };
    view! {
        <p class="dialog-text">
            "With a webhook, pull requests are looked at as soon as something happens to them. At the host, add one to the repository, \
             the organization or the application, with this payload URL:"
        </p>
        <div class="secret">
            <code id="git-webhook-url">{address.clone()}</code>
            <CopyButton text=Signal::stored(address) label="Copy payload URL"/>
        </div>
        <p class="field-help">
            "Content type: application/json. Events: pull requests, pull request reviews, check runs, check suites, statuses, pushes."
        </p>
        <p class="field-help" role="status">{state}</p>
    }
}

/// A secret that was just made.
fn shown_secret(made: NewWebhookSecret) -> AnyView {
    let secret = made.webhook_secret;
    view! {
        <Notice kind=NoticeKind::Warning title="Copy the secret now. It is not shown again.">
            "Enter it at the host as the secret. What is signed with the one before is no longer taken."
        </Notice>
        <div class="secret">
            <code id="git-webhook-secret">{secret.clone()}</code>
            <CopyButton text=Signal::stored(secret) label="Copy secret"/>
        </div>
    }
}
