//! Light Markdown for the answer while it streams: enough of the look that nothing jumps when the server's HTML
//! takes its place at the commit. Pure text in, blocks out; the view builds elements, never HTML text.
//!
//! Markers that are not closed yet count as closed at the end of their block, because the rest is on its way.

/// A block of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A heading and its level, 1 to 6.
    Heading(u8, Vec<Inline>),
    /// Fenced code: language and text.
    Code(String, String),
    /// A list: whether it is numbered, and its items.
    List(bool, Vec<Item>),
    /// Quoted text.
    Quote(Vec<Inline>),
    /// A line across.
    Rule,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// How deep it is nested, from 0.
    pub depth: u8,
    /// Its text.
    pub text: Vec<Inline>,
}

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// Code.
    Code(String),
    /// Bold text.
    Strong(String),
    /// Slanted text.
    Emphasis(String),
}

/// Splits text into blocks.
pub fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        if let Some(fence) = fence_of(trimmed) {
            close_paragraph(&mut blocks, &mut open);
            blocks.push(take_code(&mut lines, fence, trimmed));
        } else if trimmed.is_empty() {
            close_paragraph(&mut blocks, &mut open);
        } else if let Some((level, title)) = heading_of(trimmed) {
            close_paragraph(&mut blocks, &mut open);
            blocks.push(Block::Heading(level, inlines(title)));
        } else if is_rule(trimmed) {
            close_paragraph(&mut blocks, &mut open);
            blocks.push(Block::Rule);
        } else if let Some((is_ordered, rest)) = item_of(trimmed) {
            close_paragraph(&mut blocks, &mut open);
            push_item(&mut blocks, is_ordered, depth_of(line), rest);
        } else if let Some(rest) = trimmed.strip_prefix('>') {
            close_paragraph(&mut blocks, &mut open);
            blocks.push(Block::Quote(inlines(rest.trim_start())));
        } else if open.is_empty() && line.starts_with("  ") && continue_item(&mut blocks, trimmed) {
            // The line belonged to the list item above it.
        } else {
            open.push(trimmed);
        }
    }
    close_paragraph(&mut blocks, &mut open);
    blocks
}

fn close_paragraph(blocks: &mut Vec<Block>, open: &mut Vec<&str>) {
    if !open.is_empty() {
        blocks.push(Block::Paragraph(inlines(&open.join("\n"))));
        open.clear();
    }
}

fn fence_of(line: &str) -> Option<&'static str> {
    ["```", "~~~"]
        .into_iter()
        .find(|fence| line.starts_with(fence))
}

fn take_code(lines: &mut std::str::Lines<'_>, fence: &str, opening: &str) -> Block {
    let language = opening.trim_start_matches(['`', '~']).trim().to_owned();
    let body: Vec<&str> = lines
        .by_ref()
        .take_while(|line| !line.trim_start().starts_with(fence))
        .collect();
    Block::Code(language, body.join("\n"))
}

fn heading_of(line: &str) -> Option<(u8, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    let level = u8::try_from(level)
        .ok()
        .filter(|level| (1..=6).contains(level))?;
    Some((level, title.trim()))
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3
        && ['-', '*', '_']
            .iter()
            .any(|sign| line.chars().all(|character| character == *sign))
}

fn item_of(line: &str) -> Option<(bool, &str)> {
    if let Some(rest) = ["- ", "* ", "+ "]
        .iter()
        .find_map(|bullet| line.strip_prefix(bullet))
    {
        return Some((false, rest));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).filter(|_| (1..=9).contains(&digits))?;
    rest.strip_prefix(". ")
        .or_else(|| rest.strip_prefix(") "))
        .map(|rest| (true, rest))
}

fn depth_of(line: &str) -> u8 {
    let indent = line.len() - line.trim_start().len();
    u8::try_from(indent / 2).unwrap_or(u8::MAX).min(4)
}

fn push_item(blocks: &mut Vec<Block>, is_ordered: bool, depth: u8, text: &str) {
    let item = Item {
        depth,
        text: inlines(text),
    };
    match blocks.last_mut() {
        Some(Block::List(known, items)) if *known == is_ordered || depth > 0 => items.push(item),
        _ => blocks.push(Block::List(is_ordered, vec![item])),
    }
}

fn continue_item(blocks: &mut [Block], text: &str) -> bool {
    let Some(Block::List(_, items)) = blocks.last_mut() else {
        return false;
    };
    let Some(item) = items.last_mut() else {
        return false;
    };
    item.text.push(Inline::Text(" ".to_owned()));
    item.text.extend(inlines(text));
    true
}

/// Splits running text at code, bold and slanted markers; links show their label.
fn inlines(text: &str) -> Vec<Inline> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let before = plain.chars().next_back();
        let Some((inline, after)) = marked(rest, before) else {
            plain.push(character);
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            continue;
        };
        match inline {
            Inline::Text(label) => plain.push_str(&label),
            other => {
                flush(&mut pieces, &mut plain);
                pieces.push(other);
            }
        }
        rest = after;
    }
    flush(&mut pieces, &mut plain);
    pieces
}

fn flush(pieces: &mut Vec<Inline>, plain: &mut String) {
    if !plain.is_empty() {
        pieces.push(Inline::Text(std::mem::take(plain)));
    }
}

fn marked(text: &str, before: Option<char>) -> Option<(Inline, &str)> {
    if let Some(inner) = text.strip_prefix('`') {
        return Some(until(inner, "`", Inline::Code));
    }
    if let Some(inner) = text.strip_prefix("**").filter(|inner| opens(inner)) {
        return Some(until(inner, "**", Inline::Strong));
    }
    if let Some(inner) = text
        .strip_prefix('*')
        .filter(|inner| opens(inner) && inner.contains('*'))
    {
        return Some(until(inner, "*", Inline::Emphasis));
    }
    let is_word_start = before.is_none_or(|character| !is_of_word(character));
    if let Some(inner) = text
        .strip_prefix('_')
        .filter(|inner| is_word_start && opens(inner) && inner.contains('_'))
    {
        return Some(until(inner, "_", Inline::Emphasis));
    }
    let (label, target) = text.strip_prefix('[')?.split_once("](")?;
    let (_, after) = target.split_once(')')?;
    (!label.contains('\n')).then(|| (Inline::Text(label.to_owned()), after))
}

/// Roughly: what is not ASCII counts as a letter. The tables of Unicode are not worth loading for a preview.
const fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || !character.is_ascii()
}

fn opens(inner: &str) -> bool {
    inner
        .chars()
        .next()
        .is_some_and(|character| !character.is_whitespace())
}

fn until<'text>(inner: &'text str, end: &str, make: fn(String) -> Inline) -> (Inline, &'text str) {
    let (body, after) = inner.split_once(end).unwrap_or((inner, ""));
    (make(body.to_owned()), after)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> Inline {
        Inline::Text(value.to_owned())
    }

    #[test]
    fn splits_paragraphs_headings_code_and_lists() {
        let blocks = parse(
            "# Plan\n\nFirst *one*,\nthen `two`.\n- a\n- **b**\n\n```rust\nfn main() {}\n```\n",
        );
        assert_eq!(
            blocks,
            [
                Block::Heading(1, vec![text("Plan")]),
                Block::Paragraph(vec![
                    text("First "),
                    Inline::Emphasis("one".into()),
                    text(",\nthen "),
                    Inline::Code("two".into()),
                    text("."),
                ]),
                Block::List(
                    false,
                    vec![
                        Item {
                            depth: 0,
                            text: vec![text("a")]
                        },
                        Item {
                            depth: 0,
                            text: vec![Inline::Strong("b".into())]
                        },
                    ]
                ),
                Block::Code("rust".into(), "fn main() {}".into()),
            ]
        );
    }

    #[test]
    fn treats_open_markers_as_closed_at_the_end() {
        assert_eq!(
            parse("so `half"),
            [Block::Paragraph(vec![
                text("so "),
                Inline::Code("half".into())
            ])]
        );
        assert_eq!(parse("```sh\nls"), [Block::Code("sh".into(), "ls".into())]);
    }

    #[test]
    fn leaves_lone_stars_and_snake_case_alone() {
        assert_eq!(
            parse("2 * 3 and snake_case_name"),
            [Block::Paragraph(vec![text("2 * 3 and snake_case_name")])]
        );
    }

    #[test]
    fn shows_a_links_label() {
        assert_eq!(
            parse("see [the docs](https://x.y)"),
            [Block::Paragraph(vec![text("see the docs")])]
        );
    }

    proptest! {
        #[test]
        fn never_fails(source in "(?s)[#>*_`~\\[\\]() \n0-9a-cäß.-]{0,200}") {
            let _ = parse(&source);
        }
    }
}
