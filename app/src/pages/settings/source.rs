//! Where a setting comes from, in words: one of the deployment, or one of the reader's own.

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
pub fn source_mark(source: RwSignal<SettingSource>) -> AnyView {
    mark(Signal::derive(move || {
        source_words(source.get()).to_owned()
    }))
}

/// Where something of the reader's own comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnSource {
    /// They chose nothing, and what holds for everybody does.
    #[default]
    Default,
    /// They chose it.
    You,
    /// Whoever runs the server chose it for everybody.
    Server,
    /// Owners let nobody choose, in the page or section of this title.
    Off(&'static str),
}

impl OwnSource {
    /// Whether they chose it.
    pub const fn of(is_chosen: bool) -> Self {
        if is_chosen { Self::You } else { Self::Default }
    }

    fn words(self) -> String {
        match self {
            Self::Default => "Default".to_owned(),
            Self::You => "Set by you".to_owned(),
            Self::Server => "Set for everybody by the server".to_owned(),
            Self::Off(title) => format!("Off for everybody under “{title}”"),
        }
    }
}

/// Beside a heading or a value of the reader's own.
pub fn own_mark(source: Signal<OwnSource>) -> AnyView {
    mark(Signal::derive(move || source.get().words()))
}

/// The look of both.
pub fn mark(words: Signal<String>) -> AnyView {
    view! { <span class="setting-source" title="Where this setting comes from">{move || words.get()}</span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ones_own_says_who_chose_it() {
        assert_eq!(OwnSource::of(true).words(), "Set by you");
        assert_eq!(OwnSource::of(false).words(), "Default");
        assert_eq!(
            OwnSource::Off("Debug for everybody").words(),
            "Off for everybody under “Debug for everybody”"
        );
    }
}
