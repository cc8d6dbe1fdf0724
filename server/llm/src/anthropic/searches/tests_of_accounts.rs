//! What one account was given is not sent to another.

use super::*;

/// What an account gets back of a conversation.
fn back(messages: &[Message], account: Option<&str>) -> Vec<Value> {
    let request = offering(&json!({}), messages.to_vec());
    let body = write(&request, Form::Function, account);
    let body: Value = serde_json::from_slice(&body).unwrap();
    body["messages"][1]["content"].as_array().unwrap().clone()
}

/// A conversation whose answer an account was given.
fn given_to(account: Option<&str>) -> Vec<Message> {
    let mut accumulator = Accumulator::default();
    for part in decoded(whole(SEARCH)) {
        let mut part = part.unwrap();
        web::note_account(&mut part, account);
        accumulator.push(&part).unwrap();
    }
    let answer = said(accumulator.finish().unwrap().content);
    vec![Message::user("hi"), answer, Message::user("and?")]
}

#[test]
fn an_account_gets_back_what_it_was_given_and_nothing_of_others() {
    let messages = given_to(Some("a"));
    let whole = back(&messages, Some("a"));
    let kept = json!(whole).to_string();
    for kept_part in [CALL, RESULT, "encrypted_content", "encrypted_index"] {
        assert!(kept.contains(kept_part), "{kept_part}: {kept}");
    }
    assert!(!kept.contains("account"), "{kept}");
    for other in [Some("b"), None] {
        let blocks = back(&messages, other);
        let kinds: Vec<_> = blocks.iter().map(|block| block["type"].clone()).collect();
        assert_eq!(kinds, ["text", "text"]);
        let text = json!(blocks).to_string();
        assert!(!text.contains("encrypted"), "{text}");
        let words = |blocks: &[Value]| -> String {
            let texts = blocks.iter().filter_map(|block| block["text"].as_str());
            texts.collect()
        };
        assert_eq!(words(&blocks), words(&whole));
    }
}

#[test]
fn what_was_kept_before_accounts_were_noted_goes_back_as_it_did() {
    let messages = given_to(None);
    assert_eq!(back(&messages, Some("a")), back(&messages, None));
    assert!(
        json!(back(&messages, Some("a")))
            .to_string()
            .contains(RESULT)
    );
}
