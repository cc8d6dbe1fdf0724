//! What a command line of `git push` asks for, as far as it says so.

use crate::git_command::OPTIONS_WITH_VALUE;

/// Options of `push` whose value is the next word.
const OF_PUSH: [&str; 4] = ["-o", "--push-option", "--receive-pack", "--exec"];
/// With these no branch is pushed that work goes on with.
const NO_BRANCH: [&str; 5] = ["--delete", "--dry-run", "--mirror", "--prune", "--tags"];

/// Where a push goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The remote's name or address; what is configured when there is none.
    pub remote: Option<String>,
    /// The branch there.
    pub branch: Branch,
}

/// Which branch is pushed, the last one where there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The one that is checked out, to where that is configured.
    Configured,
    /// The one that is checked out, under its own name.
    CheckedOut,
    /// A name on this side, of a branch or of something else, and the same there.
    Same(String),
    /// A name on the other side.
    There(String),
}

/// Reads a command line; nothing when it pushes no branch.
pub fn destination(arguments: &[String]) -> Option<Destination> {
    let mut words = arguments.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        if OPTIONS_WITH_VALUE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            break;
        }
    }
    let (mut remote, mut names, mut only_names) = (None, Vec::new(), false);
    while let Some(word) = words.next() {
        if only_names || !word.starts_with('-') {
            names.push(word);
        } else if word == "--" {
            only_names = true;
        } else if NO_BRANCH.contains(&word) {
            return None;
        } else if word == "--repo" {
            remote = words.next();
        } else if let Some(repository) = word.strip_prefix("--repo=") {
            remote = Some(repository);
        } else if OF_PUSH.contains(&word) {
            words.next();
        } else if !word.starts_with("--") {
            // Short ones may stand together, and a value right after its letter.
            let letters = word.split('o').next().unwrap_or_default();
            if letters.contains(['d', 'n']) {
                return None;
            }
            if word.ends_with('o') {
                words.next();
            }
        }
    }
    let mut names = names.into_iter();
    let remote = names.next().or(remote).map(str::to_owned);
    let refspecs: Vec<&str> = names.collect();
    let branch = if refspecs.is_empty() {
        Branch::Configured
    } else {
        refspecs.iter().rev().find_map(|refspec| branch(refspec))?
    };
    Some(Destination { remote, branch })
}

/// The branch of a refspec; nothing for deletions, tags and patterns.
fn branch(refspec: &str) -> Option<Branch> {
    let refspec = refspec.strip_prefix('+').unwrap_or(refspec);
    let (from, to) = match refspec.split_once(':') {
        Some(("", "")) => return Some(Branch::Configured),
        Some(("", _)) => return None,
        Some((_, to)) => (None, to),
        None => (Some(refspec), refspec),
    };
    let name = to.strip_prefix("refs/heads/").unwrap_or(to);
    let is_branch = !name.is_empty() && !name.starts_with(['^', '-']) && !name.starts_with("refs/");
    if !is_branch || name.contains('*') {
        return None;
    }
    Some(match (name, from) {
        ("HEAD" | "@", Some(_)) => Branch::CheckedOut,
        (name, Some(_)) => Branch::Same(name.to_owned()),
        (name, None) => Branch::There(name.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Option<String>, Branch)> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let found = destination(&words)?;
        Some((found.remote, found.branch))
    }

    #[test]
    fn remote_and_branch_are_read_wherever_they_stand() {
        let to = |remote: &str, branch| Some((Some(remote.to_owned()), branch));
        let same = |name: &str| Branch::Same(name.to_owned());
        let there = |name: &str| Branch::There(name.to_owned());
        for (line, wanted) in [
            ("git push", Some((None, Branch::Configured))),
            ("git push origin", to("origin", Branch::Configured)),
            ("git push origin :", to("origin", Branch::Configured)),
            ("git push -q -u origin topic", to("origin", same("topic"))),
            ("git push origin HEAD", to("origin", Branch::CheckedOut)),
            (
                "/usr/bin/git -C a -c x=y --no-pager push fork +a:b/c",
                to("fork", there("b/c")),
            ),
            (
                "git push origin HEAD:refs/heads/x",
                to("origin", there("x")),
            ),
            (
                "git push origin one refs/heads/two",
                to("origin", same("two")),
            ),
            (
                "git push origin main refs/tags/v1",
                to("origin", same("main")),
            ),
            (
                "git push -o ci.skip -fo x --receive-pack p origin a",
                to("origin", same("a")),
            ),
            ("git push --repo=other -fq", to("other", Branch::Configured)),
            (
                "git push --force-with-lease=a:b origin -- a",
                to("origin", same("a")),
            ),
            (
                "git push git@host:a/b.git a:b",
                to("git@host:a/b.git", there("b")),
            ),
        ] {
            assert_eq!(read(line), wanted, "{line}");
        }
    }

    #[test]
    fn what_pushes_no_branch_is_none() {
        for line in [
            "git push --dry-run origin a",
            "git push -n origin a",
            "git push -qd origin a",
            "git push origin --delete a",
            "git push origin :a",
            "git push --tags origin",
            "git push --mirror",
            "git push origin refs/tags/v1",
            "git push origin refs/heads/*:refs/heads/*",
            "git push origin ^a",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(
            destination(&[]),
            Some(Destination {
                remote: None,
                branch: Branch::Configured
            })
        );
    }
}
