//! What an answer with searches counts, and how much of one is taken.

use super::*;

#[test]
fn what_an_answer_leaves_in_the_context_is_what_its_last_call_read() {
    let begin = json!({"type": "message_start", "message": {"usage": {
        "input_tokens": 1_000, "cache_read_input_tokens": 49_000, "output_tokens": 1}}});
    let search = json!({"type": "content_block_start", "index": 0,
        "content_block": {"type": CALL, "id": "a", "name": web::SEARCH, "input": {}}});
    let usage = |iterations: Value| {
        let mut usage = json!({"input_tokens": 150_000, "cache_read_input_tokens": 50_000, "output_tokens": 900});
        let fields = usage.as_object_mut().unwrap();
        fields.extend(iterations.as_object().unwrap().clone());
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
    };
    let end = json!({"type": "message_stop"});
    let told = |events: &[Value]| {
        let usage = super::events(events).usage;
        (
            usage.input_tokens,
            usage.cache_read_tokens,
            usage.total_tokens,
        )
    };
    let calls = json!({"iterations": [
        {"input_tokens": 50_000, "output_tokens": 300},
        {"input_tokens": 9_000, "cache_read_input_tokens": 45_000, "output_tokens": 600}]});
    let (sum, read) = (Some(150_000), Some(50_000));
    let [calls, silent] = [calls, json!({})].map(usage);
    let with = |delta: &Value| told(&[begin.clone(), search.clone(), delta.clone(), end.clone()]);
    assert_eq!(with(&calls), (sum, read, Some(54_600)));
    assert_eq!(with(&silent), (sum, read, Some(50_900)));
    let without_search = told(&[begin.clone(), silent, end.clone()]);
    assert_eq!(without_search, (sum, read, Some(200_900)));
}

#[test]
fn an_answer_of_endless_citations_is_given_up() {
    let begin = r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let citation = "x".repeat(1_000_000);
    let more = format!(
        r#"data: {{"type":"content_block_delta","index":0,"delta":{{"citation":{{"cited_text":"{citation}"}}}}}}"#
    );
    let body = format!("{begin}\n\n{}", format!("{more}\n\n").repeat(20));
    let last = decoded(whole(body.as_bytes())).pop().unwrap();
    assert!(last.unwrap_err().to_string().contains("long"));
}
