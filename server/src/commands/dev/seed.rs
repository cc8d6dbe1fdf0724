//! `switchyard dev seed`: accounts, chats that the demo model really played, and as many copies as are asked for.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use platform::{Actor, ChatPlan, ClientInfo, Platform};
use sdk::chats::{Chat, ChatStatus, CreateChat};
use sdk::parts::InputPart;
use sdk::providers::ProviderKind;
use sdk::users::{CreateFirstUser, CreateUser, Login, Role};

use super::SeedArguments;
use crate::commands::data::open_and_start;

/// Everyone's password in a seeded deployment.
const PASSWORD: &str = "switchyard-dev";
const OWNER_EMAIL: &str = "owner@example.com";
/// Longest time for the demo to play all chats.
const LONGEST_PLAY: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// First messages of the owner's chats, in the demo's own language.
const SCRIPTS: [&str; 4] = [
    "!pace 0\n!title \"How to read a diff\"\n!reason \"Three parts are enough.\"\n!text \"A diff has **three** parts:\\n\\n1. the files\\n2. the hunks\\n3. the lines\\n\\n```rust\\nfn main() {}\\n```\"\n!usage input=1200 output=80",
    "!pace 0\n!title \"A long answer\"\n!tokens 600",
    "!pace 0\n!title \"A turn that failed\"\n!text \"Looking\"\n!error 400 \"The demo was asked to fail.\"",
    "!pace 0\n!title \"Finished and put away\"\n!text \"Done.\"",
];

/// Fills an empty deployment.
pub(super) async fn run(arguments: SeedArguments) -> anyhow::Result<()> {
    let platform = open_and_start(&arguments.data.settings()?).await?;
    let plan = ChatPlan {
        chats: arguments.chats,
        long_chat_messages: arguments.messages,
        calls: arguments.calls,
        is_each_call_in_next_chat: arguments.calls_in_next_chat,
    };
    let seeded = Box::pin(seed(
        &platform,
        arguments.members,
        plan,
        arguments.remote.as_deref(),
    ))
    .await;
    platform.shut_down().await;
    seeded
}

async fn seed(
    platform: &Platform,
    members: u16,
    plan: ChatPlan,
    remote: Option<&str>,
) -> anyhow::Result<()> {
    ensure!(
        !platform.has_first_user().await?,
        "this deployment has users already: seed an empty one, with another --data-dir"
    );
    let first = CreateFirstUser {
        email: OWNER_EMAIL.into(),
        username: "owner".into(),
        name: Some("Olga Owner".into()),
        password: PASSWORD.into(),
    };
    platform
        .create_first_user(first, &ClientInfo::default())
        .await?;
    println!("{OWNER_EMAIL}  {PASSWORD}  owner");
    let owner = sign_in(platform).await?;
    for number in 1..=members {
        let user = CreateUser {
            email: format!("member{number}@example.com"),
            username: format!("member{number}"),
            name: None,
            password: Some(PASSWORD.into()),
            role: Some(Role::Member),
            agents_access: None,
        };
        let user = platform.create_user(&owner, user).await?;
        println!("{}  {PASSWORD}  member", user.email);
    }
    let made = Box::pin(seed_chats(platform, &owner, plan, remote)).await;
    platform.logout(&owner).await?;
    println!("{} chats of the owner", made?);
    Ok(())
}

async fn sign_in(platform: &Platform) -> anyhow::Result<Actor> {
    let login = Login {
        email: OWNER_EMAIL.into(),
        password: PASSWORD.into(),
    };
    let logged_in = platform.login(login, &ClientInfo::default()).await?;
    let owner = platform.authenticate(&logged_in.session_token).await?;
    owner.context("the new owner cannot sign in")
}

async fn seed_chats(
    platform: &Platform,
    owner: &Actor,
    plan: ChatPlan,
    remote: Option<&str>,
) -> anyhow::Result<usize> {
    let models = platform.list_model_configs(owner).await?;
    let demo = models
        .iter()
        .find(|model| model.provider == ProviderKind::Demo)
        .context("the demo model is not there")?;
    let mut first = None;
    let mut last = None;
    for script in SCRIPTS {
        let request = CreateChat {
            content: vec![InputPart::Text {
                text: script.to_owned(),
            }],
            model_config_id: Some(demo.id),
            ..CreateChat::default()
        };
        let chat = platform.create_chat(owner, request).await?;
        let played = tokio::time::timeout(LONGEST_PLAY, played(platform, owner, chat)).await;
        let played = played.context("the demo did not play a chat in time")??;
        first.get_or_insert(played.id);
        last = Some(played);
    }
    if let Some(last) = last {
        platform.archive_chat(owner, last.id).await?;
    }
    let first = first.context("no chat was played")?;
    let copied = platform.seed_chats(owner, first, plan).await?;
    if let Some(remote) = remote {
        platform.seed_branches(&copied.chats, remote).await?;
    }
    Ok(SCRIPTS.len() + copied.chats.len() + usize::from(copied.long_chat.is_some()))
}

/// The chat once its turn is over.
async fn played(platform: &Platform, owner: &Actor, mut chat: Chat) -> anyhow::Result<Chat> {
    while !matches!(chat.status, ChatStatus::Waiting | ChatStatus::Error) {
        tokio::time::sleep(POLL).await;
        chat = platform.get_chat(owner, chat.id).await?;
    }
    Ok(chat)
}
