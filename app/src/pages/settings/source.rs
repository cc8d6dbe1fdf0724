//! Where a setting comes from, in words.

use leptos::prelude::*;
use sdk::deployment::{SettingSource, StoredSetting, StoredSettingSource};

use crate::view;

/// Where the settings of a section come from together: from where the first of them was set.
pub fn source_of(
    sources: &[StoredSettingSource],
    settings: &[StoredSetting],
) -> RwSignal<SettingSource> {
    let mut set = sources.iter().filter(|stored| {
        settings.contains(&stored.setting) && stored.source != SettingSource::Default
    });
    RwSignal::new(
        set.next()
            .map_or(SettingSource::Default, |stored| stored.source),
    )
}

/// What the head of a section says of it.
pub fn source_words(source: SettingSource) -> &'static str {
    match source {
        SettingSource::Default => "Default",
        SettingSource::Database => "Set here",
        SettingSource::File => "Set by the server’s file",
        SettingSource::Environment => "Set by the server’s environment",
        SettingSource::CommandLine => "Set by the server’s command line",
    }
}

/// Beside the heading of a section.
pub fn source_mark(source: RwSignal<SettingSource>) -> impl IntoView {
    view! { <span class="setting-source" title="Where this setting comes from">{move || source_words(source.get())}</span> }
}
