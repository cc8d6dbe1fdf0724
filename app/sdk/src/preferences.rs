//! What a user set about the page, so that the server renders it right the first time.

use serde::{Deserialize, Serialize};

/// Colour theme.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Follows the operating system.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// A user's page preferences.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Colour theme.
    pub theme: Theme,
    /// Sidebar width in pixels.
    pub sidebar_width_px: u32,
    /// Whether the sidebar is folded away.
    pub is_sidebar_collapsed: bool,
    /// Right panel width in pixels.
    pub panel_width_px: u32,
    /// Whether the right panel is open.
    pub is_panel_open: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            sidebar_width_px: 280,
            is_sidebar_collapsed: false,
            panel_width_px: 480,
            is_panel_open: true,
        }
    }
}
