//! The head of a `SKILL.md`: YAML between two lines of three hyphens.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::Deserialize;

/// What a `SKILL.md` says.
#[derive(Debug, PartialEq, Eq)]
pub struct SkillText {
    pub name: String,
    pub description: String,
    /// What follows the head.
    pub body: String,
    /// Whether there is more of it in the file.
    pub is_cut: bool,
}

/// What is read of the head; the specification knows more.
#[derive(Deserialize)]
struct Head {
    name: String,
    #[serde(default)]
    description: String,
}

/// `None` when the file cannot be read or has no head that is understood.
pub fn read(file: &Path, limit_bytes: u64, size_bytes: u64) -> Option<SkillText> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).ok()?;
    opened.take(limit_bytes).read_to_end(&mut bytes).ok()?;
    parse(&String::from_utf8_lossy(&bytes)).map(|text| SkillText {
        is_cut: size_bytes > limit_bytes,
        ..text
    })
}

/// The same of the head alone: before each step all skills are looked at, and their bodies are not needed.
pub fn read_head(file: &Path, limit_bytes: u64) -> Option<SkillText> {
    let mut reader = BufReader::new(std::fs::File::open(file).ok()?.take(limit_bytes));
    let mut head = Vec::new();
    loop {
        let line_begins = head.len();
        let is_end = reader.read_until(b'\n', &mut head).ok()? == 0;
        let line = head.get(line_begins..).unwrap_or_default();
        if is_end || (line_begins > 0 && matches!(line, b"---\n" | b"---\r\n")) {
            return parse(&String::from_utf8_lossy(&head));
        }
    }
}

fn parse(text: &str) -> Option<SkillText> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let rest = text.strip_prefix("---\n")?;
    let (head, body) = rest
        .split_once("\n---\n")
        .or_else(|| Some((rest.strip_suffix("\n---")?, "")))?;
    let head: Head = serde_saphyr::from_str(head).ok()?;
    Some(SkillText {
        name: head.name,
        description: head.description.trim().to_owned(),
        body: body.to_owned(),
        is_cut: false,
    })
}

#[cfg(test)]
mod tests {
    use super::{SkillText, parse, read, read_head};

    fn skill(name: &str, description: &str, body: &str) -> SkillText {
        SkillText {
            name: name.to_owned(),
            description: description.to_owned(),
            body: body.to_owned(),
            is_cut: false,
        }
    }

    #[test]
    fn reads_the_head_and_leaves_the_body_as_it_is() {
        for (text, read) in [
            (
                "---\nname: one\n---\n\n# Body\n",
                Some(skill("one", "", "\n# Body\n")),
            ),
            (
                "\u{feff}---\r\nname: \"one\"\r\ndescription: 'It''s: this'\r\n---\r\ntext\r\n",
                Some(skill("one", "It's: this", "text\n")),
            ),
            (
                "---\nname: one\ndescription: >\n  two\n  lines\nlicense: MIT\nmetadata:\n  version: 1\n---",
                Some(skill("one", "two lines", "")),
            ),
            (
                "---\nname: one\n---\nabove\n---\nbelow",
                Some(skill("one", "", "above\n---\nbelow")),
            ),
            ("---\ndescription: no name\n---\n", None),
            ("---\nname: [one\n---\n", None),
            ("---\nname: one\n", None),
            ("name: one\n", None),
            ("", None),
        ] {
            assert_eq!(parse(text), read, "{text:?}");
        }
    }

    #[test]
    fn the_head_alone_says_the_same_and_nothing_of_the_body_is_read() {
        let Ok(folder) = tempfile::tempdir() else {
            unreachable!("no temporary folder");
        };
        let file = folder.path().join("SKILL.md");
        let body = "---\nabove\n".repeat(10_000);
        for (text, is_skill) in [
            (format!("---\nname: one\n---\n{body}"), true),
            (format!("---\r\nname: one\r\n---\r\n{body}"), true),
            ("---\nname: one\n---".to_owned(), true),
            (format!("name: one\n{body}"), false),
            ("---\nname: one\n".to_owned(), false),
            (String::new(), false),
        ] {
            assert!(std::fs::write(&file, &text).is_ok());
            let name = |skill: SkillText| skill.name;
            let head = read_head(&file, 1_000_000);
            assert_eq!(
                head.as_ref().map(|skill| skill.body.as_str()),
                is_skill.then_some("")
            );
            let whole = read(&file, 1_000_000, text.len() as u64);
            assert_eq!(head.map(name), whole.map(name), "{:?}", text.get(..20));
        }
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        let doubled = |level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
        let text = |levels| {
            let aliases: String = (1..levels).map(doubled).collect();
            format!("---\nname: one\na0: &a0 [x, x]\n{aliases}---\n")
        };
        assert_eq!(parse(&text(3)), Some(skill("one", "", "")));
        assert_eq!(parse(&text(30)), None);
    }
}
