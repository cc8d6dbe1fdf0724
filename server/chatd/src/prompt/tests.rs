#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use llm::Role::{Assistant, Tool, User};
use sdk::chats::PlanMode;
use serde_json::json;
use store::chat_config::TurnConfig;

use super::*;

fn call(id: &str) -> Part {
    Part::ToolCall(ToolCallPart {
        tool_call_id: id.into(),
        tool_name: "execute".into(),
        args: Some(json!({"command": "true"})),
        ..ToolCallPart::default()
    })
}

fn result(id: &str) -> Part {
    Part::ToolResult(ToolResultPart {
        tool_call_id: id.into(),
        tool_name: "execute".into(),
        result: Some(json!({"output": "ok"})),
        ..ToolResultPart::default()
    })
}

fn roles(prompt: &Prompt) -> Vec<(llm::Role, usize)> {
    prompt
        .messages
        .iter()
        .map(|message| (message.role, message.content.len()))
        .collect()
}

fn texts(prompt: &Prompt) -> Vec<&str> {
    let blocks = prompt.system.iter();
    blocks.map(|block| block.text.as_str()).collect()
}

#[test]
fn answers_open_calls_before_the_next_message() {
    let mut prompt = Prompt::default();
    prompt.push(Role::User, &[Part::text("go")]);
    prompt.push(Role::Assistant, &[call("a"), call("b")]);
    prompt.push(Role::Tool, &[result("b")]);
    prompt.push(Role::User, &[Part::text("and now")]);
    assert_eq!(
        roles(&prompt),
        [(User, 1), (Assistant, 2), (Tool, 2), (User, 1)]
    );
    assert!(matches!(&prompt.messages[2].content[1],
        Content::ToolResult { tool_call_id, is_error: true, .. } if tool_call_id == "a"));
}

#[test]
fn gives_an_orphaned_result_its_call() {
    let mut prompt = Prompt::default();
    prompt.push(Role::User, &[Part::text("go")]);
    prompt.push(Role::Tool, &[result("lost")]);
    assert_eq!(roles(&prompt), [(User, 1), (Assistant, 1), (Tool, 1)]);
}

#[test]
fn drops_empty_parts_and_messages_and_second_answers() {
    let mut prompt = Prompt::default();
    prompt.push(Role::User, &[Part::text("  ")]);
    assert!(prompt.messages.is_empty());
    prompt.push(Role::User, &[Part::text("go")]);
    prompt.push(
        Role::Assistant,
        &[
            Part::text(""),
            Part::Reasoning(sdk::parts::ReasoningPart::default()),
        ],
    );
    assert_eq!(prompt.messages.len(), 1);
    prompt.push(Role::Assistant, &[call("a")]);
    prompt.push(Role::Tool, &[result("a")]);
    prompt.push(Role::Tool, &[result("a")]);
    assert_eq!(prompt.messages[2].content.len(), 1);
}

#[test]
fn sends_arguments_that_are_no_object_as_an_empty_one() {
    let part = Part::ToolCall(ToolCallPart {
        tool_call_id: "a".into(),
        args: Some(json!("not json")),
        ..ToolCallPart::default()
    });
    let content = assistant_content(&part).unwrap();
    assert!(matches!(content, Content::ToolCall { arguments, .. } if arguments == "{}"));
}

#[test]
fn a_result_of_the_provider_without_its_call_is_dropped() {
    let orphan = Part::ToolResult(ToolResultPart {
        tool_call_id: "search-1".into(),
        provider_executed: true,
        ..ToolResultPart::default()
    });
    let mut prompt = Prompt::default();
    prompt.push(Role::User, &[Part::text("hi")]);
    prompt.push(Role::Tool, &[orphan]);
    assert_eq!(roles(&prompt), [(User, 1)]);
}

#[test]
fn newer_facts_take_the_place_of_older_ones() {
    let mut prompt = build(&[], Some("old".into()));
    prompt.set_facts("new".into());
    assert_eq!(texts(&prompt), ["new"]);
    let mut prompt = build(&[], None);
    prompt.set_facts("first".into());
    assert_eq!(texts(&prompt), ["first"]);
}

#[test]
fn newer_instructions_take_the_place_of_older_ones_alone() {
    let mut prompt = build(&[], Some("facts".into()));
    let unconfigured = prompt.clone();
    let brief = TurnConfig {
        user_prompt: "Be brief.".to_owned(),
        ..TurnConfig::default()
    };
    prompt.set_instructions(&Instructions::of(&brief, PlanMode::Off, true));
    let own = "<user-instructions>\nBe brief.\n</user-instructions>";
    assert_eq!(texts(&prompt), [DEFAULT_SYSTEM_PROMPT, own, "facts"]);
    let usual = Instructions::of(&TurnConfig::default(), PlanMode::Off, true);
    prompt.set_instructions(&usual);
    assert_eq!(texts(&prompt), [DEFAULT_SYSTEM_PROMPT, "facts"]);
    prompt.set_instructions(&Instructions::default());
    assert_eq!(prompt, unconfigured);
}
