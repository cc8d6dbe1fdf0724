//! The command line. One module per command; exit codes are 0 done, 1 failed, 2 wrong usage.

pub mod admin;
pub mod agent;
pub mod backup;
pub mod data;
pub mod dev;
pub mod doctor;
pub mod git_askpass;
pub mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Self-hosted control plane for coding agents.
#[derive(Parser)]
#[command(
    name = "switchyard",
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Run the server: the page, the API and the agents' worker
    #[command(after_help = SERVE_HELP)]
    Serve(Box<crate::config::ServeArguments>),
    /// Run inside a workspace and serve its files and processes; started by the server, which passes its options in
    /// the environment and its token on standard input
    Agent,
    /// Answer git's question for a credential inside a workspace; called by git through GIT_ASKPASS
    GitAskpass {
        /// What git asks for
        #[arg(default_value = "")]
        prompt: String,
    },
    /// Run a program that can change nothing but its temporary files; how a workspace starts the commands of agents that only
    /// explore
    ReadOnly {
        /// The folder for its temporary files
        scratch: PathBuf,
        /// The program
        program: PathBuf,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Manage accounts from the server's own machine
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Help for people who work on Switchyard itself
    #[command(subcommand)]
    Dev(dev::DevCommand),
    /// Check the data folder, the database, git, the sandbox and the providers
    Doctor(doctor::DoctorArguments),
    /// Copy the database and the encryption key to a folder, also while the server runs
    Backup(backup::BackupArguments),
    /// Put a backup in place of a data folder that has no database yet
    Restore(backup::RestoreArguments),
}

const SERVE_HELP: &str = "\
Flags win over variables, variables over the TOML file, the file over defaults. In the file an option has its long \
name with underscores, for example `data_dir = \"/srv/switchyard\"`. Providers are also taken from ANTHROPIC_API_KEY, \
ANTHROPIC_BASE_URL, OPENAI_API_KEY and OPENAI_BASE_URL.\n\n\
Git hosts, and the applications there that people sign in for, are entries [[external_auth]] of the file, or variables \
SWITCHYARD_EXTERNAL_AUTH_<n>_BASE_URL and so on, counted from 0, which take the place of all entries. An entry has \
base_url (the host's address), type (what it speaks: github), api_base_url (where its API is, when not where its kind has \
it), id (a short name), display_name (what people are shown), client_id and client_secret (of the application), \
webhook_secret (what the host signs its webhooks with), scopes (what tokens shall be good for, by spaces) and \
device_flow (whether people may link with a code: true or false).";

/// Runs the command line and says how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [name, prompts @ ..] = &arguments[..]
        && workspace::git_askpass::is_called_as(name)
    {
        let prompts = prompts.iter().map(|prompt| prompt.to_string_lossy());
        return exit(git_askpass::run(&prompts.collect::<Vec<_>>().join(" ")));
    }
    let command_line = match parse(arguments) {
        Ok(command_line) => command_line,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // Two TLS stacks in the dependency tree could each bring a provider; the process names its own once.
    let _ = rustls::crypto::ring::default_provider().install_default();
    exit(dispatch(command_line.command))
}

fn parse(arguments: Vec<OsString>) -> Result<CommandLine, clap::Error> {
    let matches = CommandLine::command().try_get_matches_from(arguments)?;
    let mut command_line = CommandLine::from_arg_matches(&matches)?;
    if let (Command::Serve(serve), Some((_, matches))) =
        (&mut command_line.command, matches.subcommand())
    {
        serve.flags = crate::config::flags(matches);
    }
    Ok(command_line)
}

fn exit(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switchyard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(arguments) => block_on(serve::run(*arguments)),
        Command::Agent => block_on(agent::run()),
        Command::GitAskpass { prompt } => git_askpass::run(&prompt),
        Command::ReadOnly {
            scratch,
            program,
            arguments,
        } => Err(workspace::read_only::become_program(&scratch, &program, &arguments).into()),
        Command::Admin(command) => block_on(admin::run(command)),
        Command::Dev(command) => block_on(dev::run(command)),
        Command::Doctor(arguments) => block_on(doctor::run(arguments)),
        Command::Backup(arguments) => block_on(backup::backup(arguments)),
        Command::Restore(arguments) => block_on(backup::restore(arguments)),
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
