//! Skills: folders with a `SKILL.md`, in the format of <https://agentskills.io/specification>. Looked for anew at each
//! question, because the agent itself may have changed them: in `.agents/skills` of the working directory, then of the
//! folders above it up to the repository's root, then of the home folder. The first with a name counts; one that cannot be
//! understood is passed over.

mod front_matter;
mod inside;

use std::path::{Path, PathBuf};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::Deserialize;

use super::files::{blocking, read_at_most, regular_file_size};
use super::{AgentState, error::ApiError, instructions::repository_folders};
use crate::protocol::{Skill, SkillContent, SkillFile};

/// Below each folder that is looked into.
const FOLDER: &str = ".agents/skills";
/// In each skill's folder.
const FILE: &str = "SKILL.md";
/// More are not told to a model.
const MAX_SKILLS: usize = 100;
/// A skill's instructions; the rest is cut.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The front matter comes on top of them.
const MAX_READ_BYTES: u64 = MAX_BODY_BYTES as u64 + 16 * 1024;
/// Another file of a skill.
const MAX_FILE_BYTES: u64 = 512 * 1024;
/// The specification's limit for a name.
const MAX_NAME_BYTES: usize = 64;

/// The query of the routes.
#[derive(Deserialize)]
pub struct SkillQuery {
    name: String,
    /// Of a file, relative to the skill's folder.
    #[serde(default)]
    path: String,
}

type SkillParameters = Result<Query<SkillQuery>, QueryRejection>;

/// `GET /skill`: a skill's instructions and the names of its files.
pub async fn skill(
    State(state): State<AgentState>,
    query: SkillParameters,
) -> Result<Json<SkillContent>, ApiError> {
    let name = query?.0.name;
    blocking(move || {
        let (skill, file) = find(&state, &name)?;
        let body = file.body.trim();
        let kept = body.floor_char_boundary(MAX_BODY_BYTES);
        let (files, are_files_cut) = inside::list(Path::new(&skill.path));
        Ok(SkillContent {
            is_cut: kept < body.len() || file.is_cut,
            body: body.get(..kept).unwrap_or_default().to_owned(),
            skill,
            files,
            are_files_cut,
        })
    })
    .await
    .map(Json)
}

/// `GET /skill-file`: another file of a skill.
pub async fn skill_file(
    State(state): State<AgentState>,
    query: SkillParameters,
) -> Result<Json<SkillFile>, ApiError> {
    let SkillQuery { name, path } = query?.0;
    let relative = inside::relative(&path)?;
    blocking(move || {
        let (skill, _) = find(&state, &name)?;
        let path = Path::new(&skill.path).join(relative);
        let size = regular_file_size(&path)?;
        if size > MAX_FILE_BYTES {
            return Err(ApiError::bad_request(format!(
                "{} has {size} bytes and files of skills over {MAX_FILE_BYTES} are not read; look at parts of it with a \
                 command",
                path.display()
            )));
        }
        let content = String::from_utf8(read_at_most(&path, MAX_FILE_BYTES)?);
        let content = content.map_err(|_| {
            ApiError::bad_request(format!(
                "{} is not text; use it with a command",
                path.display()
            ))
        })?;
        Ok(SkillFile { content })
    })
    .await
    .map(Json)
}

/// The skills that hold in a working directory, sorted by name.
pub(super) fn all(home: &Path, working_directory: &Path) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::new();
    for folder in folders(home, working_directory) {
        for name in names(&folder) {
            if skills.len() < MAX_SKILLS
                && !skills.iter().any(|known| known.name == name)
                && let Some((skill, _)) = read(&folder, &name, Extent::Head)
            {
                skills.push(skill);
            }
        }
    }
    skills.sort_by(|one, other| one.name.cmp(&other.name));
    skills
}

fn find(state: &AgentState, name: &str) -> Result<(Skill, front_matter::SkillText), ApiError> {
    let (home, working_directory) = (&state.inner.home_directory, &state.inner.working_directory);
    let found = folders(home, working_directory)
        .iter()
        .find_map(|folder| read(folder, name, Extent::Whole));
    found.ok_or_else(|| {
        let known = all(home, working_directory);
        let known: Vec<_> = known.into_iter().map(|skill| skill.name).collect();
        ApiError::not_found(if known.is_empty() {
            format!("there is no skill {name:?}; this workspace has none")
        } else {
            format!("there is no skill {name:?}; there are {}", known.join(", "))
        })
    })
}

/// The nearest first.
fn folders(home: &Path, working_directory: &Path) -> Vec<PathBuf> {
    let mut folders = repository_folders(working_directory);
    folders.reverse();
    folders.push(home.to_owned());
    folders
        .into_iter()
        .map(|folder| folder.join(FOLDER))
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| is_name(name)).collect();
    names.sort();
    names
}

/// Lower-case letters, digits and single hyphens between them.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// How much of a `SKILL.md` is read.
#[derive(Clone, Copy)]
enum Extent {
    Head,
    Whole,
}

/// `None` when it is not a skill: its name must be that of its folder.
fn read(folder: &Path, name: &str, extent: Extent) -> Option<(Skill, front_matter::SkillText)> {
    if !is_name(name) {
        return None;
    }
    let path = folder.join(name);
    let file = path.join(FILE);
    let size = regular_file_size(&file).ok()?;
    let text = match extent {
        Extent::Head => front_matter::read_head(&file, MAX_READ_BYTES)?,
        Extent::Whole => front_matter::read(&file, MAX_READ_BYTES, size)?,
    };
    (text.name == name).then(|| {
        let skill = Skill {
            name: name.to_owned(),
            description: text.description.clone(),
            path: path.display().to_string(),
        };
        (skill, text)
    })
}

#[cfg(test)]
mod tests;
