//! Starting the agent of a workspace.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::File,
    io::Write,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{
    LocalBackend,
    prepare::{identity, say},
};
use crate::{
    agent::AgentOptions,
    backend::{
        BackendError, BuildLog, Sandbox, Source, StartSpec,
        machine::ProcessId,
        record::{Layout, Record, Running},
        sandbox::{PROGRAM_INSIDE, Plan},
    },
};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl LocalBackend {
    /// Starts the agent's process. It has no environment but what is set here, so nothing of the server's leaks.
    pub(super) fn launch(
        &self,
        layout: &Layout,
        record: &Record,
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<Running, BackendError> {
        write_git_configuration(layout, spec)?;
        let agent_log = layout.agent_log();
        let log_file = File::create(&agent_log)
            .map_err(|error| BackendError::system(&agent_log, "cannot write", error))?;
        let log_copy = log_file
            .try_clone()
            .map_err(|error| BackendError::system(&agent_log, "cannot write", error))?;
        let words = self.command_line(layout, record);
        say(log, &self.announcement());
        let mut words = words.into_iter();
        let failed = |error: std::io::Error| BackendError::Agent {
            message: error.to_string(),
        };
        let mut child = Command::new(words.next().unwrap_or_default())
            .args(words)
            .env_clear()
            .envs(self.environment(layout, record, spec))
            .current_dir(&record.folder)
            .stdin(Stdio::piped())
            .stdout(log_file)
            .stderr(log_copy)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A pipe takes this little at once, whether the agent reads it or has ended already.
            stdin
                .write_all(format!("{}\n", spec.agent_token).as_bytes())
                .map_err(failed)?;
        }
        let process = ProcessId::of(child.id());
        // Waited for on a thread of its own, so that an ended agent is no zombie.
        let workspace_id = spec.workspace_id;
        std::thread::spawn(move || {
            let status = child.wait();
            tracing::info!(%workspace_id, ?status, "an agent ended");
        });
        let process = process.ok_or_else(|| BackendError::Agent {
            message: "it ended at once".into(),
        })?;
        Ok(Running {
            agent_id: spec.agent_id,
            process,
        })
    }

    fn announcement(&self) -> String {
        match &self.shared.sandbox {
            Sandbox::Bubblewrap => "starting the agent in a sandbox (bubblewrap)".into(),
            Sandbox::None { reason } => format!("starting the agent WITHOUT A SANDBOX: {reason}"),
        }
    }

    fn command_line(&self, layout: &Layout, record: &Record) -> Vec<OsString> {
        let options = &self.shared.options;
        let arguments = options.agent_arguments.iter().map(OsString::from);
        match self.shared.sandbox {
            Sandbox::None { .. } => std::iter::once(options.agent_program.clone().into())
                .chain(arguments)
                .collect(),
            Sandbox::Bubblewrap => {
                let mut words = self.plan(layout, record).wrapper();
                words.push(PROGRAM_INSIDE.into());
                words.extend(arguments);
                words
            }
        }
    }

    fn plan(&self, layout: &Layout, record: &Record) -> Plan {
        let options = &self.shared.options;
        let mut plan = Plan {
            read_only: options.extra_read_only.clone(),
            hidden: vec![options.data_directory.clone(), options.workspaces.clone()],
            own: vec![layout.home(), layout.state()],
            temporary: Some(layout.temporary()),
            program: Some(options.agent_program.clone()),
            has_network: true,
            ..Plan::default()
        };
        match record.source {
            Source::Direct { .. } => plan.writable.push(record.folder.clone()),
            Source::Worktree { .. } | Source::Empty => plan.own.push(layout.work()),
        }
        if let Some(git) = &record.git {
            plan.writable.push(git.common.clone());
            plan.read_only.extend(protected(&git.common));
        }
        plan
    }

    fn environment(
        &self,
        layout: &Layout,
        record: &Record,
        spec: &StartSpec,
    ) -> BTreeMap<OsString, OsString> {
        let options = AgentOptions {
            server_url: spec.server_url.clone(),
            token: String::new(),
            working_directory: record.folder.clone(),
            state_directory: layout.state(),
            base_commit: record.base_commit.clone(),
            is_sandboxed: self.shared.sandbox == Sandbox::Bubblewrap,
            give_up_after: Some(self.shared.options.give_up_after),
        };
        let is_sandboxed = options.is_sandboxed;
        let temporary = if is_sandboxed {
            PathBuf::from("/tmp")
        } else {
            layout.temporary()
        };
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
            .ok()
            .flatten();
        let user = user.map_or_else(|| "agent".to_owned(), |user| user.name);
        let mut environment: BTreeMap<OsString, OsString> = BTreeMap::from([
            ("PATH".into(), PATH.into()),
            ("HOME".into(), layout.home().into()),
            ("TMPDIR".into(), temporary.into()),
            ("USER".into(), user.clone().into()),
            ("LOGNAME".into(), user.into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("SHELL".into(), "/bin/bash".into()),
        ]);
        environment.extend(
            spec.environment
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        environment.extend(
            options
                .to_variables()
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        environment
    }
}

/// Parts of a shared repository that decide what programs run when its owner uses git: an agent that could write
/// them would leave the sandbox through the owner's next command.
fn protected(common: &std::path::Path) -> Vec<PathBuf> {
    let hooks = common.join("hooks");
    // A folder that is not there could be made by the agent.
    if let Err(error) = std::fs::create_dir_all(&hooks) {
        tracing::warn!(hooks = %hooks.display(), %error, "cannot protect the hooks of a repository");
    }
    vec![common.join("config"), common.join("config.worktree"), hooks]
}

fn write_git_configuration(layout: &Layout, spec: &StartSpec) -> Result<(), BackendError> {
    let path = layout.home().join(".gitconfig");
    // Written by the first start only: afterwards the file belongs to the workspace, and it may be a link by now.
    if std::fs::symlink_metadata(&path).is_ok() {
        return Ok(());
    }
    let (name, email) = identity(spec);
    let quoted = |text: &str| {
        text.replace(['\n', '\r', '\0'], " ")
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
    };
    let text = format!(
        "[user]\n\tname = \"{}\"\n\temail = \"{}\"\n[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n",
        quoted(&name),
        quoted(&email)
    );
    File::create_new(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| BackendError::system(&path, "cannot write", error))
}
