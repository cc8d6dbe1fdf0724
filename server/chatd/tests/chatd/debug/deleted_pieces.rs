//! Of records that are deleted nothing stays, and of the others everything.

use super::*;

const DELETE: &str = "DELETE FROM chats WHERE id = $1";

#[tokio::test]
async fn pieces_go_with_the_last_run() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let request = json!({ "messages": [words(1, 2000)] });
        let first = records.run(seconds(0), (None, None)).await;
        records.begin(first, &request, noon()).await.unwrap();
        let second = records.run(seconds(100), (None, None)).await;
        records.begin(second, &request, noon()).await.unwrap();
        let pieces = records.chunks().await;
        assert!(pieces > 0);
        assert_eq!(cleanup::delete(records.db, records.chat, None, seconds(50)).await.unwrap(), 1);
        assert_eq!(records.chunks().await, pieces);
        assert_eq!(records.steps(second).await[0].normalized_request, request);
        assert_eq!(cleanup::delete(records.db, records.chat, None, seconds(200)).await.unwrap(), 1);
        assert_eq!(records.chunks().await, 0);

        let run = records.run(seconds(0), (None, None)).await;
        records.begin(run, &request, noon()).await.unwrap();
        let chat = records.chat.0;
        store::on_writer!(records.db, pool => sqlx::query(DELETE).bind(chat).execute(pool).await.map(drop).unwrap());
        assert_eq!(records.chunks().await, 0, "with the chat goes everything");
    })
    .await;
}

/// Turns, each with a request that goes on from the one before, and its attempt and answer: their runs, each triggered by a
/// message with its number times ten.
async fn turns(records: &Records<'_>, count: usize) -> Vec<DebugRunId> {
    let mut messages = vec![json!({"role": "system", "content": words(77, 400)})];
    let tools = json!([{"name": "tool", "description": words(78, 400)}]);
    let mut all = Vec::new();
    for turn in 1..=count {
        messages.push(json!({"role": "user", "content": words(turn * 2, 300)}));
        let message = i64::try_from(turn * 10).unwrap();
        let now = seconds(message);
        let run = records.run(now, (Some(message), Some(message))).await;
        let request = json!({"messages": messages, "tools": tools});
        let step = records.begin(run, &request, now).await.unwrap();
        let answer = words(turn * 2 + 1, 300);
        let wire = wire_request(&messages, &tools);
        let attempts = vec![attempt("completed", &wire, &wire_response(&answer))];
        records.attempt(run, step, attempts).await;
        let said = json!({"content": [{"type": "text", "text": answer}]}).to_string();
        let outcome = StepOutcome {
            normalized_response: Some(said.into_bytes()),
            ..outcome(DebugStatus::Completed)
        };
        records.end(run, step, &outcome, now).await;
        records.finish(run, DebugStatus::Completed, now).await;
        messages.push(json!({"role": "assistant", "content": answer}));
        all.push(run);
    }
    all
}

/// The names of all pieces of the chat.
async fn pieces(records: &Records<'_>) -> Vec<Vec<u8>> {
    const PIECES: &str =
        "SELECT chunk_hash FROM chat_debug_chunks WHERE chat_id = $1 ORDER BY chunk_hash";
    let chat = records.chat.0;
    store::on_reader!(records.db, pool => sqlx::query_scalar(PIECES).bind(chat).fetch_all(pool).await.unwrap())
}

#[tokio::test]
async fn an_edit_leaves_what_would_be_there_without_the_turns_that_it_took_away() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let other = async || Records {
            chat: add_chat(records.db, records.seed, |_| {}).await.id,
            ..records
        };
        let (longer, shorter) = (other().await, other().await);
        turns(&longer, 3).await;
        turns(&shorter, 1).await;
        let runs = turns(&records, 3).await;
        let before = records.steps(runs[0]).await;
        assert_eq!(pieces(&records).await, pieces(&longer).await);
        let edited = Edited {
            from: MessageId(20),
            replaced_by: MessageId(40),
        };
        let deleted = cleanup::delete(records.db, records.chat, Some(edited), seconds(100));
        assert_eq!(deleted.await.unwrap(), 2);
        assert_eq!(records.steps(runs[0]).await, before);
        assert_eq!(pieces(&records).await, pieces(&shorter).await);
        assert!(longer.chunks().await > shorter.chunks().await);
    })
    .await;
}

#[tokio::test]
async fn old_runs_of_a_chat_that_goes_on_leave_nothing_of_their_own() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let runs = turns(&records, 3).await;
        let before = (records.steps(runs[1]).await, records.steps(runs[2]).await);
        let all = records.chunks().await;
        let deleted = cleanup::delete_old(records.db, seconds(11)).await;
        assert_eq!(deleted.unwrap(), 1);
        let left = records.chunks().await;
        assert!(left < all, "{left} of {all}");
        let after = (records.steps(runs[1]).await, records.steps(runs[2]).await);
        assert_eq!(after, before, "also what they began with in common");
        let deleted = cleanup::delete_old(records.db, seconds(100)).await;
        assert_eq!(deleted.unwrap(), 2);
        assert_eq!(records.chunks().await, 0);
    })
    .await;
}
