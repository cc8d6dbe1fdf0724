//! `switchyard dev`: help for people who work on Switchyard itself.

mod seed;

use clap::{Args, Subcommand};

use super::data::DataArguments;

/// What a developer can do from the command line.
#[derive(Subcommand)]
pub enum DevCommand {
    /// Fill an empty deployment with demo accounts and chats; the accounts' password is printed
    Seed(SeedArguments),
}

/// Arguments of `seed`.
#[derive(Args)]
pub struct SeedArguments {
    /// How many members beside the owner
    #[arg(long, default_value_t = 2, value_name = "N")]
    members: u16,
    /// How many further chats of the owner, a message and an answer each; 5000 take some seconds
    #[arg(long, default_value_t = 0, value_name = "N")]
    chats: usize,
    /// How many messages one further, long chat has
    #[arg(long, default_value_t = 0, value_name = "N")]
    messages: usize,
    /// How many further calls of those chats stand in the ledger of costs,
    /// over 90 days, in turns as people work; a million take some minutes
    #[arg(long, default_value_t = 0, value_name = "N")]
    calls: usize,
    /// Make each of those calls in the next chat instead: the worst case of their sums
    #[arg(long)]
    calls_in_next_chat: bool,
    /// Put each of those chats on a branch of its own of the repository at this address;
    /// its host is asked for their pull requests half a minute later
    #[arg(long, value_name = "URL")]
    remote: Option<String>,
    #[command(flatten)]
    data: DataArguments,
}

/// Runs one of the commands.
pub async fn run(command: DevCommand) -> anyhow::Result<()> {
    let DevCommand::Seed(arguments) = command;
    Box::pin(seed::run(arguments)).await
}
