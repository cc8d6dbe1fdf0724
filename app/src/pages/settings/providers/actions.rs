//! What can be done on the page, and what is being done: shared by the cards and the dialogs.

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::ids::ProviderConfigId;
use sdk::providers::{ProviderConfig, ProviderTest};

use crate::api::models::{
    BackfillCosts, ChooseDefaultModel, CreateModel, CreateModels, DeleteModel, EnableModel,
    OptionField, PricedModel, UpdateModel,
};
use crate::api::providers::{
    CreateProvider, DeleteProvider, EnableProvider, TestProvider, UpdateProvider,
};
use crate::components::form::error_of;
use crate::error::AppError;

/// Outcomes of connection tests by provider.
pub type Tests = BTreeMap<ProviderConfigId, Result<ProviderTest, AppError>>;

/// The page's actions and choices.
#[derive(Clone, Copy)]
pub struct Actions {
    pub create_provider: ServerAction<CreateProvider>,
    pub update_provider: ServerAction<UpdateProvider>,
    pub enable_provider: ServerAction<EnableProvider>,
    pub delete_provider: ServerAction<DeleteProvider>,
    pub test_provider: ServerAction<TestProvider>,
    pub create_models: ServerAction<CreateModels>,
    pub create_model: ServerAction<CreateModel>,
    pub update_model: ServerAction<UpdateModel>,
    pub enable_model: ServerAction<EnableModel>,
    pub choose_default: ServerAction<ChooseDefaultModel>,
    pub delete_model: ServerAction<DeleteModel>,
    pub backfill_costs: ServerAction<BackfillCosts>,
    /// The provider that the open dialog is about.
    pub provider: RwSignal<Option<ProviderConfig>>,
    /// The model that the open dialog is about.
    pub model: RwSignal<Option<PricedModel>>,
    /// The fields of the options of models.
    pub options: StoredValue<Vec<OptionField>>,
    /// What tests have shown since the page was opened.
    pub tests: RwSignal<Tests>,
    /// Where the focus goes after the list is drawn anew.
    pub focus: StoredValue<String>,
}

/// Makes the actions of a page.
pub fn provide_actions() -> Actions {
    let actions = Actions {
        create_provider: ServerAction::new(),
        update_provider: ServerAction::new(),
        enable_provider: ServerAction::new(),
        delete_provider: ServerAction::new(),
        test_provider: ServerAction::new(),
        create_models: ServerAction::new(),
        create_model: ServerAction::new(),
        update_model: ServerAction::new(),
        enable_model: ServerAction::new(),
        choose_default: ServerAction::new(),
        delete_model: ServerAction::new(),
        backfill_costs: ServerAction::new(),
        provider: RwSignal::new(None),
        model: RwSignal::new(None),
        options: StoredValue::new(Vec::new()),
        tests: RwSignal::new(Tests::new()),
        focus: StoredValue::new(String::new()),
    };
    actions.keep_tests();
    actions
}

impl Actions {
    /// Moves with every answer that changes the list.
    pub fn version(self) -> usize {
        self.create_provider.version().get()
            + self.update_provider.version().get()
            + self.enable_provider.version().get()
            + self.delete_provider.version().get()
            + self.create_models.version().get()
            + self.create_model.version().get()
            + self.update_model.version().get()
            + self.enable_model.version().get()
            + self.choose_default.version().get()
            + self.delete_model.version().get()
    }

    /// Why something without a dialog of its own could not be done.
    pub fn error(self) -> Signal<Option<AppError>> {
        let enable_provider = error_of(self.enable_provider);
        let enable_model = error_of(self.enable_model);
        let choose_default = error_of(self.choose_default);
        let create_models = error_of(self.create_models);
        Signal::derive(move || {
            enable_provider
                .get()
                .or_else(|| enable_model.get())
                .or_else(|| choose_default.get())
                .or_else(|| create_models.get())
        })
    }

    /// Asks a provider for its models. Browser only.
    pub fn test(self, id: ProviderConfigId) {
        self.tests.update(|tests| {
            tests.remove(&id);
        });
        self.test_provider.dispatch(TestProvider { id });
    }

    /// Whether a provider is being asked.
    pub fn is_testing(self, id: ProviderConfigId) -> bool {
        self.test_provider.pending().get()
            && self
                .test_provider
                .input()
                .with(|input| input.as_ref().is_some_and(|input| input.id == id))
    }

    fn keep_tests(self) {
        let asked = StoredValue::new(None::<ProviderConfigId>);
        Effect::new(move |_| {
            if let Some(id) = self
                .test_provider
                .input()
                .with(|input| input.as_ref().map(|input| input.id))
            {
                asked.set_value(Some(id));
            }
        });
        Effect::new(move |_| {
            let outcome = self.test_provider.value().get();
            if let (Some(outcome), Some(id)) = (outcome, asked.get_value()) {
                self.tests.update(|tests| {
                    tests.insert(id, outcome);
                });
            }
        });
    }
}
