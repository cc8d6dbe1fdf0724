//! Which hosts at private addresses providers may be at.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::PrivateProviderHosts;

use crate::api::providers::{UpdatePrivateProviderHosts, get_private_provider_hosts};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::TextArea;
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::components::loaded::loaded;
use crate::pages::settings::places::{self, SettingSection};
use crate::view;

/// The section.
pub fn section() -> impl IntoView {
    // Read once: what is being typed here must survive the answers to other forms of the page.
    let hosts = Resource::new(|| (), |()| get_private_provider_hosts());
    let focus = StoredValue::new(String::new());
    view! {
        <SettingSection setting=&places::PRIVATE_HOSTS>
            {loaded(hosts, focus, |hosts| form(hosts).into_any())}
        </SettingSection>
    }
}

fn form(known: PrivateProviderHosts) -> impl IntoView {
    let update = ServerAction::<UpdatePrivateProviderHosts>::new();
    let error = error_of(update);
    on_answer(update, "private-provider-hosts", |()| {});
    let fixed = if known.fixed_hosts.is_empty() {
        "The server was started with none.".to_owned()
    } else {
        let fixed = known.fixed_hosts.join(", ");
        format!("Allowed besides, as the server was started so: {fixed}.")
    };
    view! {
        <div id="private-provider-hosts">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Hosts that may be at private addresses"
                        name="hosts"
                        value=known.hosts.join("\n")
                        rows=4
                        help="One a line, as it stands in the base URL: a name, an address, or for addresses a block such as 10.0.0.0/8. A name stands for itself alone."
                        error=field_error(error, "hosts")
                    />
                    <p class="field-help">{fixed}</p>
                    <FormError error=error fields=&["hosts"]/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>"Save the hosts"</SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}
