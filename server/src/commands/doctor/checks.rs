//! The checks themselves. Each says what it found in one line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use platform::{Platform, WorkspaceLimits};
use sdk::providers::{ProviderConfig, ProviderKind, ProviderSource};
use tokio::process::Command;

use super::Verdict;
use crate::commands::data::open;
use crate::config::Settings;

/// Longest time a program may take to say its version.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// What a check found.
#[derive(Debug)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, and what to do.
    pub words: String,
}

impl Finding {
    fn new(subject: &'static str, verdict: Verdict, words: impl Into<String>) -> Self {
        Self {
            subject,
            verdict,
            words: words.into(),
        }
    }
}

/// All checks in the order they are shown.
pub async fn all(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![data_folder(&settings.data_dir)];
    let mut configured = Vec::new();
    match open(settings).await {
        Ok(platform) => {
            findings.push(Finding::new(
                "database",
                Verdict::Good,
                format!("{:?}, schema up to date", platform.database_kind()),
            ));
            findings.push(first_user(&platform).await);
            match configured_providers(&platform).await {
                Ok(providers) => configured = providers,
                Err(error) => findings.push(Finding::new(
                    "providers",
                    Verdict::Bad,
                    format!("{error:#}"),
                )),
            }
            platform.shut_down().await;
        }
        Err(error) => findings.push(Finding::new("database", Verdict::Bad, format!("{error:#}"))),
    }
    findings.push(git().await);
    let sandbox = sandbox().await;
    let has_sandbox = sandbox.verdict == Verdict::Good;
    findings.push(sandbox);
    if has_sandbox {
        findings.push(network(settings).await);
    }
    findings.push(limits(settings, has_sandbox));
    findings.push(providers(&configured));
    findings
}

fn data_folder(folder: &Path) -> Finding {
    const SUBJECT: &str = "data folder";
    let Ok(metadata) = folder.metadata() else {
        return Finding::new(
            SUBJECT,
            Verdict::Warning,
            format!(
                "{} does not exist yet; the first start creates it",
                folder.display()
            ),
        );
    };
    if !metadata.is_dir() {
        return Finding::new(
            SUBJECT,
            Verdict::Bad,
            format!("{} is not a folder", folder.display()),
        );
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Finding::new(
            SUBJECT,
            Verdict::Warning,
            format!(
                "others can read {}: run `chmod 700` on it",
                folder.display()
            ),
        );
    }
    Finding::new(SUBJECT, Verdict::Good, folder.display().to_string())
}

async fn first_user(platform: &Platform) -> Finding {
    const SUBJECT: &str = "first user";
    match platform.has_first_user().await {
        Ok(true) => Finding::new(SUBJECT, Verdict::Good, "exists"),
        Ok(false) => Finding::new(
            SUBJECT,
            Verdict::Warning,
            "none yet: open the page, or run `switchyard admin create-user --role owner`",
        ),
        Err(error) => Finding::new(SUBJECT, Verdict::Bad, error.to_string()),
    }
}

async fn git() -> Finding {
    match answer_of("git", &["--version"]).await {
        Some(version) => Finding::new("git", Verdict::Good, version),
        None => Finding::new(
            "git",
            Verdict::Bad,
            "not found: install git, workspaces are made with it",
        ),
    }
}

async fn sandbox() -> Finding {
    const SUBJECT: &str = "bubblewrap";
    let Some(version) = answer_of("bwrap", &["--version"]).await else {
        return Finding::new(
            SUBJECT,
            Verdict::Warning,
            "not found: what agents run has this user's rights. Install bubblewrap",
        );
    };
    let probe = [
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--unshare-pid",
        "--unshare-ipc",
        "true",
    ];
    match answer_of("bwrap", &probe).await {
        Some(_) => Finding::new(SUBJECT, Verdict::Good, version),
        None => Finding::new(
            SUBJECT,
            Verdict::Warning,
            format!(
                "{version}, but it cannot make namespaces here: what agents run has this user's rights"
            ),
        ),
    }
}

/// Tried out from here, like the limits.
async fn network(settings: &Settings) -> Finding {
    const SUBJECT: &str = "network";
    match settings.workspace_network().look().await {
        Ok(()) => Finding::new(
            SUBJECT,
            Verdict::Good,
            "workspaces have one of their own, without this machine's loopback and metadata services",
        ),
        Err(reason) => Finding::new(
            SUBJECT,
            Verdict::Warning,
            format!(
                "workspaces share this machine's, its loopback and its cloud's metadata service included: {reason}"
            ),
        ),
    }
}

/// Tried out from here: a server that is started elsewhere, for example as a service, may be allowed more or less.
fn limits(settings: &Settings, has_sandbox: bool) -> Finding {
    let wanted = WorkspaceLimits {
        memory_bytes: settings.workspace_memory_bytes,
        processes: settings.workspace_processes,
    };
    let held = wanted.look(has_sandbox);
    let words = format!("a workspace of a server started here: {}", held.words);
    match held.missing {
        None => Finding::new("limits", Verdict::Good, words),
        Some(missing) => Finding::new(
            "limits",
            Verdict::Warning,
            format!("{words}. Does not hold: {missing}. See docs/workspaces.md, Limits"),
        ),
    }
}

/// The providers that people added, without the demo.
async fn configured_providers(platform: &Platform) -> anyhow::Result<Vec<ProviderConfig>> {
    let actor = platform.command_line_actor().await?;
    let mut providers = platform.list_providers(&actor).await?;
    providers.retain(|provider| provider.source == ProviderSource::Database);
    Ok(providers)
}

/// Only whether keys are there: a check must not spend money.
fn providers(configured: &[ProviderConfig]) -> Finding {
    const SUBJECT: &str = "providers";
    let named: Vec<&str> = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]
        .into_iter()
        .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        .collect();
    let mut found = Vec::new();
    if !configured.is_empty() {
        let words: Vec<String> = configured.iter().map(described).collect();
        found.push(format!("added: {}", words.join(", ")));
    }
    if !named.is_empty() {
        found.push(format!("keys in this environment: {}", named.join(", ")));
    }
    let can_answer = !named.is_empty() || configured.iter().any(can_answer);
    if !can_answer {
        found.push(
            "only the demo can answer; add a provider with its key on the settings page, or set ANTHROPIC_API_KEY or OPENAI_API_KEY for the server"
                .to_owned(),
        );
    }
    let verdict = if can_answer {
        Verdict::Good
    } else {
        Verdict::Warning
    };
    Finding::new(SUBJECT, verdict, found.join("; "))
}

/// Servers of one's own often need no key.
fn can_answer(provider: &ProviderConfig) -> bool {
    provider.enabled
        && (provider.has_api_key || provider.provider == ProviderKind::OpenAiCompatible)
}

fn described(provider: &ProviderConfig) -> String {
    let key = if provider.has_api_key {
        "key stored"
    } else {
        "no key"
    };
    let off = if provider.enabled { "" } else { ", off" };
    format!("{} ({key}{off})", provider.display_name)
}

/// A program's first line, when it ran and succeeded in time.
async fn answer_of(program: &str, arguments: &[&str]) -> Option<String> {
    let running = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LONGEST_ANSWER, running)
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().to_owned())
}
