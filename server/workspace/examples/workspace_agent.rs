//! The agent as a program of its own, as the tests of this crate start it.

use workspace::agent::{AgentOptions, run};

#[tokio::main]
async fn main() -> std::process::ExitCode {
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
