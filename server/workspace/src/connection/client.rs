//! The typed client of one agent.
//!
//! A method for each route of the agent, each with its deadline. A clone is cheap and keeps working across
//! reconnects. [`AgentClient::for_chat`] gives a client whose calls carry a chat, which scopes processes and
//! tells the git panel which repositories matter.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::{
    codec::{FramedRead, LinesCodec, LinesCodecError},
    io::StreamReader,
};
use uuid::Uuid;

use super::{
    AgentError,
    call::{self, Call},
    hub::{Agent, ConnectionState},
};
use crate::protocol::{
    About, Acknowledged, ChatScope, EditFilesRequest, EditFilesResult, FindFilesQuery, FoundFiles,
    GitChanges, GitChangesQuery, GitEvent, GitFileQuery, GitLines, GitLinesQuery,
    ListDirectoryRequest, ListDirectoryResult, ProcessList, ProcessOutput, ProcessSignal,
    ProcessTail, ReadFileLines, ReadLinesQuery, ResolvedPath, SignalRequest, SkillContent,
    SkillFile, StartProcess, StartedProcess, WorkspaceContext, WriteFileResult,
};

/// Deadline of calls that only touch files or memory.
pub(super) const QUICK: Duration = Duration::from_secs(30);
/// Deadline of a git scan of a large repository.
const GIT_SCAN: Duration = Duration::from_secs(90);
/// The longest a single call waits for a process.
pub(super) const MAX_PROCESS_WAIT: Duration = Duration::from_mins(5);
/// What a waiting call may take beyond its wait.
const WAIT_MARGIN: Duration = Duration::from_secs(15);
/// A line of the git stream holds at most this much: diffs at their limit, and the names of very many files.
const MAX_GIT_LINE_BYTES: usize = 32 * 1024 * 1024;

/// A client of one agent.
#[derive(Clone)]
pub struct AgentClient {
    pub(super) agent: Arc<Agent>,
    pub(super) scope: ChatScope,
    pub(super) reconnect_grace: Duration,
}

/// The stream of a repository watch; it ends with an error when the connection ends.
pub type GitWatch = futures::stream::BoxStream<'static, Result<GitEvent, AgentError>>;

impl AgentClient {
    pub(super) fn new(agent: Arc<Agent>, reconnect_grace: Duration) -> Self {
        Self {
            agent,
            scope: ChatScope::default(),
            reconnect_grace,
        }
    }

    /// A client whose calls are made for this chat.
    #[must_use]
    pub fn for_chat(&self, chat_id: Uuid, ancestor_chat_ids: Vec<Uuid>) -> Self {
        Self {
            scope: ChatScope::new(chat_id, ancestor_chat_ids),
            ..self.clone()
        }
    }

    /// A client that waits this long, instead of the hub's time, for an agent that is away.
    #[must_use]
    pub fn with_reconnect_grace(&self, reconnect_grace: Duration) -> Self {
        Self {
            reconnect_grace,
            ..self.clone()
        }
    }

    /// The agent this client speaks to.
    pub fn agent_id(&self) -> Uuid {
        self.agent.id()
    }

    /// Whether the agent is connected now.
    pub fn state(&self) -> ConnectionState {
        self.agent.subscribe().borrow().state
    }

    /// Waits until the agent is connected.
    pub async fn wait_until_connected(&self, deadline: Duration) -> Result<(), AgentError> {
        let mut links = self.agent.subscribe();
        let outcome =
            tokio::time::timeout(deadline, links.wait_for(|link| link.connection.is_some())).await;
        match outcome {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AgentError::Timeout {
                waiting_for: "the workspace's agent to connect",
                after: deadline,
            }),
        }
    }

    /// What the agent says about itself.
    pub async fn about(&self) -> Result<About, AgentError> {
        self.get("/api/v0/about", &(), "the agent", QUICK).await
    }

    /// What a model should know before it works here.
    pub async fn context(&self) -> Result<WorkspaceContext, AgentError> {
        self.get("/api/v0/context", &(), "the agent", QUICK).await
    }

    /// A skill's instructions and the names of its files.
    pub async fn skill(&self, name: &str) -> Result<SkillContent, AgentError> {
        self.get("/api/v0/skill", &[("name", name)], "the skill", QUICK)
            .await
    }

    /// A file of a skill, by its path in the skill's folder.
    pub async fn skill_file(&self, name: &str, path: &str) -> Result<SkillFile, AgentError> {
        let query = [("name", name), ("path", path)];
        self.get("/api/v0/skill-file", &query, "the skill's file", QUICK)
            .await
    }

    /// A whole file's bytes, at most 10 MiB.
    pub async fn read_file(&self, path: &str) -> Result<Bytes, AgentError> {
        let path_and_query = with_query("/api/v0/read-file", &[("path", path)])?;
        self.fetch(&Call::get(path_and_query, "the file", QUICK))
            .await
    }

    /// Numbered lines of a text file; limits that stand in the way are `success: false`.
    pub async fn read_file_lines(
        &self,
        query: &ReadLinesQuery,
    ) -> Result<ReadFileLines, AgentError> {
        self.get("/api/v0/read-file-lines", query, "the file", QUICK)
            .await
    }

    /// Writes a whole file, creating it and its folders.
    pub async fn write_file(
        &self,
        path: &str,
        content: impl Into<Bytes>,
    ) -> Result<WriteFileResult, AgentError> {
        let path_and_query = with_query("/api/v0/write-file", &[("path", path)])?;
        let call = Call::post(
            path_and_query,
            content.into(),
            "the file to be written",
            QUICK,
        )
        .repeatable();
        call::parse(&self.fetch(&call).await?)
    }

    /// Applies a batch of edits: all of them or none. Never repeated by itself.
    pub async fn edit_files(
        &self,
        request: &EditFilesRequest,
    ) -> Result<EditFilesResult, AgentError> {
        let call = Call::post(
            "/api/v0/edit-files".into(),
            call::json(request)?,
            "the edits",
            QUICK,
        );
        call::parse(&self.fetch(&call).await?)
    }

    /// Where a path really lies.
    pub async fn resolve_path(&self, path: &str) -> Result<ResolvedPath, AgentError> {
        self.get("/api/v0/resolve-path", &[("path", path)], "the path", QUICK)
            .await
    }

    /// The entries of a directory.
    pub async fn list_directory(
        &self,
        request: &ListDirectoryRequest,
    ) -> Result<ListDirectoryResult, AgentError> {
        self.post("/api/v0/list-directory".into(), request, "the directory")
            .await
    }

    /// The paths below the working directory that match best.
    pub async fn find_files(&self, query: &FindFilesQuery) -> Result<FoundFiles, AgentError> {
        self.get("/api/v0/find-files", query, "the files", QUICK)
            .await
    }

    /// Starts a command. An id is made up when the request has none, so that a lost answer can be asked for again.
    pub async fn start_process(
        &self,
        request: &StartProcess,
    ) -> Result<StartedProcess, AgentError> {
        let request = StartProcess {
            id: Some(request.id.unwrap_or_else(Uuid::now_v7)),
            ..request.clone()
        };
        self.post(
            "/api/v0/processes/start".into(),
            &request,
            "the process to start",
        )
        .await
    }

    /// The processes this chat may see.
    pub async fn list_processes(&self) -> Result<ProcessList, AgentError> {
        self.get("/api/v0/processes/list", &(), "the processes", QUICK)
            .await
    }

    /// A process's output; waits for its end at most `wait` (never more than five minutes).
    pub async fn process_output(
        &self,
        id: Uuid,
        wait: Duration,
    ) -> Result<ProcessOutput, AgentError> {
        let wait = wait.min(MAX_PROCESS_WAIT);
        let query = [("wait", format!("{}ms", wait.as_millis()))];
        let path = format!("/api/v0/processes/{id}/output");
        self.get(&path, &query, "the process", wait + WAIT_MARGIN)
            .await
    }

    /// The output from `offset` on; waits for more at most `wait` when there is none yet.
    pub async fn process_tail(
        &self,
        id: Uuid,
        offset: u64,
        wait: Duration,
    ) -> Result<ProcessTail, AgentError> {
        let wait = wait.min(MAX_PROCESS_WAIT);
        let query = [
            ("offset", offset.to_string()),
            ("wait", format!("{}ms", wait.as_millis())),
        ];
        let path = format!("/api/v0/processes/{id}/tail");
        self.get(&path, &query, "output of the process", wait + WAIT_MARGIN)
            .await
    }

    /// Signals a process and everything in its group. 409 (`Refused`) when it has ended.
    pub async fn signal_process(
        &self,
        id: Uuid,
        signal: ProcessSignal,
    ) -> Result<Acknowledged, AgentError> {
        let signal = match signal {
            ProcessSignal::Terminate => "terminate",
            ProcessSignal::Kill => "kill",
        };
        let body = SignalRequest {
            signal: signal.into(),
        };
        self.post(
            format!("/api/v0/processes/{id}/signal"),
            &body,
            "the signal",
        )
        .await
    }

    /// A snapshot of what changed in the repositories that matter to this chat.
    pub async fn git_changes(&self, query: GitChangesQuery) -> Result<GitChanges, AgentError> {
        self.get("/api/v0/git/changes", &query, "the changes", GIT_SCAN)
            .await
    }

    /// Lines of a version of a file that git keeps: at most 2,048 and 1 MiB of them.
    pub async fn git_lines(&self, query: &GitLinesQuery) -> Result<GitLines, AgentError> {
        self.get("/api/v0/git/lines", query, "the lines", QUICK)
            .await
    }

    /// A version of a file that git keeps, or the one in the work tree, whole: at most 10 MiB.
    pub async fn git_file(&self, query: &GitFileQuery) -> Result<Bytes, AgentError> {
        let path_and_query = with_query("/api/v0/git/file", query)?;
        self.fetch(&Call::get(path_and_query, "the file", QUICK))
            .await
    }

    /// Asks for a scan now; its result comes on the watch streams.
    pub async fn refresh_git(&self) -> Result<Acknowledged, AgentError> {
        self.post("/api/v0/git/refresh".into(), &(), "the scan")
            .await
    }

    /// Snapshots whenever something changed, the first one at once.
    pub async fn watch_git(&self) -> Result<GitWatch, AgentError> {
        let call = Call::get("/api/v0/git/watch".into(), "the watch to begin", QUICK);
        let body = call::open(&self.agent, &self.scope, self.reconnect_grace, &call).await?;
        Ok(git_events(body).boxed())
    }

    async fn get<Q, T>(
        &self,
        path: &str,
        query: &Q,
        waiting_for: &'static str,
        deadline: Duration,
    ) -> Result<T, AgentError>
    where
        Q: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        let path_and_query = with_query(path, query)?;
        call::parse(
            &self
                .fetch(&Call::get(path_and_query, waiting_for, deadline))
                .await?,
        )
    }

    /// A POST whose effect is the same when it is made twice.
    async fn post<B, T>(
        &self,
        path: String,
        body: &B,
        waiting_for: &'static str,
    ) -> Result<T, AgentError>
    where
        B: Serialize,
        T: DeserializeOwned,
    {
        let call = Call::post(path, call::json(body)?, waiting_for, QUICK).repeatable();
        call::parse(&self.fetch(&call).await?)
    }

    async fn fetch(&self, call: &Call) -> Result<Bytes, AgentError> {
        call::fetch(&self.agent, &self.scope, self.reconnect_grace, call).await
    }
}

pub(super) fn with_query<Q: Serialize + ?Sized>(
    path: &str,
    query: &Q,
) -> Result<String, AgentError> {
    let query = serde_urlencoded::to_string(query).map_err(|error| AgentError::Protocol {
        message: error.to_string(),
    })?;
    Ok(if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    })
}

fn git_events(body: Incoming) -> impl Stream<Item = Result<GitEvent, AgentError>> + Send {
    let bytes = BodyDataStream::new(body).map(|piece| piece.map_err(std::io::Error::other));
    let lines = FramedRead::new(
        StreamReader::new(bytes),
        LinesCodec::new_with_max_length(MAX_GIT_LINE_BYTES),
    );
    lines.map(|line| {
        let line = line.map_err(|error| match error {
            LinesCodecError::MaxLineLengthExceeded => AgentError::TooLarge {
                limit_bytes: MAX_GIT_LINE_BYTES,
            },
            LinesCodecError::Io(_) => AgentError::Disconnected {
                since: Some(chrono::Utc::now()),
            },
        })?;
        serde_json::from_str(&line).map_err(|error| AgentError::Protocol {
            message: error.to_string(),
        })
    })
}
