//! Instructions that hold in all chats: the deployment's, what it asks of agents that plan, and each person's own. They hold from the next turn on.

use chatd::prompt::DEFAULT_SYSTEM_PROMPT;
use chatd::prompt::visible;
use sdk::audit_log::AuditAction;
use sdk::chat_config::{
    MAX_PROMPT_BYTES, PROMPT_TOO_LONG, PlanModeInstructions, SystemPrompt, UpdateSystemPrompt,
    UserPrompt,
};
use sdk::permissions::Permission;
use store::chat_config::{self, SystemPromptSetting};

use super::ChatConfigError;
use crate::audit_log::{Change, Prompt};
use crate::{Actor, Platform};

impl Platform {
    /// The deployment's instructions beside the built-in ones. Needs [`Permission::ReadSettings`].
    pub async fn get_system_prompt(&self, actor: &Actor) -> Result<SystemPrompt, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        let setting = chat_config::get_system_prompt(&self.0.db).await?;
        Ok(SystemPrompt {
            system_prompt: setting.system_prompt,
            include_default_system_prompt: setting.include_default_system_prompt,
            default_system_prompt: DEFAULT_SYSTEM_PROMPT.to_owned(),
        })
    }

    /// Sets the deployment's instructions. Needs [`Permission::ManageSettings`].
    pub async fn update_system_prompt(
        &self,
        actor: &Actor,
        change: UpdateSystemPrompt,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let system_prompt = check("system_prompt", &change.system_prompt)?;
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_system_prompt_in(&mut tx).await?;
        let mut setting = before.clone();
        setting.system_prompt = system_prompt;
        if let Some(include) = change.include_default_system_prompt {
            setting.include_default_system_prompt = include;
        }
        chat_config::put_system_prompt(&mut tx, &setting, self.0.clock.now()).await?;
        let change = Change::updated(
            AuditAction::PromptUpdate,
            &system_prompt_of(&before),
            &system_prompt_of(&setting),
        );
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the deployment asks of agents that plan. Needs [`Permission::ReadSettings`].
    pub async fn get_plan_mode_instructions(
        &self,
        actor: &Actor,
    ) -> Result<PlanModeInstructions, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        Ok(PlanModeInstructions {
            plan_mode_instructions: chat_config::get_plan_mode_instructions(&self.0.db).await?,
        })
    }

    /// Sets what the deployment asks of agents that plan. Needs [`Permission::ManageSettings`].
    pub async fn update_plan_mode_instructions(
        &self,
        actor: &Actor,
        change: PlanModeInstructions,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let instructions = check("plan_mode_instructions", &change.plan_mode_instructions)?;
        let mut tx = self.begin_settings().await?;
        let now = self.0.clock.now();
        let before = chat_config::get_plan_mode_instructions_in(&mut tx).await?;
        chat_config::put_plan_mode_instructions(&mut tx, &instructions, now).await?;
        let prompt = |text| Prompt("plan_mode_instructions", text, None);
        let (before, after) = (prompt(before.as_str()), prompt(instructions.as_str()));
        let change = Change::updated(AuditAction::PromptUpdate, &before, &after);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The caller's own instructions.
    pub async fn get_user_prompt(&self, actor: &Actor) -> Result<UserPrompt, ChatConfigError> {
        let custom_prompt = chat_config::get_user_prompt(&self.0.db, actor.user_id).await?;
        Ok(UserPrompt { custom_prompt })
    }

    /// Sets the caller's own instructions; gives them as they are kept.
    pub async fn update_user_prompt(
        &self,
        actor: &Actor,
        prompt: UserPrompt,
    ) -> Result<UserPrompt, ChatConfigError> {
        let custom_prompt = check("custom_prompt", &prompt.custom_prompt)?;
        let mut tx = self.0.db.begin().await?;
        let now = self.0.clock.now();
        chat_config::put_user_prompt(&mut tx, actor.user_id, &custom_prompt, now).await?;
        tx.commit().await?;
        Ok(UserPrompt { custom_prompt })
    }
}

fn system_prompt_of(setting: &SystemPromptSetting) -> Prompt<'_> {
    let includes_default = setting.include_default_system_prompt;
    Prompt(
        "system_prompt",
        &setting.system_prompt,
        Some(includes_default),
    )
}

/// The text as it is kept.
fn check(field: &str, text: &str) -> Result<String, ChatConfigError> {
    if text.contains('\0') {
        return Err(ChatConfigError::field(field, "Remove the NUL characters."));
    }
    let text = visible::clean(text);
    if text.len() > MAX_PROMPT_BYTES {
        return Err(ChatConfigError::field(field, PROMPT_TOO_LONG));
    }
    Ok(text)
}
