//! The dialogs of the page: add and edit a provider, add a model, and the questions before deleting.

use leptos::prelude::*;
use sdk::providers::{ProviderConfig, ProviderKind, ProviderSource};

use crate::api::models::DeleteModel;
use crate::api::providers::{DeleteProvider, KeyChoice};
use crate::components::dialog::{self, ConfirmDialog, Question};
use crate::components::field::{Input, SelectField, TextField};
use crate::components::form::{error_of, field_error, on_answer};
use crate::components::form_dialog::FormDialog;
use crate::view;

use super::actions::Actions;
use super::provider::{kind_name, preset_words};

/// Id of the dialog for a new provider.
pub const ADD_PROVIDER: &str = "add-provider";
/// Id of the dialog that changes a provider.
pub const EDIT_PROVIDER: &str = "edit-provider";
/// Id of the question before a provider is deleted.
pub const DELETE_PROVIDER: &str = "delete-provider";
/// Id of the dialog for a model by name.
pub const ADD_MODEL: &str = "add-model";
/// Id of the question before a model is deleted.
pub const DELETE_MODEL: &str = "delete-model";

const PROVIDER_FIELDS: &[&str] = &["provider", "display_name", "base_url", "api_key"];
const MODEL_FIELDS: &[&str] = &["model", "display_name", "context_limit"];

/// A new provider; it is tested as soon as it is there.
#[component]
pub fn ProviderDialog(actions: Actions) -> impl IntoView {
    let create = actions.create_provider;
    let error = error_of(create);
    let kind = RwSignal::new(ProviderKind::Anthropic);
    on_answer(create, ADD_PROVIDER, move |config| {
        dialog::close(ADD_PROVIDER);
        actions.test(config.id);
    });
    let kinds = [
        ProviderKind::Anthropic,
        ProviderKind::OpenAi,
        ProviderKind::OpenAiCompatible,
    ]
    .map(|kind| (kind.as_str().to_owned(), kind_name(kind).to_owned()))
    .to_vec();
    let on_choose = move |value: String| {
        if let Some(chosen) = ProviderKind::parse(&value) {
            kind.set(chosen);
        }
    };
    view! {
        <FormDialog
            id=ADD_PROVIDER
            title="Add provider".to_owned()
            action=create
            fields=PROVIDER_FIELDS
            submit="Add and test"
            on:close=move |_| kind.set(ProviderKind::Anthropic)
        >
            <SelectField
                label="Kind"
                name="provider"
                value="anthropic"
                options=kinds
                on_choose=Callback::new(on_choose)
                error=field_error(error, "provider")
            />
            <p class="field-help">{move || kind_help(kind.get())}</p>
            <TextField
                label="API key"
                name="api_key"
                input=Input::Secret
                is_optional=true
                help="Kept encrypted and never shown again."
                error=field_error(error, "api_key")
            />
            <TextField
                label="Name"
                name="display_name"
                is_optional=true
                error=field_error(error, "display_name")
            />
            <TextField
                label="Base URL"
                name="base_url"
                input=Input::Url
                is_optional=true
                placeholder="https://"
                help="Empty means the provider’s public address."
                error=field_error(error, "base_url")
            />
            <KeysField value=KeyChoice::Central id="add-provider-keys"/>
        </FormDialog>
    }
}

const fn kind_help(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => "Anthropic’s own API. Needs a key.",
        ProviderKind::OpenAi => "OpenAI’s own API. Needs a key.",
        ProviderKind::OpenAiCompatible => {
            "Ollama, vLLM, llama.cpp, OpenRouter, LM Studio and others. Needs the base URL, often ending in /v1."
        }
        ProviderKind::Demo => "A script inside the server.",
    }
}

/// Whose key is used.
#[component]
fn KeysField(value: KeyChoice, id: &'static str) -> impl IntoView {
    let options = KeyChoice::ALL.map(|(_, name, words)| (name.to_owned(), words.to_owned()));
    view! {
        <SelectField
            label="Whose key is used"
            name="keys"
            id=id
            value=value.name()
            options=options.to_vec()
            help="People enter their own under Settings, Agents."
        />
    }
}

/// Name, address or key of a provider; of one from the server's environment, whose key is used.
#[component]
pub fn EditProviderDialog(actions: Actions) -> impl IntoView {
    let update = actions.update_provider;
    let error = error_of(update);
    on_answer(update, EDIT_PROVIDER, move |config| {
        dialog::close(EDIT_PROVIDER);
        actions.test(config.id);
    });
    let asked = move || {
        actions.provider.get().map(|config| {
            view! {
                <input type="hidden" name="id" value=config.id.to_string()/>
                {identity_fields(&config, error)}
                <KeysField value=KeyChoice::of(config.key_policy) id="edit-provider-keys"/>
            }
        })
    };
    view! {
        <FormDialog id=EDIT_PROVIDER title="Edit provider".to_owned() action=update fields=PROVIDER_FIELDS submit="Save and test">
            {asked}
        </FormDialog>
    }
}

fn identity_fields(
    config: &ProviderConfig,
    error: Signal<Option<crate::error::AppError>>,
) -> AnyView {
    if config.source != ProviderSource::Database {
        return view! {
            <p class="field-help">{preset_words(config.provider)}</p>
        };
    }
    let key_help = if config.has_api_key {
        "Empty keeps the stored key. With another scheme, host or port in the address it is needed again: the stored one is not sent \
         to another server."
    } else {
        "No key is stored."
    };
    view! {
        <TextField
            label="Name"
            name="display_name"
            id="edit-provider-name"
            value=config.display_name.clone()
            error=field_error(error, "display_name")
        />
        <TextField
            label="Base URL"
            name="base_url"
            id="edit-provider-url"
            input=Input::Url
            value=config.base_url.clone()
            error=field_error(error, "base_url")
        />
        <TextField
            label="API key"
            name="api_key"
            id="edit-provider-key"
            input=Input::Secret
            is_optional=true
            help=key_help
            error=field_error(error, "api_key")
        />
    }
}

/// A model by the provider's identifier.
#[component]
pub fn AddModelDialog(actions: Actions) -> impl IntoView {
    let create = actions.create_model;
    let error = error_of(create);
    on_answer(create, ADD_MODEL, |_| dialog::close(ADD_MODEL));
    let id = move || {
        actions
            .provider
            .with(|config| config.as_ref().map(|config| config.id.to_string()))
    };
    view! {
        <FormDialog id=ADD_MODEL title="Add a model by name".to_owned() action=create fields=MODEL_FIELDS submit="Add model">
            <input type="hidden" name="provider_config_id" prop:value=id/>
            <TextField
                label="Identifier"
                name="model"
                input=Input::Code
                help="As the provider writes it."
                error=field_error(error, "model")
            />
            {model_fields(String::new(), String::new(), "add-model", error)}
        </FormDialog>
    }
}

/// Name and context window of a model.
pub fn model_fields(
    name: String,
    context_limit: String,
    prefix: &'static str,
    error: Signal<Option<crate::error::AppError>>,
) -> impl IntoView {
    view! {
        <TextField
            label="Name"
            name="display_name"
            id=format!("{prefix}-name")
            value=name
            is_optional=true
            error=field_error(error, "display_name")
        />
        <TextField
            label="Context window in tokens"
            name="context_limit"
            id=format!("{prefix}-context")
            input=Input::Number
            value=context_limit
            is_optional=true
            help="How much the model can read at once. Empty means 128,000."
            error=field_error(error, "context_limit")
        />
    }
}

/// The two questions before something is deleted.
#[component]
pub fn DeleteDialogs(actions: Actions) -> impl IntoView {
    on_answer(actions.delete_provider, DELETE_PROVIDER, |()| {
        dialog::close(DELETE_PROVIDER);
    });
    on_answer(actions.delete_model, DELETE_MODEL, |()| {
        dialog::close(DELETE_MODEL);
    });
    let provider_question = Signal::derive(move || {
        let name = actions
            .provider
            .with(|config| config.as_ref().map(|config| config.display_name.clone()));
        Question {
            title: format!("Delete {}?", name.unwrap_or_default()),
            text: "Its models and its stored key are deleted. Chats that used it stay readable."
                .to_owned(),
            action: "Delete provider".to_owned(),
        }
    });
    let model_question = Signal::derive(move || {
        let name = actions.model.with(|model| {
            model
                .as_ref()
                .map(|model| model.config.display_name.clone())
        });
        Question {
            title: format!("Delete the model {}?", name.unwrap_or_default()),
            text: "People can no longer choose it. Chats that used it stay readable.".to_owned(),
            action: "Delete model".to_owned(),
        }
    });
    let delete_provider = move |()| {
        if let Some(id) = actions
            .provider
            .with_untracked(|config| config.as_ref().map(|config| config.id))
        {
            actions.delete_provider.dispatch(DeleteProvider { id });
        }
    };
    let delete_model = move |()| {
        if let Some(id) = actions
            .model
            .with_untracked(|model| model.as_ref().map(|model| model.config.id))
        {
            actions.delete_model.dispatch(DeleteModel { id });
        }
    };
    view! {
        <ConfirmDialog
            id=DELETE_PROVIDER
            question=provider_question
            pending=actions.delete_provider.pending()
            error=error_of(actions.delete_provider)
            on_confirm=Callback::new(delete_provider)
        />
        <ConfirmDialog
            id=DELETE_MODEL
            question=model_question
            pending=actions.delete_model.pending()
            error=error_of(actions.delete_model)
            on_confirm=Callback::new(delete_model)
        />
    }
}
