//! The options that the server was started with, and where each comes from.

use leptos::prelude::*;
use sdk::deployment::{DeploymentSettings, ServerOption, SettingSource};

use crate::api::deployment::get_deployment_settings;
use crate::components::badge::{Tone, badge};
use crate::components::feedback::EmptyState;
use crate::components::icons::Icon;
use crate::components::loaded::loaded;
use crate::components::page_header::PageHeader;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::view;

/// The page.
#[component]
pub fn ServerPage() -> impl IntoView {
    let settings = Resource::new(|| (), |()| get_deployment_settings());
    let focus = StoredValue::new(String::new());
    view! {
        <PageHeader title=places::SERVER.title lead=places::SERVER.lead/>
        <div class="card">{loaded(settings, focus, list)}</div>
    }
}

fn list(settings: DeploymentSettings) -> AnyView {
    if settings.options.is_empty() {
        return view! {
            <EmptyState
                name=Icon::Terminal
                title="No options are known"
                text="This server was not started by “switchyard serve”."
            />
        };
    }
    let rows = settings.options.into_iter().map(row).collect_view();
    view! {
        <Table label="Options of the server" headings=&["Option", "Value", "From"]>
            {rows}
        </Table>
    }
}

fn row(option: ServerOption) -> impl IntoView {
    let is_set = option.source != SettingSource::Default;
    let value = if option.is_secret && is_set {
        view! { <span class="option-unset">"set, and not shown"</span> }.into_any()
    } else if option.value.is_empty() {
        let words = if is_set {
            "empty".to_owned()
        } else {
            option.default
        };
        view! { <span class="option-unset">{words}</span> }.into_any()
    } else {
        view! { <code class="option-value">{option.value}</code> }.into_any()
    };
    let (tone, from) = match option.source {
        SettingSource::Default => (Tone::Neutral, "Default"),
        SettingSource::File => (Tone::Accent, "File"),
        SettingSource::Environment => (Tone::Accent, "Environment"),
        SettingSource::CommandLine => (Tone::Accent, "Command line"),
        SettingSource::Database => (Tone::Accent, "Database"),
    };
    view! {
        <tr>
            <td class="cell-main">
                <code class="option-value">{option.flag}</code>
                <span class="cell-note">{option.description}</span>
                <span class="cell-note option-variable">{option.variable}</span>
            </td>
            <td data-label="Value">{value}</td>
            <td data-label="From">{badge(tone, from)}</td>
        </tr>
    }
}
