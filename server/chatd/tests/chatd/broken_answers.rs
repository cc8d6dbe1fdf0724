//! Answers that do not become whole: they say so, and what the provider had counted until then is booked.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::ModelSource;
use chatd::state::people::NewChat;
use chatd::{Daemon, DaemonOptions, ResolvedModel};
use llm::ProviderKind;
use sdk::chats::ChatError;
use sdk::costs::CostTotals;
use sdk::ids::{ChatId, ModelConfigId, UserId};
use sdk::messages::CutShort;
use sdk::models::ModelPrices;
use sdk::parts::Part;
use store::chats::Status;
use store::costs;
use store::testing::TestDb;

use crate::debug_turns::Remote;
use crate::harness::{Bench, options};

/// A model with prices.
#[derive(Debug)]
struct Priced(Remote);

#[async_trait]
impl ModelSource for Priced {
    async fn resolve(&self, id: ModelConfigId, owner: UserId) -> Result<ResolvedModel, ChatError> {
        let mut model = self.0.resolve(id, owner).await?;
        model.options.cost = Some(ModelPrices {
            input_price_per_million_tokens: Some("1000".parse().unwrap()),
            output_price_per_million_tokens: Some("1000000".parse().unwrap()),
            ..ModelPrices::default()
        });
        Ok(model)
    }
}

async fn bench(is_postgres: bool, server: &standin::Handle, kind: ProviderKind) -> Bench {
    let database = if is_postgres {
        TestDb::postgres().await
    } else {
        TestDb::sqlite().await
    };
    let remote = Remote::new(kind, &server.base_url(), "sk-test-0123456789");
    let mut bench = Bench::on(database).await;
    bench.daemon = Daemon::new(DaemonOptions {
        models: Arc::new(Priced(remote)),
        ..options(&bench.db, &bench.notices, &bench.tools)
    });
    bench.daemon.start();
    bench
}

async fn booked(bench: &Bench, chat: ChatId) -> CostTotals {
    let totals = costs::of_chat(&bench.db, chat, chat).await.unwrap();
    totals.totals()
}

/// A chat whose title costs nothing.
async fn create(bench: &Bench, script: &str) -> ChatId {
    let new = NewChat {
        is_title_final: true,
        ..bench.new_chat(script)
    };
    bench.daemon.create(new).await.unwrap().0.id
}

#[tokio::test]
async fn a_stopped_answer_costs_what_the_provider_had_counted() {
    let server = standin::start().await.unwrap();
    for is_postgres in [false, true] {
        for (kind, input, output) in [
            // It counts what it read and the first token before it answers.
            (ProviderKind::Anthropic, 100, 1),
            // It counts at the end.
            (ProviderKind::OpenAiCompatible, 0, 0),
        ] {
            let bench = bench(is_postgres, &server, kind).await;
            let script = "!usage input=100 output=7\n!text \"Half.\"\n!stall 60s";
            let chat = create(&bench, script).await;
            bench.interrupt_mid_answer(chat).await;
            let booked = booked(&bench, chat).await;
            assert_eq!(booked.message_count, i64::from(input > 0), "{kind:?}");
            assert_eq!(booked.total_input_tokens, input);
            assert_eq!(booked.total_output_tokens, output);
            assert_eq!(booked.total_cost_micros, input * 1_000 + output * 1_000_000);
            let messages = bench.messages(chat).await;
            let counted = messages[1].usage.and_then(|usage| usage.input_tokens);
            assert_eq!(counted, (input > 0).then_some(input));
            assert_eq!(messages[1].cut_short, Some(CutShort::Stopped));
            bench.end().await;
        }
    }
}

#[tokio::test]
async fn each_attempt_that_breaks_off_costs_what_the_provider_had_counted() {
    let server = standin::start().await.unwrap();
    for is_postgres in [false, true] {
        let bench = bench(is_postgres, &server, ProviderKind::Anthropic).await;
        let script = "!usage input=100 output=7\n!text \"Half.\"\n!error-once 529 \"busy\"\n!text \"Whole.\"";
        let chat = create(&bench, script).await;
        assert_eq!(bench.until_idle(chat).await.status, Status::Waiting);
        let both = booked(&bench, chat).await;
        assert_eq!((both.message_count, both.unpriced_message_count), (2, 0));
        assert_eq!(both.total_input_tokens, 200);
        assert_eq!(both.total_output_tokens, 1 + 7);
        assert_eq!(both.total_cost_micros, 200 * 1_000 + 8 * 1_000_000);

        let script = "!usage input=100 output=7\n!text \"Half.\"\n!error 400 \"Not so.\"";
        let chat = create(&bench, script).await;
        assert_eq!(bench.until_idle(chat).await.status, Status::Error);
        assert_eq!(booked(&bench, chat).await.total_input_tokens, 100);

        // What is refused before it begins costs nothing.
        let chat = create(&bench, "!error 400 \"Not so.\"").await;
        assert_eq!(bench.until_idle(chat).await.status, Status::Error);
        assert_eq!(booked(&bench, chat).await.message_count, 0);
        bench.end().await;
    }
}

/// The stand-in plays what a person asks a summary for, as it plays what they say.
#[tokio::test]
async fn a_summary_that_is_stopped_or_breaks_off_costs_what_the_provider_had_counted() {
    let server = standin::start().await.unwrap();
    for is_postgres in [false, true] {
        let bench = bench(is_postgres, &server, ProviderKind::Anthropic).await;
        for (ending, is_stopped) in [("!stall 60s", true), ("!error 400 \"Not so.\"", false)] {
            let chat = create(&bench, "!usage input=10 output=3\n!text \"Begun.\"").await;
            bench.until_idle(chat).await;
            let wish = format!("this\n!usage input=100 output=7\n!text \"Half.\"\n{ending}");
            bench.daemon.compact(chat, wish).await.unwrap();
            if is_stopped {
                // The counts come before the first word.
                tokio::time::sleep(Duration::from_secs(2)).await;
                bench.daemon.interrupt(chat).await.unwrap();
            }
            bench.until_idle(chat).await;
            let booked = booked(&bench, chat).await;
            assert_eq!(booked.message_count, 2, "{ending}");
            assert_eq!(booked.total_input_tokens, 10 + 100);
        }
        bench.end().await;
    }
}

#[tokio::test]
async fn an_answer_that_came_to_its_limit_or_was_withheld_says_so() {
    let server = standin::start().await.unwrap();
    for is_postgres in [false, true] {
        for kind in [ProviderKind::Anthropic, ProviderKind::OpenAiCompatible] {
            let bench = bench(is_postgres, &server, kind).await;
            for (name, cut_short, words) in [
                ("length", CutShort::Length, "output limit"),
                ("content_filter", CutShort::ContentFilter, "withheld"),
            ] {
                let chat = create(&bench, &format!("!text \"Half.\"\n!finish {name}")).await;
                assert_eq!(bench.until_idle(chat).await.status, Status::Waiting);
                let messages = bench.messages(chat).await;
                assert_eq!(messages[1].cut_short, Some(cut_short), "{kind:?}");

                // Thoughts alone are no answer; they are kept, and paid for.
                let script = format!("!usage input=100 output=7\n!reason \"Hm.\"\n!finish {name}");
                let chat = create(&bench, &script).await;
                let row = bench.until_idle(chat).await;
                assert_eq!(row.status, Status::Error);
                let error = row.last_error.unwrap().message;
                assert!(error.contains(words), "{error}");
                let messages = bench.messages(chat).await;
                assert_eq!(messages[1].cut_short, Some(cut_short));
                assert!(matches!(messages[1].content[..], [Part::Reasoning(_)]));
                assert_eq!(booked(&bench, chat).await.message_count, 1);
            }
            let chat = create(&bench, "!text \"Whole.\"").await;
            bench.until_idle(chat).await;
            assert_eq!(bench.messages(chat).await[1].cut_short, None);
            bench.end().await;
        }
    }
}
