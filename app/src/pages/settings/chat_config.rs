//! What is configured about agents: the reader's own instructions and thresholds, and for owners what holds for
//! everybody.

mod compaction_thresholds;
mod debug_logging;
mod desktop;
mod own_keys;
mod plan_mode;
mod retention;
mod system_prompt;
mod workspaces;

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{MAX_PROMPT_BYTES, PROMPT_TOO_LONG, UserPrompt};

use crate::api::chat_config::{ChatConfig, DeploymentConfig, UpdateUserPrompt, get_chat_config};
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::TextArea;
use crate::components::form::{error_of, field_error, on_answer, saved, told_at};
use crate::components::loaded::loaded;
use crate::components::page_header::{PageHeader, Section};
use crate::view;

/// The page.
#[component]
pub fn ChatConfigPage() -> impl IntoView {
    // Read once: what is being typed in one form must survive the answer to another.
    let config = Resource::new(|| (), |()| get_chat_config());
    let focus = StoredValue::new(String::new());
    view! {
        <PageHeader title="Agents" lead="What agents are told before each turn, and when long chats are summarized."/>
        {loaded(config, focus, sections)}
    }
}

fn sections(config: ChatConfig) -> AnyView {
    let ChatConfig {
        user_prompt,
        thresholds,
        debug_logging,
        user_providers,
        deployment,
    } = config;
    let is_debug_allowed = RwSignal::new(debug_logging.user_toggle_allowed);
    view! {
        <Section title="Your instructions" lead="They hold in all of your chats, beside what holds for everybody.">
            {own_instructions(user_prompt)}
        </Section>
        <Section
            title="Summaries"
            lead="When a chat fills so much of its model’s context, in percent, the history is summarized for the model. 0 summarizes after every answer, 100 never."
        >
            {compaction_thresholds::list(thresholds)}
        </Section>
        {(!user_providers.is_empty()).then(|| view! {
            <Section title="Your keys" lead="Your chats use your own key for a provider where you have stored one here.">
                {own_keys::list(user_providers)}
            </Section>
        })}
        <Section title="Debug" lead="What models were asked and what they answered, to see why an agent did what it did.">
            {debug_logging::own(debug_logging, is_debug_allowed)}
        </Section>
        {deployment.map(|deployment| everybodys_sections(deployment, is_debug_allowed))}
    }
}

/// What an owner configures for everybody.
fn everybodys_sections(config: DeploymentConfig, is_debug_allowed: RwSignal<bool>) -> AnyView {
    view! {
        <Section title="Instructions for everybody" lead="They come first in every chat of this deployment.">
            {system_prompt::form(config.system_prompt)}
        </Section>
        <Section title="Plan mode" lead="An agent that plans looks and asks, writes its plan, and changes nothing before the person agrees.">
            {plan_mode::form(config.plan_mode)}
        </Section>
        <Section
            title="Workspaces of agents"
            lead="An agent that needs a workspace makes one from a template. Here you say from which, and when idle ones are stopped."
        >
            {workspaces::forms(config.workspaces)}
        </Section>
        <Section title="Desktops" lead="A workspace can have a screen, for programs with windows.">
            {desktop::form(config.enable_desktop)}
        </Section>
        <Section title="Debug for everybody" lead="Records of calls to models, for those who want to look inside.">
            {debug_logging::everybodys(config.debug_logging, is_debug_allowed)}
        </Section>
        <Section title="Archived chats" lead="Whoever archives a chat wants it out of the way; here you say whether it is ever deleted.">
            {retention::form(config.retention_days)}
        </Section>
    }
}

fn own_instructions(prompt: UserPrompt) -> impl IntoView {
    let update = ServerAction::<UpdateUserPrompt>::new();
    let error = told_at(error_of(update), "custom_prompt", PROMPT_TOO_LONG);
    on_answer(update, "user-prompt", |_| {});
    view! {
        <div id="user-prompt">
            <ActionForm action=update>
                <div class="form">
                    <TextArea
                        label="Instructions"
                        name="custom_prompt"
                        value=prompt.custom_prompt
                        help="For example the language to answer in, or how you like commit messages."
                        max_length=MAX_PROMPT_BYTES
                        error=field_error(error, "custom_prompt")
                    />
                    <FormError error=error fields=&["custom_prompt"]/>
                    <div class="form-actions">
                        <SubmitButton pending=update.pending()>"Save your instructions"</SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}
