//! What stands around the processes of one start besides the sandbox: their limits, and a filter of system calls.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use uuid::Uuid;

use super::LocalBackend;
use crate::{
    backend::{
        BackendError, Sandbox,
        limits::{Groups, Keeper},
        record::Layout,
        sandbox::{MEMORY_COUNTER_INSIDE, PROCESS_COUNTER_INSIDE, Placed, Plan},
    },
    limit_counters::{Counted, CountedLimits, Counts},
    system_calls,
};

/// Made for one start; everything in it ends when this is dropped, unless it was handed over.
pub(super) struct Bounds {
    id: Uuid,
    keeper: Option<Arc<Keeper>>,
    groups: Groups,
    /// Only in a sandbox: bubblewrap sets it.
    filter: Option<PathBuf>,
    before: Counts,
}

impl LocalBackend {
    /// Makes the limits, under a name that is used once, and the filter.
    pub(super) fn bounds(&self, layout: &Layout, id: Uuid) -> Result<Bounds, BackendError> {
        let filter = match self.shared.sandbox {
            Sandbox::Bubblewrap => write_filter(layout)?,
            Sandbox::None { .. } => None,
        };
        let groups = self.shared.keeper.make(id)?;
        let before = groups.counted.counts();
        Ok(Bounds {
            id,
            keeper: Some(self.shared.keeper.clone()),
            groups,
            filter,
            before,
        })
    }

    /// The words before a command that put it into its network and limits and, where there is one, into a sandbox.
    pub(super) fn bounded(
        &self,
        bounds: &Bounds,
        plan: impl FnOnce() -> Result<Plan, BackendError>,
    ) -> Result<Vec<OsString>, BackendError> {
        if self.shared.sandbox != Sandbox::Bubblewrap {
            return Ok(bounds.entrance());
        }
        let mut plan = plan()?;
        bounds.add_to(&mut plan);
        // The network's program is the machine's: what the workspace takes must not be able to end it.
        let mut words = plan.reach.entrance(plan.dies_with_parent);
        words.extend(bounds.entrance());
        words.extend(self.wrapper(&plan)?);
        Ok(words)
    }

    /// Ends what is left of a start, and gives its limits back.
    pub(super) async fn remove_bounds(&self, agent_id: Uuid) {
        let keeper = self.shared.keeper.clone();
        // Waits for the kernel.
        let _ = tokio::task::spawn_blocking(move || keeper.remove(agent_id)).await;
    }
}

impl Bounds {
    fn entrance(&self) -> Vec<OsString> {
        self.groups.entrance(self.filter.as_deref())
    }

    /// Puts the filter, and what the agent must see of the limits, into the sandbox.
    fn add_to(&self, plan: &mut Plan) {
        plan.has_filter = self.filter.is_some();
        let counted = &self.groups.counted;
        let seen = [
            (&counted.memory, MEMORY_COUNTER_INSIDE),
            (&counted.processes, PROCESS_COUNTER_INSIDE),
        ];
        plan.placed
            .extend(seen.into_iter().filter_map(|(counted, at)| {
                Some(Placed {
                    from: counted.as_ref()?.counter.clone(),
                    at: at.into(),
                    is_writable: false,
                })
            }));
    }

    /// What is counted, at the paths where the agent finds it.
    pub(super) fn counted_for_agent(&self, sandbox: &Sandbox) -> CountedLimits {
        let counted = self.groups.counted.clone();
        if matches!(sandbox, Sandbox::None { .. }) {
            return counted;
        }
        let inside = |counted: Option<Counted>, at: &str| {
            counted.map(|counted| Counted {
                counter: at.into(),
                ..counted
            })
        };
        CountedLimits {
            memory: inside(counted.memory, MEMORY_COUNTER_INSIDE),
            processes: inside(counted.processes, PROCESS_COUNTER_INSIDE),
        }
    }

    /// Hands over who has to end what is in them.
    pub(super) fn hand_over(mut self) -> Option<Arc<Keeper>> {
        self.keeper.take()
    }

    /// Which limits were reached by now.
    pub(super) fn reached(&self) -> Option<String> {
        self.groups.counted.reached_since(self.before)
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            let id = self.id;
            // Waits for the kernel.
            std::thread::spawn(move || keeper.remove(id));
        }
    }
}

fn write_filter(layout: &Layout) -> Result<Option<PathBuf>, BackendError> {
    let Some(program) = system_calls::of_workspaces() else {
        return Ok(None);
    };
    let path = layout.filter();
    std::fs::write(&path, program)
        .map_err(|error| BackendError::system(&path, "cannot write", error))?;
    Ok(Some(path))
}
