//! Notices within a process and between two replicas.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use super::*;
use crate::testing::TestDb;

const DEADLINE: Duration = Duration::from_secs(20);

fn changed(snapshot_version: i64) -> Notice {
    let versions = ChatVersions {
        snapshot_version,
        ..ChatVersions::default()
    };
    Notice::ChatChanged {
        chat_id: ChatId(Uuid::nil()),
        owner_id: UserId(Uuid::nil()),
        versions,
    }
}

async fn next(subscription: &mut Subscription) -> Heard {
    let heard = tokio::time::timeout(DEADLINE, subscription.next()).await;
    heard
        .expect("something is heard")
        .expect("the channel is open")
}

fn heard(notice: Notice) -> Heard {
    Heard::Notice(Arc::new(notice))
}

#[tokio::test]
async fn every_subscriber_hears_each_notice_once_and_in_order() {
    let notices = Notices::in_process();
    let (mut first, mut second) = (notices.subscribe(), notices.subscribe());
    for version in 0..100 {
        notices.publish(changed(version));
    }
    for version in 0..100 {
        assert_eq!(next(&mut first).await, heard(changed(version)));
        assert_eq!(next(&mut second).await, heard(changed(version)));
    }
    drop(notices);
    assert_eq!(first.next().await, None);
}

#[tokio::test]
async fn a_subscriber_that_lags_is_told_to_resync() {
    let notices = Notices::in_process();
    let mut subscription = notices.subscribe();
    for version in 0..=i64::try_from(outlet::BUFFER).unwrap() {
        notices.publish(changed(version));
    }
    assert_eq!(next(&mut subscription).await, Heard::Resync);
    assert!(matches!(next(&mut subscription).await, Heard::Notice(_)));
}

#[tokio::test]
async fn who_asks_for_a_topic_hears_that_and_resyncs() {
    let notices = Notices::in_process();
    let (one, other) = (UserId::generate(), UserId::generate());
    let mut access = notices.subscribe_to(Topic::Access(one));
    let mut list = notices.subscribe_to(Topic::List(one));
    let of = |owner_id| Notice::ChatWatch {
        chat_id: ChatId::generate(),
        owner_id,
        event: WatchEventKind::StatusChange,
    };
    let (own, foreign) = (of(one), of(other));
    notices.publish(changed(1));
    notices.publish(foreign);
    notices.publish(own.clone());
    notices.publish(Notice::UserChanged { user_id: other });
    notices.publish(Notice::UserChanged { user_id: one });
    notices.outlet.tell(&Heard::Resync);
    assert_eq!(next(&mut list).await, heard(own));
    let user_changed = Notice::UserChanged { user_id: one };
    assert_eq!(next(&mut access).await, heard(user_changed));
    for subscription in [&mut access, &mut list] {
        assert_eq!(next(subscription).await, Heard::Resync);
    }
    drop(notices);
    assert_eq!(access.next().await, None);
}

#[tokio::test]
async fn publishing_without_subscribers_is_fine() {
    Notices::in_process().publish(changed(1));
}

async fn two_replicas(test: &TestDb) -> (Notices, Notices) {
    let other = Db::open(&test.options).await.unwrap();
    (
        Notices::start(&test.db).await.unwrap(),
        Notices::start(&other).await.unwrap(),
    )
}

#[tokio::test]
async fn another_replica_hears_everything_and_the_own_one_hears_it_once() {
    let test = TestDb::postgres().await;
    let (here, there) = two_replicas(&test).await;
    let (mut own, mut other) = (here.subscribe(), there.subscribe());
    for version in 0..200 {
        here.publish(changed(version));
    }
    for version in 0..200 {
        assert_eq!(next(&mut own).await, heard(changed(version)));
        assert_eq!(next(&mut other).await, heard(changed(version)));
    }
    // What comes back from PostgreSQL would stand before this one.
    there.publish(changed(1000));
    assert_eq!(next(&mut own).await, heard(changed(1000)));
}

#[tokio::test]
async fn a_replica_that_loses_its_connection_resyncs_and_hears_again() {
    let test = TestDb::postgres().await;
    let (here, there) = two_replicas(&test).await;
    let mut other = there.subscribe();
    let Db::Postgres(pool) = &test.db else {
        panic!("not PostgreSQL")
    };
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let _ = sqlx::query(cut).execute(pool).await.unwrap();
    assert_eq!(next(&mut other).await, Heard::Resync);
    // The writer's connection was cut too; what it had to say may have become another resync.
    let told = tokio::time::timeout(DEADLINE, async {
        loop {
            here.publish(changed(7));
            let pause = tokio::time::timeout(Duration::from_millis(200), other.next()).await;
            if matches!(pause, Ok(Some(Heard::Notice(_)))) {
                return;
            }
        }
    });
    told.await.expect("the other replica hears again");
}

#[tokio::test]
async fn a_payload_that_a_newer_replica_sent_means_resync() {
    let test = TestDb::postgres().await;
    let here = Notices::start(&test.db).await.unwrap();
    let mut subscription = here.subscribe();
    let Db::Postgres(pool) = &test.db else {
        panic!("not PostgreSQL")
    };
    let foreign = "SELECT pg_notify('switchyard_notices', '{\"from\": \"the future\"}')";
    let _ = sqlx::query(foreign).execute(pool).await.unwrap();
    assert_eq!(next(&mut subscription).await, Heard::Resync);
}

#[test]
fn a_full_payload_stays_far_below_what_postgres_takes() {
    let id = Uuid::max();
    let versions = ChatVersions {
        snapshot_version: i64::MIN,
        history_version: i64::MIN,
        queue_version: i64::MIN,
        retry_state_version: i64::MIN,
        generation_attempt: i64::MIN,
    };
    let notice = Notice::ChatChanged {
        chat_id: ChatId(id),
        owner_id: UserId(id),
        versions,
    };
    assert!(postgres::largest_payload(notice).len() < 7000);
}
