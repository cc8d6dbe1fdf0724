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

/// Replaces the repositories that a message names, each a full snapshot, where they stand; new ones come last.
pub fn merge(known: &mut Vec<RepositoryChanges>, changed: Vec<RepositoryChanges>) {
    for repository in changed {
        let place = known
            .iter()
            .position(|other| other.repo_root == repository.repo_root);
        match (place, repository.removed) {
            (Some(place), true) => drop(known.remove(place)),
            (Some(place), false) => {
                if let Some(known) = known.get_mut(place) {
                    *known = repository;
                }
            }
            (None, true) => {}
            (None, false) => known.push(repository),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(root: &str, additions: u32) -> RepositoryChanges {
        RepositoryChanges {
            repo_root: root.to_owned(),
            additions,
            ..RepositoryChanges::default()
        }
    }

    #[test]
    fn repositories_keep_their_places_and_go_when_they_are_gone() {
        let mut known = vec![repository("/work/own", 1), repository("/tmp/other", 1)];
        let gone = RepositoryChanges {
            removed: true,
            ..repository("/tmp/other", 0)
        };
        let told = vec![repository("/a", 1), repository("/work/own", 2), gone];
        merge(&mut known, told);
        assert_eq!(known, [repository("/work/own", 2), repository("/a", 1)]);
    }
}
