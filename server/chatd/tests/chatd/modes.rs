//! What a message says about how the agent works holds from then on, and what it does not say stays.

use chatd::state::people::{Mode, NewChat, Outgoing};
use sdk::chats::PlanMode;
use sdk::ids::McpServerId;
use sdk::messages::BusyBehavior;

use crate::harness::on_both;

#[tokio::test]
async fn modes_are_kept_until_a_message_changes_them() {
    on_both(async |bench| {
        let servers = vec![McpServerId::generate(), McpServerId::generate()];
        let new = NewChat {
            mode: Mode {
                plan_mode: Some(PlanMode::Plan),
                mcp_server_ids: Some(servers.clone()),
            },
            ..bench.new_chat("!call wait {\"ms\": 300}\n!then\n!text \"done\"")
        };
        let chat = bench.daemon.create(new).await.unwrap().0.id;
        let now = async || {
            let chat = chatd::wire::chat(bench.row(chat).await, false);
            (chat.plan_mode, chat.mcp_server_ids)
        };
        let say = async |mode: Mode| {
            let outgoing = Outgoing {
                mode,
                ..bench.outgoing("!text \"ok\"")
            };
            let sent = bench.daemon.send(chat, outgoing, BusyBehavior::Queue);
            sent.await.unwrap();
        };
        assert_eq!(now().await, (PlanMode::Plan, servers.clone()));
        // This one waits for the turn's end; what it says holds at once.
        let only_servers = Mode {
            mcp_server_ids: Some(vec![servers[0]]),
            ..Mode::default()
        };
        say(only_servers).await;
        assert_eq!(now().await, (PlanMode::Plan, vec![servers[0]]));
        bench.until_idle(chat).await;
        say(Mode::default()).await;
        assert_eq!(now().await, (PlanMode::Plan, vec![servers[0]]));
        let none = Mode {
            plan_mode: Some(PlanMode::Off),
            mcp_server_ids: Some(Vec::new()),
        };
        say(none).await;
        assert_eq!(now().await, (PlanMode::Off, Vec::new()));
        bench.until_idle(chat).await;
        bench.end().await;
    })
    .await;
}
