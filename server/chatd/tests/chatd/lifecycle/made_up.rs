//! Workspaces in memory, and a chat that is bound to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chatd::sources::{
    ConnectFor, ConnectedWorkspace, OwnWorkspaces, WorkspaceRefused, WorkspaceSource,
    WorkspaceUnavailable,
};
use chatd::tools::{ChatBinding, OutputSink};
use sdk::errors::Validation;
use sdk::ids::{BuildId, OrganizationId, TemplateId, UserId, WorkspaceId};
use sdk::templates::{Template, TemplateBackend};
use sdk::workspaces::{
    Build, BuildLog, BuildStatus, CreateBuild, CreateWorkspace, ReadBuildLog, Transition,
    Workspace, WorkspaceMode, WorkspaceStatus,
};
use store::Clock;

/// Workspaces in memory. A start goes on for so many looks; then it ends in `ending`.
#[derive(Debug)]
pub struct MadeUp {
    pub templates: Vec<Template>,
    workspaces: Mutex<HashMap<WorkspaceId, (Workspace, usize)>>,
    looks: usize,
    ending: WorkspaceStatus,
    /// How often another start is refused although nothing runs.
    pub busy: AtomicUsize,
}

impl MadeUp {
    pub fn new(looks: usize, ending: WorkspaceStatus) -> Arc<Self> {
        Arc::new(Self {
            templates: (1..=12).map(template).collect(),
            workspaces: Mutex::default(),
            looks,
            ending,
            busy: AtomicUsize::new(0),
        })
    }

    pub fn all(&self) -> MutexGuard<'_, HashMap<WorkspaceId, (Workspace, usize)>> {
        self.workspaces.lock().unwrap()
    }

    pub fn only(&self) -> Workspace {
        let all = self.all();
        assert_eq!(all.len(), 1);
        all.values().next().unwrap().0.clone()
    }

    pub fn set(&self, status: WorkspaceStatus) {
        for (workspace, looks) in self.all().values_mut() {
            workspace.status = status;
            workspace.latest_build.as_mut().unwrap().status = BuildStatus::Succeeded;
            *looks = 0;
        }
    }
}

fn template(number: u32) -> Template {
    Template {
        id: TemplateId::generate(),
        organization_id: OrganizationId::generate(),
        name: format!("template-{number}"),
        display_name: String::new(),
        description: "x".repeat(250),
        icon: String::new(),
        backend: TemplateBackend::Local,
        folder: None,
        repository_url: None,
        branch: None,
        setup_script: "secret".into(),
        environment: BTreeMap::new(),
        parameters: Vec::new(),
        idle_stop_seconds: None,
        deprecated: false,
        active_developers: 0,
        created_at: Clock::system().now(),
        updated_at: Clock::system().now(),
    }
}

fn build(transition: Transition) -> Build {
    Build {
        id: BuildId::generate(),
        transition,
        status: BuildStatus::Running,
        reason: None,
        created_at: Clock::system().now(),
        finished_at: None,
    }
}

#[async_trait]
impl OwnWorkspaces for MadeUp {
    async fn list_templates(&self, _: UserId) -> Result<Vec<Template>, WorkspaceRefused> {
        Ok(self.templates.clone())
    }

    async fn get_workspace(
        &self,
        _: UserId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, WorkspaceRefused> {
        let mut all = self.all();
        let Some((workspace, looks)) = all.get_mut(&id) else {
            return Ok(None);
        };
        let build = workspace.latest_build.as_mut().unwrap();
        if build.status == BuildStatus::Running {
            *looks = looks.saturating_sub(1);
            if *looks == 0 {
                let is_start = build.transition == Transition::Start;
                workspace.status = if is_start {
                    self.ending
                } else {
                    WorkspaceStatus::Stopped
                };
                let is_failed = workspace.status == WorkspaceStatus::Failed;
                build.status = if is_failed {
                    BuildStatus::Failed
                } else {
                    BuildStatus::Succeeded
                };
                workspace.status_reason = is_failed.then(|| "The setup script failed.".into());
            }
        }
        Ok(Some(workspace.clone()))
    }

    async fn create_workspace(
        &self,
        owner_id: UserId,
        request: CreateWorkspace,
        _: &str,
    ) -> Result<Workspace, WorkspaceRefused> {
        // Others get their turn meanwhile.
        tokio::task::yield_now().await;
        if request.parameters.contains_key("wrong") {
            return Err(WorkspaceRefused {
                message: "Some fields are not right.".into(),
                validations: vec![Validation {
                    field: "parameters.wrong".into(),
                    detail: "There is no such parameter.".into(),
                }],
                is_busy: false,
            });
        }
        let now = Clock::system().now();
        let workspace = Workspace {
            id: WorkspaceId::generate(),
            name: request.name.unwrap_or_else(|| "made-up".into()),
            owner_id,
            organization_id: OrganizationId::generate(),
            template_id: request.template_id,
            parameters: request.parameters,
            mode: WorkspaceMode::Empty,
            folder: None,
            working_directory: String::new(),
            branch: None,
            base_commit: None,
            status: WorkspaceStatus::Queued,
            status_reason: None,
            status_since: now,
            sandbox: None,
            latest_build: Some(build(Transition::Start)),
            created_at: now,
            updated_at: now,
        };
        self.all()
            .insert(workspace.id, (workspace.clone(), self.looks));
        Ok(workspace)
    }

    async fn create_build(
        &self,
        _: UserId,
        id: WorkspaceId,
        request: CreateBuild,
    ) -> Result<Build, WorkspaceRefused> {
        let is_busy = self
            .busy
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        if is_busy {
            return Err(WorkspaceRefused {
                message: "busy".into(),
                is_busy,
                ..WorkspaceRefused::default()
            });
        }
        let mut all = self.all();
        let (workspace, looks) = all.get_mut(&id).unwrap();
        let build = build(request.transition);
        workspace.latest_build = Some(build.clone());
        *looks = self.looks;
        Ok(build)
    }

    async fn get_build_log(
        &self,
        _: UserId,
        _: WorkspaceId,
        _: BuildId,
        query: ReadBuildLog,
    ) -> Result<BuildLog, WorkspaceRefused> {
        let text = "cloning\n";
        Ok(BuildLog {
            text: text
                .get(usize::try_from(query.offset).unwrap()..)
                .unwrap()
                .into(),
            next_offset: 8,
            is_finished: false,
        })
    }
}

/// No agent ever connects.
#[derive(Debug)]
pub struct NoAgents;

#[async_trait]
impl WorkspaceSource for NoAgents {
    async fn connect(
        &self,
        _: WorkspaceId,
        _: ConnectFor,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable> {
        Err(WorkspaceUnavailable {
            message: "No agent.".into(),
        })
    }
}

/// What a chat is bound to, and what its tools say meanwhile.
#[derive(Default)]
pub struct Chat {
    pub workspace: Mutex<Option<WorkspaceId>>,
    pub builds: Mutex<Vec<BuildId>>,
    pub output: Mutex<String>,
}

#[async_trait]
impl ChatBinding for Chat {
    async fn workspace(&self) -> Result<Option<WorkspaceId>, String> {
        Ok(*self.workspace.lock().unwrap())
    }

    async fn bind(&self, workspace: WorkspaceId, build: Option<BuildId>) -> Result<(), String> {
        *self.workspace.lock().unwrap() = Some(workspace);
        self.builds.lock().unwrap().extend(build);
        Ok(())
    }

    async fn attach(&self, _name: &str, _data: Vec<u8>) -> Result<sdk::files::ChatFile, String> {
        Err("nothing is attached here".to_owned())
    }

    async fn keep_screenshot(
        &self,
        _: Vec<u8>,
        _: chatd::tools::Kept,
    ) -> Result<sdk::files::ChatFile, String> {
        Err("there is no desktop here".to_owned())
    }
}

impl OutputSink for Chat {
    fn push(&self, delta: String) {
        self.output.lock().unwrap().push_str(&delta);
    }
}
