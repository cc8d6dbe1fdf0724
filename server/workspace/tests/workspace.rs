//! Workspaces end to end: real processes, real git, the real sandbox, through the real tunnel on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "workspace/attacks.rs"]
mod attacks;
#[path = "workspace/desktop.rs"]
mod desktop;
#[path = "workspace/escapes.rs"]
mod escapes;
#[path = "workspace/files.rs"]
mod files;
#[path = "workspace/git.rs"]
mod git;
#[path = "workspace/hostile.rs"]
mod hostile;
#[path = "workspace/limits.rs"]
mod limits;
#[path = "workspace/local.rs"]
mod local;
#[path = "workspace/network.rs"]
mod network;
#[path = "workspace/processes.rs"]
mod processes;
#[path = "workspace/pushes.rs"]
mod pushes;
#[path = "workspace/read_only.rs"]
mod read_only;
#[path = "workspace/sandbox.rs"]
mod sandbox;
#[path = "workspace/support.rs"]
mod support;
#[path = "workspace/templates.rs"]
mod templates;
#[path = "workspace/terminals.rs"]
mod terminals;
#[path = "workspace/tunnel.rs"]
mod tunnel;
#[path = "workspace/viewer.rs"]
mod viewer;
