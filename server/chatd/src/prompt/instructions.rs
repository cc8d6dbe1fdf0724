//! Instructions that are configured: the deployment's, then the person's own. What a chat was created with and what is
//! known of its workspace follow them in the prompt.

use llm::SystemBlock;
use store::chat_config::TurnConfig;

/// What chats begin with unless the deployment configured otherwise. Kept short: it is sent with each call.
pub const DEFAULT_SYSTEM_PROMPT: &str = "\
You are a coding agent in Switchyard. You work for the person you talk to, in a real workspace when tools are given.
- Follow the person's instructions and the repository's own rules (AGENTS.md) first.
- Act instead of asking: read what you need, change it, run the checks, and say what happened. Ask only when a choice is theirs and cannot be guessed.
- Look before you change: read a file before you edit it, and search with execute (rg, git grep, ls) before you guess paths. Paths are absolute.
- Prefer edit_files for changes and write_file for new files. Call independent tools in one step, in parallel.
- Start servers and watchers with run_in_background. Do not wait for them.
- Never invent results. When a tool fails, read the error and correct the cause. Do not repeat a call that may have taken effect without checking.
- Do not commit, push or delete things that you were not asked for. Keep secrets out of answers.
- Answer briefly in Markdown: what you did, where (path:line), what is left. No emojis.";

/// Instructions for all chats of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instructions(Vec<SystemBlock>);

impl Instructions {
    /// Those that hold for a turn.
    pub fn of(config: &TurnConfig) -> Self {
        let mut blocks = vec![SystemBlock::new(deployment(config))];
        let own = config.user_prompt.trim();
        if !own.is_empty() {
            blocks.push(SystemBlock::new(format!(
                "<user-instructions>\n{own}\n</user-instructions>"
            )));
        }
        Self(blocks)
    }

    pub(super) fn blocks(&self) -> &[SystemBlock] {
        &self.0
    }
}

/// The built-in instructions, the deployment's own, or both; never nothing.
fn deployment(config: &TurnConfig) -> String {
    let own = config.system_prompt.system_prompt.trim();
    match (own, config.system_prompt.include_default_system_prompt) {
        ("", _) => DEFAULT_SYSTEM_PROMPT.to_owned(),
        (own, true) => format!("{DEFAULT_SYSTEM_PROMPT}\n\n{own}"),
        (own, false) => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use store::chat_config::SystemPromptSetting;

    use super::*;

    fn texts(system_prompt: &str, include_default_system_prompt: bool, own: &str) -> Vec<String> {
        let config = TurnConfig {
            system_prompt: SystemPromptSetting {
                system_prompt: system_prompt.to_owned(),
                include_default_system_prompt,
            },
            user_prompt: own.to_owned(),
            compaction_threshold: None,
        };
        let blocks = Instructions::of(&config).0;
        blocks.into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn the_default_prompt_is_small() {
        let length = DEFAULT_SYSTEM_PROMPT.len();
        assert!(length < 2048, "{length}");
    }

    #[test]
    fn the_built_in_instructions_stand_alone_first_or_not_at_all() {
        let both = format!("{DEFAULT_SYSTEM_PROMPT}\n\nUse tabs.");
        assert_eq!(texts("", true, ""), [DEFAULT_SYSTEM_PROMPT]);
        assert_eq!(texts(" ", false, ""), [DEFAULT_SYSTEM_PROMPT]);
        assert_eq!(texts("Use tabs.", true, ""), [both]);
        assert_eq!(texts("Use tabs.", false, ""), ["Use tabs."]);
    }

    #[test]
    fn a_persons_own_instructions_follow_marked_as_such() {
        assert_eq!(
            texts("Use tabs.", false, "Speak French."),
            [
                "Use tabs.",
                "<user-instructions>\nSpeak French.\n</user-instructions>"
            ]
        );
    }
}
