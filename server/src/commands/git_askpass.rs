//! `switchyard git-askpass`: what git calls inside a workspace when a remote asks for a user name or password. It is also
//! what the binary does when it is called `git-askpass`, as `GIT_ASKPASS` can name a program and no arguments.

use std::io::Write as _;

/// Prints the answer for git, or fails with the reason and what to do.
pub fn run(prompt: &str) -> anyhow::Result<()> {
    let answer = workspace::git_askpass::ask(prompt)?;
    writeln!(std::io::stdout().lock(), "{answer}")?;
    Ok(())
}
