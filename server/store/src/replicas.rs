//! The processes that share the database: where each is reached by the others, and when it was last there.

use chrono::{DateTime, Utc};
use sdk::ids::WorkerId;

use crate::{Db, StoreError, on_reader, on_writer};

const BEAT: &str = "INSERT INTO replicas (id, address, beat_at) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO UPDATE SET address = excluded.address, beat_at = excluded.beat_at";
const ADDRESS: &str = "SELECT address FROM replicas WHERE id = $1 AND beat_at > $2";
const REMOVE: &str = "DELETE FROM replicas WHERE id = $1 OR beat_at < $2";

/// A sign of life.
pub async fn beat(
    db: &Db,
    id: WorkerId,
    address: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(BEAT)
        .bind(id.0)
        .bind(address)
        .bind(now)
        .execute(pool)
        .await
        .map(|_| ())?);
    Ok(())
}

/// Where a process is reached, when it was there after `alive_since`.
pub async fn address(
    db: &Db,
    id: WorkerId,
    alive_since: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    Ok(on_reader!(db, pool => sqlx::query_scalar(ADDRESS)
        .bind(id.0)
        .bind(alive_since)
        .fetch_optional(pool)
        .await?))
}

/// Forgets a process that ends, and those that were silent since `dead_since`.
pub async fn remove(db: &Db, id: WorkerId, dead_since: DateTime<Utc>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(REMOVE)
        .bind(id.0)
        .bind(dead_since)
        .execute(pool)
        .await
        .map(|_| ())?);
    Ok(())
}

crate::statements![BEAT, ADDRESS, REMOVE];

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use chrono::TimeDelta;

    use super::*;
    use crate::Clock;
    use crate::testing::for_both;

    #[tokio::test]
    async fn a_process_is_found_while_it_beats() {
        for_both(async |test| {
            let db = &test.db;
            let now = Clock::system().now();
            let before = now - TimeDelta::seconds(30);
            let (id, dead) = (WorkerId::generate(), WorkerId::generate());
            beat(db, id, "http://127.0.0.1:1/", now).await.unwrap();
            beat(db, id, "http://127.0.0.1:2/", now).await.unwrap();
            beat(
                db,
                dead,
                "http://127.0.0.1:3/",
                before - TimeDelta::seconds(1),
            )
            .await
            .unwrap();
            let found = address(db, id, before).await.unwrap();
            assert_eq!(found.as_deref(), Some("http://127.0.0.1:2/"));
            assert_eq!(address(db, dead, before).await.unwrap(), None);
            remove(db, id, before).await.unwrap();
            for gone in [id, dead] {
                let long_ago = now - TimeDelta::days(1);
                assert_eq!(address(db, gone, long_ago).await.unwrap(), None);
            }
        })
        .await;
    }
}
