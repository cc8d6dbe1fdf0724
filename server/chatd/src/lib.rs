//! The chat daemon: what happens in a chat between a person's message and the answer.
//!
//! [`state`] is the only place that writes chats, [`Daemon`] takes people's commands, a worker runs turns, [`stream`]
//! tells readers. Who may do what is `platform`'s business; SQL is `store`'s. Start at [`daemon`].

pub mod daemon;
pub mod debug;
pub mod files;
mod frame;
pub mod hub;
pub mod live;
pub mod prompt;
pub mod seed;
pub mod sources;
pub mod state;
pub mod stream;
pub mod tools;
mod turn;
pub mod wire;
mod worker;

pub use daemon::{Daemon, DaemonOptions, MAX_STEPS, Timings, TitleError};
pub use debug::{DebugPolicy, NothingRecorded};
pub use frame::Frame;
pub use live::relay::LiveSource;
pub use sources::{
    ConnectFor, ConnectedWorkspace, ModelSource, OwnWorkspaces, ResolvedModel, WorkspaceRefused,
    WorkspaceSource, WorkspaceUnavailable,
};
pub use state::StateError;
pub use stream::{Renderer, StreamOptions};
pub use turn::cost::micros as cost_micros;
pub use turn::{PreviewError, first_words};
