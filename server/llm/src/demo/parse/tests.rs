#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;

fn parsed(message: &str) -> Script {
    script(message).unwrap().unwrap()
}

fn actions(message: &str) -> Vec<Action> {
    parsed(message).steps.remove(0).actions
}

fn problem(message: &str) -> String {
    script(message).unwrap_err().to_string()
}

#[test]
fn a_message_without_directives_is_no_script() {
    for message in [
        "",
        "Hello!",
        "Say !text to me",
        "![image](x)",
        "! text",
        "!",
        "!1",
        "!TEXT",
    ] {
        assert_eq!(script(message), Ok(None), "{message}");
    }
}

#[test]
fn reads_every_directive() {
    let message = r#"
Words around directives are ignored.
!pace 20ms
!title "A title"
!text "one\ntwo"
  !reason because it is so
!tokens 5
!clock 2
!results
!call execute {"command": "ls -la"}
!call process_list
!stall 1.5s
!cut
"#;
    let script = parsed(message);
    assert_eq!(script.pace, Some(Duration::from_millis(20)));
    assert_eq!(script.title.as_deref(), Some("A title"));
    let call = |name: &str, arguments: &str| Action::Call {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let expected = vec![
        Action::Text("one\ntwo".to_owned()),
        Action::Reason("because it is so".to_owned()),
        Action::Tokens(5),
        Action::Clock(2),
        Action::Results,
        call("execute", r#"{"command": "ls -la"}"#),
        call("process_list", "{}"),
        Action::Stall(Duration::from_millis(1_500)),
        Action::Cut,
    ];
    assert_eq!(
        script.steps,
        [Step {
            actions: expected,
            ..Step::default()
        }]
    );
}

#[test]
fn reads_errors() {
    let failure = |message: &str| match actions(message).remove(0) {
        Action::Fail(failure) => failure,
        other => panic!("{other:?}"),
    };
    let full = failure(r#"!error 429 retry_after=2.5 times=3 "slow down""#);
    assert_eq!(
        (full.status, full.times, full.text.as_str()),
        (429, Some(3), "slow down")
    );
    assert_eq!(full.retry_after, Some(Duration::from_millis(2_500)));
    let short = failure("!error-once 529");
    assert_eq!(
        (short.times, short.text.as_str()),
        (Some(1), "scripted error 529")
    );
    assert_eq!(failure("!error 500 a=b is said").text, "a=b is said");
}

#[test]
fn cuts_into_steps_and_repeats_them() {
    let script = parsed("!call a\n!then\n!call b\n!repeat 3\n!text end");
    let names: Vec<&str> = script
        .steps
        .iter()
        .filter_map(|step| match step.actions.first() {
            Some(Action::Call { name, .. }) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["a", "b", "a", "b", "a", "b"]);
    assert_eq!(script.steps.len(), 7);
    assert_eq!(parsed("!text a\n!repeat 0").steps.len(), 0);
}

#[test]
fn usage_lasts_until_it_is_said_anew() {
    let steps = parsed("!text a\n!then\n!usage input=1 cache_read=2 cache_write=3 output=4 reasoning=5\n!then\n!text c").steps;
    assert_eq!(steps[0].usage, None);
    assert_eq!(steps[1].usage, steps[2].usage);
    let usage = steps[2].usage.unwrap();
    assert_eq!(
        (usage.total_tokens, usage.reasoning_tokens),
        (Some(10), Some(5))
    );
}

#[test]
fn says_which_line_is_wrong() {
    assert_eq!(
        problem("hi\n!dance"),
        "line 2: !dance: there is no such directive"
    );
    for message in [
        "!text \"open",
        "!tokens",
        "!tokens -1",
        "!tokens 99999999",
        "!call",
        "!error",
        "!error 200",
        "!error x",
        "!error 429 retry_after=soon",
        "!error 429 times=x",
        "!pace 5",
        "!pace fast",
        "!stall",
        "!stall -1s",
        "!usage input",
        "!usage input=x",
        "!usage colour=1",
        "!repeat",
        "!text a\n!repeat 10001",
        "!text a\n!repeat 200\n!repeat 200",
        "!stall 99999999999999999999s",
    ] {
        assert!(script(message).is_err(), "{message}");
    }
}

#[test]
fn plain_words_leave_directives_out() {
    assert_eq!(
        plain_words("Fix  it\n!text no\n now").collect::<Vec<_>>(),
        ["Fix", "it", "now"]
    );
}
