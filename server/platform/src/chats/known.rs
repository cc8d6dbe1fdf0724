//! What a model is told of a chat's workspace before it reads anything there, and the files that a message can name.

use chatd::prompt::visible;
use sdk::chat_context::{ChatContext, ContextFile, ContextSkill};
use sdk::ids::ChatId;
use sdk::permissions::Permission;
use sdk::prompt_preview::PromptPreview;
use sdk::workspace_files::{FindFiles, FoundFile, FoundFiles};
use workspace::protocol::{FindFilesQuery, InstructionFile, Skill};

use super::ChatFailure;
use crate::{Actor, Platform};

const DEFAULT_FILES: i64 = 20;
const MAX_FILES: i64 = 100;

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
