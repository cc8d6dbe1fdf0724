//! The options of the calls to a model: how each is called, what it may be, what it means, and which providers are told of it.
//!
//! What the API takes is checked by the one table ([`OPTIONS`]), the form of the settings is drawn from it, and `docs/api.md`
//! has to name what is in it.

pub mod form;
mod table;

use sdk::providers::ProviderKind;
use serde_json::Value;

use self::Kind::{Decimal, Domains, Flag, Object, OneOf, Whole, Words};
use crate::failure::Checks;

pub use table::OPTIONS;

const MAX_TEXTS: usize = 100;
const MAX_TEXT_CHARACTERS: usize = 256;

/// One option.
#[derive(Debug)]
pub struct CallOption {
    /// Its field in the API, such as `model_config.temperature`.
    pub field: &'static str,
    /// What a form calls it.
    pub label: &'static str,
    /// What holds where it is not given, in a few words; for a list or an object an example.
    pub default: &'static str,
    /// One sentence about it.
    pub help: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Where a form has it.
    pub place: Place,
    /// Those that may be told of it; forms for models of others do not have it.
    pub providers: &'static [ProviderKind],
}

/// Where a form has an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the first fields.
    Usual,
    /// Among what is seldom changed.
    Advanced,
    /// Among what only one kind of provider has a word for.
    Own,
    /// Not among the options: it has a box of its own.
    Apart,
}

/// What an option may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// One of a few, each with its words.
    OneOf(&'static [(&'static str, &'static str)]),
    /// A whole number from the one to the other.
    Whole(u32, u32),
    /// A number from the one to the other.
    Decimal(f64, f64),
    /// A line that is not empty.
    Words,
    /// A list of domains such as `docs.rs`, maybe with the beginning of a path.
    Domains,
    /// Whatever the provider makes of it.
    Object,
}

/// The option that the API calls so.
pub fn named(field: &str) -> Option<&'static CallOption> {
    OPTIONS.iter().find(|option| option.field == field)
}

/// Refuses a value that its option may not be.
pub(super) fn check(checks: &mut Checks, field: &str, value: &Value) {
    if let Some(problem) = named(field).and_then(|option| option.kind.problem(value)) {
        checks.refuse(field, problem);
    }
}

impl Kind {
    /// The values to choose from with their words, where there are a few.
    pub const fn choices(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Flag => &[("true", "Yes"), ("false", "No")],
            OneOf(choices) => choices,
            Whole(..) | Decimal(..) | Words | Domains | Object => &[],
        }
    }

    /// What is wrong with a value.
    pub(super) fn problem(self, value: &Value) -> Option<String> {
        (!self.takes(value)).then(|| self.demand())
    }

    fn takes(self, value: &Value) -> bool {
        match self {
            Flag => value.is_boolean(),
            OneOf(choices) => value
                .as_str()
                .is_some_and(|word| choices.iter().any(|(choice, _)| *choice == word)),
            Whole(least, most) => value
                .as_u64()
                .is_some_and(|number| (u64::from(least)..=u64::from(most)).contains(&number)),
            Decimal(least, most) => value
                .as_f64()
                .is_some_and(|number| (least..=most).contains(&number)),
            Words => is_text(value),
            Domains => value
                .as_array()
                .is_some_and(|texts| texts.len() <= MAX_TEXTS && texts.iter().all(is_domain)),
            Object => value.is_object(),
        }
    }

    fn demand(self) -> String {
        match self {
            Flag => "Use true or false.".to_owned(),
            OneOf(choices) => {
                let words: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                format!("Choose one of {}.", words.join(", "))
            }
            Whole(least, most) => format!("Use a whole number from {least} to {most}."),
            Decimal(least, most) => format!("Use a number between {least} and {most}."),
            Words => format!("Use 1 to {MAX_TEXT_CHARACTERS} characters."),
            Domains => format!(
                "Use a list of at most {MAX_TEXTS} domains such as docs.rs, without https:// before them."
            ),
            Object => "Use a JSON object, such as {\"min_p\": 0.05}.".to_owned(),
        }
    }

    /// The value that was typed into a form, or why it is none.
    fn read(self, text: &str) -> Result<Value, String> {
        let value = match self {
            Flag => text.parse().ok().map(Value::Bool),
            Whole(..) => text.parse::<u64>().ok().map(Value::from),
            Decimal(..) => text.parse::<f64>().ok().map(Value::from),
            OneOf(_) | Words => Some(text.into()),
            Domains => {
                let domains = text.split(|sign: char| sign == ',' || sign.is_whitespace());
                let domains = domains.filter(|domain| !domain.is_empty());
                Some(domains.collect())
            }
            Object => serde_json::from_str(text).ok(),
        };
        value
            .filter(|value| self.takes(value))
            .ok_or_else(|| self.demand())
    }

    /// A value as a form shows it.
    fn text(self, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(texts) if self == Domains => {
                let texts: Vec<_> = texts.iter().filter_map(Value::as_str).collect();
                texts.join("\n")
            }
            Value::Array(_) | Value::Object(_) => {
                serde_json::to_string_pretty(value).unwrap_or_default()
            }
            Value::Number(number) => {
                let number = number.to_string();
                number.strip_suffix(".0").unwrap_or(&number).to_owned()
            }
            Value::Bool(_) | Value::Null => value.to_string(),
        }
    }
}

fn is_text(value: &Value) -> bool {
    let is_right = |text: &str| {
        (1..=MAX_TEXT_CHARACTERS).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
    };
    value.as_str().is_some_and(is_right)
}

/// Providers refuse the whole call for an address where they expect a domain.
fn is_domain(value: &Value) -> bool {
    let has_no_scheme = |text: &str| {
        !text.contains("://") && !text.contains(|sign: char| sign.is_whitespace() || sign == '@')
    };
    is_text(value) && value.as_str().is_some_and(has_no_scheme)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn each_option_is_named_once_and_described() {
        for (index, option) in OPTIONS.iter().enumerate() {
            let earlier = OPTIONS.iter().take(index);
            assert_eq!(
                earlier.filter(|other| other.field == option.field).count(),
                0,
                "{option:?}"
            );
            let is_described = option.help.ends_with('.')
                && !option.label.is_empty()
                && !option.default.is_empty()
                && !option.providers.is_empty();
            assert!(is_described, "{option:?}");
            let is_own = option.field.starts_with("model_config.provider_options.");
            let stands_there = matches!(option.place, Place::Own | Place::Apart);
            assert_eq!(is_own, stands_there, "{option:?}");
        }
    }

    #[test]
    fn the_documentation_names_each_option() {
        let documentation = include_str!("../../../../docs/api.md");
        let (_, told) = documentation
            .split_once("\n## How models are called\n")
            .unwrap();
        let (told, _) = told.split_once("\n## ").unwrap();
        for option in OPTIONS {
            let name = match option.field.strip_prefix("model_config.provider_options.") {
                Some(own) => own.split_once('.').map(|(_, name)| name),
                None => option.field.rsplit('.').next(),
            };
            let name = format!("`{}`", name.unwrap());
            assert!(told.contains(&name), "docs/api.md does not name {name}");
        }
    }

    #[test]
    fn what_is_shown_of_a_value_is_read_as_the_same_value() {
        for (kind, value) in [
            (Flag, json!(false)),
            (OneOf(&[("low", "Low")]), json!("low")),
            (Whole(1, u32::MAX), json!(4_294_967_295_u32)),
            (Decimal(-2.0, 2.0), json!(-0.7)),
            (Words, json!("team-a")),
            (Domains, json!(["docs.rs", "example.com/a"])),
            (Object, json!({"min_p": 0.05, "stop": ["a\nb"]})),
        ] {
            assert_eq!(kind.read(&kind.text(&value)), Ok(value));
        }
        assert_eq!(Decimal(0.0, 2.0).text(&json!(1.0)), "1");
        assert_eq!(
            Domains.read(" docs.rs,\r\n\r\nexample.com "),
            Ok(json!(["docs.rs", "example.com"]))
        );
    }

    #[test]
    fn what_was_typed_wrongly_is_told() {
        for (kind, text) in [
            (Flag, "yes"),
            (OneOf(&[("low", "Low")]), "Low"),
            (Whole(1, u32::MAX), "0"),
            (Whole(1, u32::MAX), "1.5"),
            (Whole(1, u32::MAX), "4294967296"),
            (Whole(0, 100), "-1"),
            (Decimal(0.0, 2.0), "NaN"),
            (Decimal(0.0, 2.0), "2.1"),
            (Decimal(-2.0, 2.0), "-inf"),
            (Words, &"x".repeat(MAX_TEXT_CHARACTERS + 1)),
            (Domains, "https://docs.rs"),
            (Object, "[1]"),
            (Object, "{"),
            (Object, &"[".repeat(100_000)),
        ] {
            let Err(problem) = kind.read(text) else {
                panic!("{kind:?} takes {text}")
            };
            assert!(problem.ends_with('.'));
        }
    }
}
