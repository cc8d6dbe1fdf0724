#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;
use sdk::ids::{ChatId, MessageId};
use serde_json::json;

use super::*;

fn message(role: Role, content: Vec<Part>) -> Message {
    Message {
        id: MessageId(1),
        chat_id: ChatId::generate(),
        created_by: None,
        model_config_id: None,
        created_at: chrono::Utc::now(),
        role,
        content,
        usage: None,
        runtime_ms: None,
        rendered: Vec::new(),
    }
}

#[test]
fn colours_code_by_classes_alone() {
    let html = markdown("```rust\nfn main() { let x = \"a<b\"; }\n```");
    assert!(
        html.contains("<div class=\"code-block\" data-language=\"rust\"><pre><code>"),
        "{html}"
    );
    assert!(
        html.contains("hl-string") && html.contains("a&lt;b"),
        "{html}"
    );
    assert!(html.trim_end().ends_with("</code></pre></div>"), "{html}");
    assert!(!html.contains("style="), "{html}");
}

#[test]
fn code_of_unknown_languages_stays_as_it_is() {
    let html = markdown("```klingon\nqapla' < 5\n```\n\n    indented & plain");
    assert!(
        html.contains("data-language=\"klingon\"") && html.contains("qapla' &lt; 5"),
        "{html}"
    );
    assert!(html.contains("indented &amp; plain"), "{html}");
    assert_eq!(
        html.matches("<div").count(),
        html.matches("</div>").count(),
        "{html}"
    );
}

#[test]
fn links_open_elsewhere_and_pictures_become_links() {
    let html =
        markdown("[a](https://example.com) ![pic](https://example.com/x.png) [r](../etc/passwd)");
    assert_eq!(
        html.matches("rel=\"noopener noreferrer nofollow\"").count(),
        3,
        "{html}"
    );
    assert_eq!(html.matches("target=\"_blank\"").count(), 3, "{html}");
    assert!(
        !html.contains("<img") && html.contains("href=\"https://example.com/x.png\""),
        "{html}"
    );
    assert!(!html.contains("passwd"), "{html}");
}

#[test]
fn nothing_that_runs_survives() {
    let attacks = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<a href=\"javascript:alert(1)\">x</a>",
        "```\"><script>alert(1)</script>\nx\n```",
        "```js onmouseover=alert(1)\nx\n```",
        "</pre></div><script>alert(1)</script>",
        "<svg onload=alert(1)>",
        "<div style=\"position:fixed\">x</div>",
    ];
    for attack in attacks {
        let html = markdown(attack).to_lowercase();
        for forbidden in [
            "<script",
            "onerror=",
            "onload=",
            "href=\"javascript:",
            "href=\"data:",
            "style=",
            "<svg",
            "<img",
        ] {
            let is_markup = html.contains(forbidden) && !html.contains(&format!("&lt;{forbidden}"));
            assert!(!is_markup, "{attack} became {html}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_becomes_balanced_html(text in "[a-z<>/\"'`&\\[\\]()!#*_|\\-\n ~:.=]{0,80}") {
        let html = markdown(&text);
        for tag in ["div", "pre", "code", "span", "p", "a"] {
            let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            prop_assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{}", html);
        }
    }
}

#[test]
fn renders_each_part_in_its_place() {
    let result = ToolResultPart {
        tool_name: "edit_files".into(),
        result: Some(json!({"files": [{"path": "/a", "diff": "@@ -1 +1 @@\n-old\n+<new>\n"}]})),
        ..ToolResultPart::default()
    };
    let parts = vec![
        Part::text("**hi**"),
        Part::ToolCall(sdk::parts::ToolCallPart::default()),
        Part::ToolResult(result),
    ];
    let renderer = Renderer::default();
    let message = message(Role::Assistant, parts);
    let rendered = renderer.render(&message, 1);
    assert_eq!(rendered.len(), 3);
    assert_eq!(rendered[0].as_deref(), Some("<p><strong>hi</strong></p>\n"));
    assert_eq!(rendered[1], None);
    let diff = rendered[2].as_deref().unwrap();
    assert!(
        diff.contains("<span class=\"diff-added\">+&lt;new&gt;"),
        "{diff}"
    );
    assert_eq!(renderer.render(&message, 1), rendered);
}

#[test]
fn people_keep_their_line_breaks() {
    let rendered =
        Renderer::default().render(&message(Role::User, vec![Part::text("one\ntwo")]), 1);
    assert!(rendered[0].as_deref().unwrap().contains("<br"));
}

#[test]
fn colours_the_lines_of_a_file() {
    let lines = highlight_lines("/src/main.rs", &["/* begin", "still */ let x = 1;"]);
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].contains("hl-comment") && lines[1].contains("hl-comment"),
        "{lines:?}"
    );
    assert!(lines[1].contains("hl-constant"), "{lines:?}");
    assert_eq!(highlight_lines("unknown.zzz", &["a < b"]), ["a &lt; b"]);
}
