//! The request to commit: words in the composer, which the reader sends or changes. Nothing is sent by itself.

use leptos::prelude::*;
use sdk::git::RepositoryChanges;

use crate::components::chat::composer::Composer;
use crate::components::chat::context::Agents;

/// What is asked of the agent.
pub fn request(repository: &RepositoryChanges, is_one_of_several: bool) -> String {
    let place = if is_one_of_several {
        format!(" in {}", repository.repo_root)
    } else {
        String::new()
    };
    let branch = if repository.branch.is_empty() {
        String::new()
    } else {
        format!(" on the branch {}", repository.branch)
    };
    format!(
        "Commit the changes{place}{branch}. Say in the message what changed and why; leave out what does not belong \
         in the repository."
    )
}

/// Puts the request behind what is being written.
pub fn ask(agents: Agents, composer: Composer, request: String) {
    // An edited message is another one than the next.
    if composer.edited.with_untracked(Option::is_some) {
        composer.cancel_edit();
    }
    let typed = composer.editor.text.get_untracked();
    composer.editor.set(if typed.trim().is_empty() {
        request
    } else if typed.contains(&request) {
        typed
    } else {
        format!("{}\n\n{request}", typed.trim_end())
    });
    // On a narrow window the panel lies over the composer.
    agents.is_panel_drawer_open.set(false);
    composer.editor.focus();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_repository_where_there_are_several() {
        let repository = RepositoryChanges {
            repo_root: "/srv/greeter".to_owned(),
            branch: "trunk".to_owned(),
            ..RepositoryChanges::default()
        };
        let one = request(&repository, false);
        assert!(
            one.starts_with("Commit the changes on the branch trunk."),
            "{one}"
        );
        let several = request(&repository, true);
        assert!(
            several.starts_with("Commit the changes in /srv/greeter on"),
            "{several}"
        );
    }
}
