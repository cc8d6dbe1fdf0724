//! What a file is, by its bytes, and whether that is what its sender says.

use image::ImageFormat;
use quick_xml::Reader;
use quick_xml::events::Event;
use sdk::files::MEDIA_TYPES;

use super::Refused;

const TEXT: &str = "text/plain";
const MARKDOWN: &str = "text/markdown";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its media type.
    pub(super) media_type: &'static str,
    /// How its picture is coded, if it is one.
    pub(super) picture: Option<ImageFormat>,
}

/// Reads the kind from the bytes; what is declared must agree with them. Plain text may be more by its name.
pub(super) fn of(name: &str, declared: Option<&str>, data: &[u8]) -> Result<Kind, Refused> {
    let declared = declared.map(base_type);
    let declared = match &declared {
        Some(declared) => Some(allowed(declared)?),
        None => None,
    };
    let found = found(data)?;
    match (found.picture, declared) {
        (_, None) if found.picture.is_some() => Ok(found),
        (Some(_), Some(declared)) if declared == found.media_type => Ok(found),
        (None, None | Some(TEXT | MARKDOWN | CSV | JSON)) => text(name, declared, data),
        (_, declared) => Err(Refused::Mismatch {
            declared: declared.unwrap_or_default().to_owned(),
            found: found.media_type,
        }),
    }
}

fn base_type(declared: &str) -> String {
    let base = declared.split(';').next().unwrap_or_default();
    base.trim().to_ascii_lowercase()
}

fn allowed(declared: &str) -> Result<&'static str, Refused> {
    if declared == "image/svg+xml" {
        return Err(Refused::Svg);
    }
    let known = MEDIA_TYPES.into_iter().find(|known| *known == declared);
    known.ok_or_else(|| Refused::Type(declared.to_owned()))
}

/// How a picture that can be shown is coded, and its media type.
pub(super) fn picture(data: &[u8]) -> Option<(ImageFormat, &'static str)> {
    match image::guess_format(data) {
        Ok(ImageFormat::Png) => Some((ImageFormat::Png, "image/png")),
        Ok(ImageFormat::Jpeg) => Some((ImageFormat::Jpeg, "image/jpeg")),
        Ok(ImageFormat::Gif) => Some((ImageFormat::Gif, "image/gif")),
        Ok(ImageFormat::WebP) => Some((ImageFormat::WebP, "image/webp")),
        _ => None,
    }
}

fn found(data: &[u8]) -> Result<Kind, Refused> {
    if let Some((format, media_type)) = picture(data) {
        return Ok(Kind {
            media_type,
            picture: Some(format),
        });
    }
    let text = std::str::from_utf8(data).map_err(|_| Refused::Unreadable)?;
    if text.contains('\0') {
        return Err(Refused::Unreadable);
    }
    if is_svg(text) {
        return Err(Refused::Svg);
    }
    Ok(Kind {
        media_type: TEXT,
        picture: None,
    })
}

/// Plain text is what its name says, where that is a kind of text; JSON must be JSON.
fn text(name: &str, declared: Option<&'static str>, data: &[u8]) -> Result<Kind, Refused> {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(data);
    let by_name = match name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase())
    {
        Some(end) if end == "md" || end == "markdown" => MARKDOWN,
        Some(end) if end == "csv" => CSV,
        Some(end) if end == "json" && is_json().is_ok() => JSON,
        _ => TEXT,
    };
    let media_type = match declared {
        None | Some(TEXT) => by_name,
        Some(JSON) => {
            is_json().map_err(|error| Refused::NotJson(error.to_string()))?;
            JSON
        }
        Some(other) => other,
    };
    Ok(Kind {
        media_type,
        picture: None,
    })
}

/// Whether the first element of a document is one of SVG, whatever stands before it.
fn is_svg(text: &str) -> bool {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                return element.local_name().as_ref().eq_ignore_ascii_case("svg");
            }
            Ok(Event::Text(between)) if between.chars().all(char::is_whitespace) => {}
            Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_)) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";

    fn media_type(name: &str, declared: &str, data: &[u8]) -> Result<&'static str, Refused> {
        let declared = (!declared.is_empty()).then_some(declared);
        of(name, declared, data).map(|kind| kind.media_type)
    }

    #[test]
    fn bytes_say_what_a_file_is() {
        assert_eq!(media_type("a", "", PNG), Ok("image/png"));
        assert_eq!(media_type("a", "", b"\xff\xd8\xff\xe0"), Ok("image/jpeg"));
        assert_eq!(media_type("a", "", b"GIF89a"), Ok("image/gif"));
        assert_eq!(
            media_type("a", "image/webp", b"RIFF\x04\0\0\0WEBPVP8 "),
            Ok("image/webp")
        );
        assert_eq!(media_type("a", "", "grün".as_bytes()), Ok(TEXT));
    }

    #[test]
    fn what_is_declared_must_agree() {
        assert!(matches!(
            media_type("a.png", "image/jpeg", PNG),
            Err(Refused::Mismatch { .. })
        ));
        assert!(matches!(
            media_type("a.txt", "text/plain", PNG),
            Err(Refused::Mismatch { .. })
        ));
        assert!(matches!(
            media_type("a.png", "image/png", b"text"),
            Err(Refused::Mismatch { .. })
        ));
        assert!(matches!(
            media_type("a.exe", "application/pdf", b"%PDF"),
            Err(Refused::Type(_))
        ));
        assert_eq!(media_type("a", "Image/PNG; x=y", PNG), Ok("image/png"));
    }

    #[test]
    fn plain_text_is_more_by_its_name() {
        assert_eq!(media_type("a.MD", "text/plain", b"# a"), Ok(MARKDOWN));
        assert_eq!(media_type("a.csv", "", b"a,b"), Ok(CSV));
        assert_eq!(
            media_type("a.json", "text/plain; charset=utf-8", b"{}"),
            Ok(JSON)
        );
        assert_eq!(media_type("a.json", "text/plain", b"{"), Ok(TEXT));
        assert!(matches!(
            media_type("a", "application/json", b"{"),
            Err(Refused::NotJson(_))
        ));
        assert_eq!(
            media_type("a.html", "text/plain", b"<html><script>"),
            Ok(TEXT)
        );
    }

    #[test]
    fn what_is_neither_picture_nor_text_is_refused() {
        for data in [&b"\xff\xfea\0"[..], b"a\0b", b"\x7fELF\x02\x01\x01\x80"] {
            assert_eq!(media_type("a", "", data), Err(Refused::Unreadable));
        }
    }

    #[test]
    fn svg_is_refused_whatever_it_is_called() {
        for text in [
            "<svg/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- a -->\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg xmlns=\"x\">",
            "<s:SVG xmlns:s=\"x\">",
        ] {
            assert_eq!(
                media_type("a.txt", "text/plain", text.as_bytes()),
                Err(Refused::Svg),
                "{text}"
            );
        }
        assert_eq!(
            media_type("a", "image/svg+xml", b"<svg/>"),
            Err(Refused::Svg)
        );
        for text in ["# A picture\n<svg/>", "<html><svg/></html>", "a < b", "<"] {
            assert_eq!(
                media_type("a.txt", "text/plain", text.as_bytes()),
                Ok(TEXT),
                "{text}"
            );
        }
    }
}
