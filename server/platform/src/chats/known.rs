//! What a model is told of a chat's workspace before it reads anything there, and the files that a message can name.

use chatd::prompt::visible;
use sdk::chat_context::{ChatContext, ContextFile, ContextSkill};
use sdk::ids::ChatId;
use sdk::parts::LineReference;
use sdk::permissions::Permission;
use sdk::prompt_preview::PromptPreview;
use sdk::workspace_files::{FindFiles, FoundFile, FoundFiles};
use workspace::protocol::{FindFilesQuery, InstructionFile, ReadFileLines, ReadLinesQuery, Skill};

use super::ChatFailure;
use crate::{Actor, Platform};

const DEFAULT_FILES: i64 = 20;
const MAX_FILES: i64 = 100;
/// A longer file is named in a message and not quoted: the model reads what it needs of it.
const MAX_QUOTED_LINES: u64 = 400;

impl Platform {
    /// Files of a chat's workspace by a few letters of their path. Starts no workspace.
    pub async fn find_files(
        &self,
        actor: &Actor,
        id: ChatId,
        query: FindFiles,
    ) -> Result<FoundFiles, ChatFailure> {
        let limit = query.limit.unwrap_or(DEFAULT_FILES);
        if !(1..=MAX_FILES).contains(&limit) {
            return Err(ChatFailure::field("limit", "must be between 1 and 100"));
        }
        let looked = self.chat_agent(actor, id).await?;
        let query = FindFilesQuery {
            query: query.q,
            limit: usize::try_from(limit).unwrap_or_default(),
        };
        let found = looked.client.find_files(&query).await;
        let found = found.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        let file = |file: workspace::protocol::FoundFile| FoundFile {
            path: file.path,
            is_dir: file.is_dir,
        };
        Ok(FoundFiles {
            files: found.files.into_iter().map(file).collect(),
            is_cut: found.is_cut,
        })
    }

    /// A file of a chat's workspace as a part of a message: with all its lines, or without any when it is long, binary or
    /// empty. `path` is relative to the working directory, as it was found. Starts no workspace.
    pub async fn quote_file(
        &self,
        actor: &Actor,
        id: ChatId,
        path: String,
    ) -> Result<LineReference, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        let read = async {
            let about = looked.client.about().await?;
            let query = ReadLinesQuery {
                path: format!("{}/{path}", about.working_directory),
                offset: 1,
                limit: 0,
            };
            looked.client.read_file_lines(&query).await
        };
        let read = read.await;
        let read = read.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        Ok(quote(path, &read))
    }

    /// The instruction files and skills that a chat's next step is told of. Starts no workspace.
    pub async fn get_chat_context(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<ChatContext, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        let context = looked.client.context().await;
        let context =
            context.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        Ok(ChatContext {
            working_directory: context.about.working_directory,
            home_directory: context.about.home_directory,
            instruction_files: context.instruction_files.into_iter().map(file).collect(),
            skills: context.skills.into_iter().map(skill).collect(),
        })
    }

    /// What the next call of a chat of the caller would send to its model, block by block. Starts no workspace and calls no
    /// model. Needs [`Permission::ReadSettings`], as it shows what is configured for everybody.
    pub async fn preview_prompt(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<PromptPreview, ChatFailure> {
        actor.require(Permission::ReadSettings, ChatFailure::Forbidden)?;
        let row = self.own_chat(actor, id).await?;
        Ok(self.0.daemon.preview_prompt(&row).await?)
    }
}

/// The lines come with their numbers, and the end of the last one as a line of its own.
fn quote(file_name: String, read: &ReadFileLines) -> LineReference {
    let numbered = read.content.split('\n');
    let lines = numbered.map(|line| line.split_once('\t').map_or(line, |(_number, line)| line));
    let content = lines.collect::<Vec<_>>().join("\n");
    let content = content.trim_end_matches('\n');
    if !read.success || read.total_lines > MAX_QUOTED_LINES || content.is_empty() {
        return LineReference {
            file_name,
            ..LineReference::default()
        };
    }
    LineReference {
        file_name,
        start_line: 1,
        end_line: i64::try_from(content.split('\n').count()).unwrap_or(i64::MAX),
        content: content.to_owned(),
    }
}

fn file(file: InstructionFile) -> ContextFile {
    ContextFile {
        path: file.path,
        is_cut: file.is_cut,
    }
}

fn skill(skill: Skill) -> ContextSkill {
    ContextSkill {
        name: skill.name,
        description: visible::shown(&skill.description),
        path: skill.path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str, total_lines: u64) -> ReadFileLines {
        ReadFileLines {
            success: true,
            total_lines,
            content: content.to_owned(),
            ..ReadFileLines::default()
        }
    }

    #[test]
    fn a_file_is_quoted_as_it_stands_and_a_long_one_is_named() {
        let quoted = quote("a.rs".to_owned(), &read("1\tfn\ta() {\n2\t\n3\t}\n4\t", 4));
        assert_eq!((quoted.start_line, quoted.end_line), (1, 3));
        assert_eq!(quoted.content, "fn\ta() {\n\n}");
        let named = LineReference {
            file_name: "a.rs".to_owned(),
            ..LineReference::default()
        };
        let binary = ReadFileLines {
            error: Some("the file is binary".to_owned()),
            ..ReadFileLines::default()
        };
        for read in [read("1\t", 1), read("1\ta", MAX_QUOTED_LINES + 1), binary] {
            assert_eq!(quote("a.rs".to_owned(), &read), named);
        }
    }
}
