//! `switchyard admin`: accounts from the server's own machine, without a terminal and beside a running server.

use clap::{Args, Subcommand, ValueEnum};
use platform::Failure;
use sdk::tokens::CreateToken;
use sdk::users::{CreateUser, Role, UpdateUser};

use super::data::{DataArguments, open, read_password};

/// What an administrator can do from the command line.
#[derive(Subcommand)]
pub enum AdminCommand {
    /// Create a user; the password is read from standard input
    CreateUser(CreateUserArguments),
    /// Set a user's password, read from standard input, and end their sessions
    ResetPassword(ResetPasswordArguments),
    /// Create an API token and print its key, and nothing else, on standard output
    CreateToken(CreateTokenArguments),
}

/// Arguments of `create-user`.
#[derive(Args)]
pub struct CreateUserArguments {
    /// E-mail address to sign in with
    #[arg(long)]
    email: String,
    /// Unique name
    #[arg(long)]
    username: String,
    /// Display name
    #[arg(long)]
    name: Option<String>,
    /// What the user may do
    #[arg(long, value_enum, default_value_t = RoleArgument::Member)]
    role: RoleArgument,
    /// Let the user read what is theirs, but have no agents work, which spends money
    #[arg(long)]
    without_agents_access: bool,
    /// Read the password from standard input (the only way; a password on the command line could be seen by others)
    #[arg(long, required = true)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataArguments,
}

/// Arguments of `reset-password`.
#[derive(Args)]
pub struct ResetPasswordArguments {
    /// User name or id
    #[arg(long)]
    user: String,
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataArguments,
}

/// Arguments of `create-token`.
#[derive(Args)]
pub struct CreateTokenArguments {
    /// User name or id
    #[arg(long)]
    user: String,
    /// The token's name, unique for the user
    #[arg(long)]
    name: String,
    /// Seconds until it expires [default: never]
    #[arg(long, value_name = "SECONDS")]
    lifetime_seconds: Option<i64>,
    #[command(flatten)]
    data: DataArguments,
}

/// Runs one of the commands.
pub async fn run(command: AdminCommand) -> anyhow::Result<()> {
    match command {
        AdminCommand::CreateUser(arguments) => create_user(arguments).await,
        AdminCommand::ResetPassword(arguments) => reset_password(arguments).await,
        AdminCommand::CreateToken(arguments) => create_token(arguments).await,
    }
}

async fn create_user(arguments: CreateUserArguments) -> anyhow::Result<()> {
    let password = read_password()?;
    let platform = open(&arguments.data.settings()?).await?;
    let actor = platform.command_line_actor().await?;
    let user = CreateUser {
        email: arguments.email,
        username: arguments.username,
        name: arguments.name,
        password: Some(password),
        role: Some(arguments.role.into()),
        agents_access: arguments.without_agents_access.then_some(false),
    };
    let user = platform
        .create_user(&actor, user)
        .await
        .map_err(explained)?;
    platform.shut_down().await;
    println!("Created {} ({})", user.username, user.id);
    Ok(())
}

async fn reset_password(arguments: ResetPasswordArguments) -> anyhow::Result<()> {
    let password = read_password()?;
    let platform = open(&arguments.data.settings()?).await?;
    let actor = platform.command_line_actor().await?;
    let change = UpdateUser {
        password: Some(password),
        ..UpdateUser::default()
    };
    let user = platform
        .update_user(&actor, &arguments.user, change)
        .await
        .map_err(explained)?;
    platform.shut_down().await;
    println!(
        "Set the password of {} and ended their sessions",
        user.username
    );
    Ok(())
}

async fn create_token(arguments: CreateTokenArguments) -> anyhow::Result<()> {
    let platform = open(&arguments.data.settings()?).await?;
    let actor = platform.command_line_actor().await?;
    let token = CreateToken {
        token_name: arguments.name,
        lifetime_seconds: arguments.lifetime_seconds,
    };
    let created = platform
        .create_token(&actor, &arguments.user, token)
        .await
        .map_err(explained)?;
    platform.shut_down().await;
    println!("{}", created.key);
    Ok(())
}

/// A failure as one line: what was refused and why.
#[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn explained(failure: impl Failure) -> anyhow::Error {
    let fields: Vec<String> = failure
        .validations()
        .into_iter()
        .map(|validation| format!("{} {}", validation.field, validation.detail))
        .collect();
    if fields.is_empty() {
        anyhow::anyhow!("{failure}")
    } else {
        anyhow::anyhow!("{failure} ({})", fields.join(", "))
    }
}

/// Roles as the command line takes them.
#[derive(Clone, Copy, ValueEnum)]
enum RoleArgument {
    /// May do everything, and alone decides who is an owner.
    Owner,
    /// Administers the deployment and all accounts but owners'.
    Admin,
    /// Sees settings, costs, users and the audit log; changes nothing.
    Auditor,
    /// Uses agents.
    Member,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Owner => Self::Owner,
            RoleArgument::Admin => Self::Admin,
            RoleArgument::Auditor => Self::Auditor,
            RoleArgument::Member => Self::Member,
        }
    }
}
