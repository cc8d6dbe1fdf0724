#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;

fn write(path: PathBuf, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn write_skill(above: &Path, folder: &str, name: &str, description: &str) {
    let text = format!("---\nname: {name}\ndescription: {description}\n---\nBody.\n");
    write(above.join(FOLDER).join(folder).join(FILE), &text);
}

fn described(home: &Path, working_directory: &Path) -> Vec<(String, String)> {
    let skills = all(home, working_directory).into_iter();
    skills
        .map(|skill| (skill.name, skill.description))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, words): &(&str, &str)| ((*name).to_owned(), (*words).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn the_nearest_skill_of_a_name_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (home, root) = (folder.path().join("home"), folder.path().join("root"));
    let inside = root.join("crates/one");
    std::fs::create_dir_all(root.join(".git")).unwrap();
    std::fs::create_dir_all(&inside).unwrap();
    write_skill(&home, "deploy", "deploy", "home");
    write_skill(&home, "write", "write", "home");
    write_skill(&root, "deploy", "deploy", "root");
    write_skill(&root, "test", "test", "root");
    write_skill(&inside, "test", "test", "inside");
    write_skill(folder.path(), "above", "above", "not of this repository");
    let known = pairs(&[("deploy", "root"), ("test", "inside"), ("write", "home")]);
    assert_eq!(described(&home, &inside), known);
    let known = pairs(&[("deploy", "root"), ("test", "root"), ("write", "home")]);
    assert_eq!(described(&home, &root), known);
}

#[test]
fn what_is_no_skill_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let skills = folder.path().join(FOLDER);
    for (place, name) in [
        ("one", "other"),
        ("Upper", "Upper"),
        ("a--b", "a--b"),
        ("-a", "-a"),
    ] {
        write_skill(folder.path(), place, name, "wrong");
    }
    write_skill(folder.path(), "good-1", "good-1", "right");
    write(skills.join("no-head").join(FILE), "# Only text\n");
    std::fs::create_dir_all(skills.join("folder").join(FILE)).unwrap();
    std::fs::create_dir_all(skills.join("empty")).unwrap();
    write(skills.join("file"), "---\nname: file\n---\n");
    // One whose own is broken does not hide the one above.
    assert_eq!(
        described(Path::new("/nowhere"), folder.path()),
        pairs(&[("good-1", "right")])
    );
}

#[test]
fn names_follow_the_specification() {
    let longest = "x".repeat(64);
    for name in ["a", "pdf-processing", "2fa", longest.as_str()] {
        assert!(is_name(name), "{name}");
    }
    let too_long = "x".repeat(65);
    for name in [
        "",
        "-",
        "a-",
        "-a",
        "a--b",
        "A",
        "a b",
        "ä",
        "..",
        "a/b",
        too_long.as_str(),
    ] {
        assert!(!is_name(name), "{name}");
    }
}

#[test]
fn the_files_of_a_skill_are_those_below_it_that_are_not_hidden() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        FILE,
        "b.md",
        "scripts/run.sh",
        "scripts/SKILL.md",
        ".hidden",
        ".git/config",
    ] {
        write(folder.path().join(name), "");
    }
    let listed = (
        ["b.md", "scripts/SKILL.md", "scripts/run.sh"]
            .map(str::to_owned)
            .to_vec(),
        false,
    );
    assert_eq!(inside::list(folder.path()), listed);
    for number in 0..200 {
        write(folder.path().join(format!("more/{number}")), "");
    }
    let (files, is_cut) = inside::list(folder.path());
    assert_eq!((files.len(), is_cut), (200, true));
}

#[test]
fn a_path_leads_to_a_file_below_the_skill_or_nowhere() {
    for path in ["a", "a/b.md", "a//b", "./a", "a/./b"] {
        let expected = if path.starts_with('.') {
            Err(())
        } else {
            Ok(())
        };
        assert_eq!(
            inside::relative(path).map(drop).map_err(drop),
            expected,
            "{path}"
        );
    }
    for path in [
        "",
        "/etc/passwd",
        "../a",
        "a/../../b",
        ".env",
        "a/.git/config",
        "a\0b",
    ] {
        assert!(inside::relative(path).is_err(), "{path}");
    }
}
