//! How a user likes the page.

use leptos::prelude::*;
use sdk::preferences::{Preferences, Theme};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Keeps the colour theme; the other preferences stay as they are.
#[server(name = UpdateTheme, prefix = "/api/page", endpoint = "update_theme", output = PageJson)]
pub async fn update_theme(theme: Theme) -> Result<Preferences, AppError> {
    let (platform, actor) = super::signed_in()?;
    let kept = platform
        .get_preferences(&actor)
        .await
        .map_err(super::failed)?;
    platform
        .update_preferences(&actor, Preferences { theme, ..kept })
        .await
        .map_err(super::failed)
}

/// Keeps the widths and folds of the agents page; the theme stays as it is.
#[server(name = UpdateLayout, prefix = "/api/page", endpoint = "update_layout", protocol = Page)]
pub async fn update_layout(
    sidebar_width_px: u32,
    is_sidebar_collapsed: bool,
    panel_width_px: u32,
    is_panel_open: bool,
) -> Result<Preferences, AppError> {
    let (platform, actor) = super::signed_in()?;
    let Preferences { theme, .. } = platform
        .get_preferences(&actor)
        .await
        .map_err(super::failed)?;
    let preferences = Preferences {
        theme,
        sidebar_width_px,
        is_sidebar_collapsed,
        panel_width_px,
        is_panel_open,
    };
    platform
        .update_preferences(&actor, preferences)
        .await
        .map_err(super::failed)
}
