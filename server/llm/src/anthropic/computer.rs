//! How Anthropic's models are given a screen to work on.
//!
//! Three forms, by the model's age: a tool of Anthropic's own that takes an action, behind a beta header; a toolset, of
//! which each action is a tool; and for models that were trained on neither, or that an endpoint offers without it, the
//! tool as everybody else gets it. What an endpoint refuses once is not sent to it again for that model. Conversations
//! know one tool with an action in its arguments: members of the toolset are translated on their way.
//!
//! <https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool>

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::{ComputerScreen, Error, Request};

/// The tool's name in conversations, and the toolset's on the wire.
pub(super) const NAME: &str = "computer";
const ACTION: &str = "action";
/// Members of the toolset that the tool has no action for.
const UNKNOWN_MEMBERS: [&str; 1] = ["zoom"];

const TOOLSET: &str = "computer_toolset_20260801";
const NOVEMBER_2025: Form = Form::Tool {
    kind: "computer_20251124",
    beta: "computer-use-2025-11-24",
};
const JANUARY_2025: Form = Form::Tool {
    kind: "computer_20250124",
    beta: "computer-use-2025-01-24",
};

const OF_JANUARY_2025: &[&str] = &[
    "claude-3-7",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2",
    "claude-sonnet-4-5",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-haiku-4-5",
];
const OF_NOVEMBER_2025: &[&str] = &["claude-opus-4-", "claude-sonnet-4-"];
const WITHOUT: &[&str] = &["claude-2", "claude-3-", "claude-haiku-4-"];

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Each action is a tool.
    Toolset,
    /// One tool of Anthropic's own, behind a header.
    Tool {
        /// Its type.
        kind: &'static str,
        /// The header's value.
        beta: &'static str,
    },
    /// A tool like any other.
    Function,
}

impl Form {
    fn of(model: &str) -> Self {
        let is_one_of = |families: &[&str]| families.iter().any(|family| model.contains(family));
        if is_one_of(OF_JANUARY_2025) {
            JANUARY_2025
        } else if is_one_of(OF_NOVEMBER_2025) {
            NOVEMBER_2025
        } else if model.contains("claude-") && !is_one_of(WITHOUT) {
            Self::Toolset
        } else {
            Self::Function
        }
    }

    /// The header's value; `None` where none is needed.
    pub(super) fn beta(self) -> Option<&'static str> {
        match self {
            Self::Tool { beta, .. } => Some(beta),
            Self::Toolset | Self::Function => None,
        }
    }

    /// What stands in the list of tools; `None` for a tool like any other.
    pub(super) fn definition(self, screen: ComputerScreen) -> Option<Value> {
        match self {
            Self::Tool { kind, .. } => Some(json!({
                "type": kind,
                "name": NAME,
                "display_width_px": screen.width,
                "display_height_px": screen.height,
            })),
            Self::Toolset => {
                let off = UNKNOWN_MEMBERS.map(|name| (name.to_owned(), json!({"enabled": false})));
                let off: Map<_, _> = off.into_iter().collect();
                Some(json!({"type": TOOLSET, "configs": off}))
            }
            Self::Function => None,
        }
    }
}

/// The forms that models get, and what was refused.
#[derive(Debug, Default)]
pub(super) struct Forms {
    refused: Mutex<HashSet<String>>,
}

impl Forms {
    /// The form for a request: [`Form::Function`] also when no computer is among its tools.
    pub(super) fn of(&self, request: &Request) -> Form {
        let has_computer = request.tools.iter().any(|tool| tool.screen.is_some());
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !has_computer || refused.contains(&request.model) {
            return Form::Function;
        }
        Form::of(&request.model)
    }

    /// Learns from an error; says whether asking again makes sense.
    pub(super) fn learn(&self, model: &str, tried: Form, error: &Error) -> bool {
        let words = error.detail.as_deref().unwrap_or_default().to_lowercase();
        let is_about_it = match tried {
            Form::Function => false,
            // Both the unknown type and the unknown field of a conversation are told by their names.
            Form::Toolset => words.contains(TOOLSET) || words.contains("toolset"),
            Form::Tool { kind, beta } => words.contains(kind) || words.contains(beta),
        };
        if !is_about_it || !matches!(error.status_code, Some(400 | 404 | 422)) {
            return false;
        }
        tracing::debug!(
            model,
            "the provider has no computer tool for this model; it gets one like any other"
        );
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(model.to_owned())
    }
}

/// A call as the toolset knows it: the member and its input. `None` when no action is named.
pub(super) fn to_member(mut arguments: Value) -> Option<(String, Value)> {
    let Some(Value::String(member)) = arguments.as_object_mut()?.remove(ACTION) else {
        return None;
    };
    Some((member, arguments))
}

/// A member's call as conversations know it.
pub(super) fn from_member(member: &str, input: &str) -> String {
    let input: Value = serde_json::from_str(input).unwrap_or_default();
    let mut arguments = Map::from_iter([(ACTION.to_owned(), Value::from(member))]);
    if let Value::Object(fields) = input {
        arguments.extend(fields.into_iter().filter(|(name, _)| name != ACTION));
    }
    Value::Object(arguments).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{ErrorKind, Tool};

    #[test]
    fn each_model_gets_the_form_that_it_was_trained_on() {
        for (model, form) in [
            ("claude-sonnet-4-5", JANUARY_2025),
            ("claude-haiku-4-5-20251001", JANUARY_2025),
            ("claude-opus-4-1-20250805", JANUARY_2025),
            ("claude-sonnet-4-20250514", JANUARY_2025),
            ("claude-opus-4-5", NOVEMBER_2025),
            ("claude-opus-4-6", NOVEMBER_2025),
            ("claude-sonnet-4-6", NOVEMBER_2025),
            ("eu.anthropic.claude-opus-4-8", NOVEMBER_2025),
            ("claude-opus-5-5", Form::Toolset),
            ("claude-sonnet-5", Form::Toolset),
            ("claude-3-5-haiku-latest", Form::Function),
            ("kimi-k3", Form::Function),
        ] {
            assert_eq!(Form::of(model), form, "{model}");
        }
    }

    fn request(model: &str) -> Request {
        let screen = ComputerScreen {
            width: 1280,
            height: 720,
        };
        let tool = Tool {
            name: NAME.to_owned(),
            screen: Some(screen),
            ..Tool::default()
        };
        Request {
            tools: vec![tool],
            ..Request::new(model)
        }
    }

    #[test]
    fn what_an_endpoint_refuses_is_not_sent_to_it_again() {
        let forms = Forms::default();
        let refusal = |status, words: &str| {
            Error {
                status_code: Some(status),
                ..Error::new(ErrorKind::Generic, None)
            }
            .with_detail(words)
        };
        let own = "tools.0: Input tag 'computer_20251124' found using 'type' does not match any of the expected tags";
        let asked = request("claude-opus-4-6");
        let form = forms.of(&asked);
        for other in [
            refusal(400, "messages.2: text content blocks must be non-empty"),
            refusal(429, own),
        ] {
            assert!(!forms.learn(&asked.model, form, &other), "{other:?}");
        }
        assert_eq!(forms.of(&asked), NOVEMBER_2025);
        assert!(forms.learn(&asked.model, form, &refusal(400, own)));
        assert_eq!(forms.of(&asked), Form::Function);
        assert!(!forms.learn(&asked.model, Form::Function, &refusal(400, own)));
        assert_eq!(forms.of(&request("claude-opus-4-5")), NOVEMBER_2025);
        assert_eq!(forms.of(&Request::new("claude-opus-4-5")), Form::Function);
    }

    #[test]
    fn a_member_and_an_action_say_the_same() {
        let arguments = from_member("left_click", r#"{"coordinate": [3, 4], "action": "type"}"#);
        assert_eq!(arguments, r#"{"action":"left_click","coordinate":[3,4]}"#);
        let (member, input) = to_member(serde_json::from_str(&arguments).unwrap()).unwrap();
        assert_eq!(
            (member.as_str(), input),
            ("left_click", json!({"coordinate": [3, 4]}))
        );
        assert_eq!(from_member("screenshot", ""), r#"{"action":"screenshot"}"#);
        assert_eq!(to_member(json!({"coordinate": [3, 4]})), None);
        assert_eq!(to_member(json!("screenshot")), None);
    }
}
