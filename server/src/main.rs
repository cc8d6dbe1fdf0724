//! The `switchyard` binary: hands the command line to [`server::commands`] and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::commands::run(std::env::args_os())
}
