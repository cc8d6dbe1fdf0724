//! The agent's routes. Handlers parse, call the part that does the work, and map its errors.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::{get, post},
};
use http::Uri;

use super::{
    AgentState, desktop, error::ApiError, files, git, instructions, processes, skills, terminals,
};
use crate::protocol::About;

/// The agent's HTTP API, below `/api/v0`.
pub fn router(state: AgentState) -> Router {
    let routes = Router::new()
        .route("/about", get(about))
        .route("/context", get(instructions::context))
        .route("/skill", get(skills::skill))
        .route("/skill-file", get(skills::skill_file))
        .route("/read-file", get(files::read_file))
        .route("/read-file-lines", get(files::read_file_lines))
        .route("/write-file", post(files::write_file))
        .route("/edit-files", post(files::edit_files))
        .route("/resolve-path", get(files::resolve_path))
        .route("/list-directory", post(files::list_directory))
        .route("/find-files", get(files::find_files))
        .route("/processes/start", post(processes::start))
        .route("/processes/list", get(processes::list))
        .route("/processes/{id}/output", get(processes::output))
        .route("/processes/{id}/tail", get(processes::tail))
        .route("/processes/{id}/signal", post(processes::signal))
        .route("/terminals/{id}", post(terminals::open))
        .route("/desktop/vnc", post(desktop::vnc))
        .route("/desktop/action", post(desktop::action))
        .route("/git/changes", get(git::changes))
        .route("/git/refresh", post(git::refresh))
        .route("/git/lines", get(git::lines))
        .route("/git/file", get(git::file))
        .route("/git/watch", get(git::watch));
    Router::new()
        .nest("/api/v0", routes)
        .fallback(no_route)
        .layer(DefaultBodyLimit::max(files::MAX_WRITE_BYTES))
        .with_state(state)
}

pub(super) async fn about(State(state): State<AgentState>) -> Json<About> {
    Json(About {
        version: env!("CARGO_PKG_VERSION").into(),
        working_directory: state.inner.working_directory.display().to_string(),
        home_directory: state.inner.home_directory.display().to_string(),
        operating_system: std::env::consts::OS.into(),
        architecture: std::env::consts::ARCH.into(),
        shell: processes::shell().display().to_string(),
        is_sandboxed: state.inner.is_sandboxed,
    })
}

async fn no_route(uri: Uri) -> ApiError {
    ApiError::not_found(format!(
        "this agent has no route {}; it may be of another version",
        uri.path()
    ))
}
