//! What is configured about agents: the reader's own instructions and thresholds, and what holds for everybody for those
//! who may see it.

mod compaction_thresholds;
mod debug_logging;
mod desktop;
mod model_overrides;
mod own_keys;
mod plan_mode;
mod retention;
mod system_prompt;
mod workspaces;

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::chat_config::{MAX_PROMPT_BYTES, PROMPT_TOO_LONG, UserPrompt};
use sdk::deployment::StoredSetting;
use sdk::permissions::Permission;

use crate::api::chat_config::{ChatConfig, DeploymentConfig, UpdateUserPrompt, get_chat_config};
use crate::components::button::SubmitButton;
use crate::components::feedback::FormError;
use crate::components::field::TextArea;
use crate::components::form::{error_of, field_error, on_answer, saved, told_at};
use crate::components::loaded::loaded;
use crate::components::only_looked_at::only_looked_at;
use crate::components::page_header::PageHeader;
use crate::pages::settings::places::{self, SettingSection};
use crate::pages::settings::source::{OwnSource, source_of};
use crate::view;

/// The page.
#[component]
pub fn ChatConfigPage() -> impl IntoView {
    // Read once: what is being typed in one form must survive the answer to another.
    let config = Resource::new(|| (), |()| get_chat_config());
    let focus = StoredValue::new(String::new());
    view! {
        <PageHeader title=places::AGENTS.title lead=places::AGENTS.lead/>
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
    let instructions = RwSignal::new(OwnSource::of(!user_prompt.custom_prompt.is_empty()));
    let is_recorded = RwSignal::new(debug_logging.debug_logging_enabled);
    let debug_source = debug_logging::own_source(debug_logging, is_debug_allowed, is_recorded);
    let models = thresholds.iter().map(|threshold| {
        let id = threshold.model_config_id.to_string();
        (id, threshold.display_name.clone())
    });
    let models: Vec<_> = models.collect();
    view! {
        <SettingSection setting=&places::YOUR_INSTRUCTIONS own=instructions.into()>
            {own_instructions(user_prompt, instructions)}
        </SettingSection>
        <SettingSection setting=&places::SUMMARIES>
            {compaction_thresholds::list(thresholds)}
        </SettingSection>
        {(!user_providers.is_empty()).then(|| view! {
            <SettingSection setting=&places::YOUR_KEYS>
                {own_keys::list(user_providers)}
            </SettingSection>
        })}
        <SettingSection setting=&places::DEBUG own=debug_source>
            {debug_logging::own(debug_logging, is_debug_allowed, is_recorded)}
        </SettingSection>
        {deployment.map(|deployment| {
            only_looked_at(Permission::ManageSettings, || everybodys_sections(deployment, models, is_debug_allowed))
        })}
    }
}

/// What is configured for everybody.
fn everybodys_sections(
    config: DeploymentConfig,
    models: Vec<(String, String)>,
    is_debug_allowed: RwSignal<bool>,
) -> AnyView {
    let source = |settings: &[StoredSetting]| source_of(&config.sources, settings);
    let instructions = source(&[StoredSetting::SystemPrompt]);
    let plan_mode = source(&[StoredSetting::PlanModeInstructions]);
    let workspaces = source(&[
        StoredSetting::TemplateAllowlist,
        StoredSetting::WorkspaceTtl,
    ]);
    let overrides = source(&[
        StoredSetting::ExploreModelOverride,
        StoredSetting::TitleModelOverride,
        StoredSetting::SummaryModelOverride,
    ]);
    let desktop = source(&[StoredSetting::DesktopEnabled]);
    let debug = source(&[StoredSetting::DebugLogging]);
    let retention = source(&[StoredSetting::RetentionDays]);
    view! {
        <SettingSection setting=&places::EVERYBODYS_INSTRUCTIONS source=instructions>
            {system_prompt::form(config.system_prompt, instructions)}
        </SettingSection>
        <SettingSection setting=&places::PLAN_MODE source=plan_mode>
            {plan_mode::form(config.plan_mode, plan_mode)}
        </SettingSection>
        <SettingSection setting=&places::AGENTS_WORKSPACES source=workspaces>
            {workspaces::forms(config.workspaces, workspaces)}
        </SettingSection>
        <SettingSection setting=&places::MODELS_FOR_WORK source=overrides>
            {model_overrides::form(config.models, models, overrides)}
        </SettingSection>
        <SettingSection setting=&places::DESKTOPS source=desktop>
            {desktop::form(config.enable_desktop, desktop)}
        </SettingSection>
        <SettingSection setting=&places::EVERYBODYS_DEBUG source=debug>
            {debug_logging::everybodys(config.debug_logging, is_debug_allowed, debug)}
        </SettingSection>
        <SettingSection setting=&places::ARCHIVED_CHATS source=retention>
            {retention::form(config.retention_days, retention)}
        </SettingSection>
    }
}

fn own_instructions(prompt: UserPrompt, source: RwSignal<OwnSource>) -> impl IntoView {
    let update = ServerAction::<UpdateUserPrompt>::new();
    let error = told_at(error_of(update), "custom_prompt", PROMPT_TOO_LONG);
    on_answer(update, "user-prompt", move |kept: &UserPrompt| {
        source.set(OwnSource::of(!kept.custom_prompt.is_empty()));
    });
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
