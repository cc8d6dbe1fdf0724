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

fn markdown(text: &str) -> String {
    markdown::to_html(text, false, &CodeBudget::new(PAGE_CODE_BYTES))
}

async fn rendered(renderer: &Renderer, message: Message) -> Vec<Option<String>> {
    let mut page = renderer.render_page(vec![(message, 1)]).await;
    page.remove(0).rendered
}

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
        cut_short: None,
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

#[tokio::test]
async fn renders_each_part_in_its_place() {
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
    let html = rendered(&renderer, message.clone()).await;
    assert_eq!(html.len(), 3);
    assert_eq!(html[0].as_deref(), Some("<p><strong>hi</strong></p>\n"));
    assert_eq!(html[1], None);
    let diff = html[2].as_deref().unwrap();
    assert!(
        diff.contains("<span class=\"diff-added\">+&lt;new&gt;"),
        "{diff}"
    );
    assert_eq!(rendered(&renderer, message).await, html);
}

#[tokio::test]
async fn people_keep_their_line_breaks() {
    let said = message(Role::User, vec![Part::text("one\ntwo")]);
    let html = rendered(&Renderer::default(), said).await;
    assert!(html[0].as_deref().unwrap().contains("<br"));
}

#[tokio::test]
async fn a_page_with_much_code_colours_its_newest_and_remembers_only_what_is_whole() {
    let line = "let colour = \"here\";\n";
    // Three of these are more than the budget of a page, two are not.
    let code = format!("```rust\n{}```", line.repeat(100 * 1024 / line.len()));
    let page: Vec<(Message, i64)> = (1..=3)
        .map(|id| {
            let said = message(Role::Assistant, vec![Part::text(&code)]);
            (
                Message {
                    id: MessageId(id),
                    ..said
                },
                1,
            )
        })
        .collect();
    let renderer = Renderer::default();
    let is_coloured = |message: &Message| {
        let html = message.rendered[0].as_deref().unwrap();
        assert!(html.contains("colour"), "{}", message.id.0);
        html.contains("hl-")
    };
    let first = renderer.render_page(page.clone()).await;
    assert_eq!(
        first.iter().map(is_coloured).collect::<Vec<_>>(),
        [false, true, true]
    );
    // The newer two come from the cache, so the budget reaches for the oldest now.
    let second = renderer.render_page(page).await;
    assert!(second.iter().all(is_coloured));
    assert_eq!(first[2].rendered, second[2].rendered);
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

fn diff_comment() -> sdk::parts::DiffComment {
    sdk::parts::DiffComment {
        file_name: "src/<lib>.rs".to_owned(),
        start_line: 4,
        end_line: 5,
        side: sdk::parts::DiffSide::New,
        content: "Use <b>the title</b>\nhere.".to_owned(),
        diff_hunk: Some("@@ -3,2 +3,3 @@\n one\n-two\n+let x = \"<script>\";\n+five".to_owned()),
        repo_root: None,
        blob: None,
    }
}

#[tokio::test]
async fn shows_comments_with_their_lines_and_nothing_as_markup() {
    let comment = Part::DiffComment(diff_comment());
    let sent = message(Role::User, vec![Part::text("Look"), comment]);
    let page = rendered(&Renderer::default(), sent.clone()).await;
    let html = page[1].clone().unwrap();
    for piece in [
        "<code>src/&lt;lib&gt;.rs:4-5</code>",
        "hl-string",
        "&lt;script&gt;",
        "five\n",
        "Use &lt;b&gt;the title&lt;/b&gt;\nhere.",
    ] {
        assert!(html.contains(piece), "{piece}: {html}");
    }
    assert!(!html.contains("one") && !html.contains("two"), "{html}");
    // The answer to the request that sent it shows the same.
    let answered = render_quotes(sent).await;
    assert_eq!(answered.rendered, [None, Some(html)]);
}

#[tokio::test]
async fn a_long_quote_is_folded_and_a_message_without_one_is_left_alone() {
    let lines = sdk::parts::LineReference {
        file_name: "a.txt".to_owned(),
        start_line: 1,
        end_line: 14,
        content: "line\n".repeat(14),
    };
    let sent = message(Role::User, vec![Part::FileReference(lines)]);
    let html = render_quotes(sent).await.rendered.remove(0).unwrap();
    assert!(html.contains("<summary>2 more lines</summary>"), "{html}");
    let name = sdk::parts::LineReference {
        file_name: "a.txt".to_owned(),
        ..sdk::parts::LineReference::default()
    };
    let sent = message(Role::User, vec![Part::FileReference(name)]);
    let html = render_quotes(sent).await.rendered.remove(0).unwrap();
    assert!(
        html.contains("<code>a.txt</code>") && !html.contains("<pre"),
        "{html}"
    );
    let plain = message(Role::User, vec![Part::text("Hello")]);
    assert!(render_quotes(plain).await.rendered.is_empty());
}
