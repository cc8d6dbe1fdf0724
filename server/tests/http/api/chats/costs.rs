//! What calls cost, over HTTP with the scripted model.

use std::time::Duration;

use sdk::client::Client;
use sdk::costs::{CostRange, CostSummary, ListUserCosts};
use sdk::ids::{ChatId, ModelConfigId};
use sdk::models::{ModelCallConfig, ModelPrices, UpdateModelConfig};

use super::{PATIENCE, follow, new_chat};
use crate::support::{TestServer, on_both};

/// A dollar for a million tokens of each kind: every token costs one micro-dollar.
async fn price(owner: &Client, input: Option<&str>) -> ModelConfigId {
    let models = owner.list_model_configs().await.unwrap();
    let model = models.iter().find(|model| model.is_default).unwrap();
    let one = input.map(|price| price.parse().unwrap());
    let change = UpdateModelConfig {
        model_config: Some(ModelCallConfig {
            cost: input.map(|_| ModelPrices {
                input_price_per_million_tokens: one,
                output_price_per_million_tokens: one,
                cache_read_price_per_million_tokens: one,
                cache_write_price_per_million_tokens: one,
            }),
            ..model.model_config.clone()
        }),
        ..UpdateModelConfig::default()
    };
    owner.update_model_config(model.id, &change).await.unwrap();
    model.id
}

async fn play(client: &Client, script: &str) -> ChatId {
    let chat = client.create_chat(&new_chat(script)).await.unwrap().id;
    follow(client, chat).await;
    chat
}

/// The summary, as soon as so many calls are booked: titles are made beside the turn.
async fn booked(client: &Client, user: &str, calls: i64) -> CostSummary {
    let is_there = async {
        loop {
            let summary = client.get_cost_summary(user, &CostRange::default()).await;
            let summary = summary.unwrap();
            if summary.priced_message_count + summary.unpriced_message_count >= calls {
                return summary;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_there).await.unwrap()
}

fn tokens(summary: &CostSummary) -> i64 {
    summary.total_input_tokens
        + summary.total_output_tokens
        + summary.total_cache_read_tokens
        + summary.total_cache_creation_tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_in_the_summary_and_the_subagents_under_their_root() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let model = price(&owner, Some("1")).await;
        let chat = play(
            &member,
            "!usage input=1000 output=200 cache_read=30 cache_write=4\n\
             !call spawn_agent {\"title\": \"Child\", \"prompt\": \"!usage input=500 output=7\\n!text \\\"Done.\\\"\"}\n!then\n\
             !call wait_agent {\"chat_id\": \"{{1.chat_id}}\"}\n!then\n!text \"All done.\"",
        )
        .await;
        // Three steps, the agent's one, and the title.
        let summary = booked(&member, "me", 5).await;
        assert_eq!(summary.priced_message_count, 5);
        assert_eq!(summary.unpriced_message_count, 0);
        assert_eq!(summary.total_cache_read_tokens, 90);
        assert_eq!(summary.total_cache_creation_tokens, 12);
        assert!(summary.total_input_tokens >= 3500);
        assert_eq!(summary.total_cost_micros, tokens(&summary));
        assert_eq!(summary.by_model.len(), 1);
        assert_eq!(summary.by_model[0].model_config_id, model);
        assert_eq!(summary.by_model[0].message_count, 5);
        assert_eq!(summary.by_chat.len(), 1, "the agent's call stands under its root");
        assert_eq!(summary.by_chat[0].root_chat_id, chat);
        assert_eq!(summary.by_chat[0].total_cost_micros, summary.total_cost_micros);
        assert_eq!(summary.by_day.iter().map(|day| day.message_count).sum::<i64>(), 5);

        let of_chat = member.get_chat_cost(chat).await.unwrap();
        assert_eq!(of_chat.total_cost_micros, summary.total_cost_micros);
        assert_eq!(of_chat.subagents_cost_micros, 507);

        // A title that is only proposed has its price too.
        member.propose_title(chat).await.unwrap();
        assert_eq!(booked(&member, "me", 6).await.priced_message_count, 6);

        let range = CostRange {
            start_date: Some(summary.start_date),
            end_date: Some(summary.start_date),
        };
        let nothing = member.get_cost_summary("me", &range).await.unwrap();
        assert_eq!((nothing.total_cost_micros, nothing.by_chat.len()), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_their_own_and_owners_everybodys() {
    on_both(async |server| {
        let (owner, mia) = (server.owner().await, server.member("mia").await);
        let stranger = server.member("sam").await;
        price(&owner, Some("1")).await;
        let chat = play(&mia, "!usage input=10 output=2\n!text \"Done.\"").await;
        let own = booked(&mia, "mia", 2).await;
        let range = CostRange::default();
        let seen = owner.get_cost_summary("mia", &range).await.unwrap();
        assert_eq!(seen.total_cost_micros, own.total_cost_micros);
        for user in ["mia", "nobody"] {
            let refused = stranger.get_cost_summary(user, &range).await.unwrap_err();
            assert_eq!(refused.status(), Some(404), "{user}");
        }
        let refused = stranger.get_chat_cost(chat).await.unwrap_err();
        assert_eq!(refused.status(), Some(404));
        let all = ListUserCosts::default();
        let refused = mia.list_user_costs(&all).await.unwrap_err();
        assert_eq!(refused.status(), Some(403));
        let anonymous = server.anonymous();
        let refused = anonymous.list_user_costs(&all).await.unwrap_err();
        assert_eq!(refused.status(), Some(401));

        play(&stranger, "!usage input=10000 output=2\n!text \"Done.\"").await;
        booked(&stranger, "me", 2).await;
        let found = owner.list_user_costs(&all).await.unwrap();
        let names: Vec<_> = found
            .users
            .iter()
            .map(|user| user.username.as_str())
            .collect();
        assert_eq!(
            (found.count, names),
            (2, vec!["sam", "mia"]),
            "the dearest first"
        );
        assert_eq!(found.users[1].total_cost_micros, own.total_cost_micros);
        assert_eq!(found.users[1].chat_count, 1);
        let page = |username: Option<&str>, limit, offset| ListUserCosts {
            username: username.map(str::to_owned),
            limit: Some(limit),
            offset: Some(offset),
            ..ListUserCosts::default()
        };
        let second = owner.list_user_costs(&page(None, 1, 1)).await.unwrap();
        assert_eq!(
            (second.count, second.users[0].username.as_str()),
            (2, "mia")
        );
        let beyond = owner.list_user_costs(&page(None, 0, 50)).await.unwrap();
        assert_eq!((beyond.count, beyond.users.len()), (2, 0));
        let found = owner
            .list_user_costs(&page(Some("MI"), -1, 0))
            .await
            .unwrap();
        assert_eq!((found.count, found.users[0].username.as_str()), (1, "mia"));
        for name in ["m_a", "%", "\0"] {
            let found = owner
                .list_user_costs(&page(Some(name), 10, 0))
                .await
                .unwrap();
            assert_eq!(found.count, 0, "{name:?}");
        }
        for (limit, offset) in [(10, -1), (1 << 31, 0), (10, 1 << 31)] {
            let refused = owner.list_user_costs(&page(None, limit, offset)).await;
            assert_eq!(refused.unwrap_err().status(), Some(400), "{limit} {offset}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    for query in [
        "begin=2026-03-01T00:00:00Z",
        "start_date=yesterday",
        "start_date=2026-03-02T00:00:00Z&end_date=2026-03-01T00:00:00Z",
        "start_date=-200000-01-01T00:00:00Z",
    ] {
        let path = format!("/api/experimental/chats/cost/me/summary?{query}");
        let request = member.request(reqwest::Method::GET, &path).unwrap();
        assert_eq!(request.send().await.unwrap().status(), 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_comes_later_is_booked_when_an_owner_asks() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let model = price(&owner, None).await;
        play(&member, "!usage input=10 output=2\n!text \"Done.\"").await;
        let before = booked(&member, "me", 2).await;
        assert_eq!(
            (before.total_cost_micros, before.unpriced_message_count),
            (0, 2)
        );
        let refused = member.backfill_costs(model).await.unwrap_err();
        assert_eq!(refused.status(), Some(403));
        let refused = owner.backfill_costs(model).await.unwrap_err();
        assert_eq!(refused.status(), Some(409), "there is no price yet");
        let refused = owner.backfill_costs(ModelConfigId::generate()).await;
        assert_eq!(refused.unwrap_err().status(), Some(404));

        price(&owner, Some("1")).await;
        let done = owner.backfill_costs(model).await.unwrap();
        assert_eq!(
            (done.priced_message_count, done.unpriced_message_count),
            (2, 0)
        );
        let after = booked(&member, "me", 2).await;
        assert_eq!(after.unpriced_message_count, 0);
        assert_eq!(after.total_cost_micros, tokens(&after));
        price(&owner, Some("5")).await;
        let again = owner.backfill_costs(model).await.unwrap();
        assert_eq!(again.priced_message_count, 0, "what has a price keeps it");
        let kept = booked(&member, "me", 2).await;
        assert_eq!(kept.total_cost_micros, after.total_cost_micros);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_for_spreadsheets_says_the_same() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    price(&owner, Some("1")).await;
    play(
        &member,
        "!title \"=cmd, and more\"\n!usage input=10 output=2\n!text \"Done.\"",
    )
    .await;
    let summary = booked(&member, "me", 2).await;
    let path = "/api/v2/users/me/costs.csv?by=model";
    let request = member.request(reqwest::Method::GET, path).unwrap();
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"costs-by-model-"));
    let csv = answer.text().await.unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    let cost = format!(",0.{:06},2,0,", summary.total_cost_micros);
    assert!(lines[1].contains(&cost), "{csv}");
}
