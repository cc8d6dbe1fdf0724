//! A new chat: what to do, with which model, and where.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use sdk::allowed_folders::AllowedFolder;
use sdk::chats::{ClientType, CreateChat};
use sdk::ids::ModelConfigId;
use sdk::messages::BusyBehavior;
use sdk::models::ModelCatalogue;
use sdk::parts::InputPart;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};

use crate::api::chats::{NewChatOptions, create_chat, new_chat_options};
use crate::api::codec::resource;
use crate::components::chat::context::Agents;
use crate::components::chat::draft::{self, LAST_MODEL, LAST_PLACE, draft_key};
use crate::components::chat::editor::{Editor, EditorField};
use crate::components::chat::model_picker::{
    ModelPicker, NoModelHelp, is_demo, starting_model, usable,
};
use crate::components::chat::top_bar::ListButton;
use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::loaded::awaited;
use crate::error::AppError;
use crate::session::{Session, use_hydrated, use_session};
use crate::view;

/// No chat chosen: the composer of a new one.
#[component]
pub fn AgentsHome() -> impl IntoView {
    let options = resource(|| (), |()| new_chat_options());
    view! {
        <Title text="New chat"/>
        <header class="top top-plain"><ListButton/></header>
        <div class="home">
            <div class="home-column">
                <h1 class="home-title" id="page-title" tabindex="-1">"What should be done?"</h1>
                {awaited(|| skeleton_rows(3).into_any(), move || async move {
                        match options.await {
                            Ok(options) => view! { <NewChat options/> },
                            Err(error) => {
                                let on_retry = Callback::new(move |()| options.refetch());
                                view! { <ErrorState error on_retry/> }
                            }
                        }
                    })}
            </div>
        </div>
    }
}

/// Where the agent is to work.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Folder(String, WorkspaceMode),
    Empty,
    Nowhere,
}

impl Place {
    fn value(&self) -> String {
        match self {
            Self::Folder(path, mode) => format!("{}:{path}", mode.as_str()),
            Self::Empty => "empty".to_owned(),
            Self::Nowhere => "none".to_owned(),
        }
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "empty" => Some(Self::Empty),
            "none" => Some(Self::Nowhere),
            folder => {
                let (mode, path) = folder.split_once(':')?;
                Some(Self::Folder(path.to_owned(), WorkspaceMode::parse(mode)?))
            }
        }
    }

    fn workspace(self) -> Option<CreateWorkspace> {
        match self {
            Self::Folder(path, mode) => Some(CreateWorkspace {
                folder: Some(path),
                mode: Some(mode),
                ..CreateWorkspace::default()
            }),
            Self::Empty => Some(CreateWorkspace {
                mode: Some(WorkspaceMode::Empty),
                ..CreateWorkspace::default()
            }),
            Self::Nowhere => None,
        }
    }

    fn all(folders: &[AllowedFolder]) -> Vec<Self> {
        let mut places = Vec::new();
        for folder in folders {
            if folder.is_git_repository {
                places.push(Self::Folder(folder.path.clone(), WorkspaceMode::Worktree));
            }
            places.push(Self::Folder(folder.path.clone(), WorkspaceMode::Direct));
        }
        places.extend([Self::Empty, Self::Nowhere]);
        places
    }

    fn label(&self) -> String {
        match self {
            Self::Folder(path, WorkspaceMode::Worktree) => {
                format!("{} · own branch", name_of(path))
            }
            Self::Folder(path, _) => format!("{} · directly", name_of(path)),
            Self::Empty => "Empty workspace".to_owned(),
            Self::Nowhere => "No workspace, talk only".to_owned(),
        }
    }

    fn help(&self) -> String {
        match self {
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
}

fn name_of(path: &str) -> &str {
    path.rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(path)
}

#[derive(Clone, Copy)]
struct Form {
    editor: Editor,
    model: RwSignal<Option<ModelConfigId>>,
    place: RwSignal<Place>,
    is_sending: RwSignal<bool>,
    error: RwSignal<Option<AppError>>,
}

#[component]
fn NewChat(options: NewChatOptions) -> impl IntoView {
    let NewChatOptions {
        models,
        folders,
        unprotected_because,
    } = options;
    let places = Place::all(&folders);
    let form = Form {
        editor: Editor::new(draft_key(None)),
        model: RwSignal::new(starting_model(&models, None)),
        place: RwSignal::new(places.first().cloned().unwrap_or(Place::Empty)),
        is_sending: RwSignal::new(false),
        error: RwSignal::new(None),
    };
    remember_choices(form, models.clone(), places.clone());
    form.editor.focus_when_ready();
    let agents = Agents::expect();
    let navigate = StoredValue::new(use_navigate());
    let go = Callback::new(move |_: BusyBehavior| send(form, agents, navigate));
    let has_model = usable(&models).next().is_some();
    let is_hydrated = use_hydrated();
    let demo = {
        let models = models.clone();
        move || is_demo(&models, form.model.get())
    };
    view! {
        {(!has_model).then(|| view! { <NoModelHelp/> })}
        {unprotected_because.map(unprotected)}
        <form class="composer-box home-box" on:submit=move |event| {
            event.prevent_default();
            go.run(BusyBehavior::Queue);
        }>
            <EditorField editor=form.editor label="What should be done?" rows=4 on_send=go
                placeholder=Signal::stored("Describe the task: what is wrong, what it should be, where to look".to_owned())/>
            <div class="composer-bar">
                <ModelPicker catalogue=models chosen=form.model/>
                <PlacePicker places place=form.place/>
                <span class="spacer"></span>
                <button type="submit" class="button button-primary button-small send" aria-busy=move || form.is_sending.get().to_string()
                    disabled=move || !is_hydrated.get() || form.is_sending.get() || form.editor.is_blank() || !has_model>
                    {icon(Icon::ArrowUp)} {move || if form.is_sending.get() { "Starting" } else { "Start" }}
                </button>
            </div>
        </form>
        <p class="home-help">{move || form.place.get().help()}</p>
        {move || demo().then(|| view! {
            <p class="home-help home-demo">
                {icon_with_class(Icon::Info, "icon icon-small")}
                <span>"The demo model is a script inside this server: it streams and calls real tools, but it does not think. Connect a provider to work with a real model."</span>
            </p>
        })}
        {folders.is_empty().then(no_folder_help)}
        {move || form.error.get().map(|error| view! {
            <div class="notice notice-error" role="alert">
                {icon(Icon::CircleAlert)} <p class="notice-title">{error.message}</p>
                {error.detail.map(|detail| view! { <p class="notice-detail">{detail}</p> })}
            </div>
        })}
    }
}

/// Said before anything runs, not after.
fn unprotected(reason: String) -> AnyView {
    view! {
        <div class="notice notice-warning" role="note">
            {icon(Icon::ShieldAlert)} <p class="notice-title">"Agents are not kept apart from this machine"</p>
            <p class="notice-detail">"What they run has the server's own rights: " {reason} "."</p>
        </div>
    }
}

fn no_folder_help() -> AnyView {
    if use_session().with_untracked(Session::is_owner) {
        view! { <p class="home-help">"No folder of this machine is allowed yet. Allow one under " <a class="link" href="/settings/folders">"Settings → Folders"</a> " to work on a repository."</p> }
    } else {
        view! { <p class="home-help">"No folder of this machine is allowed yet. Ask an admin to allow one to work on a repository."</p> }
    }
}

#[component]
fn PlacePicker(places: Vec<Place>, place: RwSignal<Place>) -> impl IntoView {
    let options = places
        .into_iter()
        .map(|option| {
            let (value, label) = (option.value(), option.label());
            view! { <option value=value selected=move || place.get() == option>{label}</option> }
        })
        .collect_view();
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

/// The last choices come from the browser, so they are known only after hydration.
fn remember_choices(form: Form, models: ModelCatalogue, places: Vec<Place>) {
    Effect::new(move |_| {
        let wished = draft::read(LAST_MODEL).and_then(|id| id.parse().ok());
        form.model.set(starting_model(&models, wished));
        if let Some(place) = draft::read(LAST_PLACE)
            .and_then(|value| Place::parse(&value))
            .filter(|place| places.contains(place))
        {
            form.place.set(place);
        }
    });
}

fn send<Navigate>(form: Form, agents: Agents, navigate: StoredValue<Navigate>)
where
    Navigate: Fn(&str, NavigateOptions) + Send + Sync + 'static,
{
    if form.is_sending.get_untracked()
        || form
            .editor
            .text
            .with_untracked(|text| text.trim().is_empty())
    {
        return;
    }
    let text = form.editor.take();
    form.is_sending.set(true);
    form.error.set(None);
    let request = CreateChat {
        content: vec![InputPart::Text {
            text: text.trim().to_owned(),
        }],
        new_workspace: form.place.get_untracked().workspace(),
        model_config_id: form.model.get_untracked(),
        client_type: Some(ClientType::Ui),
        ..CreateChat::default()
    };
    spawn_local(async move {
        let outcome = create_chat(request).await;
        if form.is_sending.try_set(false).is_some() {
            return;
        }
        match outcome {
            Ok(chat) => {
                let path = format!("/agents/{}", chat.id);
                agents.add_row(chat);
                navigate.with_value(|navigate| navigate(&path, NavigateOptions::default()));
            }
            Err(error) => {
                form.error.set(Some(error));
                form.editor.give_back(text);
            }
        }
    });
}
