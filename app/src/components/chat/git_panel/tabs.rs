//! A tab for each repository, when there are several.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use sdk::git::RepositoryChanges;

use super::remote::{REMOTE, Remote};
use crate::components::chat::changes::Changes;
use crate::components::chat::tool_card::counts;
use crate::components::control_flow::For;
use crate::components::form::focus;
use crate::components::tabs::neighbour;
use crate::view;

/// The repository that is shown before the reader has chosen: the first in which something changed.
pub fn first(known: &[RepositoryChanges]) -> Option<String> {
    let changed = known.iter().find(|repository| repository.changed_files > 0);
    changed
        .or_else(|| known.first())
        .map(|repository| repository.repo_root.clone())
}

/// The name of a repository's tab: as much of its path as tells it from the others.
pub fn name(root: &str, roots: &[String]) -> String {
    let parts: Vec<&str> = root.split('/').filter(|part| !part.is_empty()).collect();
    for taken in 1..=parts.len() {
        let name = parts
            .get(parts.len() - taken..)
            .unwrap_or_default()
            .join("/");
        let ending = format!("/{name}");
        if roots
            .iter()
            .filter(|other| other.ends_with(&ending))
            .count()
            < 2
        {
            return name;
        }
    }
    root.to_owned()
}

/// The name of an element that belongs to a repository.
pub fn element_id(root: &str, kind: &str) -> String {
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    format!("repository-{:x}-{kind}", hasher.finish())
}

/// The tabs.
#[component]
pub fn RepositoryTabs(
    changes: Changes,
    remote: Remote,
    roots: Memo<Vec<String>>,
    shown: Memo<Option<String>>,
    chosen: RwSignal<Option<String>>,
) -> impl IntoView {
    let on_keydown = move |event: KeyboardEvent| {
        let Some(now) = shown.get_untracked() else {
            return;
        };
        let Some(root) = roots.with_untracked(|roots| neighbour(roots, &now, &event.key())) else {
            return;
        };
        event.prevent_default();
        let tab = format!("#{}", element_id(&root, "tab"));
        chosen.set(Some(root));
        focus(&tab);
    };
    view! {
        <div class="tabs repository-tabs" role="tablist" aria-label="Repositories" on:keydown=on_keydown>
            <For each=move || roots.get() key=|root| root.clone() let(root)>{tab(changes, remote, roots, shown, chosen, root)}</For>
        </div>
    }
}

fn tab(
    changes: Changes,
    remote: Remote,
    roots: Memo<Vec<String>>,
    shown: Memo<Option<String>>,
    chosen: RwSignal<Option<String>>,
    root: String,
) -> AnyView {
    let is_selected = Memo::new({
        let root = root.clone();
        move |_| shown.with(|shown| shown.as_ref() == Some(&root))
    });
    let words = Memo::new({
        let root = root.clone();
        move |_| {
            if root == REMOTE {
                remote.words()
            } else {
                roots.with(|roots| name(&root, roots))
            }
        }
    });
    let numbers = Memo::new({
        let root = root.clone();
        move |_| {
            if root == REMOTE {
                return remote.counts();
            }
            changes.repositories.with(|known| {
                let repository = known
                    .iter()
                    .find(|repository| repository.repo_root == root)?;
                (repository.changed_files > 0)
                    .then_some((repository.additions, repository.deletions))
            })
        }
    });
    let panel = element_id(&root, "panel");
    let (id, path) = (element_id(&root, "tab"), root.clone());
    let title = (root != REMOTE).then_some(path);
    view! {
        <button type="button" class="tab" role="tab" id=id title=title
            aria-selected=move || is_selected.get().to_string()
            aria-controls=move || is_selected.get().then(|| panel.clone())
            tabindex=move || if is_selected.get() { "0" } else { "-1" }
            on:click=move |_| chosen.set(Some(root.clone()))>
            <span class="repository-name">{move || words.get()}</span>
            {move || numbers.get().map(|(added, removed)| counts(added, removed))}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_as_much_of_the_path_as_they_need() {
        let roots = [
            "/srv/one/app".to_owned(),
            "/srv/two/app".to_owned(),
            "/srv/lib".to_owned(),
        ];
        let names: Vec<_> = roots.iter().map(|root| name(root, &roots)).collect();
        assert_eq!(names, ["one/app", "two/app", "lib"]);
        assert_eq!(name("/", &["/".to_owned()]), "/");
    }

    #[test]
    fn what_changed_is_shown_first() {
        let repository = |root: &str, changed_files| RepositoryChanges {
            repo_root: root.to_owned(),
            changed_files,
            ..RepositoryChanges::default()
        };
        assert_eq!(first(&[]), None);
        assert_eq!(
            first(&[repository("/a", 0), repository("/b", 0)]).as_deref(),
            Some("/a")
        );
        assert_eq!(
            first(&[repository("/a", 0), repository("/b", 2)]).as_deref(),
            Some("/b")
        );
    }
}
