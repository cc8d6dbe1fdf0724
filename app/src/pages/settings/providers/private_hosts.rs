//! Which hosts at private addresses providers may be at.

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::deployment::SettingSource;

use crate::api::providers::{PrivateHosts, UpdatePrivateProviderHosts, get_private_provider_hosts};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::FormError;
use crate::components::field::TextArea;
use crate::components::form::{error_of, field_error, on_answer, saved};
use crate::components::loaded::loaded;
use crate::pages::settings::places::{self, SettingSection};
use crate::view;

/// The section.
pub fn section() -> AnyView {
    // Read once: what is being typed here must survive the answers to other forms of the page.
    let hosts = Resource::new(|| (), |()| get_private_provider_hosts());
    let focus = StoredValue::new(String::new());
    loaded(hosts, focus, |known| {
        let source = RwSignal::new(known.source);
        view! {
            <SettingSection setting=&places::PRIVATE_HOSTS source=source>
                {form(known, source)}
            </SettingSection>
        }
    })
}

fn form(known: PrivateHosts, source: RwSignal<SettingSource>) -> impl IntoView {
    let update = ServerAction::<UpdatePrivateProviderHosts>::new();
    let error = error_of(update);
    on_answer(update, "private-provider-hosts", move |()| {
        source.set(SettingSource::Database);
    });
    let fixed = fixed_words(&known.listed.fixed_hosts, known.fixed_source);
    view! {
        <div id="private-provider-hosts">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Hosts that may be at private addresses"
                        name="hosts"
                        value=known.listed.hosts.join("\n")
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

/// What is allowed besides, and where that is said.
fn fixed_words(hosts: &[String], source: SettingSource) -> String {
    let place = match source {
        SettingSource::Default => "by default",
        SettingSource::File => "by the server’s file",
        SettingSource::Environment => "by the server’s environment",
        SettingSource::CommandLine => "by the server’s command line",
        SettingSource::Database => "by the server",
    };
    let option = "--private-provider-hosts, beside hosts of base URLs in the environment";
    if hosts.is_empty() {
        return format!("Nothing else is allowed {place} ({option}).");
    }
    let hosts = hosts.join(", ");
    format!("Allowed besides, {place} ({option}): {hosts}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_was_started_with_says_where_that_stands() {
        let hosts = ["localhost".to_owned(), "::1".to_owned()];
        let words = fixed_words(&hosts, SettingSource::Default);
        assert!(words.starts_with("Allowed besides, by default (--private-provider-hosts"));
        assert!(words.ends_with(": localhost, ::1."), "{words}");
        let words = fixed_words(&[], SettingSource::CommandLine);
        assert!(words.starts_with("Nothing else is allowed by the server’s command line"));
    }
}
