//! OpenAI's computer tool: one call holds several actions and is answered with one picture.
//!
//! Conversations know calls of one action each. Their ids are made of the call's and the item's, so that they find back to
//! one call when they are sent again.

use serde_json::{Map, Value, json};

/// The tool's name in conversations.
pub(super) const NAME: &str = "computer";
/// Between the parts of an id; OpenAI's ids have none.
const SEPARATOR: char = '|';
/// Pixels that a step of the wheel scrolls.
const STEP_PIXELS: f64 = 100.0;

/// The ids that a call of one action carries: the call's and the item's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids<'a> {
    pub(super) call: &'a str,
    pub(super) item: &'a str,
}

impl<'a> Ids<'a> {
    /// Reads an id; `None` for one that was not made here.
    pub(super) fn read(id: &'a str) -> Option<Self> {
        let (call, rest) = id.split_once(SEPARATOR)?;
        let (item, number) = rest.split_once(SEPARATOR)?;
        number.parse::<usize>().ok()?;
        Some(Self { call, item })
    }

    /// The id of an action.
    pub(super) fn of_action(self, number: usize) -> String {
        format!("{}{SEPARATOR}{}{SEPARATOR}{number}", self.call, self.item)
    }
}

/// The actions of a call, as arguments of calls of one action each. What the provider wants a person to check first comes
/// with the first one.
pub(super) fn arguments(item: &Value) -> Vec<String> {
    let actions = match (item.get("actions"), item.get("action")) {
        (Some(Value::Array(actions)), _) if !actions.is_empty() => actions.clone(),
        (_, Some(action @ Value::Object(_))) => vec![action.clone()],
        _ => vec![json!({"type": "screenshot"})],
    };
    let checks = item.get("pending_safety_checks").and_then(Value::as_array);
    let checks: Vec<_> = checks.into_iter().flatten().map(words_of_check).collect();
    let mut calls: Vec<_> = actions.iter().map(from_action).collect();
    if !checks.is_empty()
        && let Some(first) = calls.first_mut()
    {
        first.insert("safety_checks".to_owned(), checks.into());
    }
    calls
        .into_iter()
        .map(|arguments| Value::Object(arguments).to_string())
        .collect()
}

fn words_of_check(check: &Value) -> Value {
    let words = check.get("message").or_else(|| check.get("code"));
    words.cloned().unwrap_or_else(|| "unknown".into())
}

fn from_action(action: &Value) -> Map<String, Value> {
    let place = |x: &str, y: &str| Some(json!([action.get(x)?, action.get(y)?]));
    let held = || Some(keys(action.get("keys")?)).filter(|keys| !keys.is_empty());
    let kind = action
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut fields: Vec<(&str, Option<Value>)> = Vec::new();
    let name = match kind {
        "click" => {
            let button = action.get("button").and_then(Value::as_str);
            match button.unwrap_or("left") {
                // Programs go back and forward by key, too.
                "back" => fields.push(("text", Some("alt+Left".into()))),
                "forward" => fields.push(("text", Some("alt+Right".into()))),
                _ => {
                    fields.push(("coordinate", place("x", "y")));
                    fields.push(("text", held().map(Value::from)));
                }
            }
            match button.unwrap_or("left") {
                "right" => "right_click",
                "wheel" | "middle" => "middle_click",
                "back" | "forward" => "key",
                _ => "left_click",
            }
        }
        "double_click" => {
            fields.push(("coordinate", place("x", "y")));
            fields.push(("text", held().map(Value::from)));
            "double_click"
        }
        "drag" => {
            let path = action.get("path").and_then(Value::as_array);
            let point = |point: &Value| Some(json!([point.get("x")?, point.get("y")?]));
            let path: Vec<Value> = path.into_iter().flatten().filter_map(point).collect();
            if let [first, via @ .., last] = path.as_slice() {
                fields.push(("start_coordinate", Some(first.clone())));
                fields.push(("via", (!via.is_empty()).then(|| via.into())));
                fields.push(("coordinate", Some(last.clone())));
            }
            fields.push(("text", held().map(Value::from)));
            "left_click_drag"
        }
        "move" => {
            fields.push(("coordinate", place("x", "y")));
            "mouse_move"
        }
        "scroll" => {
            let (direction, amount) = wheel(action);
            fields.push(("coordinate", place("x", "y")));
            fields.push(("scroll_direction", Some(direction.into())));
            fields.push(("scroll_amount", Some(amount.into())));
            fields.push(("text", held().map(Value::from)));
            "scroll"
        }
        "keypress" => {
            fields.push(("text", held().map(Value::from)));
            "key"
        }
        "type" => {
            fields.push(("text", action.get("text").cloned()));
            "type"
        }
        // Whoever carries it out says that there is no such action.
        other => other,
    };
    let fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    std::iter::once(("action", name.into()))
        .chain(fields)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Names of keys as X knows them, pressed together.
fn keys(keys: &Value) -> String {
    let names = keys
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let names: Vec<_> = names
        .map(|name| match name {
            "+" => "plus".to_owned(),
            _ => name.to_lowercase(),
        })
        .collect();
    names.join("+")
}

fn wheel(action: &Value) -> (&'static str, u64) {
    let pixels = |name| action.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let (x, y) = (pixels("scroll_x"), pixels("scroll_y"));
    let (direction, pixels) = if x.abs() > y.abs() {
        (if x < 0.0 { "left" } else { "right" }, x)
    } else {
        (if y < 0.0 { "up" } else { "down" }, y)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "neither negative nor so large that it matters"
    )]
    let steps = (pixels.abs() / STEP_PIXELS).round().max(1.0) as u64;
    (direction, steps)
}

/// The arguments of a call of one action, as the action that they were made of.
pub(super) fn to_action(arguments: &Value) -> Value {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let at = |name: &str| {
        let place = arguments.get(name).and_then(Value::as_array);
        let number = |index| place.and_then(|place| place.get(index)).cloned();
        (number(0).unwrap_or(json!(0)), number(1).unwrap_or(json!(0)))
    };
    let held = || -> Vec<String> {
        let keys = text("text").unwrap_or_default().split('+');
        keys.filter(|key| !key.is_empty())
            .map(str::to_uppercase)
            .collect()
    };
    let (x, y) = at("coordinate");
    match text("action").unwrap_or("screenshot") {
        name @ ("left_click" | "right_click" | "middle_click") => {
            let button = match name {
                "right_click" => "right",
                "middle_click" => "wheel",
                _ => "left",
            };
            json!({"type": "click", "button": button, "x": x, "y": y, "keys": held()})
        }
        "double_click" | "triple_click" => {
            json!({"type": "double_click", "x": x, "y": y, "keys": held()})
        }
        "left_click_drag" => {
            let via = arguments.get("via").and_then(Value::as_array);
            let ends = |name| arguments.get(name).into_iter();
            let path = ends("start_coordinate")
                .chain(via.into_iter().flatten())
                .chain(ends("coordinate"));
            let path = path.map(|place| json!({"x": place.get(0), "y": place.get(1)}));
            json!({"type": "drag", "path": path.collect::<Vec<_>>(), "keys": held()})
        }
        "mouse_move" => json!({"type": "move", "x": x, "y": y}),
        "scroll" => {
            let amount = arguments
                .get("scroll_amount")
                .and_then(Value::as_i64)
                .unwrap_or(3);
            let pixels = amount.saturating_mul(100);
            let (scroll_x, scroll_y) = match text("scroll_direction") {
                Some("up") => (0, -pixels),
                Some("left") => (-pixels, 0),
                Some("right") => (pixels, 0),
                _ => (0, pixels),
            };
            json!({"type": "scroll", "x": x, "y": y, "scroll_x": scroll_x, "scroll_y": scroll_y, "keys": held()})
        }
        "key" | "hold_key" => json!({"type": "keypress", "keys": held()}),
        "type" => json!({"type": "type", "text": text("text").unwrap_or_default()}),
        "wait" => json!({"type": "wait"}),
        _ => json!({"type": "screenshot"}),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn one(action: &Value) -> Value {
        Value::Object(from_action(action))
    }

    #[test]
    fn each_action_has_a_call_and_finds_back() {
        for (action, arguments) in [
            (
                json!({"type": "click", "button": "left", "x": 3, "y": 4, "keys": ["CTRL"]}),
                json!({"action": "left_click", "coordinate": [3, 4], "text": "ctrl"}),
            ),
            (
                json!({"type": "click", "button": "right", "x": 3, "y": 4, "keys": []}),
                json!({"action": "right_click", "coordinate": [3, 4]}),
            ),
            (
                json!({"type": "click", "button": "wheel", "x": 3, "y": 4, "keys": []}),
                json!({"action": "middle_click", "coordinate": [3, 4]}),
            ),
            (
                json!({"type": "double_click", "x": 3, "y": 4, "keys": []}),
                json!({"action": "double_click", "coordinate": [3, 4]}),
            ),
            (
                json!({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "keys": []}),
                json!({"action": "left_click_drag", "start_coordinate": [1, 2], "coordinate": [3, 4]}),
            ),
            (
                json!({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 9, "y": 9}, {"x": 8, "y": 9}, {"x": 3, "y": 4}], "keys": ["SHIFT"]}),
                json!({
                    "action": "left_click_drag", "start_coordinate": [1, 2], "via": [[9, 9], [8, 9]], "coordinate": [3, 4],
                    "text": "shift",
                }),
            ),
            (
                json!({"type": "move", "x": 3, "y": 4}),
                json!({"action": "mouse_move", "coordinate": [3, 4]}),
            ),
            (
                json!({"type": "scroll", "x": 3, "y": 4, "scroll_x": 0, "scroll_y": -300, "keys": []}),
                json!({"action": "scroll", "coordinate": [3, 4], "scroll_direction": "up", "scroll_amount": 3}),
            ),
            (
                json!({"type": "scroll", "x": 3, "y": 4, "scroll_x": 100, "scroll_y": 0, "keys": []}),
                json!({"action": "scroll", "coordinate": [3, 4], "scroll_direction": "right", "scroll_amount": 1}),
            ),
            (
                json!({"type": "keypress", "keys": ["CTRL", "L"]}),
                json!({"action": "key", "text": "ctrl+l"}),
            ),
            (
                json!({"type": "type", "text": "a+B"}),
                json!({"action": "type", "text": "a+B"}),
            ),
            (json!({"type": "wait"}), json!({"action": "wait"})),
            (
                json!({"type": "screenshot"}),
                json!({"action": "screenshot"}),
            ),
        ] {
            assert_eq!(one(&action), arguments);
            assert_eq!(to_action(&arguments), action);
        }
        let back = json!({"type": "click", "button": "back", "x": 3, "y": 4});
        assert_eq!(one(&back), json!({"action": "key", "text": "alt+Left"}));
        assert_eq!(
            one(&json!({"type": "teleport"})),
            json!({"action": "teleport"})
        );
        assert_eq!(
            one(&json!({"type": "drag", "path": []})),
            json!({"action": "left_click_drag"})
        );
    }

    #[test]
    fn what_a_person_is_to_check_comes_with_the_first_action() {
        let item = json!({
            "actions": [{"type": "wait"}, {"type": "screenshot"}],
            "pending_safety_checks": [{"id": "s", "code": "malicious", "message": "A page asks for it."}, {"id": "t"}],
        });
        assert_eq!(
            arguments(&item),
            [
                r#"{"action":"wait","safety_checks":["A page asks for it.","unknown"]}"#,
                r#"{"action":"screenshot"}"#
            ]
        );
        assert_eq!(
            arguments(&json!({"action": {"type": "wait"}})),
            [r#"{"action":"wait"}"#]
        );
        assert_eq!(
            arguments(&json!({"actions": []})),
            [r#"{"action":"screenshot"}"#]
        );
    }

    #[test]
    fn ids_find_back_to_their_call() {
        let ids = Ids {
            call: "call_1",
            item: "cu_1",
        };
        let id = ids.of_action(2);
        assert_eq!(id, "call_1|cu_1|2");
        assert_eq!(Ids::read(&id), Some(ids));
        for other in ["call_1", "call_1|cu_1", "call_1|cu_1|x", ""] {
            assert_eq!(Ids::read(other), None, "{other}");
        }
    }
}
