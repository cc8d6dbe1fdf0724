//! Names of files in `Content-Disposition`, after RFC 6266 and RFC 8187.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// `attr-char` of RFC 8187, 3.2.1.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The file's name; the extended form wins, as it can hold all letters.
pub fn file_name(header: &str) -> Option<String> {
    let mut plain = None;
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = value_of(after.trim_start());
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                if let Some(name) = extended(&value) {
                    return Some(name);
                }
            }
            "filename" => plain = Some(value),
            _ => {}
        }
        match next.split_once(';') {
            Some((_, next)) if next.contains('=') => rest = next,
            _ => return plain,
        }
    }
}

/// A token or a quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

fn extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let (charset, _language, text) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Shown in the browser, under this name when it is kept.
pub fn inline(name: &str) -> HeaderValue {
    let escaped = utf8_percent_encode(name, ESCAPED);
    HeaderValue::try_from(format!("inline; filename*=UTF-8''{escaped}"))
        .unwrap_or(HeaderValue::from_static("inline"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(header: &str) -> String {
        file_name(header).unwrap_or_default()
    }

    #[test]
    fn reads_plain_quoted_and_extended_names() {
        assert_eq!(name("attachment; filename=a.png"), "a.png");
        assert_eq!(
            name("form-data; name=\"x\"; filename=\"a \\\"b\\\"; c.png\""),
            "a \"b\"; c.png"
        );
        assert_eq!(
            name("attachment; FileName=\"a\"; filename*=utf-8'de'%C3%BC.png"),
            "ü.png"
        );
        assert_eq!(
            name("attachment; filename*=latin1''%FC; filename=\"b\""),
            "b"
        );
    }

    #[test]
    fn says_nothing_where_there_is_no_name() {
        for header in [
            "",
            "attachment",
            "attachment; ",
            "attachment; name=x",
            "filename=a",
        ] {
            assert_eq!(name(header), "", "{header:?}");
        }
    }

    #[test]
    fn a_name_cannot_end_the_header() {
        let header = inline("a\"\r\nX: y; ü.png");
        assert_eq!(
            header,
            "inline; filename*=UTF-8''a%22%0D%0AX%3A%20y%3B%20%C3%BC.png"
        );
        assert_eq!(
            name(header.to_str().unwrap_or_default()),
            "a\"\r\nX: y; ü.png"
        );
    }
}
