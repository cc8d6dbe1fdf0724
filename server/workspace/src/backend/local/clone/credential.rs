//! Git's questions during a clone, which the server answers itself: with what the start was given, for that host alone.

use std::{ffi::OsString, path::Path, sync::Arc};

use async_trait::async_trait;
use tokio::task::AbortHandle;

use crate::{
    backend::{
        BackendError, Sandbox,
        record::Layout,
        sandbox::{PROGRAM_INSIDE, Placed, Plan},
    },
    git_askpass::{Answerer, GitCredential, Place, Question, serve},
    git_host::GitHost,
};

/// Where git in the sandbox finds the folder with its program and the socket.
const ASKPASS_INSIDE: &str = "/run/switchyard/askpass";

/// Answers until it is dropped.
pub(super) struct Answering {
    task: AbortHandle,
    /// What git must find in its environment.
    pub(super) variables: [(&'static str, OsString); 2],
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to answer the git of a clone that runs under this plan.
pub(super) fn begin(
    layout: &Layout,
    sandbox: &Sandbox,
    program: &Path,
    credential: Option<&(GitHost, GitCredential)>,
    plan: &mut Plan,
) -> Result<Answering, BackendError> {
    let folder = layout.control().join("askpass");
    let outside = Place::at(&folder);
    let is_inside = *sandbox == Sandbox::Bubblewrap;
    let started_as = if is_inside {
        Path::new(PROGRAM_INSIDE)
    } else {
        program
    };
    let listener = outside
        .open(started_as)
        .map_err(|error| BackendError::system(&folder, "cannot listen in", error))?;
    let place = if is_inside {
        plan.program = Some(program.to_owned());
        plan.placed.push(Placed {
            from: folder,
            at: ASKPASS_INSIDE.into(),
            is_writable: false,
        });
        Place::at(ASKPASS_INSIDE)
    } else {
        outside
    };
    let known = Known(credential.cloned());
    Ok(Answering {
        task: tokio::spawn(serve(listener, Arc::new(known))).abort_handle(),
        variables: place.variables(),
    })
}

/// The one credential there may be.
struct Known(Option<(GitHost, GitCredential)>);

#[async_trait]
impl Answerer for Known {
    async fn credential(&self, question: &Question) -> Result<GitCredential, String> {
        let host = GitHost::of_repository(&question.url).map_err(|error| error.to_string())?;
        match &self.0 {
            Some((known, credential)) if *known == host => Ok(credential.clone()),
            _ => Err(format!(
                "The workspace's owner has no token for {host}. They can add one under Settings → Git hosts and start the \
                 workspace again."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;
    use crate::git_askpass::Wanted;

    #[tokio::test]
    async fn the_token_is_for_its_host_alone_also_when_the_clone_is_led_elsewhere() {
        let credential = GitCredential {
            username: "me".into(),
            token: "secret".into(),
        };
        let host = GitHost::of_entry("git.example.com").unwrap();
        let known = Known(Some((host, credential.clone())));
        let ask = async |url: &str| {
            let question = Question {
                wanted: Wanted::Password,
                url: url.into(),
                chat_id: None,
                git_branch: String::new(),
                git_remote_origin: String::new(),
                is_fetch: true,
            };
            known.credential(&question).await
        };
        assert_eq!(ask("https://git.example.com").await, Ok(credential));
        for url in [
            "https://git.example.com:8443",
            "https://git.example.com.evil.example",
            "https://example.com",
            "http://git.example.com",
            "",
        ] {
            assert!(ask(url).await.is_err(), "{url}");
        }
    }
}
