//! What workspaces are made from, for owners: the list. `editor` is the page of one template.

mod editor;
mod parameters;

use leptos::prelude::*;
use leptos_router::components::A;
use sdk::templates::Template;

pub use editor::{TemplatePage, editor_of};

use crate::api::templates::{RemoveTemplate, list_templates};
use crate::components::badge::{Tone, badge};
use crate::components::button::{ButtonKind, button_class};
use crate::components::chat::words;
use crate::components::dialog::{self, ConfirmDialog, Question};
use crate::components::feedback::EmptyState;
use crate::components::form::{error_of, on_answer};
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::loaded::loaded;
use crate::components::menu::{Menu, MenuItem, MenuLink};
use crate::components::page_header::PageHeader;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::session::use_hydrated;
use crate::view;

const REMOVE: &str = "remove-template";
const NEW: &str = "/settings/templates/new";

/// The page.
#[component]
pub fn TemplatesPage() -> impl IntoView {
    let remove = ServerAction::<RemoveTemplate>::new();
    let templates = Resource::new(move || remove.version().get(), |_| list_templates());
    let focus = StoredValue::new(String::new());
    let chosen = RwSignal::new(None::<Template>);
    on_answer(remove, REMOVE, |()| dialog::close(REMOVE));
    let on_remove = Callback::new(move |template: Template| {
        focus.set_value(format!("template-{}-button", template.id));
        chosen.set(Some(template));
        remove.clear();
        dialog::show(REMOVE);
    });
    let confirm = move |()| {
        let id = chosen.with_untracked(|template| template.as_ref().map(|template| template.id));
        if let Some(id) = id {
            remove.dispatch(RemoveTemplate { id });
        }
    };
    view! {
        <PageHeader title=places::TEMPLATES.title lead=places::TEMPLATES.lead>
            <A href=NEW attr:class=button_class(ButtonKind::Primary, false)>
                {icon(Icon::Plus)}
                "New template"
            </A>
        </PageHeader>
        <div class="card">{loaded(templates, focus, move |templates| list(templates, on_remove))}</div>
        <ConfirmDialog
            id=REMOVE
            question=Signal::derive(move || chosen.with(|template| question(template.as_ref())))
            pending=remove.pending()
            error=error_of(remove)
            on_confirm=Callback::new(confirm)
        />
    }
}

fn question(template: Option<&Template>) -> Question {
    let title = template.map(Template::title).unwrap_or_default();
    let users = match template.map_or(0, |template| template.active_developers) {
        0 => String::new(),
        1 => " One person has a workspace of it.".to_owned(),
        many => format!(" {many} people have workspaces of it."),
    };
    Question {
        title: format!("Delete the template {title}?"),
        text: format!(
            "Nobody can make workspaces of it any more.{users} Workspaces that exist stay as they are. To only hide it from members, mark it as deprecated instead."
        ),
        action: "Delete template".to_owned(),
    }
}

/// The rows; what templates are for when there are none.
pub fn list(templates: Vec<Template>, on_remove: Callback<Template>) -> AnyView {
    if templates.is_empty() {
        return view! {
            <EmptyState
                name=Icon::LayoutTemplate
                title="No templates yet"
                text="A template clones a repository, runs a setup script and asks for what differs, so that every chat begins in a workspace that is ready."
            >
                <A href=NEW attr:class="button">
                    {icon(Icon::Plus)}
                    "New template"
                </A>
            </EmptyState>
        };
    }
    let rows = templates
        .into_iter()
        .map(|template| row(template, on_remove))
        .collect_view();
    view! {
        <Table label="Templates" headings=&["Template", "Begins with", "Used by", ""]>
            {rows}
        </Table>
    }
}

fn row(template: Template, on_remove: Callback<Template>) -> AnyView {
    let hydrated = use_hydrated();
    let id = template.id;
    let path = format!("/settings/templates/{id}");
    let title = template.title().to_owned();
    let label = format!("Actions for {title}");
    let deprecated = template
        .deprecated
        .then(|| badge(Tone::Amber, "Deprecated"));
    let mark = template_mark(&template.icon);
    let about = template.description.lines().next().unwrap_or_default();
    let about = (!about.is_empty()).then(|| about.to_owned());
    let begins_with = begins_with(&template);
    let users = match template.active_developers {
        0 => "nobody yet".to_owned(),
        many => words::count(
            usize::try_from(many).unwrap_or(usize::MAX),
            "person",
            "people",
        ),
    };
    let edit = path.clone();
    let remove = Callback::new(move |()| on_remove.run(template.clone()));
    view! {
        <tr>
            <td class="cell-main">
                <div class="template-cell">
                    {mark}
                    <div class="template-words">
                        <A href=path attr:class="cell-link">{title}</A>
                        " "
                        {deprecated}
                        {about.map(|about| view! { <span class="cell-note template-about">{about}</span> })}
                    </div>
                </div>
            </td>
            <td>{begins_with}</td>
            <td class="cell-time" data-label="Used by">{users}</td>
            <td class="cell-actions">
                <Menu id=format!("template-{id}") label=label disabled=Signal::derive(move || !hydrated.get())>
                    <MenuLink name=Icon::Pencil href=edit.clone()>"Edit"</MenuLink>
                    <div class="menu-line" role="separator"></div>
                    <MenuItem name=Icon::Trash2 is_danger=true on_select=remove>
                        "Delete"
                    </MenuItem>
                </Menu>
            </td>
        </tr>
    }
}

/// A template's emoji, or what stands for one.
fn template_mark(emoji: &str) -> AnyView {
    let content = if emoji.is_empty() {
        icon(Icon::LayoutTemplate).into_any()
    } else {
        emoji.to_owned().into_any()
    };
    view! { <span class="template-mark" aria-hidden="true">{content}</span> }
}

/// What workspaces of a template begin with, in one line.
fn begins_with(template: &Template) -> AnyView {
    let place = template
        .repository_url
        .as_ref()
        .or(template.folder.as_ref());
    let Some(place) = place else {
        return view! { <span class="muted">"An empty folder"</span> };
    };
    let what = if template.repository_url.is_some() {
        "Clone of"
    } else {
        "Work tree of"
    };
    let branch = template.branch.clone().map(|branch| {
        view! {
            <span class="template-branch">{icon_with_class(Icon::GitBranch, "icon icon-small")} {branch}</span>
        }
    });
    view! {
        <span class="muted">{what} " "</span>
        <span class="cell-path" title=place.clone()>{place.clone()}</span>
        {branch}
    }
}
