//! The `switchyard` binary: hands the command line to [`server::commands`] and returns its exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory back to the system after a rush of chats, which glibc's allocator hardly does, and is faster with many
/// threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::commands::run(std::env::args_os())
}
