//! Templates: the list, the form, what a template asks.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use sdk::errors::Validation;
use sdk::ids::{OrganizationId, TemplateId};
use sdk::templates::{
    ParameterOption, ParameterType, ParameterValidation, Template, TemplateBackend,
    TemplateParameter,
};
use uuid::Uuid;

use super::part;
use crate::api::templates::TemplateForm;
use crate::components::workspaces::parameters::{fields, first_values};
use crate::error::{AppError, ErrorCode};
use crate::pages::settings::templates as page;
use crate::view;

/// A row of each kind.
pub fn list(now: DateTime<Utc>) -> impl IntoView {
    let on_remove = Callback::new(|_| {});
    let folder = Template {
        id: TemplateId(Uuid::from_u128(2)),
        name: "greeter".to_owned(),
        display_name: String::new(),
        icon: String::new(),
        description: String::new(),
        repository_url: None,
        branch: None,
        folder: Some("/srv/projects/greeter".to_owned()),
        active_developers: 1,
        deprecated: true,
        ..template(now)
    };
    let empty = Template {
        id: TemplateId(Uuid::from_u128(3)),
        display_name: "Scratch, for what has no repository yet".to_owned(),
        icon: "🧪".to_owned(),
        repository_url: None,
        branch: None,
        active_developers: 0,
        ..template(now)
    };
    part(
        "Templates in the list",
        view! {
            <div class="stack">
                <div class="card">{page::list(vec![template(now), folder, empty], on_remove)}</div>
                <div class="card">{page::list(Vec::new(), on_remove)}</div>
            </div>
        },
    )
}

/// What a new chat is asked, at first and refused.
pub fn questions() -> impl IntoView {
    let values = StoredValue::new(first_values(&parameters()));
    let error = refusals(&[
        (
            "new_workspace.parameters.ticket",
            "It must match ^[A-Z]+-[0-9]+$.",
        ),
        ("new_workspace.parameters.region", "Choose one of eu, us."),
    ]);
    part(
        "What a template asks",
        view! {
            <section class="card home-parameters" aria-label="Parameters of Website">
                <div class="card-body">{fields(parameters(), values, Signal::stored(Some(error)))}</div>
            </section>
        },
    )
}

/// The form with everything in it and some of it refused.
pub fn editor(now: DateTime<Utc>) -> impl IntoView {
    let error = refusals(&[
        ("name", "This name is taken. Choose another one."),
        (
            "parameters[1].validation",
            "The least number is greater than the greatest.",
        ),
    ]);
    let form = TemplateForm::from(template(now));
    let editor = page::editor_of(
        form,
        true,
        Signal::stored(Some(error)),
        Signal::stored(false),
    );
    part("The form of a template", editor)
}

fn refusals(refused: &[(&str, &str)]) -> AppError {
    AppError {
        validations: refused
            .iter()
            .map(|(field, detail)| Validation {
                field: (*field).to_owned(),
                detail: (*detail).to_owned(),
            })
            .collect(),
        ..AppError::new(ErrorCode::Invalid, "Some fields are not right.")
    }
}

fn parameters() -> Vec<TemplateParameter> {
    let option = |name: &str, value: &str, description: &str| ParameterOption {
        name: name.to_owned(),
        value: value.to_owned(),
        description: description.to_owned(),
    };
    let parameter = |name: &str, kind, description: &str| TemplateParameter {
        name: name.to_owned(),
        kind,
        description: description.to_owned(),
        ..TemplateParameter::default()
    };
    vec![
        TemplateParameter {
            required: true,
            validation: Some(ParameterValidation {
                regex: Some("^[A-Z]+-[0-9]+$".to_owned()),
                error: Some("Enter a ticket such as WEB-123.".to_owned()),
                ..ParameterValidation::default()
            }),
            ..parameter("ticket", ParameterType::String, "What the work is for.")
        },
        TemplateParameter {
            default: Some("4".to_owned()),
            validation: Some(ParameterValidation {
                min: Some(1.0),
                max: Some(16.0),
                ..ParameterValidation::default()
            }),
            ..parameter(
                "cores",
                ParameterType::Number,
                "How many tests run at once.",
            )
        },
        TemplateParameter {
            options: vec![
                option("Europe", "eu", "Frankfurt"),
                option("United States", "us", ""),
            ],
            ..parameter("region", ParameterType::String, "Where its data lie.")
        },
        parameter("debug", ParameterType::Bool, "Builds with debug symbols."),
        TemplateParameter {
            default: Some(r#"["web","api"]"#.to_owned()),
            ..parameter("services", ParameterType::ListOfStrings, "What is started.")
        },
    ]
}

fn template(now: DateTime<Utc>) -> Template {
    Template {
        id: TemplateId(Uuid::from_u128(1)),
        organization_id: OrganizationId(Uuid::nil()),
        name: "website".to_owned(),
        display_name: "Website".to_owned(),
        description: "The website with its dependencies installed and a database to try things in."
            .to_owned(),
        icon: "🌐".to_owned(),
        backend: TemplateBackend::Local,
        folder: None,
        repository_url: Some("https://git.example.com/team/website.git".to_owned()),
        branch: Some("main".to_owned()),
        setup_script:
            "npm ci\nnpm run database:seed -- --region \"$SWITCHYARD_PARAMETER_REGION\"\n"
                .to_owned(),
        environment: [("NODE_ENV".to_owned(), "development".to_owned())].into(),
        parameters: parameters(),
        idle_stop_seconds: Some(1800),
        deprecated: false,
        active_developers: 12,
        created_at: now,
        updated_at: now,
    }
}
