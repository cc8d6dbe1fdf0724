//! The setup script of a template: runs in the workspace as its commands will, before the first agent.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use tokio::process::Command;
use uuid::Uuid;

use super::{
    LocalBackend,
    prepare::say,
    told::{self, Problem},
};
use crate::backend::{
    BackendError, BuildEvent, BuildLog, Phase, StartSpec,
    record::{Layout, Record},
    sandbox::Plan,
};

/// Installing what a project needs takes its time.
const SETUP_DEADLINE: Duration = Duration::from_mins(30);
const AGAIN: &str = "Correct the template's script and start the workspace again.";

impl LocalBackend {
    pub(super) async fn set_up(
        &self,
        layout: &Layout,
        record: &Record,
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<(), BackendError> {
        let _ = log.send(BuildEvent::Phase(Phase::SettingUp));
        say(log, "running the setup script");
        let script = layout.state().join("setup-script");
        write(&script, &spec.setup_script)?;
        let bounds = self.bounds(layout, Uuid::now_v7())?;
        let reach = self.reach(&spec.server_url, log);
        let mut words = self.bounded(&bounds, || {
            Ok(Plan {
                dies_with_parent: true,
                ..self.plan(layout, record, &reach)?
            })
        })?;
        if !spec.setup_script.starts_with("#!") {
            words.extend(["/bin/bash".into(), "-e".into()]);
        }
        words.push(script.clone().into());
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .env_clear()
            .envs(self.command_environment(layout, spec))
            .current_dir(self.outer_directory(record));
        let outcome = told::run(command, log, SETUP_DEADLINE).await;
        // The script may have moved its own file; it is in the workspace's hands.
        let _ = std::fs::remove_file(&script);
        let reached = bounds.reached();
        outcome.map_err(|outcome| problem(outcome, reached))?;
        say(log, "the setup script is done");
        Ok(())
    }
}

fn write(path: &Path, script: &str) -> Result<(), BackendError> {
    // Not through a link that an earlier run may have left there.
    let _ = std::fs::remove_file(path);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| {
            std::io::Write::write_all(&mut file, script.as_bytes())?;
            file.set_permissions(PermissionsExt::from_mode(0o700))
        })
        .map_err(|error| BackendError::system(path, "cannot write", error))
}

fn problem(problem: Problem, reached: Option<String>) -> BackendError {
    let reached = reached.map_or_else(String::new, |reached| format!("; {reached}"));
    let problem = match problem {
        Problem::NotStarted(error) => format!("cannot be started: {error}. {AGAIN}"),
        Problem::Failed { how, last_lines } => {
            format!("failed ({how}{reached}). {AGAIN} Its last lines:\n{last_lines}")
        }
        Problem::TookTooLong => format!(
            "took longer than {} minutes and was ended. {AGAIN}",
            SETUP_DEADLINE.as_secs() / 60
        ),
    };
    BackendError::Setup { problem }
}
