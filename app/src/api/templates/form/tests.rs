#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::json;

use super::*;

fn template() -> Template {
    serde_json::from_value(json!({
        "id": "01900000-0000-7000-8000-000000000001",
        "organization_id": "01900000-0000-7000-8000-000000000002",
        "name": "web",
        "display_name": "Website",
        "description": "Builds the website.",
        "icon": "🌐",
        "backend": "local",
        "repository_url": "https://example.com/web.git",
        "branch": "main",
        "setup_script": "npm ci\n",
        "environment": {"CI": "1", "OPTIONS": "a=b"},
        "parameters": [
            {"name": "region", "type": "string", "description": "Where.", "default": "eu", "required": true,
             "options": [{"name": "Europe", "value": "eu", "description": "Frankfurt"}, {"name": "us", "value": "us"}]},
            {"name": "cores", "type": "number", "validation": {"min": 1.0, "max": 8.5, "error": "1 to 8.5, please."}, "required": false},
            {"name": "ticket", "type": "string", "validation": {"regex": "^[A-Z]+-[0-9]+$"}, "required": false}
        ],
        "idle_stop_seconds": 150,
        "deprecated": true,
        "active_developers": 2,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z"
    }))
    .unwrap()
}

fn refused(form: TemplateForm) -> Vec<(String, String)> {
    let refused = form.read().unwrap_err();
    refused
        .into_iter()
        .map(|validation| (validation.field, validation.detail))
        .collect()
}

#[test]
fn a_template_that_goes_through_the_form_comes_back_the_same() {
    let before = template();
    let form = TemplateForm::from(before.clone());
    assert_eq!(form.source, Source::Repository);
    assert_eq!(form.environment, "CI=1\nOPTIONS=a=b\n");
    assert_eq!(form.parameters[0].options, "eu | Europe | Frankfurt\nus\n");
    assert_eq!(form.idle_stop_minutes, "2.5");
    let read = form.read().unwrap();
    assert_eq!(read.name, before.name);
    assert_eq!(read.repository_url, before.repository_url);
    assert_eq!(read.branch, before.branch);
    assert_eq!(read.environment, before.environment);
    assert_eq!(read.parameters, before.parameters);
    assert_eq!(read.idle_stop_seconds, before.idle_stop_seconds);
    assert!(read.deprecated);
}

#[test]
fn fields_of_another_beginning_or_type_do_not_count() {
    let mut form = TemplateForm::from(template());
    form.source = Source::Empty;
    form.parameters[1].kind = ParameterType::Bool;
    form.parameters[1].min = "none".to_owned();
    let read = form.read().unwrap();
    assert_eq!((read.repository_url, read.branch), (None, None));
    assert_eq!(read.parameters[1].validation, None);
    let nothing = TemplateForm {
        source: Source::Empty,
        ..TemplateForm::default()
    };
    let change = nothing.read_change().unwrap();
    assert_eq!(change.repository_url.as_deref(), Some(""));
    assert_eq!(change.idle_stop_seconds, Some(0));
}

#[test]
fn names_every_field_whose_shape_is_wrong() {
    let mut form = TemplateForm::from(template());
    form.source = Source::Folder;
    form.environment = "CI".to_owned();
    form.idle_stop_minutes = "soon".to_owned();
    form.parameters[1].max = "many".to_owned();
    let refused = refused(form);
    let fields: Vec<&str> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "parameters[1].validation",
            "environment",
            "idle_stop_seconds",
            "folder"
        ]
    );
    assert_eq!(refused[1].1, "Write NAME=value: CI has no “=”.");
}

#[test]
fn minutes_may_have_a_fraction_and_must_be_a_sensible_number() {
    assert_eq!(read_minutes(" 2.5 "), Ok(Some(150)));
    assert_eq!(read_minutes(""), Ok(None));
    for wrong in ["-1", "NaN", "inf", "1e300", "two"] {
        assert!(read_minutes(wrong).is_err(), "{wrong}");
    }
}
