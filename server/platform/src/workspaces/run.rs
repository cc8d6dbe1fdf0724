//! Carrying out builds: start, stop, delete. Each has a row with its log; the workspace's row says what goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use sdk::ids::{AgentId, BuildId};
use sdk::workspaces::{Build, BuildStatus, Transition, WorkspaceStatus};
use store::templates::TemplateRow;
use store::workspaces::agents::{self, NewAgent};
use store::workspaces::{self, NewStatus, Prepared, WorkspaceRow, builds};
use store::{StoreError, users};
use tokio::sync::mpsc;
use tokio::time::Instant;
use workspace::backend::{BackendError, BuildEvent, Phase, StartSpec, Started, Status};
use workspace::git_askpass::GitCredential;
use workspace::git_host::GitHost;

use super::service::{Turn, Workspaces, describe_sandbox};
use super::{WorkspaceError, source_of, template_of};
use crate::credentials;
use crate::external_auth::ExternalAuthError;
use crate::templates::parameters;

/// A started agent connects within this time.
const AGENT_DEADLINE: Duration = Duration::from_mins(1);
/// How often a starting agent's process is looked at.
const AGENT_POLL: Duration = Duration::from_millis(500);
/// What a failed start shows of the agent's own words.
const SHOWN_LOG_CHARACTERS: usize = 600;

/// A build that is noted and can be carried out.
pub(super) struct Job {
    pub(super) row: WorkspaceRow,
    pub(super) build: Build,
    title: String,
    /// Held until the build is done.
    _turn: Turn,
}

impl Workspaces {
    /// Begins a build in the background.
    pub(super) async fn begin(
        &self,
        row: &WorkspaceRow,
        transition: Transition,
        title: &str,
    ) -> Result<Build, WorkspaceError> {
        let turn = match transition {
            Transition::Start => self.try_turn(row.id).ok_or(WorkspaceError::Busy)?,
            Transition::Stop | Transition::Delete => self.turn_over(row.id).await?,
        };
        let job = self.note(row, transition, title, turn).await?;
        let build = job.build.clone();
        let service = self.clone();
        self.background.spawn(async move {
            let _ = service.carry_out(job).await;
        });
        Ok(build)
    }

    /// Deletes a workspace and waits for it.
    pub(super) async fn delete(
        &self,
        row: &WorkspaceRow,
        force: bool,
    ) -> Result<(), WorkspaceError> {
        self.refuse_to_lose_work(row.id, force).await?;
        let turn = self.turn_over(row.id).await?;
        let job = self.note(row, Transition::Delete, &row.name, turn).await?;
        let service = self.clone();
        let (done, outcome) = tokio::sync::oneshot::channel();
        // In the background, so that it is not left half done when the caller goes away.
        self.background.spawn(async move {
            let _ = done.send(service.carry_out(job).await);
        });
        match outcome.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(message)) => Err(BackendError::Agent { message }.into()),
            Err(_) => Err(WorkspaceError::Busy),
        }
    }

    /// Refuses when deleting would lose work.
    pub(super) async fn refuse_to_lose_work(
        &self,
        id: sdk::ids::WorkspaceId,
        force: bool,
    ) -> Result<(), WorkspaceError> {
        if force {
            return Ok(());
        }
        match self.backend().unsaved_work(id.0).await {
            Ok(work) if work.is_empty() => Ok(()),
            Ok(work) => Err(WorkspaceError::UnsavedWork(Box::new(work))),
            Err(BackendError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes a build that begins.
    pub(super) async fn note(
        &self,
        row: &WorkspaceRow,
        transition: Transition,
        title: &str,
        turn: Turn,
    ) -> Result<Job, StoreError> {
        let build = Build {
            id: BuildId::generate(),
            transition,
            status: BuildStatus::Running,
            reason: None,
            created_at: self.clock.now(),
            finished_at: None,
        };
        let mut tx = self.db.begin().await?;
        builds::insert(&mut tx, build.id, row.id, transition, build.created_at).await?;
        tx.commit().await?;
        self.build_begins(build.id, row);
        Ok(Job {
            row: row.clone(),
            build,
            title: title.to_owned(),
            _turn: turn,
        })
    }

    /// Carries out a build and notes how it ended. The agent of a start; a failure in words for people.
    pub(super) async fn carry_out(&self, job: Job) -> Result<Option<AgentId>, String> {
        let outcome = match job.build.transition {
            Transition::Start => self.start_unless_ended(&job).await.map(Some),
            Transition::Stop => self.stop(&job).await.map(|()| None),
            Transition::Delete => self.remove(&job).await.map(|()| None),
        };
        let failure = outcome.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &failure {
            tracing::warn!(workspace_id = %job.row.id, transition = ?job.build.transition, reason, "a build failed");
            self.show(&job.row, WorkspaceStatus::Failed, Some(reason))
                .await;
        }
        let finished =
            builds::finish(&self.db, job.build.id, failure.as_deref(), self.clock.now()).await;
        if let Err(error) = finished {
            tracing::error!(%error, "the end of a build cannot be noted");
        }
        self.build_ends(job.build.id);
        self.announce(job.row.id, job.row.owner_id);
        outcome.map_err(|error| error.to_string())
    }

    /// A start, until somebody stops or deletes the workspace.
    async fn start_unless_ended(&self, job: &Job) -> Result<AgentId, WorkspaceError> {
        let guard = self.start_begins(job.row.id);
        tokio::select! {
            started = self.start(job) => started,
            () = guard.cancel.cancelled() => Err(WorkspaceError::Ended),
        }
    }

    async fn start(&self, job: &Job) -> Result<AgentId, WorkspaceError> {
        self.show(&job.row, WorkspaceStatus::Starting, None).await;
        let backend = self.backend();
        // An agent that runs but does not connect is of no use; a new one gets a new token, and the connections keep
        // no place for the old one.
        self.end_agents(job).await?;
        match backend.stop(job.row.id.0).await {
            Ok(()) | Err(BackendError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let (agent_id, spec) = self.new_agent(job).await?;
        let (log, events) = mpsc::unbounded_channel();
        // Ends by itself once the backend has dropped its end.
        let writing = tokio::spawn(
            self.clone()
                .write_log(job.row.clone(), job.build.id, events),
        );
        let started = backend.start(&spec, &log).await;
        drop(log);
        let _ = writing.await;
        self.note_prepared(job, &started?).await?;
        self.show(&job.row, WorkspaceStatus::WaitingForAgent, None)
            .await;
        self.wait_for_agent(job, agent_id).await?;
        // However long the start took: whoever wanted it has the whole idle time to begin.
        workspaces::touch(&self.db, job.row.id, self.clock.now()).await?;
        self.show(&job.row, WorkspaceStatus::Ready, None).await;
        Ok(agent_id)
    }

    async fn new_agent(&self, job: &Job) -> Result<(AgentId, StartSpec), WorkspaceError> {
        let agent_id = AgentId::generate();
        let agent_token = credentials::generate();
        let owner = users::get(&self.db, job.row.owner_id).await?;
        let template = template_of(&self.db, &job.row).await?;
        let git_credential = self.git_credential(&job.row, template.as_ref()).await?;
        let mut tx = self.db.begin().await?;
        let agent = NewAgent {
            id: agent_id,
            workspace_id: job.row.id,
            build_id: job.build.id,
            token_hash: &credentials::hash(&agent_token),
            created_at: self.clock.now(),
        };
        agents::insert(&mut tx, agent).await?;
        tx.commit().await?;
        let git_identity = owner.map(|owner| {
            let name = if owner.name.is_empty() {
                owner.username
            } else {
                owner.name
            };
            (name, owner.email)
        });
        let spec = StartSpec {
            workspace_id: job.row.id.0,
            agent_id: agent_id.0,
            agent_token,
            server_url: self.access_url.clone(),
            source: source_of(&job.row, template.as_ref(), &job.title),
            environment: environment(&job.row, template.as_ref()),
            setup_script: template.map_or_else(String::new, |template| template.setup_script),
            git_identity,
            git_credential,
        };
        Ok((agent_id, spec))
    }

    /// What the clone of a first start signs in with: the token of the workspace's owner.
    async fn git_credential(
        &self,
        row: &WorkspaceRow,
        template: Option<&TemplateRow>,
    ) -> Result<Option<(GitHost, GitCredential)>, ExternalAuthError> {
        let address = template.and_then(|template| template.repository_url.as_deref());
        match address.filter(|_| row.working_directory.is_empty()) {
            Some(address) => self.links.for_clone(row.owner_id, address).await,
            None => Ok(None),
        }
    }

    async fn note_prepared(&self, job: &Job, started: &Started) -> Result<(), StoreError> {
        let working_directory = started.folder.display().to_string();
        let prepared = Prepared {
            working_directory: &working_directory,
            branch: started.branch.as_deref(),
            base_commit: started.base_commit.as_deref(),
            sandbox: &describe_sandbox(started.sandbox.clone()),
        };
        workspaces::set_prepared(&self.db, job.row.id, prepared, self.clock.now()).await
    }

    async fn wait_for_agent(&self, job: &Job, agent_id: AgentId) -> Result<(), WorkspaceError> {
        let backend = self.backend();
        let client = self.hub().client(agent_id.0);
        let deadline = Instant::now() + AGENT_DEADLINE;
        let problem = loop {
            if client.wait_until_connected(AGENT_POLL).await.is_ok() {
                return Ok(());
            }
            if !matches!(backend.status(job.row.id.0).await?, Status::Running { .. }) {
                break "it ended before it connected".to_owned();
            }
            if Instant::now() > deadline {
                break format!(
                    "it did not connect to {} within {} s",
                    self.access_url,
                    AGENT_DEADLINE.as_secs()
                );
            }
        };
        let log = backend.agent_log(job.row.id.0).await;
        let shown = log
            .get(log.ceil_char_boundary(log.len().saturating_sub(SHOWN_LOG_CHARACTERS))..)
            .unwrap_or_default();
        let _ = backend.stop(job.row.id.0).await;
        Err(BackendError::Agent {
            message: format!("{problem}. {shown}").trim_end().to_owned(),
        }
        .into())
    }

    async fn stop(&self, job: &Job) -> Result<(), WorkspaceError> {
        self.say(
            job,
            "Ending the agent and everything that runs in the workspace.",
        )
        .await;
        self.end_agents(job).await?;
        match self.backend().stop(job.row.id.0).await {
            Ok(()) | Err(BackendError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.say(job, "Stopped. Its files stay as they are.").await;
        self.show(&job.row, WorkspaceStatus::Stopped, None).await;
        Ok(())
    }

    async fn remove(&self, job: &Job) -> Result<(), WorkspaceError> {
        self.say(
            job,
            "Ending the agent, then removing the workspace's files.",
        )
        .await;
        self.end_agents(job).await?;
        // Whether work would be lost was asked before; an agent that writes meanwhile cannot be waited for.
        match self.backend().delete(job.row.id.0, true).await {
            Ok(()) | Err(BackendError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        workspaces::mark_deleted(&self.db, job.row.id, self.clock.now()).await?;
        self.say(job, "Deleted.").await;
        Ok(())
    }

    async fn end_agents(&self, job: &Job) -> Result<(), StoreError> {
        let current = agents::current(&self.db, job.row.id).await?;
        agents::stop_all(&self.db, job.row.id, self.clock.now()).await?;
        if let Some(agent) = current {
            self.hub().forget(agent.id.0);
        }
        Ok(())
    }

    /// A line for the log of a build.
    async fn say(&self, job: &Job, line: &str) {
        if let Err(error) = builds::append_log(&self.db, job.build.id, &format!("{line}\n")).await {
            tracing::warn!(%error, "lines of a build's log are lost");
        }
    }

    async fn write_log(
        self,
        row: WorkspaceRow,
        build_id: BuildId,
        mut events: mpsc::UnboundedReceiver<BuildEvent>,
    ) {
        let mut batch = Vec::new();
        while events.recv_many(&mut batch, 256).await > 0 {
            let mut text = String::new();
            for event in batch.drain(..) {
                match event {
                    BuildEvent::Line(line) => {
                        text.push_str(&line);
                        text.push('\n');
                    }
                    BuildEvent::Phase(phase) => self.show(&row, status_of(phase), None).await,
                }
            }
            if text.is_empty() {
                continue;
            }
            // PostgreSQL keeps no NUL in a text; a program may say one.
            let text = text.replace('\0', "\u{fffd}");
            if let Err(error) = builds::append_log(&self.db, build_id, &text).await {
                tracing::warn!(%error, "lines of a build's log are lost");
            }
        }
    }

    /// Shows a status; what cannot be written is only logged, because the work itself goes on.
    pub(super) async fn show(
        &self,
        row: &WorkspaceRow,
        status: WorkspaceStatus,
        reason: Option<&str>,
    ) {
        let status = NewStatus {
            status,
            reason,
            since: self.clock.now(),
        };
        if let Err(error) = workspaces::set_status(&self.db, row.id, status).await {
            tracing::error!(%error, workspace_id = %row.id, "a workspace's status cannot be written");
        }
        self.announce(row.id, row.owner_id);
    }
}

const fn status_of(phase: Phase) -> WorkspaceStatus {
    match phase {
        Phase::Cloning => WorkspaceStatus::Cloning,
        Phase::SettingUp => WorkspaceStatus::SettingUp,
        Phase::Starting => WorkspaceStatus::Starting,
    }
}

/// What every command in the workspace finds: the template's variables, and the values of its parameters.
fn environment(row: &WorkspaceRow, template: Option<&TemplateRow>) -> BTreeMap<String, String> {
    let mut environment = template.map_or_else(BTreeMap::new, |row| row.environment.clone());
    environment.extend(parameters::variables(&row.parameters));
    environment
}
