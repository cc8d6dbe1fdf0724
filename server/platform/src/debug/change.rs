//! How a request stands to the one before it. Pure: two requests in, what they have in common out.
//!
//! They are compared as they are kept (`chatd::debug`), where each text is cut at 10,000 characters: what differs behind
//! that is seen by the text's length alone.

use sdk::debug::{DebugChange, DebugDifference};
use sdk::ids::DebugRunId;
use serde_json::Value;

/// Characters that are shown of what differs.
const SHOWN: usize = 80;
/// Characters of them that stand before the difference.
const SHOWN_BEFORE: usize = 16;

/// What of `now` is as in `before`, which a step of a run asked.
pub(super) fn between(step: (DebugRunId, i32), before: &Value, now: &Value) -> DebugChange {
    let (old_tools, tools) = (items(before, "tools"), items(now, "tools"));
    let (old_messages, messages) = (items(before, "messages"), items(now, "messages"));
    let mut change = DebugChange {
        previous_run_id: step.0,
        previous_step_number: step.1,
        previous_message_count: count(old_messages.len()),
        message_count: count(messages.len()),
        kept_message_count: count(kept(old_messages, messages)),
        changed_options: changed_options(before, now),
        kept_characters: 0,
        characters: 0,
        first_difference: None,
    };
    let mut is_kept = true;
    for (place, old, new) in [
        ("tool", old_tools, tools),
        ("message", old_messages, messages),
    ] {
        for (index, item) in new.iter().enumerate() {
            let text = item.to_string();
            change.characters += length(&text);
            if !is_kept {
                continue;
            }
            let old_text = old.get(index).map(Value::to_string).unwrap_or_default();
            if old_text == text {
                change.kept_characters += length(&text);
                continue;
            }
            is_kept = false;
            // What was added behind the last message changes nothing of what was there.
            if place == "message" && old_text.is_empty() {
                continue;
            }
            let same = same_characters(&old_text, &text);
            change.kept_characters += same as u64;
            let place = (place, index, name(item));
            change.first_difference = Some(difference(place, same, &old_text, &text));
        }
        if is_kept && old.len() > new.len() {
            is_kept = false;
            let gone = old.get(new.len());
            let text = gone.map(Value::to_string).unwrap_or_default();
            let place = (place, new.len(), gone.map(name).unwrap_or_default());
            change.first_difference = Some(difference(place, 0, &text, ""));
        }
    }
    change
}

fn items<'a>(request: &'a Value, key: &str) -> &'a [Value] {
    request
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn kept(before: &[Value], now: &[Value]) -> usize {
    let pairs = before.iter().zip(now);
    pairs.take_while(|(old, new)| old == new).count()
}

/// Names of options that were set, unset or changed.
fn changed_options(before: &Value, now: &Value) -> Vec<String> {
    let options = |request: &Value| {
        let options = request.get("options").and_then(Value::as_object);
        let mut options = options.cloned().unwrap_or_default();
        if let Some(policy) = request.get("tool_choice") {
            options.insert("tool_choice".to_owned(), policy.clone());
        }
        options
    };
    let (old, new) = (options(before), options(now));
    let mut names: Vec<_> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| old.get(name) != new.get(name));
    names
}

fn difference(
    (place, index, name): (&str, usize, String),
    same: usize,
    before: &str,
    after: &str,
) -> DebugDifference {
    DebugDifference {
        place: place.to_owned(),
        number: count(index + 1),
        name,
        character: same as u64,
        before: around(before, same),
        after: around(after, same),
    }
}

/// A tool's name, or a message's role.
fn name(item: &Value) -> String {
    let name = item.get("name").or_else(|| item.get("role"));
    let name = name.and_then(Value::as_str).unwrap_or_default();
    name.chars().take(SHOWN).collect()
}

fn same_characters(before: &str, now: &str) -> usize {
    let pairs = before.chars().zip(now.chars());
    pairs.take_while(|(old, new)| old == new).count()
}

fn around(text: &str, place: usize) -> String {
    let start = place.saturating_sub(SHOWN_BEFORE);
    text.chars().skip(start).take(SHOWN).collect()
}

fn length(text: &str) -> u64 {
    text.chars().count() as u64
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::json;

    use super::{DebugChange, DebugRunId, Value};

    fn between(before: &Value, now: &Value) -> DebugChange {
        super::between((DebugRunId(uuid::Uuid::nil()), 1), before, now)
    }

    fn request(messages: &[&str]) -> Value {
        let message =
            |text: &&str| json!({ "role": "user", "parts": [{ "type": "text", "text": text }] });
        json!({
            "messages": messages.iter().map(message).collect::<Vec<_>>(),
            "tools": [{ "name": "execute" }, { "name": "read_file" }],
            "options": { "max_output_tokens": 100 },
            "tool_choice": "auto",
        })
    }

    #[test]
    fn what_only_grew_keeps_all_that_was_there() {
        let change = between(
            &request(&["one", "two"]),
            &request(&["one", "two", "three"]),
        );
        assert_eq!(
            (
                change.kept_message_count,
                change.previous_message_count,
                change.message_count
            ),
            (2, 2, 3)
        );
        assert_eq!(change.first_difference, None);
        assert!(change.kept_characters < change.characters);
        assert!(change.changed_options.is_empty());

        let same = between(&request(&["one"]), &request(&["one"]));
        assert_eq!(same.kept_characters, same.characters);
    }

    #[test]
    fn the_first_place_that_differs_is_told_and_nothing_after_it_is_kept() {
        let change = between(
            &request(&["one", "two", "three"]),
            &request(&["one", "too", "three"]),
        );
        assert_eq!(change.kept_message_count, 1);
        let difference = change.first_difference.unwrap();
        assert_eq!(
            (difference.place.as_str(), difference.number),
            ("message", 2)
        );
        assert_eq!(difference.name, "user");
        assert!(difference.before.contains("two"), "{}", difference.before);
        assert!(difference.after.contains("too"), "{}", difference.after);
    }

    #[test]
    fn a_tool_that_changed_stands_before_all_messages() {
        let mut now = request(&["one"]);
        now["tools"][1]["name"] = json!("write_file");
        now["options"] = json!({ "temperature": 1 });
        now["tool_choice"] = json!("required");
        let change = between(&request(&["one"]), &now);
        let difference = change.first_difference.unwrap();
        assert_eq!((difference.place.as_str(), difference.number), ("tool", 2));
        assert_eq!(difference.name, "write_file");
        assert_eq!(change.kept_message_count, 1);
        assert!(change.kept_characters < 50);
        assert_eq!(
            change.changed_options,
            ["max_output_tokens", "temperature", "tool_choice"]
        );
    }

    #[test]
    fn what_is_gone_is_told() {
        let change = between(&request(&["one", "two"]), &request(&["one"]));
        let difference = change.first_difference.unwrap();
        assert_eq!((difference.number, difference.after.as_str()), (2, ""));
        assert!(difference.before.contains("two"));
        // Nothing is known of a request whose record was lost.
        let lost = between(&json!({}), &request(&["one"]));
        assert_eq!(lost.first_difference.unwrap().place, "tool");
        let nothing = between(&json!({}), &json!({}));
        assert_eq!((nothing.first_difference, nothing.characters), (None, 0));
    }

    #[test]
    fn letters_of_any_length_are_counted_and_not_cut() {
        let change = between(&request(&["äöü 🦀 x"]), &request(&["äöü 🦀 y"]));
        assert!(change.first_difference.unwrap().after.contains("🦀 y"));
    }
}
