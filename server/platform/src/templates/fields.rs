//! What the fields of a template must look like.

use std::collections::BTreeMap;
use std::path::Path;

use sdk::templates::UpdateTemplate;
use store::Db;
use store::templates::TemplateRow;
use url::Url;
use workspace::backend::{Backend, Source};

use super::{TemplateError, parameters};
use crate::failure::Checks;
use crate::workspaces::{allowed_folder, check_name};

const MAX_DISPLAY_NAME_CHARACTERS: usize = 64;
const MAX_DESCRIPTION_CHARACTERS: usize = 2000;
const MAX_ICON_CHARACTERS: usize = 8;
const MAX_SCRIPT_BYTES: usize = 64 * 1024;
const MAX_VARIABLES: usize = 200;
const MAX_ENVIRONMENT_BYTES: usize = 64 * 1024;
/// Two minutes: less would stop workspaces between two messages.
const MIN_IDLE_STOP_SECONDS: u32 = 120;
const MAX_IDLE_STOP_SECONDS: u32 = 30 * 24 * 3600;
/// Names of variables that belong to the product.
const RESERVED: [&str; 3] = ["SWITCHYARD_", "CODER_", "LD_"];

/// The row with the changes of a request.
pub(super) fn changed(row: TemplateRow, change: UpdateTemplate) -> TemplateRow {
    TemplateRow {
        name: change.name.unwrap_or(row.name),
        display_name: change.display_name.unwrap_or(row.display_name),
        description: change.description.unwrap_or(row.description),
        icon: change.icon.unwrap_or(row.icon),
        folder: change.folder.or(row.folder),
        repository_url: change.repository_url.or(row.repository_url),
        branch: change.branch.or(row.branch),
        setup_script: change.setup_script.unwrap_or(row.setup_script),
        environment: change.environment.unwrap_or(row.environment),
        parameters: change.parameters.unwrap_or(row.parameters),
        idle_stop_seconds: change.idle_stop_seconds.or(row.idle_stop_seconds),
        deprecated: change.deprecated.unwrap_or(row.deprecated),
        ..row
    }
}

/// Checks all fields and names every one that is refused; the row in the form it is stored in.
pub(super) async fn check(
    db: &Db,
    backend: &dyn Backend,
    row: TemplateRow,
) -> Result<TemplateRow, TemplateError> {
    let mut checks = Checks::default();
    let name = checks.take("name", check_name(&row.name));
    let display_name = checks.take(
        "display_name",
        line(&row.display_name, MAX_DISPLAY_NAME_CHARACTERS),
    );
    let icon = checks.take("icon", line(&row.icon, MAX_ICON_CHARACTERS));
    let description = checks.take("description", text(&row.description));
    let setup_script = checks.take("setup_script", script(&row.setup_script));
    checks.take("environment", environment(&row.environment));
    checks.take("idle_stop_seconds", idle_stop(row.idle_stop_seconds));
    parameters::check_definitions(&row.parameters, &mut checks);

    let folder = not_empty(row.folder);
    let repository_url = not_empty(row.repository_url);
    let branch = not_empty(row.branch);
    if folder.is_some() && repository_url.is_some() {
        checks.refuse(
            "repository_url",
            "Give either a folder or a repository, not both.",
        );
    }
    if branch.is_some() && repository_url.is_none() {
        checks.refuse("branch", "A branch belongs to a repository's address.");
    }
    if let Some(branch) = &branch {
        checks.take("branch", check_branch(branch));
    }
    let folder = match folder {
        Some(folder) => checks.take("folder", repository_folder(db, backend, &folder).await),
        None => None,
    };
    let repository_url = match repository_url {
        Some(url) => checks.take("repository_url", check_url(db, &url).await),
        None => None,
    };
    checks.finish().map_err(TemplateError::Invalid)?;
    Ok(TemplateRow {
        name: name.unwrap_or_default(),
        display_name: display_name.unwrap_or_default(),
        description: description.unwrap_or_default(),
        icon: icon.unwrap_or_default(),
        setup_script: setup_script.unwrap_or_default(),
        idle_stop_seconds: row.idle_stop_seconds.filter(|seconds| *seconds > 0),
        folder,
        repository_url,
        branch,
        ..row
    })
}

fn not_empty(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

fn line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(format!("Use at most {most} characters."));
    }
    if text.chars().any(char::is_control) {
        return Err("Remove line breaks and other control characters.".to_owned());
    }
    Ok(text.to_owned())
}

fn text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION_CHARACTERS {
        return Err("Use at most 2,000 characters.".to_owned());
    }
    if text.contains('\0') {
        return Err("Remove the NUL characters.".to_owned());
    }
    Ok(text.to_owned())
}

fn script(script: &str) -> Result<String, String> {
    if script.len() > MAX_SCRIPT_BYTES {
        return Err("Use at most 64 KiB.".to_owned());
    }
    if script.contains('\0') {
        return Err("Remove the NUL characters.".to_owned());
    }
    // A form sends the line ends of another system, and a shell takes them for a part of the words.
    Ok(script.replace("\r\n", "\n"))
}

fn environment(environment: &BTreeMap<String, String>) -> Result<(), String> {
    if environment.len() > MAX_VARIABLES {
        return Err("Use at most 200 variables.".to_owned());
    }
    let bytes: usize = environment
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > MAX_ENVIRONMENT_BYTES {
        return Err("Use at most 64 KiB in all.".to_owned());
    }
    for (name, value) in environment {
        if !parameters::is_identifier(name) {
            return Err(format!(
                "{name:?} cannot be a variable's name: use letters, digits and underscores, and begin with a letter."
            ));
        }
        if RESERVED.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(format!("{name} is reserved. Choose another name."));
        }
        if value.contains('\0') {
            return Err(format!("Remove the NUL characters of {name}."));
        }
    }
    Ok(())
}

fn idle_stop(seconds: Option<u32>) -> Result<(), &'static str> {
    match seconds {
        None | Some(0 | MIN_IDLE_STOP_SECONDS..=MAX_IDLE_STOP_SECONDS) => Ok(()),
        Some(_) => Err("Use 0 for never, or 2 minutes to 30 days."),
    }
}

/// What git takes for a branch's name, as far as it matters on a command line.
fn check_branch(branch: &str) -> Result<(), &'static str> {
    let is_odd = |character: char| {
        character.is_whitespace() || character.is_control() || "~^:?*[\\".contains(character)
    };
    if branch.len() > 255
        || branch.starts_with('-')
        || branch.contains("..")
        || branch.contains(is_odd)
    {
        return Err("This cannot be the name of a branch or tag.");
    }
    Ok(())
}

async fn repository_folder(db: &Db, backend: &dyn Backend, folder: &str) -> Result<String, String> {
    let folder = allowed_folder(db, folder).await?;
    let source = Source::Worktree {
        folder: folder.clone(),
        title: String::new(),
    };
    backend
        .check(&source)
        .await
        .map_err(|error| format!("{error}."))?;
    Ok(folder.display().to_string())
}

/// An address that git clones without asking anybody.
async fn check_url(db: &Db, url: &str) -> Result<String, String> {
    if Path::new(url).is_absolute() {
        return Ok(allowed_folder(db, url).await?.display().to_string());
    }
    if is_scp_like(url) {
        return Ok(url.to_owned());
    }
    let parsed = Url::parse(url).ok().filter(|parsed| {
        ["https", "http", "ssh", "git"].contains(&parsed.scheme()) && parsed.has_host()
    });
    let parsed = parsed.ok_or_else(|| {
        "Enter an address such as https://example.com/team/project.git or git@example.com:team/project.git."
            .to_owned()
    })?;
    let is_login =
        parsed.password().is_some() || (!parsed.username().is_empty() && parsed.scheme() != "ssh");
    if is_login {
        return Err(
            "Remove the user name and password: everybody who uses the template would read them."
                .to_owned(),
        );
    }
    Ok(url.to_owned())
}

/// `git@example.com:team/project.git`.
fn is_scp_like(url: &str) -> bool {
    let Some((host, path)) = url.split_once(':') else {
        return false;
    };
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let (user, host) = host.split_once('@').unwrap_or(("git", host));
    let begins_well = |part: &str| part.starts_with(|first: char| first.is_ascii_alphanumeric());
    [user, host]
        .iter()
        .all(|part| begins_well(part) && part.chars().all(is_plain))
        && !path.is_empty()
        && !path.starts_with("//")
        && !path.contains(|character: char| character.is_whitespace() || character.is_control())
}
