//! Texts of commented versions, the same on both databases.

use chrono::TimeDelta;
use sdk::ids::ChatId;
use store::testing::for_both;
use store::{Clock, Db, diff_texts};

use crate::harness::seed;
use crate::store_contract::add_chat;

const KEPT: i64 = 3;

async fn put(db: &Db, chat: ChatId, blob: &str, text: &str, seconds: i64) {
    let at = Clock::system().now() + TimeDelta::seconds(seconds);
    let mut tx = db.begin().await.unwrap();
    diff_texts::put(&mut tx, chat, blob, text, KEPT, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_newest_texts_are_kept_once_and_go_with_their_chat() {
    for_both(async |database| {
        let db = &database.db;
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        let other = add_chat(db, seed, |_| {}).await.id;
        let read = async |chat, blob| diff_texts::read(db, chat, blob).await.unwrap();
        let long = "line äöü 1\n".repeat(70_000);
        put(db, chat, "aaaa", &long, 0).await;
        put(db, chat, "bbbb", "", 1).await;
        // A name stands for its text: what is kept stays.
        put(db, chat, "bbbb", "other", 2).await;
        assert!(read(chat, "aaaa").await.as_deref() == Some(long.as_str()));
        assert_eq!(read(chat, "bbbb").await.as_deref(), Some(""));
        assert_eq!(read(chat, "cccc").await, None);
        assert_eq!(read(other, "aaaa").await, None);

        put(db, other, "aaaa", "of another chat", 3).await;
        put(db, chat, "cccc", "c", 4).await;
        put(db, chat, "dddd", "d", 5).await;
        assert_eq!(read(chat, "aaaa").await, None, "the oldest one goes");
        assert_eq!(read(chat, "bbbb").await.as_deref(), Some(""));
        assert_eq!(read(chat, "dddd").await.as_deref(), Some("d"));
        assert_eq!(
            read(other, "aaaa").await.as_deref(),
            Some("of another chat")
        );

        const DELETE: &str = "DELETE FROM chats WHERE id = $1";
        store::on_writer!(db, pool => sqlx::query(DELETE).bind(chat.0).execute(pool).await.map(drop).unwrap());
        assert_eq!(read(chat, "dddd").await, None);
        assert!(read(other, "aaaa").await.is_some());
    })
    .await;
}
