//! The options of calls to models as the form shows them. The page knows none by itself: it draws what the server describes.

use sdk::providers::ProviderKind;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use platform::models::options::{CallOption, Kind, OPTIONS, Place};

/// Where an option stands in the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptionPlace {
    /// Among the first fields.
    #[default]
    Usual,
    /// Among what is seldom changed.
    Advanced,
    /// Among what only one kind of provider has a word for.
    Own,
}

/// The field of an option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionField {
    /// What the server calls it, in the form and in refusals.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What holds while it is empty.
    pub default: String,
    /// One sentence about it.
    pub help: String,
    /// Values to choose from with their words; nothing where it is typed.
    pub choices: Vec<(String, String)>,
    /// Whether it has several lines.
    pub is_long: bool,
    /// Whether it is a number.
    pub is_number: bool,
    /// Where it stands.
    pub place: OptionPlace,
    /// The providers whose models have it.
    pub providers: Vec<ProviderKind>,
}

#[cfg(feature = "ssr")]
impl OptionField {
    /// The fields of all models of some providers, in their order.
    pub(in crate::api) fn all_of(providers: &[ProviderKind]) -> Vec<Self> {
        OPTIONS
            .iter()
            .filter(|option| {
                let is_there = |kind| option.providers.contains(kind);
                providers.iter().any(is_there)
            })
            .filter_map(Self::of)
            .collect()
    }

    fn of(option: &CallOption) -> Option<Self> {
        let place = match option.place {
            Place::Usual => OptionPlace::Usual,
            Place::Advanced => OptionPlace::Advanced,
            Place::Own => OptionPlace::Own,
            Place::Apart => return None,
        };
        let choices = option.kind.choices().iter();
        Some(Self {
            name: option.field.to_owned(),
            label: option.label.to_owned(),
            default: option.default.to_owned(),
            help: option.help.to_owned(),
            choices: choices
                .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
                .collect(),
            is_long: matches!(option.kind, Kind::Domains | Kind::Object),
            is_number: matches!(option.kind, Kind::Whole(..) | Kind::Decimal(..)),
            place,
            providers: option.providers.to_vec(),
        })
    }
}
