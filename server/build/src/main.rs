//! `build site` makes what the browser loads; `build check` tells whether the house still stands as drawn.
//!
//! Called by the Makefile. Knows nothing of the product; reads the workspace's files and runs other tools.

mod check;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Builds the page's bundle and checks that the house holds")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the wasm bundle, styles and fonts into the site folder.
    Site(site::SiteArguments),
    /// Check crate dependencies and file sizes against the architecture.
    Check,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Site(arguments) => site::build(&root(), &arguments),
        Command::Check => check::run(&root()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder: two above this crate.
fn root() -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .ancestors()
        .nth(2)
        .map_or(crate_folder.clone(), PathBuf::from)
}
