//! Where the agent of a new chat is to work.

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::ids::{TemplateId, WorkspaceId};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};

use crate::api::chats::NewChatOptions;
use crate::api::templates::OfferedTemplate;
use crate::api::workspaces::OfferedWorkspace;
use crate::components::chat::draft::{self, LAST_PLACE};
use crate::components::icons::{Icon, icon_with_class};
use crate::view;

/// Where the agent is to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a workspace made from a template.
    Template(TemplateId),
    /// In a workspace that is there.
    Existing(WorkspaceId),
    /// In a folder of the server's machine.
    Folder(String, WorkspaceMode),
    /// In a new empty folder.
    Empty,
    /// The chat is talk alone.
    Nowhere,
}

impl Place {
    /// Its value in the list and in the browser's memory.
    pub fn value(&self) -> String {
        match self {
            Self::Template(id) => format!("template:{id}"),
            Self::Existing(id) => format!("workspace:{id}"),
            Self::Folder(path, mode) => format!("{}:{path}", mode.as_str()),
            Self::Empty => "empty".to_owned(),
            Self::Nowhere => "none".to_owned(),
        }
    }

    /// Reads a value.
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "empty" => Some(Self::Empty),
            "none" => Some(Self::Nowhere),
            other => match other.split_once(':')? {
                ("template", id) => Some(Self::Template(id.parse().ok()?)),
                ("workspace", id) => Some(Self::Existing(id.parse().ok()?)),
                (mode, path) => Some(Self::Folder(path.to_owned(), WorkspaceMode::parse(mode)?)),
            },
        }
    }

    /// The workspace that is there.
    pub const fn existing(&self) -> Option<WorkspaceId> {
        match self {
            Self::Existing(id) => Some(*id),
            _ => None,
        }
    }

    /// The workspace that is to be made.
    pub fn workspace(self, parameters: BTreeMap<String, String>) -> Option<CreateWorkspace> {
        match self {
            Self::Template(id) => Some(CreateWorkspace {
                template_id: Some(id),
                parameters,
                ..CreateWorkspace::default()
            }),
            Self::Folder(path, mode) => Some(CreateWorkspace {
                folder: Some(path),
                mode: Some(mode),
                ..CreateWorkspace::default()
            }),
            Self::Empty => Some(CreateWorkspace {
                mode: Some(WorkspaceMode::Empty),
                ..CreateWorkspace::default()
            }),
            Self::Existing(_) | Self::Nowhere => None,
        }
    }

    /// Everything there is to choose from, in order.
    pub fn all(options: &NewChatOptions) -> Vec<Self> {
        let templates = options.templates.iter();
        let mut places: Vec<Self> = templates
            .map(|template| Self::Template(template.id))
            .collect();
        for folder in &options.folders {
            if folder.is_git_repository {
                places.push(Self::Folder(folder.path.clone(), WorkspaceMode::Worktree));
            }
            places.push(Self::Folder(folder.path.clone(), WorkspaceMode::Direct));
        }
        places.extend([Self::Empty, Self::Nowhere]);
        let workspaces = options.workspaces.iter();
        places.extend(workspaces.map(|workspace| Self::Existing(workspace.id)));
        places
    }

    fn label(&self, template: Option<&OfferedTemplate>, workspaces: &[OfferedWorkspace]) -> String {
        match self {
            Self::Template(_) => template.map_or_else(String::new, |template| {
                format!("{} {}", template.icon, template.title)
                    .trim()
                    .to_owned()
            }),
            Self::Existing(id) => workspaces
                .iter()
                .find(|workspace| workspace.id == *id)
                .map_or_else(String::new, OfferedWorkspace::label),
            Self::Folder(path, WorkspaceMode::Worktree) => {
                format!("{} · own branch", name_of(path))
            }
            Self::Folder(path, _) => format!("{} · directly", name_of(path)),
            Self::Empty => "Empty workspace".to_owned(),
            Self::Nowhere => "No workspace, talk only".to_owned(),
        }
    }

    /// What choosing it means.
    pub fn help(&self, template: Option<&OfferedTemplate>) -> String {
        match self {
            Self::Template(_) => template
                .map(|template| template.description.clone())
                .filter(|description| !description.is_empty())
                .unwrap_or_else(|| "Works in a new workspace made from this template.".to_owned()),
            Self::Existing(_) => {
                "Works in this workspace, together with the chats that are in it already."
                    .to_owned()
            }
            Self::Folder(path, WorkspaceMode::Worktree) => {
                format!(
                    "Works on a branch of its own in a copy of {path}; the folder itself stays as it is."
                )
            }
            Self::Folder(path, _) => {
                format!("Works in {path} itself: what the agent changes is changed at once.")
            }
            Self::Empty => "Works in a new empty folder.".to_owned(),
            Self::Nowhere => "The agent can read and run nothing.".to_owned(),
        }
    }

    /// The template, when it is one of these.
    pub fn template<'a>(&self, templates: &'a [OfferedTemplate]) -> Option<&'a OfferedTemplate> {
        match self {
            Self::Template(id) => templates.iter().find(|template| template.id == *id),
            _ => None,
        }
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(path)
}

/// Chooses a place.
#[component]
pub fn PlacePicker(
    /// What there is to choose from.
    places: Vec<Place>,
    /// The templates among it.
    templates: Vec<OfferedTemplate>,
    /// The workspaces among it.
    workspaces: Vec<OfferedWorkspace>,
    /// The choice.
    place: RwSignal<Place>,
) -> impl IntoView {
    let option = |option: Place| {
        let label = option.label(option.template(&templates), &workspaces);
        let value = option.value();
        view! { <option value=value selected=move || place.get() == option>{label}</option> }
    };
    let (of_templates, others): (Vec<Place>, Vec<Place>) = places
        .into_iter()
        .partition(|place| matches!(place, Place::Template(_)));
    let (existing, new): (Vec<Place>, Vec<Place>) = others
        .into_iter()
        .partition(|place| matches!(place, Place::Existing(_)));
    let groups = [
        ("Templates", of_templates),
        ("Without a template", new),
        ("Workspaces that are there", existing),
    ];
    let groups = groups.into_iter().filter(|(_, places)| !places.is_empty());
    let options: Vec<AnyView> = groups
        .map(|(label, places)| {
            let places = places.into_iter().map(option).collect_view();
            view! { <optgroup label=label>{places}</optgroup> }
        })
        .collect();
    let on_change = move |event| {
        let value = event_target_value(&event);
        if let Some(chosen) = Place::parse(&value) {
            place.set(chosen);
            draft::write(LAST_PLACE, &value);
        }
    };
    view! {
        <label class="picker">
            {icon_with_class(Icon::Folder, "icon icon-small")} <span class="visually-hidden">"Workspace"</span>
            <select on:change=on_change prop:value=move || place.get().value()>{options}</select>
            {icon_with_class(Icon::ChevronDown, "icon icon-small")}
        </label>
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_remembered_is_read_again() {
        let id = "01900000-0000-7000-8000-000000000001";
        for place in [
            Place::Template(id.parse().unwrap()),
            Place::Existing(id.parse().unwrap()),
            Place::Folder("/srv/a:b".to_owned(), WorkspaceMode::Worktree),
            Place::Empty,
            Place::Nowhere,
        ] {
            assert_eq!(Place::parse(&place.value()), Some(place));
        }
        assert_eq!(Place::parse("template:web"), None);
        assert_eq!(Place::parse("elsewhere"), None);
    }
}
