//! One template: the form of a new one, or of one that is there.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map};
use sdk::ids::TemplateId;
use sdk::templates::Template;

use super::parameters;
use crate::api::templates::{AddTemplate, ChangeTemplate, Source, TemplateForm, get_template};
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::{Checkbox, Input, Segment, Segments, TextArea, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::components::icons::Icon;
use crate::components::loaded::{fresh, loaded};
use crate::components::page_header::{PageHeader, Section};
use crate::error::{AppError, ErrorCode};
use crate::view;

const FORM: &str = "template-form";
const LIST: &str = "/settings/templates";
const FIELDS: &[&str] = &[
    "name",
    "display_name",
    "description",
    "icon",
    "folder",
    "repository_url",
    "branch",
    "setup_script",
    "environment",
    "idle_stop_seconds",
];

/// The page. Its address ends with a template's id, or with `new`.
#[component]
pub fn TemplatePage() -> impl IntoView {
    let parameters = use_params_map();
    let wanted = Memo::new(move |_| parameters.with(|map| map.get("id").unwrap_or_default()));
    let template = Resource::new(
        move || wanted.get(),
        |wanted| async move {
            match wanted.as_str() {
                "new" => Ok(None),
                id => get_template(id.parse().map_err(|_| not_found())?)
                    .await
                    .map(Some),
            }
        },
    );
    loaded(template, StoredValue::default(), |template| {
        fresh(move || editor(template))
    })
}

fn not_found() -> AppError {
    AppError::new(ErrorCode::NotFound, "There is no template at this address.")
}

fn editor(template: Option<Template>) -> AnyView {
    let create = ServerAction::<AddTemplate>::new();
    let update = ServerAction::<ChangeTemplate>::new();
    let error = Signal::derive(move || error_of(create).get().or_else(|| error_of(update).get()));
    let pending = Signal::derive(move || create.pending().get() || update.pending().get());
    let navigate = StoredValue::new(use_navigate());
    let leave = move || {
        navigate.with_value(|navigate| navigate(LIST, NavigateOptions::default()));
    };
    on_answer(create, FORM, move |()| leave());
    on_answer(update, FORM, move |()| leave());
    let id = template.as_ref().map(|template| template.id);
    let title = template.as_ref().map_or_else(
        || "New template".to_owned(),
        |template| format!("Edit {}", template.title()),
    );
    let mut form = template.map_or_else(TemplateForm::default, TemplateForm::from);
    // What a plain form is told of the folder must be seen.
    if error.with_untracked(|error| {
        error
            .as_ref()
            .is_some_and(|it| it.field("folder").is_some())
    }) {
        form.source = Source::Folder;
    }
    let content = editor_of(form, id.is_some(), error, pending);
    view! {
        <PageHeader title lead="Workspaces that exist find a change when they start the next time. What they cloned stays as it is."/>
        <div id=FORM>{in_its_form(id, create, update, content)}</div>
    }
}

fn in_its_form(
    id: Option<TemplateId>,
    create: ServerAction<AddTemplate>,
    update: ServerAction<ChangeTemplate>,
    content: AnyView,
) -> AnyView {
    match id {
        None => view! { <ActionForm action=create>{content}</ActionForm> },
        Some(id) => view! {
            <ActionForm action=update>
                <input type="hidden" name="id" value=id.to_string()/>
                {content}
            </ActionForm>
        },
    }
}

/// What stands in the form.
pub fn editor_of(
    form: TemplateForm,
    is_there: bool,
    error: Signal<Option<AppError>>,
    pending: Signal<bool>,
) -> AnyView {
    let TemplateForm {
        name,
        display_name,
        description,
        icon,
        idle_stop_minutes,
        deprecated,
        parameters: asked,
        ..
    } = form.clone();
    view! {
        <div class="template-form">
            <Section title="What people choose by">
                <div class="form">
                    <div class="form-row template-names">
                        <TextField label="Name" name="form[name]" id="template-name" input=Input::Code value=name placeholder="website"
                            help="In addresses and commands: letters, digits, hyphens, dots, underscores." error=field_error(error, "name")/>
                        <TextField label="Title" name="form[display_name]" id="template-title" value=display_name is_optional=true
                            help="What people read in its place." error=field_error(error, "display_name")/>
                        <TextField label="Emoji" name="form[icon]" id="template-icon" value=icon is_optional=true error=field_error(error, "icon")/>
                    </div>
                    <TextArea label="Description" name="form[description]" id="template-description" value=description rows=2
                        help="What its workspaces are for. Agents choose by it, too." error=field_error(error, "description")/>
                </div>
            </Section>
            {beginning(form.clone(), error)}
            {setup(form, error)}
            <Section title="Parameters" lead="What whoever makes a workspace says. Every command finds the value of region in $SWITCHYARD_PARAMETER_REGION.">
                {parameters::editor(asked, error)}
            </Section>
            <Section title="Keeping">
                <div class="form">
                    <TextField label="Stop when nobody used it for so many minutes" name="form[idle_stop_minutes]" id="template-idle" value=idle_stop_minutes
                        is_optional=true help="From 2 minutes to 30 days. It starts again when it is needed. Empty means never."
                        error=field_error(error, "idle_stop_seconds")/>
                    <Checkbox label="Deprecated" name="form[deprecated]" id="template-deprecated" checked=deprecated
                        help="Members do not see it any more, and nobody makes workspaces of it. Its workspaces go on."/>
                </div>
            </Section>
            <FormError error=Signal::derive(move || error.get().filter(|error| !is_told_at_fields(error))) fields=FIELDS/>
            <div class="form-actions">
                <SubmitButton pending>{if is_there { "Save template" } else { "Create template" }}</SubmitButton>
                <A href=LIST attr:class="button">"Cancel"</A>
            </div>
        </div>
    }
}

/// Whether everything that was refused stands at a field, also of a parameter.
fn is_told_at_fields(error: &AppError) -> bool {
    !error.validations.is_empty()
        && error.validations.iter().all(|refused| {
            let field = refused.field.as_str();
            FIELDS.contains(&field) || field.starts_with("parameters[")
        })
}

fn beginning(form: TemplateForm, error: Signal<Option<AppError>>) -> AnyView {
    let TemplateForm {
        source,
        folder,
        repository_url,
        branch,
        ..
    } = form;
    let segment = |source: Source, label, icon| Segment {
        value: source.as_str(),
        label,
        icon,
    };
    let segments = vec![
        segment(Source::Repository, "Clone", Icon::GitBranch),
        segment(Source::Folder, "Folder", Icon::FolderGit2),
        segment(Source::Empty, "Empty", Icon::Square),
    ];
    view! {
        <Section title="What a workspace begins with">
            <div class="form template-source">
                // The style sheet shows what belongs to the choice, so that it works before the page comes to life.
                <Segments label="Beginning" name="form[source]" segments value=source.as_str() on_choose=Callback::new(|_| {})/>
                <div class="form of-repository">
                    <TextField label="Repository" name="form[repository_url]" id="template-repository" input=Input::Code is_sometimes_hidden=true
                        value=repository_url placeholder="https://example.com/team/project.git"
                        help="https://, ssh://, git@host:path, or a path below an allowed folder. No user names or passwords: everybody could read them."
                        error=field_error(error, "repository_url")/>
                    <TextField label="Branch or tag" name="form[branch]" id="template-branch" input=Input::Code is_optional=true
                        value=branch help="Empty means the repository’s own default." error=field_error(error, "branch")/>
                </div>
                <div class="of-folder">
                    <TextField label="Folder" name="form[folder]" id="template-folder" input=Input::Code is_sometimes_hidden=true
                        value=folder placeholder="/srv/projects/website"
                        help="A git repository below an allowed folder. Each workspace gets a work tree and a branch of its own."
                        error=field_error(error, "folder")/>
                </div>
                <p class="field-help of-empty">"Each workspace begins in a new empty folder."</p>
            </div>
        </Section>
    }
}

fn setup(form: TemplateForm, error: Signal<Option<AppError>>) -> AnyView {
    let TemplateForm {
        setup_script,
        environment,
        ..
    } = form;
    view! {
        <Section title="How it is set up">
            <div class="form">
                <TextArea label="Setup script" name="form[setup_script]" id="template-script" value=setup_script rows=8 is_code=true
                    placeholder="npm ci"
                    help="Runs once in each workspace before its first agent, at most 30 minutes. Without a #! line bash runs it and ends at the first command that fails."
                    error=field_error(error, "setup_script")/>
                <TextArea label="Environment" name="form[environment]" id="template-environment" value=environment rows=3 is_code=true
                    placeholder="NODE_ENV=development"
                    help="One NAME=value a line, for the script and every command. Not for secrets: agents can read it."
                    error=field_error(error, "environment")/>
            </div>
        </Section>
    }
}
