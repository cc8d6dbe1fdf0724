//! A new chat: what to do, with which model, and where.

mod place;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use sdk::chats::{ClientType, CreateChat};
use sdk::ids::{ModelConfigId, WorkspaceId};
use sdk::messages::BusyBehavior;
use sdk::models::ModelCatalogue;
use sdk::permissions::Permission;

use self::place::{Place, PlacePicker};
use crate::api::chats::{NewChatOptions, create_chat, new_chat_options};
use crate::api::codec::resource;
use crate::api::templates::OfferedTemplate;
use crate::components::chat::attachments::{attach_button, content};
use crate::components::chat::composer::say_unsent;
use crate::components::chat::context::Agents;
use crate::components::chat::draft::{self, LAST_MODEL, LAST_PLACE, draft_key};
use crate::components::chat::editor::{Editor, EditorField};
use crate::components::chat::model_picker::{
    ModelPicker, NoAgentsAccess, NoModelHelp, is_demo, starting_model, usable,
};
use crate::components::chat::planning::{PlanToggle, mode};
use crate::components::chat::top_bar::ListButton;
use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::form::focus;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::loaded::awaited;
use crate::components::workspaces::parameters::{
    Values, fields, first_values, given, is_told_at_fields,
};
use crate::error::AppError;
use crate::pages::parts::attachment_list;
use crate::session::{Session, use_hydrated, use_session};
use crate::view;

/// No chat chosen: the composer of a new one.
#[component]
pub fn AgentsHome() -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| query.with(|query| query.get("workspace")?.parse().ok()));
    let options = resource(move || wanted.get(), new_chat_options);
    view! {
        <Title text="New chat"/>
        <header class="top top-plain"><ListButton/></header>
        <div class="home">
            <div class="home-column">
                <h1 class="home-title" id="page-title" tabindex="-1">"What should be done?"</h1>
                {awaited(|| skeleton_rows(3).into_any(), move || async move {
                        match options.await {
                            Ok(_) if use_session().with_untracked(Session::is_kept_from_agents) => {
                                view! { <NoAgentsAccess/> }
                            }
                            Ok(options) => view! { <NewChat options wanted=wanted.get_untracked()/> },
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

#[derive(Clone, Copy)]
struct Form {
    editor: Editor,
    model: RwSignal<Option<ModelConfigId>>,
    place: RwSignal<Place>,
    /// The chosen template.
    template: Memo<Option<OfferedTemplate>>,
    /// What its parameters are to be.
    values: StoredValue<Values>,
    plans: RwSignal<bool>,
    is_sending: RwSignal<bool>,
    error: RwSignal<Option<AppError>>,
}

impl Form {
    fn new(options: &NewChatOptions, place: Option<&Place>) -> Self {
        let place = RwSignal::new(place.cloned().unwrap_or(Place::Empty));
        let templates = options.templates.clone();
        let error = RwSignal::new(None);
        let template = Memo::new(move |_| place.with(|place| place.template(&templates).cloned()));
        // What was refused belongs to the fields of another template.
        Effect::new(move |before: Option<()>| {
            place.track();
            if before.is_some() {
                error.set(None);
            }
        });
        Self {
            editor: Editor::new(draft_key(None)),
            model: RwSignal::new(starting_model(&options.models, None)),
            place,
            template,
            values: StoredValue::new(Values::new()),
            plans: RwSignal::new(false),
            is_sending: RwSignal::new(false),
            error,
        }
    }

    /// The error, unless it stands at the fields of the template's parameters.
    fn error_elsewhere(self) -> Option<AppError> {
        let error = self.error.get()?;
        let is_told = self.template.with(|template| {
            template
                .as_ref()
                .is_some_and(|template| is_told_at_fields(&error, &template.parameters))
        });
        (!is_told).then_some(error)
    }
}

#[component]
fn NewChat(
    options: NewChatOptions,
    /// The workspace that the address names.
    wanted: Option<WorkspaceId>,
) -> impl IntoView {
    let places = Place::all(&options);
    let wanted = wanted
        .map(Place::Existing)
        .filter(|place| places.contains(place));
    let form = Form::new(&options, wanted.as_ref().or(places.first()));
    let NewChatOptions {
        models,
        folders,
        templates,
        workspaces,
        unprotected_because,
    } = options;
    let remembered = if wanted.is_some() {
        Vec::new()
    } else {
        places.clone()
    };
    remember_choices(form, models.clone(), remembered);
    form.editor.focus_when_ready();
    let agents = Agents::expect();
    let navigate = StoredValue::new(use_navigate());
    let go = Callback::new(move |_: BusyBehavior| send(form, agents, navigate));
    let has_model = usable(&models).next().is_some();
    let has_source = !folders.is_empty() || !templates.is_empty();
    let is_hydrated = use_hydrated();
    let demo = {
        let models = models.clone();
        move || is_demo(&models, form.model.get())
    };
    let help = move || {
        let place = form.place.get();
        form.template.with(|template| place.help(template.as_ref()))
    };
    view! {
        {(!has_model).then(|| view! { <NoModelHelp/> })}
        {unprotected_because.map(unprotected)}
        // What a parameter must be is said by the server, at the parameter.
        <form class="home-form" novalidate on:submit=move |event| {
            event.prevent_default();
            go.run(BusyBehavior::Queue);
        }>
            <div class="composer-box home-box" class:dropping=move || form.editor.attachments.is_dropping.get()>
                {attachment_list(form.editor.attachments)}
                <EditorField editor=form.editor label="What should be done?" rows=4 on_send=go
                    placeholder=Signal::stored("Describe the task: what is wrong, what it should be, where to look".to_owned())/>
                <div class="composer-bar">
                    {attach_button(form.editor.attachments)}
                    <ModelPicker catalogue=models chosen=form.model/>
                    <PlacePicker places templates workspaces place=form.place/>
                    <PlanToggle plans=form.plans/>
                    <span class="spacer"></span>
                    <button type="submit" class="button button-primary button-small send" aria-busy=move || form.is_sending.get().to_string()
                        disabled=move || !is_hydrated.get() || form.is_sending.get() || form.editor.is_blank() || !has_model>
                        {icon(Icon::ArrowUp)} {move || if form.is_sending.get() { "Starting" } else { "Start" }}
                    </button>
                </div>
            </div>
            <p class="home-help">{help}</p>
            {move || asked(form)}
        </form>
        {move || demo().then(|| view! {
            <p class="home-help home-demo">
                {icon_with_class(Icon::Info, "icon icon-small")}
                <span>"The demo model is a script inside this server: it streams and calls real tools, but it does not think. " {connect_help()}</span>
            </p>
        })}
        {(!has_source).then(no_folder_help)}
        {move || form.error_elsewhere().map(refused)}
    }
}

/// What the chosen template asks for.
fn asked(form: Form) -> Option<AnyView> {
    let template = form.template.get()?;
    if template.parameters.is_empty() {
        return None;
    }
    form.values.set_value(first_values(&template.parameters));
    let fields = fields(template.parameters, form.values, form.error.into());
    Some(view! {
        <section class="card home-parameters" aria-label=format!("Parameters of {}", template.title)>
            <div class="card-body">{fields}</div>
        </section>
    })
}

fn refused(error: AppError) -> AnyView {
    let reasons = error.validations.iter().map(|it| it.detail.as_str());
    let reasons: Vec<&str> = reasons.collect();
    let detail = error
        .detail
        .clone()
        .or_else(|| (!reasons.is_empty()).then(|| reasons.join(" ")));
    view! {
        <div class="notice notice-error" role="alert">
            {icon(Icon::CircleAlert)} <p class="notice-title">{error.message}</p>
            {detail.map(|detail| view! { <p class="notice-detail">{detail}</p> })}
        </div>
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

fn connect_help() -> AnyView {
    if use_session().with_untracked(|session| session.may(Permission::ManageSettings)) {
        view! { <a class="link" href="/settings/providers">"Connect a provider"</a> " to work with a real model." }
    } else {
        "Ask an admin to connect a provider to work with a real model.".into_any()
    }
}

fn no_folder_help() -> AnyView {
    if use_session().with_untracked(|session| session.may(Permission::ManageSettings)) {
        view! { <p class="home-help">"No folder of this machine is allowed yet. Allow one under " <a class="link" href="/settings/folders">"Settings → Allowed folders"</a> " to work on a repository."</p> }
    } else {
        view! { <p class="home-help">"No folder of this machine is allowed yet. Ask an admin to allow one to work on a repository."</p> }
    }
}

/// The last choices come from the browser, so they are known only after hydration; of the places, one of these.
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
    if form.is_sending.get_untracked() || untrack(|| form.editor.is_blank()) {
        return;
    }
    let sent = form.editor.take();
    form.is_sending.set(true);
    form.error.set(None);
    let parameters = form.template.with_untracked(|template| {
        let parameters = template.as_ref().map(|template| &template.parameters);
        form.values
            .with_value(|values| parameters.map(|parameters| given(parameters, values)))
    });
    let parameters = parameters.unwrap_or_default();
    let request = CreateChat {
        content: content(&sent.text, &sent.files),
        workspace_id: form.place.with_untracked(Place::existing),
        new_workspace: form.place.get_untracked().workspace(parameters),
        model_config_id: form.model.get_untracked(),
        client_type: Some(ClientType::Ui),
        plan_mode: Some(mode(form.plans.get_untracked())),
        ..CreateChat::default()
    };
    spawn_local(async move {
        let outcome = create_chat(request).await;
        if form.is_sending.try_set(false).is_some() {
            match outcome {
                Ok(chat) => agents.add_row(chat),
                Err(error) => say_unsent(agents.toasts, &sent, &error),
            }
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
                form.editor.give_back(sent);
                // The field is marked when it is drawn anew.
                request_animation_frame(|| focus(".home-parameters [aria-invalid=true]"));
            }
        }
    });
}
