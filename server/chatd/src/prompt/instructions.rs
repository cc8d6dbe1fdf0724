//! Instructions that are configured: the deployment's, the person's own, then those of plan mode. What a chat was
//! created with and what is known of its workspace follow them in the prompt.

use llm::SystemBlock;
use sdk::chats::PlanMode;
use sdk::prompt_preview::PromptBlockKind;
use store::chat_config::TurnConfig;

/// What chats begin with unless the deployment configured otherwise. Kept short: it is sent with each call.
pub const DEFAULT_SYSTEM_PROMPT: &str = "\
You are a coding agent in Switchyard. You work for the person you talk to, in a real workspace when there is one.
- Follow the person's instructions and the repository's own rules (AGENTS.md) first.
- Act instead of asking: read what you need, change it, run the checks, and say what happened. Ask only when a choice is theirs and cannot be guessed.
- Look before you change: read a file before you edit it, and search with execute (rg, git grep, ls) before you guess paths. Paths are absolute.
- Prefer edit_files for changes and write_file for new files. Call independent tools in one step, in parallel.
- Start servers and watchers with run_in_background. Do not wait for them.
- Never invent results. When a tool fails, read the error and correct the cause. Do not repeat a call that may have taken effect without checking.
- Do not commit, push or delete things that you were not asked for. Keep secrets out of answers.
- Answer briefly in Markdown: what you did, where (path:line), what is left. No emojis.";

/// What an agent that plans is told beside them. Where the plan lies is among the facts of the workspace.
const PLAN_MODE: &str = "\
This chat is in plan mode: find out what has to be done and write a plan; do not do it yet.
- Look with read_file and execute. Run only what changes nothing: no installing, committing, moving or deleting.
- Ask with ask_user_question what only the person can decide, and what you could not find out. Do not ask for consent.
- Write the plan as Markdown into the plan file, which the facts of the workspace name; nothing else can be written. Say \
what is wanted, what you found (path:line), the steps in order, how each is checked, and what could go wrong.
- Then call propose_plan. The person reads it, asks for changes, or lets you implement it.
- Without a workspace, or for what needs no file, answer with the plan itself.";

/// The same for one that another agent handed work to: it writes no plan and asks nobody.
const PLAN_MODE_OF_AGENTS: &str = "\
The chat that handed you this work is in plan mode: it finds out what has to be done, and nothing is done yet.
- Look with read_file and execute. Run only what changes nothing: no installing, committing, moving or deleting.
- Nothing can be written. Report what you found (path:line), the steps that you would take, and what could go wrong.";

/// Instructions for all chats of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instructions(Vec<(PromptBlockKind, SystemBlock)>);

impl Instructions {
    /// Those that hold for a turn of a person's chat, or of one that an agent handed work to.
    pub fn of(config: &TurnConfig, plan_mode: PlanMode, is_root: bool) -> Self {
        let mut blocks = vec![(
            PromptBlockKind::DeploymentInstructions,
            SystemBlock::new(deployment(config)),
        )];
        let own = config.user_prompt.trim();
        if !own.is_empty() {
            let own = format!("<user-instructions>\n{own}\n</user-instructions>");
            blocks.push((PromptBlockKind::UserInstructions, SystemBlock::new(own)));
        }
        if plan_mode == PlanMode::Plan {
            blocks.push((
                PromptBlockKind::PlanMode,
                SystemBlock::new(planning(config, is_root)),
            ));
        }
        Self(blocks)
    }

    pub(super) fn blocks(&self) -> impl ExactSizeIterator<Item = SystemBlock> {
        self.0.iter().map(|(_, block)| block.clone())
    }

    /// Where each of the blocks comes from.
    pub(super) fn kinds(&self) -> Vec<PromptBlockKind> {
        self.0.iter().map(|(kind, _)| *kind).collect()
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

/// What the deployment adds is about plans, which agents do not write.
fn planning(config: &TurnConfig, is_root: bool) -> String {
    match config.plan_mode_instructions.trim() {
        _ if !is_root => PLAN_MODE_OF_AGENTS.to_owned(),
        "" => PLAN_MODE.to_owned(),
        own => format!("{PLAN_MODE}\n\n{own}"),
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
            ..TurnConfig::default()
        };
        let blocks = Instructions::of(&config, PlanMode::Off, true).0;
        blocks.into_iter().map(|(_, block)| block.text).collect()
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

    #[test]
    fn who_plans_is_told_so_last_with_what_the_deployment_adds() {
        let mut config = TurnConfig {
            user_prompt: "Speak French.".to_owned(),
            ..TurnConfig::default()
        };
        let last = |config: &TurnConfig| {
            let blocks = Instructions::of(config, PlanMode::Plan, true).0;
            assert_eq!(blocks.len(), 3);
            blocks.into_iter().next_back().map(|(_, block)| block.text)
        };
        assert_eq!(last(&config).as_deref(), Some(PLAN_MODE));
        config.plan_mode_instructions = " Name the risks. ".to_owned();
        let both = format!("{PLAN_MODE}\n\nName the risks.");
        assert_eq!(last(&config), Some(both));
    }
}
