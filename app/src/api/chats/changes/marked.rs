//! Marks in coloured lines: which part of a line changed. Server only.

use std::ops::Range;

const OPEN: &str = "<mark>";
const CLOSE: &str = "</mark>";

/// A coloured line with a range of its text marked. The range counts bytes of the text; what stands for one byte in the
/// HTML, such as `&lt;`, counts as that. A mark ends before a tag and goes on behind it, so elements stay nested.
pub(super) fn marked(html: &str, range: &Range<usize>) -> String {
    let mut written = String::with_capacity(html.len() + OPEN.len() + CLOSE.len());
    let (mut rest, mut at, mut is_open) = (html, 0, false);
    while let Some(first) = rest.chars().next() {
        let is_tag = first == '<';
        let length = match first {
            '<' => rest.find('>').map_or(rest.len(), |end| end + 1),
            '&' => rest.find(';').map_or(1, |end| end + 1),
            other => other.len_utf8(),
        };
        let is_inside = !is_tag && range.contains(&at);
        if is_open != is_inside {
            written.push_str(if is_inside { OPEN } else { CLOSE });
            is_open = is_inside;
        }
        let (piece, further) = rest.split_at(length);
        written.push_str(piece);
        if !is_tag {
            at += if first == '&' { 1 } else { length };
        }
        rest = further;
    }
    if is_open {
        written.push_str(CLOSE);
    }
    written
}

#[cfg(test)]
mod tests {
    use platform::render::highlight_lines;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mark_is_nested_in_what_it_crosses() {
        let html = r#"<span class="a">let</span> x &lt; <span class="b">1</span>;"#;
        assert_eq!(
            marked(html, &(2..8)),
            r#"<span class="a">le<mark>t</mark></span><mark> x &lt; </mark><span class="b">1</span>;"#
        );
        assert_eq!(marked(html, &(0..0)), html);
        assert_eq!(marked("ä&amp;b", &(2..4)), "ä<mark>&amp;b</mark>");
    }

    /// What stands in marks, as text, and the line without them.
    fn read(html: &str) -> (String, String) {
        let mut inside = String::new();
        for piece in html.split(OPEN).skip(1) {
            inside.push_str(piece.split(CLOSE).next().unwrap_or_default());
        }
        let plain = inside
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#x27;", "'")
            .replace("&amp;", "&");
        (plain, html.replace(OPEN, "").replace(CLOSE, ""))
    }

    proptest! {
        #[test]
        fn marks_the_range_and_changes_nothing_else(line in "[a-z<>&\"' (){};=ß😀/]{0,40}", from: prop::sample::Index, to: prop::sample::Index) {
            let borders: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            let (from, to) = (*from.get(&borders), *to.get(&borders));
            let range = from.min(to)..from.max(to);
            let html = highlight_lines("a.rs", &[&line]).concat();
            let (inside, without) = read(&marked(&html, &range));
            prop_assert_eq!(inside, &line[range]);
            prop_assert_eq!(without, html);
        }
    }
}
