//! `read_skill` and `read_skill_file`, and what a model is told of skills before it reads one. Skills are the
//! repository's words, as instruction files are: without what a person who reads them would not see.

use std::fmt::Write as _;

use sdk::parts::ToolCallPart;
use serde::Deserialize;
use serde_json::json;
use workspace::connection::AgentClient;
use workspace::protocol::Skill;

use super::Outcome;
use super::arguments::parse;
use super::workspace_tools::agent_error;
use crate::prompt::visible;

/// The specification's limit for a description, which is sent with every call of the model.
const MAX_DESCRIPTION_CHARACTERS: usize = 1024;

#[derive(Deserialize)]
struct SkillArguments {
    name: String,
}

#[derive(Deserialize)]
struct SkillFileArguments {
    name: String,
    path: String,
}

/// Names and descriptions for the prompt; nothing when there are none.
pub(super) fn index(skills: &[Skill]) -> Option<String> {
    if skills.is_empty() {
        return None;
    }
    let mut index = "<available-skills>\n".to_owned();
    for skill in skills {
        let _ = writeln!(index, "{}", line(skill));
    }
    index.push_str("</available-skills>");
    Some(index)
}

fn line(skill: &Skill) -> String {
    let words = visible::shown(&skill.description);
    let words: Vec<_> = words.split_whitespace().collect();
    let words = words.join(" ");
    if words.is_empty() {
        return format!("- {}", skill.name);
    }
    let cut = words.char_indices().nth(MAX_DESCRIPTION_CHARACTERS);
    match cut.and_then(|(at, _)| words.get(..at)) {
        Some(kept) => format!("- {}: {kept} …", skill.name),
        None => format!("- {}: {words}", skill.name),
    }
}

pub(super) async fn read_skill(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: SkillArguments = parse(call)?;
    let read = client.skill(&arguments.name).await;
    let read = read.map_err(|error| agent_error(&error))?;
    let mut result = json!({
        "name": read.skill.name,
        "path": read.skill.path,
        "body": visible::shown(&read.body),
        "files": read.files,
    });
    if let Some(fields) = result.as_object_mut() {
        if read.is_cut {
            fields.insert(
                "note".to_owned(),
                "The instructions are cut at 64 KiB.".into(),
            );
        }
        if read.are_files_cut {
            let words = "There are more files; list the folder with execute.";
            fields.insert("files_note".to_owned(), words.into());
        }
    }
    Ok(Outcome::success(result))
}

pub(super) async fn read_skill_file(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: SkillFileArguments = parse(call)?;
    let read = client.skill_file(&arguments.name, &arguments.path).await;
    let read = read.map_err(|error| agent_error(&error))?;
    Ok(Outcome::success(json!({
        "name": arguments.name,
        "path": arguments.path,
        "content": read.content,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(name: &str, description: &str) -> Skill {
        Skill {
            name: name.to_owned(),
            description: description.to_owned(),
            path: format!("/w/.agents/skills/{name}"),
        }
    }

    #[test]
    fn each_skill_is_one_line_of_what_can_be_seen() {
        let long = "ä ".repeat(2000);
        let skills = [
            skill("one", "Two\nlines.<!-- hidden -->\u{200b}"),
            skill("two", ""),
            skill("three", &long),
        ];
        let index = index(&skills).unwrap_or_default();
        let lines: Vec<_> = index.lines().collect();
        assert_eq!(lines.first(), Some(&"<available-skills>"));
        assert_eq!(lines.get(1), Some(&"- one: Two lines."));
        assert_eq!(lines.get(2), Some(&"- two"));
        let length = lines.get(3).map_or(0, |line| line.chars().count());
        assert_eq!(length, "- three: ".len() + 1024 + " …".chars().count());
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn without_skills_nothing_is_said() {
        assert_eq!(index(&[]), None);
    }
}
