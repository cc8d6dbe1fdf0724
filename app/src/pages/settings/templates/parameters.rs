//! The parameters of a template: a group of fields for each. Which fields a type has is shown by the style sheet.

use leptos::prelude::*;
use sdk::templates::ParameterType;

use crate::api::templates::ParameterForm;
use crate::components::button::{Button, IconButton};
use crate::components::control_flow::For;
use crate::components::field::{Checkbox, Input, SelectField, TextArea, TextField};
use crate::components::form::focus;
use crate::components::icons::{Icon, icon};
use crate::error::AppError;
use crate::session::use_hydrated;
use crate::view;

/// A parameter's fields, told apart by a number that grows: forms send them in that order.
type Rows = RwSignal<Vec<(usize, ParameterForm)>>;

/// Where a group of fields stands.
#[derive(Clone, Copy)]
struct Place {
    key: usize,
    rows: Rows,
    error: Signal<Option<AppError>>,
}

impl Place {
    fn name(self, field: &str) -> String {
        format!("form[parameters][{}][{field}]", self.key)
    }

    fn id(self, field: &str) -> String {
        format!("parameter-{}-{field}", self.key)
    }

    fn position(self) -> usize {
        let is_here = |(key, _): &(usize, ParameterForm)| *key == self.key;
        self.rows
            .with(|rows| rows.iter().position(is_here))
            .unwrap_or_default()
    }

    /// Why a field was refused. The server counts the parameters that it was sent.
    fn refusal(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let field = format!("parameters[{}].{field}", self.position());
            self.error
                .with(|error| error.as_ref().and_then(|error| error.field(&field)))
        })
    }
}

/// All groups, and the button for one more.
pub fn editor(parameters: Vec<ParameterForm>, error: Signal<Option<AppError>>) -> AnyView {
    let hydrated = use_hydrated();
    let next = StoredValue::new(parameters.len());
    let rows: Rows = RwSignal::new(parameters.into_iter().enumerate().collect());
    let add = move |_| {
        let key = next.get_value();
        next.set_value(key + 1);
        rows.update(|rows| rows.push((key, ParameterForm::default())));
        request_animation_frame(move || focus(&format!("#parameter-{key}-name")));
    };
    view! {
        <div class="parameters">
            <For each=move || rows.get() key=|(key, _)| *key children=move |(key, parameter)| group(Place { key, rows, error }, parameter)/>
            <p class="field-help parameters-none">"It asks for nothing."</p>
            <div>
                <Button is_small=true disabled=Signal::derive(move || !hydrated.get()) attr:id="add-parameter" on_click=add>
                    {icon(Icon::Plus)}
                    "Add a parameter"
                </Button>
            </div>
        </div>
    }
}

fn group(place: Place, parameter: ParameterForm) -> AnyView {
    let hydrated = use_hydrated();
    let ParameterForm {
        name,
        kind,
        description,
        default,
        options,
        required,
        ..
    } = parameter.clone();
    let remove = move |_| {
        place
            .rows
            .update(|rows| rows.retain(|(key, _)| *key != place.key));
        focus("#add-parameter");
    };
    let chosen = RwSignal::new(kind);
    let choose = Callback::new(move |value: String| {
        let named = |kind: &ParameterType| kind.as_str() == value;
        chosen.set(
            ParameterType::ALL
                .into_iter()
                .find(named)
                .unwrap_or_default(),
        );
    });
    let kinds = ParameterType::ALL
        .map(|kind| (kind.as_str().to_owned(), kind_words(kind).to_owned()))
        .to_vec();
    view! {
        <fieldset class="parameter form">
            <legend class="visually-hidden">{move || format!("Parameter {}", place.position() + 1)}</legend>
            <span class="parameter-remove">
                <IconButton name=Icon::Trash2 label="Remove this parameter" disabled=Signal::derive(move || !hydrated.get()) on_click=remove/>
            </span>
            <div class="form-row">
                <TextField label="Name" name=place.name("name") id=place.id("name") input=Input::Code value=name placeholder="region"
                    error=place.refusal("name")/>
                <SelectField label="Type" name=place.name("kind") id=place.id("kind") options=kinds value=kind.as_str() on_choose=choose/>
            </div>
            <TextField label="Description" name=place.name("description") id=place.id("description") value=description is_optional=true
                help="What it decides." error=place.refusal("description")/>
            <TextField label="Default" name=place.name("default") id=place.id("default") value=default is_optional=true
                error=place.refusal("default")/>
            <div class="of-choices">
                <TextArea label="Options" name=place.name("options") id=place.id("options") value=options rows=2 is_code=true
                    placeholder="eu | Europe" help="The only values to choose from, one a line: value, or value | name | what choosing it means."
                    error=place.refusal("options")/>
            </div>
            {validation(place, parameter, chosen)}
            <Checkbox label="Required" name=place.name("required") id=place.id("required") checked=required
                help="Where there is no default, a value must be given."/>
        </fieldset>
    }
}

fn validation(place: Place, parameter: ParameterForm, kind: RwSignal<ParameterType>) -> AnyView {
    let ParameterForm {
        regex,
        min,
        max,
        error,
        ..
    } = parameter;
    let refused = place.refusal("validation");
    // At the field that is seen: the focus goes there.
    let refusal_of =
        move |wanted| Signal::derive(move || refused.get().filter(|_| kind.get() == wanted));
    let at_text = refusal_of(ParameterType::String);
    let at_number = refusal_of(ParameterType::Number);
    view! {
        <div class="of-text">
            <TextField label="Pattern" name=place.name("regex") id=place.id("regex") input=Input::Code value=regex is_optional=true
                placeholder="^[A-Z]+-[0-9]+$" help="A regular expression that must match; with ^ and $ all of the text." error=at_text/>
        </div>
        <div class="form-row of-number">
            <TextField label="Least" name=place.name("min") id=place.id("min") value=min is_optional=true error=at_number/>
            <TextField label="Greatest" name=place.name("max") id=place.id("max") value=max is_optional=true/>
        </div>
        <div class="of-checked">
            <TextField label="What people are told of a wrong value" name=place.name("error") id=place.id("error") value=error is_optional=true/>
        </div>
    }
}

const fn kind_words(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::String => "Text",
        ParameterType::Number => "Number",
        ParameterType::Bool => "Yes or no",
        ParameterType::ListOfStrings => "List of texts",
    }
}
