//! `build site` makes what the browser loads, `build pack` puts it into the server's file; `build check` tells whether the house still stands as drawn.
//!
//! Called by the Makefile. Knows nothing of the product; reads the workspace's files and runs other tools.

mod check;
mod pack;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
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
    /// Write the one file: the server with the page inside.
    Pack(pack::PackArguments),
    /// Check crate dependencies and file sizes against the architecture.
    Check,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = root()?;
    match command {
        Command::Site(arguments) => site::build(&root, &arguments),
        Command::Pack(arguments) => pack::pack(&arguments),
        Command::Check => check::run(&root),
    }
}

/// The workspace's folder: where the lock file lies, here or above. Not the folder that this was compiled in: several
/// clones share one target folder, and the program of one must not build another.
fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("find the current folder")?;
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    root.map(PathBuf::from)
        .with_context(|| format!("{} is not inside the repository", here.display()))
}
