//! `switchyard git-askpass`: what git calls inside a workspace when a remote asks for a user name or password.
//!
//! Accounts at git hosts cannot be linked yet, so there is no credential to give. The command exists so that git
//! fails at once with a reason instead of waiting for a terminal that nobody sits at.

/// Refuses with the prompt that git passed and with what to do.
pub fn run(prompt: &str) -> anyhow::Result<()> {
    let prompt = prompt.trim();
    let question = if prompt.is_empty() {
        String::new()
    } else {
        format!(" (`{prompt}`)")
    };
    anyhow::bail!(
        "git asks for a credential{question} and Switchyard has none for this remote. Use a remote that needs no \
         sign-in, or one that the workspace's own git configuration or ssh keys can reach."
    )
}
