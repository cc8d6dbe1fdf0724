//! The agent as a program of its own, as the tests of this crate start it.

use workspace::agent::{AgentOptions, run};
use workspace::read_only::{SUBCOMMAND, become_program};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let [subcommand, scratch, program, arguments @ ..] = &arguments[..]
        && subcommand == SUBCOMMAND
    {
        let error = become_program(scratch.as_ref(), program.as_ref(), arguments);
        eprintln!("{error}");
        return std::process::ExitCode::FAILURE;
    }
    let options = match AgentOptions::from_environment() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return std::process::ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}
