//! Plan mode in the composer: the switch, and what the agent turned to the person for.

use std::sync::Arc;

use leptos::prelude::*;
use sdk::chats::PlanMode;
use sdk::messages::{Message, Role};
use sdk::parts::Part;
use serde_json::Value;

use crate::components::icons::{Icon, icon_with_class};
use crate::view;

/// Whether the next message is to be planned only.
#[component]
pub fn PlanToggle(
    /// Whether it is.
    plans: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <button type="button" class="button button-quiet button-small plan-toggle" aria-pressed=move || plans.get().to_string()
            title="Plan first: the agent looks and asks, and changes nothing before you agree"
            on:click=move |_| plans.update(|plans| *plans = !*plans)>
            {icon_with_class(Icon::List, "icon icon-small")} "Plan"
        </button>
    }
}

/// The mode that the switch stands for.
pub const fn mode(plans: bool) -> PlanMode {
    if plans { PlanMode::Plan } else { PlanMode::Off }
}

/// What a turn ended with, for the person to answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A plan was proposed.
    Plan,
    /// Questions, as the model wrote them.
    Questions(Vec<Value>),
}

/// What the newest of these messages ask.
pub fn asked(messages: &[Arc<Message>]) -> Option<Asked> {
    let newest = messages.iter().rev();
    let mut results = newest
        .take_while(|message| message.role == Role::Tool)
        .flat_map(|message| &message.content);
    results.find_map(|part| match part {
        Part::ToolResult(result) if !result.is_error => match result.tool_name.as_str() {
            "propose_plan" => Some(Asked::Plan),
            "ask_user_question" => {
                let questions = result.result.as_ref()?.get("questions")?.as_array()?;
                Some(Asked::Questions(questions.clone()))
            }
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use sdk::ids::{ChatId, MessageId};
    use sdk::parts::ToolResultPart;
    use serde_json::json;

    use super::*;

    fn message(role: Role, part: Part) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(1),
            chat_id: ChatId::generate(),
            created_by: None,
            model_config_id: None,
            created_at: chrono::DateTime::UNIX_EPOCH,
            role,
            content: vec![part],
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        })
    }

    fn result(tool_name: &str, is_error: bool) -> Arc<Message> {
        let result = ToolResultPart {
            tool_name: tool_name.to_owned(),
            result: Some(json!({"questions": [{"question": "Where?"}]})),
            is_error,
            ..ToolResultPart::default()
        };
        message(Role::Tool, Part::ToolResult(result))
    }

    #[test]
    fn the_newest_results_ask_and_what_a_person_said_since_answers() {
        let words = message(Role::User, Part::text("go on"));
        let plan = result("propose_plan", false);
        let question = result("ask_user_question", false);
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[words.clone(), plan.clone()]), Some(Asked::Plan));
        let both = [plan.clone(), result("read_file", false)];
        assert_eq!(asked(&both), Some(Asked::Plan), "of one step");
        assert_eq!(asked(&[plan, words]), None);
        assert_eq!(asked(&[result("propose_plan", true)]), None);
        let Some(Asked::Questions(questions)) = asked(&[question]) else {
            panic!("no questions")
        };
        assert_eq!(questions[0]["question"], "Where?");
    }
}
