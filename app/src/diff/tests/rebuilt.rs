//! Diffs of histories of all that git keeps — files with odd names, bytes and line ends, links, other repositories — are the same
//! text again when they are put together from what was read of them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::dice::Dice;
use super::git::git;
use crate::diff::index::index;
use crate::diff::*;

const STEPS: usize = 90;
const NAMES: [&str; 7] = [
    "a",
    "b",
    "folder/c",
    "folder/two words",
    "ä \"quoted\"\t.txt",
    "crlf.txt",
    " b/ b/x",
];
const LINES: [&[u8]; 14] = [
    b"}",
    b"    }",
    b"",
    b"one",
    b"two",
    b"fn main() {",
    b"-- old",
    b"++ new",
    b"@@ -1 +1 @@",
    b"diff --git a/x b/x",
    b"\\ No newline at end of file",
    b"Binary files a and b differ",
    b"caf\xe9 \xff\xfe",
    "ß…😀".as_bytes(),
];

fn content(dice: &mut Dice) -> Vec<u8> {
    if dice.is(8) {
        return vec![0, 1, 2, u8::try_from(dice.below(200)).unwrap()];
    }
    let end: &[u8] = if dice.is(20) { b"\r\n" } else { b"\n" };
    let mut bytes = Vec::new();
    for _ in 0..dice.below(30) {
        bytes.extend_from_slice(LINES[dice.below(LINES.len())]);
        bytes.extend_from_slice(end);
    }
    if dice.is(25) {
        bytes.truncate(bytes.len().saturating_sub(end.len()));
    }
    bytes
}

/// Some lines of a file are others then.
fn edited(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for _ in 0..=dice.below(4) {
        let at = dice.below(lines.len() + 1);
        if at < lines.len() && dice.is(60) {
            lines.remove(at);
        }
        if dice.is(60) {
            lines.splice(at..at, [LINES[dice.below(LINES.len())], b"\n"]);
        }
    }
    lines.concat()
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

fn change(dice: &mut Dice, at: &Path) {
    let path = at.join(dice.from(&NAMES));
    let is_file = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match dice.below(100) {
        0..45 if is_file => {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, edited(dice, &bytes)).unwrap();
        }
        45..55 => remove(&path),
        55..65 if is_file => {
            let mode = if dice.is(50) { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        65..72 => {
            remove(&path);
            symlink(dice.from(&["a", "b", "nowhere\nat all"]), &path).unwrap();
        }
        72..90 if is_file => {
            let to = at.join(dice.from(&NAMES));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            if to != path {
                remove(&to);
                fs::rename(&path, &to).unwrap();
            }
        }
        _ => {
            remove(&path);
            fs::write(&path, content(dice)).unwrap();
        }
    }
}

/// Another repository in a folder, of which git keeps the commit alone.
fn take_commit(dice: &mut Dice, at: &Path) {
    let name = dice.from(&["other", "vendor/words"]);
    fs::create_dir_all(at.join(name)).unwrap();
    let commit = "0123456789abcdef".repeat(3).split_off(dice.below(8))[..40].to_owned();
    let entry = format!("160000,{commit},{name}");
    git(at, &["update-index", "--add", "--cacheinfo", &entry]);
}

/// A hunk as git prints it.
fn print(hunk: &Hunk) -> String {
    let range = |start: u32, count: u32| match count {
        1 => start.to_string(),
        _ => format!("{start},{count}"),
    };
    let old = range(hunk.old_start, hunk.old_count);
    let new = range(hunk.new_start, hunk.new_count);
    let mut text = format!("@@ -{old} +{new} @@");
    if !hunk.section.is_empty() {
        let _ = write!(text, " {}", hunk.section);
    }
    text.push('\n');
    for line in &hunk.lines {
        text.push(match line.kind {
            LineKind::Context => ' ',
            LineKind::Added => '+',
            LineKind::Removed => '-',
        });
        text += &line.text;
        text.push('\n');
        if line.is_unterminated {
            text += "\\ No newline at end of file\n";
        }
    }
    text
}

/// How many files a diff is of: one that becomes a link goes and comes.
fn count(at: &Path, arguments: &[&str]) -> usize {
    let told = git(at, &[&["diff", "--raw"], arguments].concat());
    let told = String::from_utf8_lossy(&told).into_owned();
    let counts = told.lines().map(|line| {
        let status = line.split([' ', '\t']).nth(4);
        1 + usize::from(status == Some("T"))
    });
    counts.sum()
}

#[test]
fn every_diff_of_git_is_the_same_text_again() {
    let mut dice = Dice(1);
    let folder = std::env::temp_dir().join(format!("switchyard-rebuilt-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    git(&folder, &["init", "--quiet"]);
    let (mut submodules, mut links, mut renamed, mut binary) = (0, 0, 0, 0);
    for step in 0..STEPS {
        for _ in 0..=dice.below(4) {
            change(&mut dice, &folder);
        }
        git(&folder, &["add", "--all"]);
        if dice.is(30) {
            take_commit(&mut dice, &folder);
        }
        git(
            &folder,
            &["commit", "--quiet", "--allow-empty", "--message", "x"],
        );
        if step == 0 {
            continue;
        }
        let from = format!("HEAD~{}", 1 + dice.below(step.min(5)));
        let context = format!("--unified={}", dice.below(5));
        let renames = if dice.is(60) {
            "--find-renames"
        } else {
            "--no-renames"
        };
        let arguments = [
            context.as_str(),
            renames,
            "--submodule=short",
            &from,
            "HEAD",
        ];
        let printed = git(&folder, &[&["diff"], &arguments[..]].concat());
        let text = String::from_utf8_lossy(&printed).into_owned();
        let (parsed, indexed) = (parse(&text), index(&text));
        assert_eq!(parsed.len(), count(&folder, &arguments[1..]), "{text}");
        let texts: String = indexed.iter().map(|file| file.text()).collect();
        assert_eq!(texts, text);
        let mut again = String::new();
        for (file, indexed) in parsed.iter().zip(&indexed) {
            assert_eq!(&**indexed.file(), file);
            let head = indexed.text().split_inclusive('\n');
            let head = head.take_while(|line| !line.starts_with("@@ "));
            again.extend(head);
            again.extend(file.hunks.iter().map(print));
            submodules += usize::from(file.is_submodule);
            binary += usize::from(file.is_binary);
            renamed += usize::from(file.change == FileChange::Renamed);
            links += usize::from(indexed.text().contains("mode 120000"));
        }
        assert_eq!(again, text);
    }
    let _ = fs::remove_dir_all(&folder);
    println!("submodules {submodules}, links {links}, renamed {renamed}, binary {binary}");
    assert!(submodules > 5 && links > 5 && renamed > 3 && binary > 3);
}
