//! The git watch of an open chat: snapshots of the workspace's repositories as its agent changes them.

use sdk::git::{GitWatchMessage, GitWatchRequest, RepositoryChanges};
use sdk::ids::ChatId;

use super::socket::{Plan, Socket, Verdict};

/// Follows a chat's changes until the current owner is cleaned up. Browser only.
pub fn follow(socket: Socket, chat: ChatId, on_message: impl Fn(GitWatchMessage) + 'static) {
    socket.start(Plan {
        path: Box::new(move || format!("/api/experimental/chats/{chat}/git/watch")),
        on_open: Box::new(|_| {}),
        on_frame: Box::new(move |frame| {
            // What a newer server says besides is not for this page.
            if let Ok(message) = crate::json::read::<GitWatchMessage>(frame) {
                on_message(message);
            }
            Verdict::Continue
        }),
        silence: None,
    });
}

/// Asks for a scan now.
pub fn refresh(socket: Socket) {
    if let Ok(text) = serde_json::to_string(&GitWatchRequest::Refresh) {
        socket.send(text);
    }
}

/// Replaces the repositories that a message names; each is a full snapshot.
pub fn merge(known: &mut Vec<RepositoryChanges>, changed: Vec<RepositoryChanges>) {
    for repository in changed {
        known.retain(|other| other.repo_root != repository.repo_root);
        if !repository.removed {
            let place = known.partition_point(|other| other.repo_root < repository.repo_root);
            known.insert(place, repository);
        }
    }
}
