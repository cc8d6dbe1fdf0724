//! Starting the agent of a workspace.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::File,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use url::Url;

use super::{
    LocalBackend,
    bounds::Bounds,
    prepare::{identity, say},
    remove::remove_tree,
};
use crate::{
    agent::AgentOptions,
    backend::{
        BackendError, BuildLog, Sandbox, Source, StartSpec, guard, inspect,
        machine::ProcessId,
        network::{self, Reach},
        record::{Layout, Record, Running},
        sandbox::{PROGRAM_INSIDE, Placed, Plan, SERVER_SOCKETS_INSIDE},
        shared_git::{self, SharedGit},
    },
    connection::local_socket,
    git_command::PROGRAM_PATH,
};

impl LocalBackend {
    /// Starts the agent's process. It has no environment but what is set here, so nothing of the server's leaks.
    pub(super) fn launch(
        &self,
        layout: &Layout,
        record: &Record,
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<Running, BackendError> {
        let agent_log = layout.agent_log();
        let log_file = File::create(&agent_log)
            .map_err(|error| BackendError::system(&agent_log, "cannot write", error))?;
        let log_copy = log_file
            .try_clone()
            .map_err(|error| BackendError::system(&agent_log, "cannot write", error))?;
        let bounds = self.bounds(layout, spec.agent_id)?;
        say(log, &self.announcement());
        let reach = self.reach(&spec.server_url, log);
        let words = self.command_line(layout, record, &bounds, &reach)?;
        let mut words = words.into_iter();
        let failed = |error: std::io::Error| BackendError::Agent {
            message: error.to_string(),
        };
        let mut child = Command::new(words.next().unwrap_or_default())
            .args(words)
            .env_clear()
            .envs(self.environment(layout, record, spec, &bounds))
            .current_dir(self.outer_directory(record))
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
        let (workspace_id, agent_id) = (spec.workspace_id, spec.agent_id);
        let keeper = bounds.hand_over();
        std::thread::spawn(move || {
            let status = child.wait();
            tracing::info!(%workspace_id, ?status, "an agent ended");
            if let Some(keeper) = keeper {
                keeper.remove(agent_id);
            }
        });
        let process = process.ok_or_else(|| BackendError::Agent {
            message: "it ended at once".into(),
        })?;
        Ok(Running {
            agent_id: spec.agent_id,
            process,
        })
    }

    /// What git in the sandbox finds in place of a shared repository's folder, made anew at each start.
    pub(super) async fn share_git(
        &self,
        layout: &Layout,
        record: &Record,
    ) -> Result<(), BackendError> {
        let Some(git) = &record.git else {
            return Ok(());
        };
        shared_git::restore_packed_refs(&git.common);
        if matches!(self.shared.sandbox, Sandbox::None { .. }) {
            return Ok(());
        }
        let shared = SharedGit::of(layout);
        for folder in [&shared.links, &shared.locks] {
            if folder.symlink_metadata().is_ok() {
                remove_tree(folder).await?;
            }
        }
        shared.make(&git.common)
    }

    fn announcement(&self) -> String {
        let limits = self.limits();
        match &self.shared.sandbox {
            Sandbox::Bubblewrap => {
                format!("starting the agent in a sandbox (bubblewrap) with {limits}")
            }
            Sandbox::None { reason } => {
                format!("starting the agent WITHOUT A SANDBOX, with {limits}: {reason}")
            }
        }
    }

    /// What the workspace is to reach of the network; says so when it is more than it should be.
    pub(super) fn reach(&self, server_url: &Url, log: &BuildLog) -> Reach {
        let shared = &self.shared;
        let options = &shared.options.network;
        let (reach, reason) =
            network::reach(&shared.sandbox, &shared.own_network, options, server_url);
        if let Some(reason) = reason {
            say(
                log,
                &format!(
                    "the network is shared with the server's machine: commands reach its loopback and its cloud's \
                     metadata service; {reason}"
                ),
            );
        }
        reach
    }

    /// In a sandbox the folder is entered inside, where a link that was put in its place leads nowhere.
    pub(super) fn outer_directory<'a>(&self, record: &'a Record) -> &'a Path {
        match self.shared.sandbox {
            Sandbox::Bubblewrap => Path::new("/"),
            Sandbox::None { .. } => &record.folder,
        }
    }

    fn command_line(
        &self,
        layout: &Layout,
        record: &Record,
        bounds: &Bounds,
        reach: &Reach,
    ) -> Result<Vec<OsString>, BackendError> {
        let options = &self.shared.options;
        let mut words = self.bounded(bounds, || self.plan(layout, record, reach))?;
        words.push(match self.shared.sandbox {
            Sandbox::None { .. } => options.agent_program.clone().into(),
            Sandbox::Bubblewrap => PROGRAM_INSIDE.into(),
        });
        words.extend(options.agent_arguments.iter().map(OsString::from));
        Ok(words)
    }

    pub(super) fn plan(
        &self,
        layout: &Layout,
        record: &Record,
        reach: &Reach,
    ) -> Result<Plan, BackendError> {
        let options = &self.shared.options;
        let mut plan = Plan {
            tools: options.extra_read_only.clone(),
            hidden: self.hidden(),
            own: vec![layout.home(), layout.state()],
            temporary: Some(layout.temporary()),
            program: Some(options.agent_program.clone()),
            directory: Some(record.folder.clone()),
            ..Plan::default()
        };
        reach.add_to(&mut plan, layout)?;
        let sockets = local_socket::folder(&options.data_directory);
        if sockets.is_dir() {
            plan.placed.push(Placed {
                from: sockets,
                at: SERVER_SOCKETS_INSIDE.into(),
                is_writable: false,
            });
        }
        let is_direct = matches!(record.source, Source::Direct { .. });
        if is_direct {
            plan.writable.push(record.folder.clone());
        } else {
            plan.own.push(layout.work());
        }
        if let Some(git) = &record.git {
            let shared = SharedGit::of(layout);
            let guard = if is_direct {
                guard::direct(git, &shared)?
            } else {
                let notes = inspect::notes(&git.common, &record.folder);
                let notes = notes.or_else(|| git.notes.clone()).ok_or_else(|| {
                    BackendError::repository(
                        &git.common,
                        "it knows the workspace's worktree no longer; delete this workspace and create a new one",
                    )
                })?;
                guard::worktree(git, &notes, &shared)?
            };
            plan.read_only.extend(guard.read_only);
            plan.own.extend(guard.writable);
            plan.shown.extend(guard.protected);
            plan.placed.extend(guard.placed);
        }
        Ok(plan)
    }

    /// Where the agent finds the socket of the server with this address, if it listens at one.
    fn server_socket(&self, server_url: &Url) -> Option<PathBuf> {
        let name = local_socket::name(server_url.port_or_known_default()?);
        let folder = local_socket::folder(&self.shared.options.data_directory);
        let is_there = folder.join(&name).symlink_metadata().is_ok();
        let seen = match self.shared.sandbox {
            Sandbox::Bubblewrap => PathBuf::from(SERVER_SOCKETS_INSIDE),
            Sandbox::None { .. } => folder,
        };
        is_there.then(|| seen.join(name))
    }

    fn environment(
        &self,
        layout: &Layout,
        record: &Record,
        spec: &StartSpec,
        bounds: &Bounds,
    ) -> BTreeMap<OsString, OsString> {
        let options = AgentOptions {
            server_url: spec.server_url.clone(),
            server_socket: self.server_socket(&spec.server_url),
            token: String::new(),
            working_directory: record.folder.clone(),
            state_directory: layout.state(),
            base_commit: record.base_commit.clone(),
            is_sandboxed: self.shared.sandbox == Sandbox::Bubblewrap,
            give_up_after: Some(self.shared.options.give_up_after),
            limits: bounds.counted_for_agent(&self.shared.sandbox),
            own_process_limit: self.shared.keeper.process_fallback(),
            desktop_idle_limit: self.shared.options.desktop_idle_limit,
        };
        let mut environment = self.command_environment(layout, spec);
        environment.extend(
            options
                .to_variables()
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        environment
    }

    /// What every command in the workspace finds.
    pub(super) fn command_environment(
        &self,
        layout: &Layout,
        spec: &StartSpec,
    ) -> BTreeMap<OsString, OsString> {
        let temporary = match self.shared.sandbox {
            Sandbox::Bubblewrap => PathBuf::from("/tmp"),
            Sandbox::None { .. } => layout.temporary(),
        };
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
            .ok()
            .flatten();
        let user = user.map_or_else(|| "agent".to_owned(), |user| user.name);
        let mut environment: BTreeMap<OsString, OsString> = BTreeMap::from([
            ("PATH".into(), PROGRAM_PATH.into()),
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
        environment
    }
}

pub(super) fn write_git_configuration(
    layout: &Layout,
    spec: &StartSpec,
) -> Result<(), BackendError> {
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
    // Cleaning up by itself is the owner's business: git would begin it after commits and complain that it may not.
    let text = format!(
        "[user]\n\tname = \"{}\"\n\temail = \"{}\"\n[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n\
         [gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n",
        quoted(&name),
        quoted(&email)
    );
    File::create_new(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| BackendError::system(&path, "cannot write", error))
}
