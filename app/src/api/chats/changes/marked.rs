//! Marks in coloured lines: which part of a line changed. Server only.

use std::ops::Range;

const OPEN: &str = "<mark>";
const CLOSE: &str = "</mark>";

/// A coloured line with ranges of its text marked, which are in order. They count bytes of the text; what stands for one byte in the
/// HTML, such as `&lt;`, counts as that. A mark ends before a tag and goes on behind it, so elements stay nested.
pub(super) fn marked(html: &str, marks: &[Range<usize>]) -> String {
    let mut written = String::with_capacity(html.len() + OPEN.len() + CLOSE.len());
    let (mut rest, mut at, mut is_open) = (html, 0, false);
    let mut marks = marks.iter().peekable();
    while let Some(first) = rest.chars().next() {
        let is_tag = first == '<';
        let length = match first {
            '<' => rest.find('>').map_or(rest.len(), |end| end + 1),
            '&' => rest.find(';').map_or(1, |end| end + 1),
            other => other.len_utf8(),
        };
        while marks.next_if(|mark| mark.end <= at).is_some() {}
        let is_inside = !is_tag && marks.peek().is_some_and(|mark| mark.contains(&at));
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
    use std::slice;

    use platform::render::highlight_lines;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mark_is_nested_in_what_it_crosses() {
        let html = r#"<span class="a">let</span> x &lt; <span class="b">1</span>;"#;
        assert_eq!(
            marked(html, slice::from_ref(&(2..8))),
            r#"<span class="a">le<mark>t</mark></span><mark> x &lt; </mark><span class="b">1</span>;"#
        );
        assert_eq!(marked(html, &[0..0, 3..3]), html);
        assert_eq!(
            marked("ä&amp;b", slice::from_ref(&(2..4))),
            "ä<mark>&amp;b</mark>"
        );
        assert_eq!(
            marked("one &lt; two", &[0..3, 6..9]),
            "<mark>one</mark> &lt; <mark>two</mark>"
        );
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
            let (inside, without) = read(&marked(&html, slice::from_ref(&range)));
            prop_assert_eq!(inside, &line[range]);
            prop_assert_eq!(without, html);
        }
    }
}
