//! When what is recorded was, and which messages came of it.

use sdk::debug::DebugStep;
use sdk::ids::MessageId;
use sdk::messages::{Message, Role};
use store::Clock;

use super::*;

fn answers(messages: &[Message]) -> Vec<Option<MessageId>> {
    let answers = messages.iter().filter(|it| it.role == Role::Assistant);
    answers.map(|message| Some(message.id)).collect()
}

fn named(steps: &[DebugStep]) -> Vec<Option<MessageId>> {
    steps.iter().map(|step| step.assistant_message_id).collect()
}

#[tokio::test]
async fn each_step_names_the_message_that_came_of_it() {
    for database in [TestDb::sqlite().await, TestDb::postgres().await] {
        let bench = recorded_on(database, Arc::new(DemoModels::default())).await;
        let script = "!text \"Let me look.\"\n!call echo {\"a\": 1}\n!then\n!text \"Done.\"";
        let chat = bench.create(script).await;
        bench.until_idle(chat).await;
        let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
        let messages = bench.messages(chat).await;
        assert_eq!(answers(&messages).len(), 2);
        assert_eq!(named(&detail(&bench, &run).await.steps), answers(&messages));
        let title = ended(&bench, chat, "title_generation", 1).await.remove(0);
        assert_eq!(named(&detail(&bench, &title).await.steps), [None]);

        // What a person stopped has come of its call too, as far as it came.
        let chat = bench.create("!text \"Half.\"\n!stall 60s").await;
        bench.interrupt_mid_answer(chat).await;
        let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
        let messages = bench.messages(chat).await;
        assert_eq!(answers(&messages).len(), 1);
        assert_eq!(named(&detail(&bench, &run).await.steps), answers(&messages));

        // Of what failed nothing came.
        let chat = bench.create("!error 401 \"wrong key\"").await;
        bench.until_idle(chat).await;
        let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
        assert_eq!(named(&detail(&bench, &run).await.steps), [None]);
        bench.end().await;
    }
}

#[tokio::test]
async fn what_is_written_down_late_was_when_it_was() {
    let models = Arc::new(DemoModels::default());
    let bench = recorded_on(TestDb::postgres().await, models).await;
    let first = bench.create("!text \"One.\"").await;
    bench.until_idle(first).await;
    ended(&bench, first, "chat_turn", 1).await;
    ended(&bench, first, "title_generation", 1).await;

    // The writer waits with the first chat's record, and so with what comes after it.
    let mut tx = bench.db.begin().await.unwrap();
    store::debug::lock(&mut tx, first).await.unwrap();
    bench
        .send(first, "!text \"Two.\"", BusyBehavior::Queue)
        .await;
    bench.until_idle(first).await;
    let before = Clock::default().now();
    let second = bench.create("!text \"Three.\"").await;
    bench.until_idle(second).await;
    let after = Clock::default().now();
    assert!(runs::list(&bench.db, second).await.unwrap().is_empty());
    tx.rollback().await.unwrap();

    let run = ended(&bench, second, "chat_turn", 1).await.remove(0);
    let step = detail(&bench, &run).await.steps.remove(0);
    let moments = [run.started_at, step.started_at, step.finished_at.unwrap()];
    assert!(moments.is_sorted(), "{moments:?}");
    assert!(
        moments[0] >= before && moments[2] <= after,
        "{before} {moments:?} {after}"
    );
    bench.end().await;
}
