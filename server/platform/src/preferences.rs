//! What a user set about the page.

use sdk::errors::Validation;
use sdk::preferences::Preferences;
use store::{StoreError, users};

use crate::failure::Checks;
use crate::{Actor, Failure, FailureKind, Platform};

/// Beyond these a page cannot be used.
const SIDEBAR_WIDTH_PX: std::ops::RangeInclusive<u32> = 120..=1000;
const PANEL_WIDTH_PX: std::ops::RangeInclusive<u32> = 200..=4000;

/// Why preferences were not read or set.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The user is gone.
    #[error("There is no such user.")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for PreferencesError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NotFound => FailureKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// The caller's page preferences.
    pub async fn get_preferences(&self, actor: &Actor) -> Result<Preferences, PreferencesError> {
        let found = users::get_preferences(&self.0.db, actor.user_id).await?;
        found.ok_or(PreferencesError::NotFound)
    }

    /// Sets the caller's page preferences.
    pub async fn update_preferences(
        &self,
        actor: &Actor,
        preferences: Preferences,
    ) -> Result<Preferences, PreferencesError> {
        let mut checks = Checks::default();
        if !SIDEBAR_WIDTH_PX.contains(&preferences.sidebar_width_px) {
            checks.refuse(
                "sidebar_width_px",
                "Use a width between 120 and 1,000 pixels.",
            );
        }
        if !PANEL_WIDTH_PX.contains(&preferences.panel_width_px) {
            checks.refuse(
                "panel_width_px",
                "Use a width between 200 and 4,000 pixels.",
            );
        }
        checks.finish().map_err(PreferencesError::Invalid)?;
        let now = self.0.clock.now();
        users::set_preferences(&self.0.db, actor.user_id, &preferences, now).await?;
        Ok(preferences)
    }
}
