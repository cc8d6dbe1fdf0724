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
        insert(&test.db, &first).await.unwrap();
        insert(&test.db, &second).await.unwrap();
        let again = insert(&test.db, &row("/srv/a")).await.unwrap_err();
        assert!(again.unique_violation().is_some());
        assert_eq!(list(&test.db, 10).await.unwrap(), [second, first.clone()]);
        assert!(delete(&test.db, first.id).await.unwrap());
        assert!(!delete(&test.db, first.id).await.unwrap());
        assert_eq!(list(&test.db, 10).await.unwrap().len(), 1);
    })
    .await;
}
