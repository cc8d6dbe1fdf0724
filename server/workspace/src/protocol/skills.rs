//! Bodies of the skill routes.

use serde::{Deserialize, Serialize};

/// A skill: a folder of instructions for one kind of work, of which a model is told the name and reads the rest when it
/// needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// The folder's name.
    pub name: String,
    /// When it helps, as it is written; may be empty.
    pub description: String,
    /// Absolute path of its folder.
    pub path: String,
}

/// A skill's instructions: `GET /api/v0/skill?name=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillContent {
    /// The skill.
    pub skill: Skill,
    /// Its instructions, as they are written, without the front matter.
    pub body: String,
    /// Whether there is more of them.
    pub is_cut: bool,
    /// Its other files, relative to its folder and sorted.
    pub files: Vec<String>,
    /// Whether there are more of those.
    pub are_files_cut: bool,
}

/// A file of a skill: `GET /api/v0/skill-file?name=&path=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillFile {
    /// Its text.
    pub content: String,
}
