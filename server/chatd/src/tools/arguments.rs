//! Arguments of calls: what the model wrote, checked, with words that help it to write them better.

use sdk::parts::ToolCallPart;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Outcome;

/// The arguments of a call as `T`.
pub(super) fn parse<T: DeserializeOwned>(call: &ToolCallPart) -> Result<T, Outcome> {
    let arguments = match &call.args {
        Some(Value::Object(fields)) => Value::Object(fields.clone()),
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(_) => {
            return Err(Outcome::error(format!(
                "The arguments of {} must be one JSON object.",
                call.tool_name
            )));
        }
    };
    serde_json::from_value(arguments).map_err(|error| {
        Outcome::error(format!("Wrong arguments for {}: {error}.", call.tool_name))
    })
}

/// Refuses paths that are not absolute.
pub(super) fn absolute(path: &str) -> Result<(), Outcome> {
    if path.starts_with('/') {
        Ok(())
    } else {
        Err(Outcome::error(format!(
            "The path must be absolute, but it is {path:?}."
        )))
    }
}
