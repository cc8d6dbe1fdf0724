//! Commands that only print a file: the model is told of the tool that does it better.

/// Told beside the output.
const NOTE: &str =
    "To read a file use read_file: it numbers the lines, and offset and limit choose a part of it.";
/// Characters that make more of a command than one program with plain arguments.
const NOT_PLAIN: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '`', '\n', '*', '?', '[', '{', '\\',
];

/// The note for a command that is a bare `cat`, `head` or `sed -n` of files; `None` for all others.
pub(super) fn read_file_note(command: &str) -> Option<&'static str> {
    if command.trim().contains(NOT_PLAIN) {
        return None;
    }
    let mut words = command.split_whitespace();
    let program = words.next()?;
    let arguments: Vec<&str> = words.collect();
    let is_dump = match program {
        "cat" => names_a_file(&arguments),
        "head" => names_a_file(without_count(&arguments)),
        "sed" => match arguments.as_slice() {
            ["-n", script, files @ ..] => is_range(script) && names_a_file(files),
            _ => false,
        },
        _ => false,
    };
    is_dump.then_some(NOTE)
}

/// Whether something is read that is not the standard input or made up by the shell.
fn names_a_file(arguments: &[&str]) -> bool {
    let mut files = arguments.iter().filter(|word| !word.starts_with('-'));
    files.clone().next().is_some() && files.all(|word| !word.contains('$'))
}

/// The arguments of `head` without `-n 20`.
fn without_count<'a>(arguments: &'a [&'a str]) -> &'a [&'a str] {
    match arguments {
        ["-n" | "-c", _, rest @ ..] => rest,
        all => all,
    }
}

/// A script such as `'5,$p'`.
fn is_range(script: &str) -> bool {
    script
        .trim_matches(['\'', '"'])
        .strip_suffix('p')
        .is_some_and(|range| {
            !range.is_empty()
                && range
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || ",$".contains(letter))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_print_of_a_file_gets_the_note() {
        for command in [
            "cat src/main.rs",
            "  cat -n /work/a.txt /work/b.txt ",
            "head README.md",
            "head -50 README.md",
            "head -n 50 README.md",
            "sed -n '1,200p' src/lib.rs",
            "sed -n 5,$p \"src/lib.rs\"",
        ] {
            assert!(read_file_note(command).is_some(), "{command}");
        }
    }

    #[test]
    fn everything_else_gets_none() {
        for command in [
            "",
            "cat",
            "cat -",
            "head -n 50",
            "cat a.txt | wc -l",
            "cat <<EOF",
            "cat a.txt > b.txt",
            "cat *.txt",
            "cat $(which ls)",
            "cat $FILE",
            "cd src && cat main.rs",
            "catalog src/main.rs",
            "sed 's/a/b/' file",
            "sed -n '/pattern/p' file",
            "sed -i 1d file",
            "grep -l word file",
        ] {
            assert_eq!(read_file_note(command), None, "{command}");
        }
    }
}
