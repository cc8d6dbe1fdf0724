//! `list_templates` and `read_template`: what workspaces can be made from.

use sdk::ids::UserId;
use sdk::parts::ToolCallPart;
use sdk::templates::{Template, TemplateParameter};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Outcome;
use super::arguments::parse;
use super::lifecycle::refused;
use crate::sources::OwnWorkspaces;

const PAGE: usize = 10;
/// What is shown of a template's description.
const DESCRIPTION_CHARACTERS: usize = 200;
/// What is shown of a parameter's.
const PARAMETER_CHARACTERS: usize = 300;

#[derive(Deserialize)]
struct ListArguments {
    query: Option<String>,
    page: Option<usize>,
}

#[derive(Deserialize)]
struct ReadArguments {
    template_id: String,
}

pub(super) async fn list_templates(
    own: &dyn OwnWorkspaces,
    owner: UserId,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: ListArguments = parse(call)?;
    let all = own.list_templates(owner).await.map_err(refused)?;
    let query = arguments.query.unwrap_or_default().trim().to_lowercase();
    let found: Vec<&Template> = all
        .iter()
        .filter(|template| speaks_of(template, &query))
        .collect();
    let page = arguments.page.unwrap_or(1).max(1);
    let total_pages = found.len().div_ceil(PAGE);
    let shown: Vec<Value> = found
        .iter()
        .skip((page - 1).saturating_mul(PAGE))
        .take(PAGE)
        .map(|template| in_list(template))
        .collect();
    let mut result = json!({
        "count": shown.len(),
        "templates": shown,
        "page": page,
        "total_pages": total_pages,
        "total_count": found.len(),
    });
    if let (true, Some(fields)) = (all.is_empty(), result.as_object_mut()) {
        let hint =
            "There is no template that agents may use. Tell the user; an owner can write one.";
        fields.insert("hint".to_owned(), hint.into());
    }
    Ok(Outcome::success(result))
}

pub(super) async fn read_template(
    own: &dyn OwnWorkspaces,
    owner: UserId,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: ReadArguments = parse(call)?;
    let template = find(own, owner, &arguments.template_id).await?;
    let parameters: Vec<Value> = template.parameters.iter().map(parameter).collect();
    let mut shown = in_list(&template);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("description".to_owned(), template.description.into());
        fields.insert("repository_url".to_owned(), template.repository_url.into());
        fields.insert("branch".to_owned(), template.branch.into());
        fields.insert("folder".to_owned(), template.folder.into());
        fields.retain(|_, value| !value.is_null());
    }
    Ok(Outcome::success(
        json!({ "template": shown, "parameters": parameters }),
    ))
}

/// A template that agents may use, by its id or its name.
pub(super) async fn find(
    own: &dyn OwnWorkspaces,
    owner: UserId,
    named: &str,
) -> Result<Template, Outcome> {
    let named = named.trim();
    let all = own.list_templates(owner).await.map_err(refused)?;
    let is_meant = |template: &Template| template.id.to_string() == named || template.name == named;
    all.into_iter().find(is_meant).ok_or_else(|| {
        Outcome::error(format!(
            "There is no template {named:?} that agents may use; list_templates shows those there are."
        ))
    })
}

fn speaks_of(template: &Template, query: &str) -> bool {
    [
        &template.name,
        &template.display_name,
        &template.description,
    ]
    .into_iter()
    .any(|text| text.to_lowercase().contains(query))
}

fn in_list(template: &Template) -> Value {
    json!({
        "id": template.id,
        "name": template.name,
        "display_name": template.title(),
        "description": cut(&template.description, DESCRIPTION_CHARACTERS),
        "active_developers": template.active_developers,
    })
}

fn parameter(parameter: &TemplateParameter) -> Value {
    let mut shown = json!({
        "name": parameter.name,
        "type": parameter.kind,
        "description": cut(&parameter.description, PARAMETER_CHARACTERS),
        "default": parameter.default,
        "options": parameter.options,
        // A value must be given where there is none otherwise.
        "required": parameter.required && parameter.default.is_none(),
        "validation": parameter.validation,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!(""));
    }
    shown
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
