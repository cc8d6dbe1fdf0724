//! What git is doing while it asks: the command line of the git that started this program.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::git_command::OPTIONS_WITH_VALUE;

/// Helpers of git and shells stand between; never this many.
const MOST_ABOVE: usize = 8;
/// Commands that only read from a remote. Whatever else asks may push.
const FETCHING: [&str; 9] = [
    "fetch",
    "fetch-pack",
    "pull",
    "clone",
    "ls-remote",
    "remote",
    "submodule",
    "submodule--helper",
    "archive",
];

/// Whether git only fetches. What cannot be told is no fetch.
pub(super) fn is_fetch() -> bool {
    let mut process = std::os::unix::process::parent_id();
    for _ in 0..MOST_ABOVE {
        let Ok(line) = fs::read(format!("/proc/{process}/cmdline")) else {
            return false;
        };
        if let Some(command) = command(&line) {
            return FETCHING.contains(&&*command);
        }
        match parent(process) {
            Some(above) => process = above,
            None => return false,
        }
    }
    false
}

/// The command of git that a command line gives; nothing for other programs, and for git's transports.
fn command(line: &[u8]) -> Option<String> {
    let mut words = line.split(|&byte| byte == 0).map(String::from_utf8_lossy);
    let program = words.next()?;
    if Path::new(&*program).file_name() != Some(OsStr::new("git")) {
        return None;
    }
    while let Some(word) = words.next() {
        match &*word {
            option if OPTIONS_WITH_VALUE.contains(&option) => {
                words.next();
            }
            option if option.starts_with('-') => {}
            transport if transport.starts_with("remote-") => return None,
            command => return Some(command.to_owned()),
        }
    }
    None
}

/// The process that started a process. Its name, which may hold anything, ends with the last bracket.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_git_is_told_from_its_options_and_transports() {
        let told = |line: &str| command(line.replace(' ', "\0").as_bytes());
        for (line, expected) in [
            ("git push origin topic", Some("push")),
            (
                "/usr/bin/git -C /work -c a=b --no-pager fetch",
                Some("fetch"),
            ),
            ("git --git-dir /x/.git pull", Some("pull")),
            ("git remote-https origin https://git.example.com/x", None),
            ("/usr/lib/git-core/git-remote-https origin https://x", None),
            ("sh -c git push", None),
            ("git --version", None),
            ("", None),
        ] {
            assert_eq!(told(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_process_is_told_from_its_parent() {
        let own = std::process::id();
        assert_eq!(parent(own), Some(std::os::unix::process::parent_id()));
        assert_eq!(parent(u32::MAX), None);
    }
}
