//! Work for the processor, away from the threads that sockets and requests live on.
//!
//! At most two pieces run at once, so that rendering never takes the machine from the agents. Who waits longer than
//! the deadline goes without: text can always be shown as it is.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const AT_ONCE: usize = 2;
/// Longest wait for a place and the work together.
const DEADLINE: Duration = Duration::from_secs(10);

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// What the work returns; `None` when it found no place in time, takes too long or panicked.
pub async fn offload<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let run = async {
        let place = PLACES.acquire().await.ok()?;
        // The place goes with the work: work that outlives its reader still counts.
        let task = spawn_blocking(move || {
            let _place = place;
            work()
        });
        task.await.ok()
    };
    let done = timeout(DEADLINE, run).await.ok().flatten();
    if done.is_none() {
        tracing::warn!("a page is shown without rendering, which failed or came too late");
    }
    done
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_than_two_pieces_run_at_once_and_none_on_the_caller() {
        let caller = std::thread::current().id();
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let pieces = (0..8).map(|_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            offload(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(10));
                running.fetch_sub(1, Ordering::SeqCst);
                std::thread::current().id()
            })
        });
        let threads = futures::future::join_all(pieces).await;
        assert!(threads.iter().all(|thread| *thread != Some(caller)));
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_place_back() {
        for _ in 0..=AT_ONCE {
            assert_eq!(offload(|| -> u8 { panic!("on purpose") }).await, None);
        }
        assert_eq!(offload(|| 1).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_in_time_goes_without() {
        // Nextest runs each test in a process of its own, so these are this test's places.
        let taken = PLACES.acquire_many(2).await.unwrap();
        assert_eq!(offload(|| 1).await, None);
        drop(taken);
    }
}
