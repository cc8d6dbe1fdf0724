//! The value of one text field in JSON that is still being written.

/// The field's text as far as it came, or nothing when it has not begun. Only fields of the outermost object
/// whose name stands exactly once are found; that is enough for a line that says what is about to happen.
pub fn text_field(json: &str, name: &str) -> Option<String> {
    let quoted = format!("\"{name}\"");
    let (_, rest) = json.split_once(quoted.as_str())?;
    let rest = rest
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    text.extend(
                        u32::from_str_radix(&digits, 16)
                            .ok()
                            .and_then(char::from_u32),
                    );
                }
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Some(text)
}
