//! Notices that are lost, doubled, late and out of order, as a bad network between replicas would make them. For tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::outlet::Outlet;
use super::{Heard, Notice, Notices};

/// How bad it is. Late notices overtake each other.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Of a hundred notices this many never arrive.
    pub lost_percent: u64,
    /// Of a hundred notices this many arrive twice.
    pub doubled_percent: u64,
    /// A notice is late by up to this.
    pub longest_delay: Duration,
}

/// What went wrong so far.
#[derive(Debug, Default)]
pub struct FaultCounts {
    /// Never arrived.
    pub lost: AtomicU64,
    /// Arrived twice.
    pub doubled: AtomicU64,
    /// Arrived late.
    pub late: AtomicU64,
}

impl Notices {
    /// Notices in this process with faults. Must be called within a tokio runtime.
    pub fn unreliable(faults: Faults) -> (Self, Arc<FaultCounts>) {
        let mut notices = Self::in_process();
        let counts = Arc::new(FaultCounts::default());
        let (queue, queued) = mpsc::unbounded_channel();
        notices.faulty = Some(queue);
        let outlet = Arc::clone(&notices.outlet);
        tokio::spawn(carry(faults, queued, outlet, Arc::clone(&counts)));
        (notices, counts)
    }
}

async fn carry(
    faults: Faults,
    mut queued: mpsc::UnboundedReceiver<Arc<Notice>>,
    outlet: Arc<Outlet>,
    counts: Arc<FaultCounts>,
) {
    while let Some(notice) = queued.recv().await {
        if dice(100) < faults.lost_percent {
            counts.lost.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let is_doubled = dice(100) < faults.doubled_percent;
        counts
            .doubled
            .fetch_add(is_doubled.into(), Ordering::Relaxed);
        for _ in 0..=u8::from(is_doubled) {
            let delay_us = u64::try_from(faults.longest_delay.as_micros()).unwrap_or(0);
            let delay = Duration::from_micros(dice(delay_us + 1));
            counts
                .late
                .fetch_add((!delay.is_zero()).into(), Ordering::Relaxed);
            let (outlet, notice) = (Arc::clone(&outlet), Arc::clone(&notice));
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                outlet.tell(&Heard::Notice(notice));
            });
        }
    }
}

/// Below `sides`.
fn dice(sides: u64) -> u64 {
    Uuid::new_v4().as_u64_pair().1 % sides.max(1)
}
