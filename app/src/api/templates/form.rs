//! A template as its form has it: lines of text, as a plain HTML form sends them. What the texts must say beyond their
//! shape is decided where templates are made.

use std::collections::BTreeMap;

use sdk::errors::Validation;
use sdk::templates::{
    CreateTemplate, ParameterOption, ParameterType, ParameterValidation, Template,
    TemplateParameter, UpdateTemplate,
};
use serde::{Deserialize, Serialize};

const SECONDS_PER_MINUTE: f64 = 60.0;

/// What a template's workspaces begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A clone of a repository.
    #[default]
    Repository,
    /// A work tree of a repository on the server's machine.
    Folder,
    /// Nothing.
    Empty,
}

impl Source {
    /// Its value in the form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Folder => "folder",
            Self::Empty => "empty",
        }
    }
}

/// The form of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateForm {
    /// Its name in URLs and commands.
    pub name: String,
    /// What people read in its place.
    pub display_name: String,
    /// What its workspaces are for.
    pub description: String,
    /// An emoji.
    pub icon: String,
    /// Which of the fields below counts.
    pub source: Source,
    /// A git repository on the server's machine.
    pub folder: String,
    /// A git repository that each workspace clones.
    pub repository_url: String,
    /// The branch or tag to clone.
    pub branch: String,
    /// Shell script that runs in each workspace once.
    pub setup_script: String,
    /// `NAME=value`, one a line.
    pub environment: String,
    /// What whoever makes a workspace says.
    pub parameters: Vec<ParameterForm>,
    /// Minutes without use after which a workspace is stopped; never when empty.
    pub idle_stop_minutes: String,
    /// Not to be used any more.
    pub deprecated: bool,
}

/// One parameter in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParameterForm {
    /// Its name.
    pub name: String,
    /// What its value is.
    pub kind: ParameterType,
    /// What it decides.
    pub description: String,
    /// The value when none is given; none when empty.
    pub default: String,
    /// `value`, or `value | name`, or `value | name | description`, one a line.
    pub options: String,
    /// Whether a value must be given where there is no default.
    pub required: bool,
    /// What a text must match.
    pub regex: String,
    /// Least number.
    pub min: String,
    /// Greatest number.
    pub max: String,
    /// What people are told of a value that is refused.
    pub error: String,
}

impl TemplateForm {
    /// The request that the form asks for; every field whose shape is wrong.
    pub fn read(self) -> Result<CreateTemplate, Vec<Validation>> {
        let mut refused = Refused::default();
        let mut parameters = Vec::new();
        for (index, parameter) in self.parameters.into_iter().enumerate() {
            let field = format!("parameters[{index}].validation");
            parameters.extend(refused.take(&field, parameter.read()));
        }
        let environment = refused.take("environment", read_environment(&self.environment));
        let idle_stop = refused.take("idle_stop_seconds", read_minutes(&self.idle_stop_minutes));
        let is_chosen = |source, text: &str| self.source == source && !text.trim().is_empty();
        let of_folder = is_chosen(Source::Folder, &self.folder);
        let of_repository = is_chosen(Source::Repository, &self.repository_url);
        if self.source == Source::Folder && !of_folder {
            refused.add("folder", "Give the path of a repository on the server.");
        }
        if self.source == Source::Repository && !of_repository {
            refused.add(
                "repository_url",
                "Give the address of a repository, or choose another beginning.",
            );
        }
        refused.finish()?;
        Ok(CreateTemplate {
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            icon: self.icon,
            folder: of_folder.then_some(self.folder),
            repository_url: of_repository.then_some(self.repository_url),
            branch: of_repository.then_some(self.branch).and_then(not_empty),
            setup_script: self.setup_script,
            environment: environment.unwrap_or_default(),
            parameters,
            idle_stop_seconds: idle_stop.flatten(),
            deprecated: self.deprecated,
            ..CreateTemplate::default()
        })
    }

    /// The change that makes a template what the form says: an empty text takes an optional value away.
    pub fn read_change(self) -> Result<UpdateTemplate, Vec<Validation>> {
        let form = self.read()?;
        Ok(UpdateTemplate {
            name: Some(form.name),
            display_name: Some(form.display_name),
            description: Some(form.description),
            icon: Some(form.icon),
            folder: Some(form.folder.unwrap_or_default()),
            repository_url: Some(form.repository_url.unwrap_or_default()),
            branch: Some(form.branch.unwrap_or_default()),
            setup_script: Some(form.setup_script),
            environment: Some(form.environment),
            parameters: Some(form.parameters),
            idle_stop_seconds: Some(form.idle_stop_seconds.unwrap_or_default()),
            deprecated: Some(form.deprecated),
        })
    }
}

impl From<Template> for TemplateForm {
    fn from(template: Template) -> Self {
        let source = match (&template.repository_url, &template.folder) {
            (Some(_), _) => Source::Repository,
            (None, Some(_)) => Source::Folder,
            (None, None) => Source::Empty,
        };
        Self {
            name: template.name,
            display_name: template.display_name,
            description: template.description,
            icon: template.icon,
            source,
            folder: template.folder.unwrap_or_default(),
            repository_url: template.repository_url.unwrap_or_default(),
            branch: template.branch.unwrap_or_default(),
            setup_script: template.setup_script,
            environment: template.environment.iter().map(write_variable).collect(),
            parameters: template.parameters.into_iter().map(Into::into).collect(),
            idle_stop_minutes: template
                .idle_stop_seconds
                .map(|seconds| (f64::from(seconds) / SECONDS_PER_MINUTE).to_string())
                .unwrap_or_default(),
            deprecated: template.deprecated,
        }
    }
}

impl From<TemplateParameter> for ParameterForm {
    fn from(parameter: TemplateParameter) -> Self {
        let validation = parameter.validation.unwrap_or_default();
        let number = |number: Option<f64>| number.map(|it| it.to_string()).unwrap_or_default();
        Self {
            name: parameter.name,
            kind: parameter.kind,
            description: parameter.description,
            default: parameter.default.unwrap_or_default(),
            options: parameter.options.iter().map(write_option).collect(),
            required: parameter.required,
            regex: validation.regex.unwrap_or_default(),
            min: number(validation.min),
            max: number(validation.max),
            error: validation.error.unwrap_or_default(),
        }
    }
}

impl ParameterForm {
    /// Fields that the chosen type does not have do not count: they stand hidden in the form.
    fn read(self) -> Result<TemplateParameter, &'static str> {
        let is_number = self.kind == ParameterType::Number;
        let is_text = self.kind == ParameterType::String;
        let limit = |text: &str| match text.trim() {
            text if !text.is_empty() && is_number => text
                .parse::<f64>()
                .map(Some)
                .map_err(|_| "Enter numbers for least and greatest."),
            _ => Ok(None),
        };
        let validation = ParameterValidation {
            regex: not_empty(self.regex).filter(|_| is_text),
            min: limit(&self.min)?,
            max: limit(&self.max)?,
            error: not_empty(self.error).filter(|_| is_text || is_number),
        };
        let has_options = self.kind != ParameterType::Bool;
        let options = self.options.lines().filter_map(read_option);
        Ok(TemplateParameter {
            name: self.name.trim().to_owned(),
            kind: self.kind,
            description: self.description.trim().to_owned(),
            default: not_empty(self.default),
            options: options.filter(|_| has_options).collect(),
            required: self.required,
            validation: (validation != ParameterValidation::default()).then_some(validation),
        })
    }
}

fn not_empty(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn read_environment(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut environment = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("Write NAME=value: {} has no “=”.", line.trim()));
        };
        let name = name.trim();
        if environment
            .insert(name.to_owned(), value.to_owned())
            .is_some()
        {
            return Err(format!("{name} is there twice."));
        }
    }
    Ok(environment)
}

fn write_variable((name, value): (&String, &String)) -> String {
    format!("{name}={value}\n")
}

fn read_minutes(text: &str) -> Result<Option<u32>, &'static str> {
    const REFUSED: &str = "Give a number of minutes, or leave it empty for never.";
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let minutes: f64 = text.parse().map_err(|_| REFUSED)?;
    let seconds = (minutes * SECONDS_PER_MINUTE).round();
    if !(0.0..=f64::from(u32::MAX)).contains(&seconds) {
        return Err(REFUSED);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between the limits"
    )]
    let seconds = seconds as u32;
    Ok(Some(seconds))
}

fn read_option(line: &str) -> Option<ParameterOption> {
    let mut pieces = line.splitn(3, '|').map(|piece| piece.trim().to_owned());
    let value = pieces.next().filter(|value| !value.is_empty())?;
    let name = pieces.next().filter(|name| !name.is_empty());
    Some(ParameterOption {
        name: name.unwrap_or_else(|| value.clone()),
        value,
        description: pieces.next().unwrap_or_default(),
    })
}

fn write_option(option: &ParameterOption) -> String {
    let ParameterOption {
        name,
        value,
        description,
    } = option;
    if !description.is_empty() {
        format!("{value} | {name} | {description}\n")
    } else if name == value || name.is_empty() {
        format!("{value}\n")
    } else {
        format!("{value} | {name}\n")
    }
}

/// Fields whose shape is wrong.
#[derive(Default)]
struct Refused(Vec<Validation>);

impl Refused {
    fn add(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(Validation {
            field: field.to_owned(),
            detail: detail.into(),
        });
    }

    fn take<T>(&mut self, field: &str, read: Result<T, impl Into<String>>) -> Option<T> {
        read.map_err(|detail| self.add(field, detail)).ok()
    }

    fn finish(self) -> Result<(), Vec<Validation>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

#[cfg(test)]
mod tests;
