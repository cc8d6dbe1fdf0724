//! Where the reader can sign in, and whether they did.

use leptos::prelude::*;
use sdk::external_auth::{ExternalAuth, ExternalAuthProvider};

use super::HostActions;
use crate::components::badge::{Tone, badge, badge_with_icon};
use crate::components::button::{Button, ButtonKind, button_class};
use crate::components::icons::Icon;
use crate::components::table::Table;
use crate::session::use_hydrated;
use crate::view;

/// The hosts where one can sign in; nothing when there are none.
pub fn sign_ins(auth: &ExternalAuth, actions: HostActions) -> AnyView {
    if auth.providers.is_empty() {
        return ().into_any();
    }
    let rows = auth
        .providers
        .iter()
        .map(|provider| {
            let mut links = auth.links.iter();
            let link = links.find(|link| link.host == provider.host);
            let is_broken = link.map(|link| link.problem.is_some());
            row(provider.clone(), is_broken, actions)
        })
        .collect_view();
    view! {
        <div class="card">
            <Table label="Sign in at" headings=&["Sign in at", "State", ""]>
                {rows}
            </Table>
        </div>
    }
}

/// `is_broken` of the reader's link, when they have one.
fn row(
    provider: ExternalAuthProvider,
    is_broken: Option<bool>,
    actions: HostActions,
) -> impl IntoView {
    let hydrated = use_hydrated();
    let state = match is_broken {
        None => badge(Tone::Neutral, "Not linked").into_any(),
        Some(false) => badge_with_icon(Tone::Green, Some(Icon::Check), "Linked").into_any(),
        Some(true) => {
            badge_with_icon(Tone::Red, Some(Icon::CircleAlert), "Works no more").into_any()
        }
    };
    let words = if is_broken.is_some() {
        "Link again"
    } else {
        "Link"
    };
    let id = provider.id.clone();
    let button = provider.code_flow.then(|| link_button(&provider.id, words));
    let code = provider.device_flow.then(|| {
        view! {
            <Button
                is_small=true
                disabled=Signal::derive(move || !hydrated.get())
                on_click=move |_| actions.device.run(id.clone())
            >
                "Use a code"
            </Button>
        }
    });
    let host = (provider.display_name != provider.host).then_some(provider.host);
    view! {
        <tr>
            <td class="cell-main">
                {provider.display_name}
                {host.map(|host| view! { <p class="field-help">{host}</p> })}
            </td>
            <td data-label="State">{state}</td>
            <td class="cell-actions">
                <div class="cell-buttons">{button}{code}</div>
            </td>
        </tr>
    }
}

/// A link that leaves the page, with or without a script; the server sends the browser on to the host.
pub fn link_button(provider: &str, words: &'static str) -> AnyView {
    let address = format!("/api/v2/external-auth/{provider}/start");
    view! {
        <a class=button_class(ButtonKind::Plain, true) href=address rel="external">
            {words}
        </a>
    }
}
