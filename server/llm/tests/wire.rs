//! Both adapters over real connections against the stand-in server, and against servers that misbehave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "wire/answers.rs"]
mod answers;
#[path = "wire/computer.rs"]
mod computer;
#[path = "wire/discovery.rs"]
mod discovery;
#[path = "wire/faults.rs"]
mod faults;
#[path = "wire/keep_alives.rs"]
mod keep_alives;
#[path = "wire/private_hosts.rs"]
mod private_hosts;
#[path = "wire/recording.rs"]
mod recording;
#[path = "wire/searches.rs"]
mod searches;
#[path = "wire/setup.rs"]
mod setup;
