//! `switchyard dev`: help for people who work on Switchyard itself.

use anyhow::ensure;
use clap::{Args, Subcommand};
use sdk::users::{CreateFirstUser, CreateUser, Role};

use super::data::{DataArguments, open};

/// Everyone's password in a seeded deployment.
const PASSWORD: &str = "switchyard-dev";

/// What a developer can do from the command line.
#[derive(Subcommand)]
pub enum DevCommand {
    /// Fill an empty deployment with demo accounts; their password is printed
    Seed(SeedArguments),
}

/// Arguments of `seed`.
#[derive(Args)]
pub struct SeedArguments {
    /// How many members beside the owner
    #[arg(long, default_value_t = 2, value_name = "N")]
    members: u16,
    #[command(flatten)]
    data: DataArguments,
}

/// Runs one of the commands.
pub async fn run(command: DevCommand) -> anyhow::Result<()> {
    let DevCommand::Seed(arguments) = command;
    let platform = open(&arguments.data.settings()?).await?;
    ensure!(
        !platform.has_first_user().await?,
        "this deployment has users already: seed an empty one, with another --data-dir"
    );
    platform
        .create_first_user(CreateFirstUser {
            email: "owner@example.com".into(),
            username: "owner".into(),
            name: Some("Olga Owner".into()),
            password: PASSWORD.into(),
        })
        .await?;
    let actor = platform.command_line_actor().await?;
    println!("owner@example.com  {PASSWORD}  owner");
    for number in 1..=arguments.members {
        let user = CreateUser {
            email: format!("member{number}@example.com"),
            username: format!("member{number}"),
            name: None,
            password: PASSWORD.into(),
            role: Some(Role::Member),
        };
        let user = platform.create_user(&actor, user).await?;
        println!("{}  {PASSWORD}  member", user.email);
    }
    platform.shut_down().await;
    Ok(())
}
