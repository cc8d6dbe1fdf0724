//! Git's questions in this workspace: answered by asking the control plane, with the agent's own token.
//!
//! Commands cannot read that token, and any of them can ask here, for any chat that works in this workspace: the control
//! plane decides what it answers. What was handed out is remembered, so that it stays out of the output of commands.

use std::{collections::BTreeMap, ffi::OsString, sync::Arc};

use async_trait::async_trait;
use sdk::{
    external_auth::{AskExternalAuth, ExternalAuthCredential},
    ids::ChatId,
};
use tokio::task::AbortHandle;

use super::{AgentOptions, AgentState, control_plane::ControlPlane, redaction::HandedOut};
use crate::git_askpass::{Answerer, GitCredential, Place, Question, serve};

const ASK_PATH: &str = "/api/v2/agents/external-auth";

/// What commands find in their environment so that git asks here.
pub type Variables = BTreeMap<&'static str, OsString>;

/// Ends the answering with it.
pub struct Answering(AbortHandle);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins to answer. Without it git says that it may not ask; everything else works.
pub fn begin(options: &AgentOptions, state: &AgentState) -> std::io::Result<Answering> {
    let place = Place::at(options.state_directory.join("askpass"));
    let listener = place.open(&std::env::current_exe()?)?;
    let asking = Asking {
        control_plane: ControlPlane::new(options),
        handed_out: state.inner.handed_out.clone(),
    };
    let task = tokio::spawn(serve(listener, Arc::new(asking)));
    let _ = state
        .inner
        .askpass_variables
        .set(place.variables().into_iter().collect());
    Ok(Answering(task.abort_handle()))
}

struct Asking {
    control_plane: ControlPlane,
    handed_out: HandedOut,
}

#[async_trait]
impl Answerer for Asking {
    async fn credential(&self, question: &Question) -> Result<GitCredential, String> {
        let chat_id = question.chat_id.ok_or_else(|| {
            "Git asks outside of a chat: SWITCHYARD_CHAT_ID is not set, so it is not known for whom. Run git as a \
             command of a chat."
                .to_owned()
        })?;
        let question = AskExternalAuth {
            chat_id: ChatId(chat_id),
            url: question.url.clone(),
            git_branch: question.git_branch.clone(),
            git_remote_origin: question.git_remote_origin.clone(),
            is_fetch: question.is_fetch,
        };
        let answer = self.control_plane.post(ASK_PATH, &question).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let answer: ExternalAuthCredential = serde_json::from_slice(&answer)
            .map_err(|_| "The server's answer cannot be read.".to_owned())?;
        let credential = GitCredential {
            username: answer.username,
            token: answer.access_token,
        };
        self.handed_out.add(&credential);
        Ok(credential)
    }
}
