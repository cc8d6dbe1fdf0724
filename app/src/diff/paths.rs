//! Paths as git writes them: with `a/` and `b/` in front, in C quotes when they hold odd bytes.

/// The two paths of a `diff --git` line. Paths may hold spaces, so an unquoted line is split where both halves
/// name the same path; where they differ, the `---`, `+++` or `rename` lines that follow say it better.
pub fn split_git_line(rest: &str) -> (Option<String>, Option<String>) {
    let rest = rest.strip_suffix('\r').unwrap_or(rest);
    let Some((old, new)) = split_quoted(rest)
        .or_else(|| split_equal(rest))
        .or_else(|| split_first(rest))
    else {
        return (None, None);
    };
    let (old, new) = (unquote(old), unquote(new));
    (
        Some(strip_side(&old, "a/").to_owned()),
        Some(strip_side(&new, "b/").to_owned()),
    )
}

/// The path without the side's prefix.
pub fn strip_side<'path>(path: &'path str, side: &str) -> &'path str {
    path.strip_prefix(side).unwrap_or(path)
}

/// Undoes git's C quoting; a path without quotes is itself. Bytes that are not UTF-8 become replacement signs.
pub fn unquote(path: &str) -> String {
    let Some(inner) = path
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return path.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(first @ b'0'..=b'7') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    if let Some(digit) = rest.next_if(|byte| (b'0'..=b'7').contains(byte)) {
                        value = value * 8 + u32::from(digit - b'0');
                    }
                }
                bytes.push(u8::try_from(value).unwrap_or(b'?'));
            }
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'a') => bytes.push(7),
            Some(b'b') => bytes.push(8),
            Some(b'f') => bytes.push(12),
            Some(b'v') => bytes.push(11),
            Some(other) => bytes.push(other),
            None => bytes.push(b'\\'),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn split_quoted(rest: &str) -> Option<(&str, &str)> {
    if rest.starts_with('"') {
        let end = closing_quote(rest)?;
        return Some((rest.get(..=end)?, rest.get(end + 2..)?));
    }
    let start = rest.find(" \"")?;
    rest.ends_with('"').then_some(())?;
    Some((rest.get(..start)?, rest.get(start + 1..)?))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices()
        .skip(1)
        .find_map(|(position, character)| {
            if is_escaped {
                is_escaped = false;
                return None;
            }
            is_escaped = character == '\\';
            (character == '"').then_some(position)
        })
}

fn split_equal(rest: &str) -> Option<(&str, &str)> {
    let middle = rest.len().checked_sub(1)? / 2;
    let (old, new) = (rest.get(..middle)?, rest.get(middle + 1..)?);
    let is_same = rest.as_bytes().get(middle) == Some(&b' ')
        && strip_side(old, "a/") == strip_side(new, "b/");
    is_same.then_some((old, new))
}

fn split_first(rest: &str) -> Option<(&str, &str)> {
    rest.find(" b/")
        .and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)))
        .or_else(|| rest.split_once(' '))
}
