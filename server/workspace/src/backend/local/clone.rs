//! A workspace with a clone of its own.

mod credential;

use std::{path::Path, time::Duration};

use uuid::Uuid;

use super::{
    LocalBackend,
    prepare::say,
    told::{self, Problem},
};
use crate::{
    backend::{
        BackendError, BuildEvent, BuildLog, Phase, Source, StartSpec, inspect,
        network::Reach,
        place,
        record::{Layout, Record},
        sandbox::Plan,
    },
    git_command::GitCommand,
};

/// A large repository over a slow line takes its time.
const CLONE_DEADLINE: Duration = Duration::from_mins(30);
/// How a repository may be reached.
const PROTOCOLS: &str = "https:http:ssh:git:file";
/// Nobody is there to say whether a host's key is right: the first one is believed, a changed one is not.
const SSH: &str = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new";

impl LocalBackend {
    pub(super) async fn prepare_clone(
        &self,
        layout: &Layout,
        (url, branch): (&str, Option<&str>),
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<Record, BackendError> {
        let _ = log.send(BuildEvent::Phase(Phase::Cloning));
        let folder = layout.work().join(folder_name(url));
        say(log, &format!("cloning {url} into {}", folder.display()));
        let mut plan = Plan {
            directory: Some(layout.work()),
            own: vec![layout.work(), layout.home()],
            hidden: self.hidden(),
            dies_with_parent: true,
            ..Plan::default()
        };
        self.reach(&spec.server_url, log)
            .add_to(&mut plan, layout)?;
        let local = Path::new(url);
        if local.is_absolute() {
            // Permission was given for the path as it was; a link may have been put there since.
            place::require_real(local)?;
            plan.read_only.push(local.to_owned());
        }
        let answering = credential::begin(
            layout,
            &self.shared.sandbox,
            &self.shared.options.agent_program,
            spec.git_credential.as_ref(),
            &mut plan,
        )?;
        let mut arguments = vec!["clone", "--progress", "--no-hardlinks"];
        arguments.extend(branch.iter().flat_map(|branch| ["--branch", branch]));
        let git = GitCommand::new(&layout.work());
        let git = answering
            .variables
            .iter()
            .fold(git, |git, (name, value)| git.env(name, value.clone()))
            .env("HOME", layout.home())
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
            .env("GIT_SSH_COMMAND", SSH)
            .args(arguments)
            .args(["--".as_ref(), url.as_ref(), folder.as_os_str()]);
        // What it is sent decides how much it takes.
        let bounds = self.bounds(layout, Uuid::now_v7())?;
        let git = git.wrapped(self.bounded(&bounds, || Ok(plan.clone()))?);
        told::run(git.command(), log, CLONE_DEADLINE)
            .await
            .map_err(|outcome| problem(outcome, bounds.reached()))?;
        drop(answering);
        plan.reach = Reach::Nothing;
        let head = self
            .contained(inspect::git(&folder), &plan)?
            .args(["rev-parse", "--verify", "--quiet", "HEAD"])
            .optional_text()
            .await?;
        let mut notices = Vec::new();
        if head.is_none() {
            notices.push("the repository has no commit yet".to_owned());
            say(log, "the repository has no commit yet");
        }
        Ok(Record {
            source: Source::Clone {
                url: url.to_owned(),
                branch: branch.map(str::to_owned),
            },
            folder,
            // The clone goes with the workspace, and all of its branches.
            branch: None,
            base_commit: head,
            git: None,
            notices,
            needs_setup: false,
            running: None,
        })
    }
}

fn problem(problem: Problem, reached: Option<String>) -> BackendError {
    match problem {
        Problem::NotStarted(error) if error.kind() == std::io::ErrorKind::NotFound => {
            BackendError::ProgramMissing { program: "git" }
        }
        Problem::NotStarted(error) => git_failed(error.to_string()),
        Problem::Failed { last_lines, .. } => {
            git_failed(reached.map_or(last_lines.clone(), |reached| {
                format!("{reached}\n{last_lines}")
            }))
        }
        Problem::TookTooLong => git_failed(format!(
            "it took longer than {} minutes",
            CLONE_DEADLINE.as_secs() / 60
        )),
    }
}

fn git_failed(message: String) -> BackendError {
    BackendError::Git {
        action: "clone".to_owned(),
        message,
    }
}

/// The last part of the address, as git would call the folder, if it can be a folder's name.
fn folder_name(url: &str) -> &str {
    let path = url.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let name = path.rsplit(['/', ':']).next().unwrap_or_default();
    let is_plain = !name.starts_with('.')
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || "-_.+".contains(character));
    if is_plain && !name.is_empty() {
        name
    } else {
        "repository"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_the_folder_after_the_repository() {
        for (url, name) in [
            ("https://example.com/team/project.git", "project"),
            ("git@example.com:team/project", "project"),
            ("git@example.com:project.git/", "project"),
            ("/srv/code/project/", "project"),
            ("https://example.com/..", "repository"),
            ("https://example.com/?a=b", "repository"),
            ("", "repository"),
        ] {
            assert_eq!(folder_name(url), name, "{url}");
        }
    }
}
