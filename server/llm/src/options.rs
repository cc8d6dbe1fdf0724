//! Settings of single providers, by the name of the provider: each adapter reads its own, and passes over what it has no
//! word for or what is not of the kind that it expects.

use serde_json::{Map, Value, json};

use crate::ReasoningEffort;

/// The settings that one adapter reads; what the first place does not say is looked for in the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a>([Option<&'a Map<String, Value>>; 2]);

impl<'a> Own<'a> {
    /// Those under these names.
    pub(crate) fn of(options: &'a Map<String, Value>, names: [&str; 2]) -> Self {
        Self(names.map(|name| options.get(name).and_then(Value::as_object)))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.0
            .iter()
            .flatten()
            .find_map(|options| options.get(name))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        u32::try_from(self.value(name)?.as_u64()?).ok()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_str()
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        let list = self.value(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    pub(crate) fn object(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.value(name)?.as_object()
    }

    pub(crate) fn effort(&self, name: &str) -> Option<ReasoningEffort> {
        ReasoningEffort::parse(self.text(name)?)
    }
}

/// `0.7_f32` is `0.699999988…` as `f64`; the API should see what the admin typed.
pub(crate) fn rounded(number: f32) -> Value {
    json!((f64::from(number) * 10_000.0).round() / 10_000.0)
}
