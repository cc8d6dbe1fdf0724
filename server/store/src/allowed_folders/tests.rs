//! The contract of the rows, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeZone, Utc};

use super::*;
use crate::testing::for_both;

#[tokio::test]
async fn lists_by_path_refuses_one_twice_and_forgets() {
    for_both(async |test| {
        let row = |path: &str| AllowedFolderRow {
            id: AllowedFolderId::generate(),
            path: path.to_owned(),
            created_at: Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap(),
        };
        let (first, second) = (row("/srv/b"), row("/srv/a"));
        let mut tx = test.db.begin().await.unwrap();
        insert(&mut tx, &first).await.unwrap();
        insert(&mut tx, &second).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        let again = insert(&mut tx, &row("/srv/a")).await.unwrap_err();
        assert!(again.unique_violation().is_some());
        tx.rollback().await.unwrap();
        assert_eq!(list(&test.db, 10).await.unwrap(), [second, first.clone()]);
        let mut tx = test.db.begin().await.unwrap();
        let gone = delete(&mut tx, first.id).await.unwrap();
        assert_eq!(gone.as_ref(), Some(&first));
        assert_eq!(delete(&mut tx, first.id).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(list(&test.db, 10).await.unwrap().len(), 1);
    })
    .await;
}
