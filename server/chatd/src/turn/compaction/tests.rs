#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::Utc;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::Message;

use super::summary::later_half;
use super::*;

fn row(role: Role, compressed: bool) -> MessageRow {
    let message = Message {
        id: MessageId(1),
        chat_id: ChatId::generate(),
        created_by: None,
        model_config_id: None,
        created_at: Utc::now(),
        role,
        content: vec![Part::text("words")],
        usage: None,
        cut_short: None,
        runtime_ms: None,
        rendered: Vec::new(),
    };
    MessageRow {
        message,
        revision: 1,
        compressed,
        deleted: false,
    }
}

#[test]
fn only_messages_that_nobody_answered_are_repeated() {
    use Role::{Assistant, System, Tool, User};
    let count = |roles: &[Role]| {
        let rows: Vec<_> = roles.iter().map(|role| row(*role, false)).collect();
        split(&rows).1.len()
    };
    assert_eq!(count(&[User, Assistant]), 0);
    assert_eq!(count(&[User, Assistant, Tool]), 0);
    assert_eq!(count(&[User, Assistant, User, User]), 2);
    assert_eq!(count(&[System, User]), 1);
    assert_eq!(count(&[]), 0);
    let rows = [row(User, true), row(User, false)];
    assert_eq!(split(&rows).1.len(), 1, "a summary is not repeated");
}

#[test]
fn the_context_is_what_a_call_read() {
    let usage = llm::Usage {
        input_tokens: Some(10),
        cache_read_tokens: Some(20),
        cache_creation_tokens: Some(3),
        output_tokens: Some(500),
        total_tokens: Some(533),
        ..llm::Usage::default()
    };
    assert_eq!(context_tokens(&usage), Some(33));
    let only_total = llm::Usage {
        total_tokens: Some(40),
        ..llm::Usage::default()
    };
    assert_eq!(context_tokens(&only_total), Some(40));
    assert_eq!(context_tokens(&llm::Usage::default()), None);
}

#[test]
fn half_a_history_begins_with_no_result() {
    let history = vec![
        llm::Message::user("one"),
        llm::Message::assistant("calls"),
        llm::Message::tool_result("a", "echo", "1"),
        llm::Message::tool_result("b", "echo", "2"),
        llm::Message::user("two"),
    ];
    let half = later_half(history);
    assert_eq!(half, [llm::Message::user("two")]);
}
