//! What the agent takes from itself, and so from every command, before it serves.

use nix::sys::{
    prctl,
    resource::{Resource, getrlimit, setrlimit},
};

const MAX_OPEN_FILES: u64 = 65_536;
/// When memory runs out, commands in a workspace go before the server.
const OUT_OF_MEMORY_SCORE: &str = "500";

/// Sets the limits that the system lets us set; what fails is only logged. The number of processes counts those of the
/// same user in the same sandbox; without one, or on an old kernel, all of the user's.
pub fn harden(process_limit: Option<u64>) {
    let outcomes = [
        (
            "no core dumps",
            setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(|error| error.to_string()),
        ),
        (
            "open files",
            limit_open_files().map_err(|error| error.to_string()),
        ),
        (
            "out-of-memory score",
            std::fs::write("/proc/self/oom_score_adj", OUT_OF_MEMORY_SCORE)
                .map_err(|error| error.to_string()),
        ),
        (
            "processes",
            process_limit
                .map_or(Ok(()), limit_processes)
                .map_err(|error| error.to_string()),
        ),
        // Commands run as the same user; this keeps them from reading the token out of the agent's memory.
        (
            "not dumpable",
            prctl::set_dumpable(false).map_err(|error| error.to_string()),
        ),
    ];
    for (limit, outcome) in outcomes {
        if let Err(error) = outcome {
            tracing::warn!(limit, error, "a limit could not be set");
        }
    }
}

fn limit_processes(limit: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NPROC)?;
    let limit = hard.min(limit);
    setrlimit(Resource::RLIMIT_NPROC, limit, limit)
}

fn limit_open_files() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let limit = hard.min(MAX_OPEN_FILES);
    setrlimit(Resource::RLIMIT_NOFILE, limit, limit)
}
