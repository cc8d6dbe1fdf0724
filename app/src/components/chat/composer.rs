//! The composer of an open chat: writes, queues, edits, and says how full the model's context is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::ChatStatus;
use sdk::ids::ModelConfigId;
use sdk::messages::{BusyBehavior, CreateMessage, EditMessage, Message};
use sdk::models::ModelCatalogue;
use sdk::parts::InputPart;

use super::attachments::{Attachment, attach_button, content};
use super::context::Agents;
use super::context_ring::ContextRing;
use super::draft::draft_key;
use super::editor::{Editor, EditorField, Sent};
use super::mentions::Mentions;
use super::model_picker::{ModelPicker, NoAgentsAccess, NoModelHelp, starting_model};
use super::planning::{PlanToggle, mode};
use super::prompt_history::PromptHistory;
use crate::api::chats::{edit_message, send_message};
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::toast::{ToastKind, Toasts};
use crate::error::AppError;
use crate::live::chat::OpenChat;
use crate::pages::parts::{answers, attachment_list, mention_list, queue_list};
use crate::session::{Session, use_hydrated, use_session};
use crate::view;

/// What the composer works on. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Composer {
    /// The chat.
    pub chat: OpenChat,
    /// What is being written.
    pub editor: Editor,
    /// The message that is being edited, if one is.
    pub edited: RwSignal<Option<Arc<Message>>>,
    /// The model of the next message.
    pub model: RwSignal<Option<ModelConfigId>>,
    /// Whether the next message is to be planned only.
    pub plans: RwSignal<bool>,
    /// Whether a message is on its way.
    pub is_sending: RwSignal<bool>,
    /// Why the last one was refused.
    pub error: RwSignal<Option<AppError>>,
    put_aside: StoredValue<(String, Vec<Attachment>)>,
    toasts: Toasts,
}

impl Composer {
    /// The composer of a chat.
    pub fn new(chat: OpenChat, catalogue: &ModelCatalogue, last_model: ModelConfigId) -> Self {
        Self {
            chat,
            editor: Editor::new(draft_key(Some(chat.id))),
            edited: RwSignal::new(None),
            model: RwSignal::new(starting_model(catalogue, Some(last_model))),
            plans: RwSignal::new(false),
            is_sending: RwSignal::new(false),
            error: RwSignal::new(None),
            put_aside: StoredValue::new((String::new(), Vec::new())),
            toasts: Agents::expect().toasts,
        }
    }

    /// Puts a message into the editor; sending replaces it and everything after it.
    pub fn edit(self, message: Arc<Message>) {
        if self.edited.with_untracked(Option::is_none) {
            let written = self.editor.text.get_untracked();
            self.put_aside
                .set_value((written, self.editor.attachments.take()));
            self.editor.save();
            self.editor.attachments.is_draft.set_value(false);
        }
        self.editor.set(message.text());
        self.editor.attachments.set_from(&message.content);
        self.edited.set(Some(message));
        self.editor.focus();
    }

    /// Leaves the edited message as it was.
    pub fn cancel_edit(self) {
        self.bring_back();
        self.editor.focus();
    }

    /// What was written before an earlier message was edited.
    fn bring_back(self) {
        self.edited.set(None);
        self.editor.attachments.is_draft.set_value(true);
        let (text, attachments) = self.put_aside.get_value();
        self.editor.set(text);
        self.editor.attachments.items.set(attachments);
    }

    /// Sends what was written. While a turn runs it is queued, or the turn is stopped for it.
    pub fn send(self, busy_behavior: BusyBehavior) {
        if self.is_sending.get_untracked() || untrack(|| self.editor.is_blank()) {
            return;
        }
        let sent = self.editor.take();
        let edited = self.edited.get_untracked();
        let content = content(&sent.text, &sent.files);
        self.dispatch(content, Some(sent), edited, busy_behavior);
    }

    /// Says something that was not typed; what is typed stays.
    pub fn say(self, text: String) {
        if !self.is_sending.get_untracked() {
            self.dispatch(content(&text, &[]), None, None, BusyBehavior::Queue);
        }
    }

    fn dispatch(
        self,
        content: Vec<InputPart>,
        typed: Option<Sent>,
        edited: Option<Arc<Message>>,
        busy_behavior: BusyBehavior,
    ) {
        self.is_sending.set(true);
        self.error.set(None);
        spawn_local(async move {
            let outcome = self
                .deliver(content, edited.as_deref(), busy_behavior)
                .await;
            if self.is_sending.try_set(false).is_some() {
                if let (Err(error), Some(typed)) = (outcome, typed) {
                    say_unsent(self.toasts, &typed, &error);
                }
                return;
            }
            match outcome {
                Ok(()) => self.after_sending(edited.is_some()),
                Err(error) => {
                    self.error.set(Some(error));
                    if let Some(typed) = typed {
                        self.editor.give_back(typed);
                    }
                }
            }
        });
    }

    async fn deliver(
        self,
        content: Vec<InputPart>,
        edited: Option<&Message>,
        busy_behavior: BusyBehavior,
    ) -> Result<(), AppError> {
        let model_config_id = self.model.get_untracked();
        if let Some(message) = edited {
            let answer = edit_message(
                self.chat.id,
                message.id,
                EditMessage {
                    content,
                    model_config_id,
                },
            )
            .await?;
            self.chat.replace_from(message.id, answer);
            return Ok(());
        }
        let queue_told = self.chat.queue_told();
        let answer = send_message(
            self.chat.id,
            CreateMessage {
                content,
                model_config_id,
                busy_behavior: Some(busy_behavior),
                plan_mode: Some(mode(self.plans.get_untracked())),
                ..CreateMessage::default()
            },
        )
        .await?;
        if let Some(message) = answer.message {
            let is_news = self.chat.add_message(message);
            // The stream says `running` in a moment; until then a worker is what is waited for.
            if is_news && !self.chat.status.get_untracked().is_busy() {
                self.chat.status.set(ChatStatus::Pending);
                self.chat.since.set(Some(chrono::Utc::now()));
            }
        }
        if let Some(queued) = answer.queued_message {
            self.chat.add_queued(queued, queue_told);
        }
        Ok(())
    }

    fn after_sending(self, was_edit: bool) {
        if was_edit {
            self.bring_back();
        }
    }
}

/// Keeps what was not sent after its page was left, and says so. Browser only.
pub fn say_unsent(toasts: Toasts, sent: &Sent, error: &AppError) {
    sent.keep_as_draft();
    let words = format!(
        "A message was not sent; it is kept as a draft. {}",
        error.message
    );
    toasts.show(ToastKind::Error, words);
}

/// The composer.
#[component]
pub fn ComposerBox(
    /// What it works on.
    composer: Composer,
    /// Models to choose from.
    catalogue: ModelCatalogue,
) -> impl IntoView {
    if use_session().with_untracked(Session::is_kept_from_agents) {
        return view! { <div class="composer">{queue_list(composer)}<NoAgentsAccess/></div> };
    }
    let Composer {
        chat,
        editor,
        edited,
        model,
        plans,
        is_sending,
        error,
        ..
    } = composer;
    let is_hydrated = use_hydrated();
    let has_model = model.get_untracked().is_some();
    let label = move || match (edited.with(Option::is_some), chat.is_busy()) {
        (true, _) => "Send again",
        (false, true) => "Queue",
        (false, false) => "Send",
    };
    let placeholder = Signal::derive(move || {
        if chat.is_busy() {
            "Add a message; it is sent when this turn is over".to_owned()
        } else {
            "Message".to_owned()
        }
    });
    let may_interrupt =
        move || chat.is_busy() && edited.with(Option::is_none) && !editor.is_blank();
    let limit = context_limit(&catalogue, model);
    let mentions = Mentions::new(chat.id, editor);
    view! {
        <div class="composer">
            {queue_list(composer)}
            {answers(composer)}
            {(!has_model).then(|| view! { <NoModelHelp/> })}
            <form class="composer-box" class:editing=move || edited.with(Option::is_some) class:dropping=move || editor.attachments.is_dropping.get()
                on:submit=move |event| {
                    event.prevent_default();
                    composer.send(BusyBehavior::Queue);
                }>
                <Show when=move || edited.with(Option::is_some)>
                    <p class="composer-edit">
                        {icon_with_class(Icon::Pencil, "icon icon-small")}
                        <span>"Editing an earlier message. What came after it is removed."</span>
                        <button type="button" class="button button-quiet button-small" on:click=move |_| composer.cancel_edit()>
                            "Cancel"
                        </button>
                    </p>
                </Show>
                {attachment_list(editor.attachments)}
                {mention_list(mentions)}
                <EditorField editor label="Message" placeholder mentions
                    on_send=Callback::new(move |behavior| composer.send(behavior)) history=PromptHistory::new(chat.id, editor, error)/>
                <div class="composer-bar">
                    {attach_button(editor.attachments)}
                    <ModelPicker catalogue chosen=model/>
                    <PlanToggle plans/>
                    <ContextRing chat limit/>
                    <span class="spacer"></span>
                    <Show when=may_interrupt>
                        <button type="button" class="button button-small send-now" title="Stop the running turn and send this now (Ctrl+Shift+Enter)"
                            on:click=move |_| composer.send(BusyBehavior::Interrupt)>
                            "Stop and send"
                        </button>
                    </Show>
                    <button type="submit" class="button button-primary button-small send"
                        disabled=move || !is_hydrated.get() || is_sending.get() || editor.is_blank() || !has_model>
                        {icon(Icon::ArrowUp)} {move || label()}
                    </button>
                </div>
            </form>
            {move || error.get().map(|error| view! { <p class="composer-error field-error" role="alert">{icon(Icon::CircleAlert)}<span>{error.message}</span></p> })}
        </div>
    }
}

fn context_limit(
    catalogue: &ModelCatalogue,
    model: RwSignal<Option<ModelConfigId>>,
) -> Signal<Option<i64>> {
    let limits: Vec<_> = catalogue
        .providers
        .iter()
        .flat_map(|provider| &provider.models)
        .map(|model| (model.id, model.context_limit))
        .collect();
    Signal::derive(move || {
        limits
            .iter()
            .find(|(id, _)| Some(*id) == model.get())
            .map(|(_, limit)| *limit)
    })
}
