//! What goes back of an answer whose search was stopped.

use super::*;

#[test]
fn an_answer_does_not_end_in_a_thought_when_its_search_stays_behind() {
    let thought = || Content::Reasoning {
        text: "Let me look.".to_owned(),
        provider_metadata: Some(json!({"anthropic": {"signature": "s"}})),
    };
    let stopped = || said(vec![thought(), started("a"), found("a", false)]);
    let after = || vec![Message::user("hi"), stopped(), Message::user("and?")];
    assert_eq!(kinds(after()), ["text", "text"]);
    let whole = said(vec![thought(), started("a"), found("a", true)]);
    let messages = vec![Message::user("hi"), whole, Message::user("and?")];
    let request = offering(&json!({}), messages);
    assert_eq!(
        body(&request)["messages"][1]["content"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let unset = Request {
        web_search: false,
        ..request
    };
    assert_eq!(body(&unset)["messages"][1]["role"], "user");
}

#[test]
fn a_stopped_search_that_the_chat_calls_otherwise_does_not_go_back() {
    let mut call = started("a");
    let mut stop = found("a", false);
    if let (Content::ProviderCall { id, .. }, Content::ProviderResult { tool_call_id, .. }) =
        (&mut call, &mut stop)
    {
        "call_1".clone_into(id);
        "call_1".clone_into(tool_call_id);
    }
    let messages = vec![Message::user("hi"), said(vec![text("I look."), call, stop])];
    assert_eq!(kinds(messages), ["text", "text"]);
}
