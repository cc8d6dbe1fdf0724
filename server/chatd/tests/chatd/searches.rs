//! The web search that a provider makes itself, through whole turns over both protocols that have one.

use std::sync::atomic::Ordering;

use chatd::state::people::{Mode, NewChat};
use sdk::chats::PlanMode;
use sdk::ids::ChatId;
use sdk::live::LiveChat;
use sdk::messages::{BusyBehavior, Message, Role};
use sdk::models::ModelCallConfig;
use sdk::parts::Part;
use serde_json::{Map, Value, json};
use standin::Handle;
use store::chats::{ChatMode, Status};
use store::testing::TestDb;

use crate::harness::{Bench, assert_paired, follow};
use crate::protocols::{self, Protocol, asked};

const FOUND: &str =
    r#"!search {"query": "rust", "pages": [{"url": "https://a.example/1", "title": "One"}]}"#;
const CITED: &str = r#"!cite {"text": "So it is", "url": "https://a.example/1", "title": "One"}"#;
const KINDS: [Protocol; 2] = [Protocol::Anthropic, Protocol::Responses];

/// Settings that let a model search the web.
fn searching() -> ModelCallConfig {
    let on = || json!({"web_search_enabled": true});
    let options = ["anthropic", "openai"].map(|name| (name.to_owned(), on()));
    ModelCallConfig {
        provider_options: Some(Map::from_iter(options)),
        ..ModelCallConfig::default()
    }
}

async fn bench(kind: Protocol, provider: &Handle, database: TestDb) -> Bench {
    let mut bench = Bench::on(database).await;
    bench.daemon = daemon(&bench, kind, provider);
    bench
}

/// A daemon on the bench's rows, at work.
fn daemon(bench: &Bench, protocol: Protocol, provider: &Handle) -> chatd::Daemon {
    protocols::daemon(bench, protocol, provider, searching())
}

fn offers_search(body: &Value) -> bool {
    let tools = body["tools"].as_array().unwrap();
    let kind = |tool: &Value| tool["type"].as_str().unwrap_or_default().to_owned();
    tools
        .iter()
        .any(|tool| kind(tool).starts_with("web_search"))
}

fn said(body: &Value) -> Vec<Value> {
    standin::conversation(body).unwrap()
}

fn kinds(message: &Message) -> Vec<&'static str> {
    let kind = |part: &Part| match part {
        Part::Text { .. } => "text",
        Part::ToolCall(call) if call.provider_executed => "search",
        Part::ToolCall(_) => "call",
        Part::ToolResult(result) if result.interrupted => "stopped",
        Part::ToolResult(result) if result.provider_executed => "found",
        Part::ToolResult(_) => "result",
        Part::Source(_) => "source",
        other => panic!("{other:?}"),
    };
    message.content.iter().map(kind).collect()
}

async fn say(bench: &Bench, chat: ChatId, text: &str) {
    bench.send(chat, text, BusyBehavior::Queue).await;
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
}

#[tokio::test]
async fn what_was_found_is_kept_and_goes_back_with_each_turn() {
    for (kind, database) in [
        (KINDS[0], TestDb::sqlite().await),
        (KINDS[0], TestDb::postgres().await),
        (KINDS[1], TestDb::sqlite().await),
    ] {
        let provider = standin::start().await.unwrap();
        let bench = bench(kind, &provider, database).await;
        let chat = bench
            .create(&format!("!text \"I look.\"\n{FOUND}\n{CITED}"))
            .await;
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        assert_eq!(messages.len(), 2, "no message of a tool: {messages:?}");
        let expected = ["text", "search", "found", "text", "source"];
        assert_eq!(kinds(&messages[1]), expected);
        let told = serde_json::to_string(&messages).unwrap();
        assert!(
            told.contains("https://a.example/1") && !told.contains("standin+page"),
            "{told}"
        );
        assert!(!told.contains("provider_metadata"), "{told}");

        say(&bench, chat, "!text \"two\"").await;
        // Another process knows nothing but the rows.
        bench.daemon.shut_down().await;
        let bench = Bench {
            daemon: daemon(&bench, kind, &provider),
            ..bench
        };
        say(&bench, chat, "!call echo {}\n!then\n!text \"three\"").await;
        assert_eq!(
            bench.tools.runs.load(Ordering::SeqCst),
            1,
            "only the tool of ours"
        );
        let bodies = asked(&provider);
        assert_eq!(bodies.len(), 4);
        assert!(bodies.iter().all(offers_search));
        let before = said(&bodies[1]);
        for body in &bodies[2..] {
            assert_eq!(
                said(body)[..before.len()],
                before[..],
                "{kind:?}: what was said stays"
            );
        }
        let sent = json!(before).to_string();
        match kind {
            Protocol::Anthropic => assert!(
                sent.contains("web_search_tool_result") && sent.contains("encrypted_index"),
                "{sent}"
            ),
            _ => assert!(sent.contains("web_search_call"), "{sent}"),
        }
        bench.end().await;
    }
}

#[tokio::test]
async fn an_answer_that_pauses_goes_on_by_itself() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let chat = bench
        .create(&format!(
            "{FOUND}\n!finish paused\n!then\n!text \"the end\""
        ))
        .await;
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
    let messages = bench.messages(chat).await;
    let roles: Vec<_> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Assistant]);
    assert_eq!(kinds(&messages[1]), ["search", "found"]);
    assert_eq!(messages[2].text(), "the end");
    assert!(messages[1].usage.is_some() && messages[2].usage.is_some());
    let bodies = asked(&provider);
    assert_eq!(bodies.len(), 2);
    let last = said(&bodies[1]).pop().unwrap();
    assert_eq!(
        last["role"], "assistant",
        "the answer is what it is asked with"
    );
    bench.end().await;
}

#[tokio::test]
async fn a_search_that_was_stopped_does_not_break_the_next_turn() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let chat = bench
        .create("!search {\"query\": \"x\"}\n!text \"words\"\n!stall 60s")
        .await;
    let row = bench.interrupt_mid_answer(chat).await;
    assert_eq!(row.status, Status::Waiting);
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    let kept = kinds(messages.last().unwrap());
    assert_eq!(
        (kept.first(), kept.last()),
        (Some(&"search"), Some(&"stopped"))
    );
    // The provider would refuse a search without its answer.
    say(&bench, chat, "!text \"on\"").await;
    let sent = asked(&provider).pop().unwrap();
    assert!(!json!(said(&sent)).to_string().contains("server_tool_use"));
    bench.end().await;
}

#[tokio::test]
async fn a_search_that_was_stopped_after_a_thought_does_not_break_the_next_turn() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let script = "!reason \"Where?\"\n!search {\"query\": \"x\"}\n!stall 60s";
    let chat = bench.create(script).await;
    let mut live = LiveChat::default();
    let searches = |part: &Part| matches!(part, Part::ToolCall(_));
    follow(&bench.daemon, chat, &mut live, |live, _| {
        live.preview.parts.iter().any(searches)
    })
    .await;
    bench.daemon.interrupt(chat).await.unwrap();
    bench.until_idle(chat).await;
    say(&bench, chat, "!text \"two\"").await;
    bench.end().await;
}

#[tokio::test]
async fn a_search_that_the_provider_forgets_is_closed() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let chat = bench
        .create("!search {\"query\": \"x\"}\n!text \"no more\"\n!finish length")
        .await;
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    assert_eq!(kinds(&messages[1]), ["search", "text", "stopped"]);
    say(&bench, chat, "!text \"on\"").await;
    bench.end().await;
}

#[tokio::test]
async fn who_plans_or_explores_searches_nothing() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let general = bench.create(&format!("{FOUND}\n!text \"found\"")).await;
    bench.until_idle(general).await;
    let planning = NewChat {
        mode: Mode {
            plan_mode: Some(PlanMode::Plan),
            ..Mode::default()
        },
        ..bench.new_chat("!text \"plan\"")
    };
    let with = |chat_mode| NewChat {
        chat_mode,
        parent: Some(general),
        ..bench.new_chat("!text \"child\"")
    };
    let chats = [
        planning,
        with(ChatMode::Explore),
        with(ChatMode::ComputerUse),
        with(ChatMode::General),
    ];
    for chat in chats {
        let chat = bench.daemon.create(chat).await.unwrap().0.id;
        bench.until_idle(chat).await;
    }
    let offers: Vec<_> = asked(&provider).iter().map(offers_search).collect();
    assert_eq!(offers, [true, false, false, false, true]);
    let requests = provider.traffic().requests.into_iter();
    let mut titles = requests.map(|request| request.json());
    assert!(
        titles
            .all(|body| body["tools"].is_array() || !body.to_string().contains("web_search_2025"))
    );
    bench.end().await;
}

#[tokio::test]
async fn a_summary_reads_what_was_found_and_searches_nothing() {
    let provider = standin::start().await.unwrap();
    let bench = bench(KINDS[0], &provider, TestDb::sqlite().await).await;
    let chat = bench.create(&format!("{FOUND}\n{CITED}")).await;
    bench.until_idle(chat).await;
    bench.daemon.compact(chat, String::new()).await.unwrap();
    bench
        .until(chat, "the summary", |row| row.compaction_request.is_none())
        .await;
    bench.until_idle(chat).await;
    let summary = asked(&provider).pop().unwrap();
    // The same tools keep the provider's cache of use.
    assert_eq!(summary["tool_choice"], json!({"type": "none"}));
    assert!(
        json!(said(&summary))
            .to_string()
            .contains("web_search_tool_result")
    );
    // What is said next stands on the summary, without results that have lost their search.
    say(&bench, chat, "!text \"on\"").await;
    bench.end().await;
}
