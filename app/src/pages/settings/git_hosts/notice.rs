//! What became of a sign-in that the reader comes back from.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use sdk::external_auth::{ExternalAuthFlow, ExternalAuthFlowStatus};

use crate::api::external_auth::get_external_auth_flow;
use crate::components::feedback::{Notice, NoticeKind};
use crate::components::loaded::awaited;
use crate::error::{AppError, ErrorCode};
use crate::view;

const UNKNOWN: &str = "This sign-in is not known: it was finished already, began more than ten minutes ago, or in another browser. \
                       Begin again.";

/// Tells what the flow that the address names came to; nothing when it names none.
pub(super) fn notice() -> AnyView {
    let query = use_query_map();
    let asked = move || query.with(|query| query.get("flow").unwrap_or_default());
    let flow = Resource::new(asked, |asked| async move {
        match asked.parse() {
            Ok(id) => get_external_auth_flow(id).await.map(Some),
            Err(_) if asked.is_empty() => Ok(None),
            Err(_) => Err(AppError::new(ErrorCode::NotFound, "")),
        }
    });
    let show = move || async move {
        match flow.await {
            Ok(None) => ().into_any(),
            Ok(Some(flow)) => outcome(Some(&flow)),
            Err(_) => outcome(None),
        }
    };
    awaited(|| ().into_any(), show)
}

/// That a link is gone, and why its host did not take its token back.
pub(super) fn not_revoked(problem: String) -> AnyView {
    view! { <Notice kind=NoticeKind::Error title="The token was removed here, but not revoked at the host">{problem}</Notice> }
}

/// What a flow came to; of one that is not known, that.
pub fn outcome(flow: Option<&ExternalAuthFlow>) -> AnyView {
    let Some(flow) = flow else {
        return view! { <Notice kind=NoticeKind::Error title="Nothing was linked">{UNKNOWN}</Notice> };
    };
    let host = &flow.host;
    let problem = flow.problem.clone().unwrap_or_default();
    match flow.status {
        ExternalAuthFlowStatus::Linked => {
            view! { <Notice kind=NoticeKind::Success title=format!("{host} is linked")/> }
        }
        ExternalAuthFlowStatus::Failed => {
            view! { <Notice kind=NoticeKind::Error title=format!("{host} was not linked")>{problem}</Notice> }
        }
        ExternalAuthFlowStatus::Pending => {
            view! { <Notice title=format!("The sign-in at {host} is not finished")/> }
        }
    }
}
