//! What git itself prints, over histories of files with names, line ends and changes of all kinds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::super::*;

/// The files of a version: their bytes, and whether they can be run.
type Version = BTreeMap<String, (Vec<u8>, bool)>;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-d]",
        "[a-c]/[a-c]",
        Just("two words".to_owned()),
        Just("ä \"quoted\"\t.txt".to_owned()),
        Just(" b/ b/x".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab}]",
        1 => Just(String::new()),
        1 => Just("-- old".to_owned()),
        1 => Just("++ new".to_owned()),
        1 => Just("@@ -1 +1 @@".to_owned()),
        1 => Just("diff --git a/x b/x".to_owned()),
        1 => Just("\\ No newline at end of file".to_owned()),
        1 => Just("ends\r".to_owned()),
        1 => Just("ß…😀".to_owned()),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let text = (vec(line(), 0..40), any::<bool>()).prop_map(|(lines, is_ended)| {
        let end = if is_ended && !lines.is_empty() {
            "\n"
        } else {
            ""
        };
        (lines.join("\n") + end).into_bytes()
    });
    prop_oneof![9 => text, 1 => vec(0_u8..128, 1..20).prop_map(|mut bytes| { bytes.push(0); bytes })]
}

/// A version and what became of it: lines of it change here and there, files come, go and get other names.
fn history() -> impl Strategy<Value = (Version, Version)> {
    let file = || (content(), any::<bool>());
    let old = btree_map(name(), file(), 0..5);
    let changes = vec((any::<prop::sample::Index>(), line(), 0_u8..3), 0..6);
    (
        old,
        changes,
        btree_map(name(), file(), 0..3),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(old, changes, others, at, is_renamed)| {
            let mut new = old.clone();
            for (file, line, what) in &changes {
                if new.is_empty() {
                    break;
                }
                let key = new.keys().nth(file.index(new.len())).unwrap().clone();
                let (bytes, _) = new.get_mut(&key).unwrap();
                let mut lines: Vec<Vec<u8>> = bytes
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let place = file.index(lines.len());
                match what {
                    0 => lines.insert(place, line.clone().into_bytes()),
                    1 => drop(lines.remove(place)),
                    _ => lines[place] = line.clone().into_bytes(),
                }
                *bytes = lines.join(&b'\n');
            }
            if is_renamed && !new.is_empty() {
                let key = new.keys().nth(at.index(new.len())).unwrap().clone();
                let file = new.remove(&key).unwrap();
                new.insert("renamed".to_owned(), file);
            }
            new.extend(others);
            (old, without_clashes(new))
        })
        .prop_map(|(old, new)| (without_clashes(old), new))
}

/// A file cannot lie where a folder is.
fn without_clashes(mut version: Version) -> Version {
    let folders: Vec<String> = version
        .keys()
        .filter_map(|name| Some(name.split_once('/')?.0.to_owned()))
        .collect();
    version.retain(|name, _| !folders.contains(name));
    version
}

pub fn git(at: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("git")
        .current_dir(at)
        .args([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.com",
            "-c",
            "core.autocrlf=false",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn commit(at: &Path, version: &Version) {
    use std::os::unix::fs::PermissionsExt as _;
    git(at, &["rm", "-rfq", "--ignore-unmatch", "."]);
    for (name, (bytes, can_run)) in version {
        let path = at.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(
            &path,
            fs::Permissions::from_mode(if *can_run { 0o755 } else { 0o644 }),
        )
        .unwrap();
    }
    git(at, &["add", "--all"]);
    git(
        at,
        &["commit", "--quiet", "--allow-empty", "--message", "x"],
    );
}

/// The new version of a file, made of the old one and what was read of the diff.
fn apply(old: &str, file: &DiffFile) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let mut new = String::new();
    let mut next = 0;
    for hunk in &file.hunks {
        let start = hunk.old_start as usize - usize::from(hunk.old_count > 0);
        new.extend(old[next..start].iter().copied());
        next = start;
        for line in &hunk.lines {
            let end = if line.is_unterminated { "" } else { "\n" };
            if line.kind != LineKind::Added {
                assert_eq!(
                    old[next],
                    format!("{}{end}", line.text),
                    "line {:?}",
                    line.old_number
                );
                next += 1;
            }
            if line.kind != LineKind::Removed {
                new += &line.text;
                new += end;
            }
        }
    }
    new.extend(old[next..].iter().copied());
    new
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_diff_of_git_leads_from_one_version_to_the_other((old, new) in history(), context in 0_u8..6, finds_renames in any::<bool>()) {
        let folder = std::env::temp_dir().join(format!("switchyard-diff-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "--quiet"]);
        commit(&folder, &old);
        commit(&folder, &new);
        let (context, renames) = (format!("-U{context}"), if finds_renames { "-M" } else { "--no-renames" });
        let printed = git(&folder, &["diff", &context, renames, "HEAD~1", "HEAD"]);
        let _ = fs::remove_dir_all(&folder);
        let files = parse(&String::from_utf8(printed).unwrap());
        let mut built = old.clone();
        for file in &files {
            let from = file.old_path.clone();
            let (bytes, can_run) = from.as_ref().and_then(|path| old.get(path)).cloned().unwrap_or_default();
            let is_told_anew = |path: &String| files.iter().any(|other| other.new_path.as_ref() == Some(path));
            if let Some(path) = from.filter(|_| file.change != FileChange::Copied)
                && !is_told_anew(&path)
            {
                built.remove(&path);
            }
            let Some(path) = file.new_path.clone() else { continue };
            let bytes = if file.is_binary {
                new[&path].0.clone()
            } else {
                apply(&String::from_utf8(bytes).unwrap(), file).into_bytes()
            };
            let can_run = file.new_mode.as_ref().map_or(can_run, |mode| mode == "100755");
            built.insert(path, (bytes, can_run));
        }
        prop_assert_eq!(built, new);
        let counted: u32 = files.iter().map(|file| file.additions + file.deletions).sum();
        let lines = files.iter().flat_map(DiffFile::lines).filter(|line| line.kind != LineKind::Context);
        prop_assert_eq!(usize::try_from(counted).unwrap(), lines.count());
    }
}
