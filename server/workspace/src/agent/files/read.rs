//! Reading files, whole or by numbered lines, within limits.

use std::{fmt::Write, io::Read, path::Path};

use crate::{agent::error::ApiError, protocol::ReadFileLines};

/// A whole file, for attaching: at most this much.
const MAX_WHOLE_BYTES: u64 = 10 * 1024 * 1024;
/// A file that is read by lines: at most this much, whatever the range.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// A longer line is cut.
const MAX_LINE_BYTES: usize = 1024;
/// Lines in one answer.
const MAX_LINES: u64 = 2000;
/// Bytes in one answer.
const MAX_CONTENT_BYTES: usize = 32 * 1024;

/// A whole file's bytes.
pub fn whole(path: &Path) -> Result<Vec<u8>, ApiError> {
    let size = regular_file_size(path)?;
    if size > MAX_WHOLE_BYTES {
        return Err(ApiError::bad_request(format!(
            "{} has {size} bytes; at most {MAX_WHOLE_BYTES} can be read at once",
            path.display()
        )));
    }
    read_at_most(path, MAX_WHOLE_BYTES)
}

/// Numbered lines of a text file.
pub fn lines(path: &Path, offset: u64, limit: u64) -> Result<ReadFileLines, ApiError> {
    if offset == 0 {
        return Err(ApiError::bad_request(
            "offset is a line number and counts from 1",
        ));
    }
    let file_size = regular_file_size(path)?;
    if file_size > MAX_FILE_BYTES {
        let error = format!(
            "the file has {file_size} bytes and files over {MAX_FILE_BYTES} are not read; look at parts of it with a \
             command such as grep, head or sed -n"
        );
        return Ok(ReadFileLines {
            file_size,
            error: Some(error),
            ..ReadFileLines::default()
        });
    }
    let bytes = read_at_most(path, MAX_FILE_BYTES)?;
    if bytes.contains(&0) {
        let error =
            "the file is binary; look at it with a command such as file, xxd or strings".to_owned();
        return Ok(ReadFileLines {
            file_size,
            error: Some(error),
            ..ReadFileLines::default()
        });
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(numbered(
        &text,
        file_size,
        offset,
        if limit == 0 {
            MAX_LINES
        } else {
            limit.min(MAX_LINES)
        },
    ))
}

fn numbered(text: &str, file_size: u64, offset: u64, limit: u64) -> ReadFileLines {
    let total_lines = text.split('\n').count() as u64;
    let failure = |error: String| ReadFileLines {
        file_size,
        total_lines,
        error: Some(error),
        ..ReadFileLines::default()
    };
    if offset > total_lines {
        return failure(format!(
            "the file has {total_lines} lines; line {offset} is beyond its end"
        ));
    }
    let skipped = usize::try_from(offset - 1).unwrap_or(usize::MAX);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut content = String::new();
    let mut lines_read = 0;
    for (number, line) in (offset..).zip(text.split('\n').skip(skipped).take(wanted)) {
        if lines_read > 0 {
            content.push('\n');
        }
        push_line(&mut content, number, line);
        if content.len() > MAX_CONTENT_BYTES {
            return failure(format!(
                "lines {offset} to {} are more than {MAX_CONTENT_BYTES} bytes; ask for at most {} lines with limit",
                offset + limit.min(total_lines + 1 - offset) - 1,
                lines_read.max(1),
            ));
        }
        lines_read += 1;
    }
    ReadFileLines {
        success: true,
        file_size,
        total_lines,
        lines_read,
        content,
        error: None,
    }
}

fn push_line(content: &mut String, number: u64, line: &str) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let kept = line.floor_char_boundary(MAX_LINE_BYTES);
    let (kept, cut) = line.split_at(kept);
    // Writing to a String cannot fail.
    let _ = write!(content, "{number}\t{kept}");
    if !cut.is_empty() {
        let _ = write!(content, "… [{} bytes of this line cut]", cut.len());
    }
}

/// The size of a regular file; anything else (a folder, a pipe that would block for ever) is refused.
pub fn regular_file_size(path: &Path) -> Result<u64, ApiError> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| ApiError::from_io(format!("cannot read {}", path.display()), &error))?;
    if metadata.is_dir() {
        return Err(ApiError::bad_request(format!(
            "{} is a folder, not a file; list it instead",
            path.display()
        )));
    }
    if !metadata.is_file() {
        return Err(ApiError::bad_request(format!(
            "{} is not a regular file",
            path.display()
        )));
    }
    Ok(metadata.len())
}

/// The file's bytes. It may have grown since its size was looked at.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, ApiError> {
    let refused = |error: std::io::Error| {
        ApiError::from_io(format!("cannot read {}", path.display()), &error)
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(refused)?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(refused)?;
    if bytes.len() as u64 > limit {
        return Err(ApiError::bad_request(format!(
            "{} grew over {limit} bytes while it was read",
            path.display()
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use proptest::prelude::*;

    use super::*;

    fn read(content: &[u8], offset: u64, limit: u64) -> ReadFileLines {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        lines(file.path(), offset, limit).unwrap()
    }

    #[test]
    fn numbers_lines_and_counts_a_final_newline_as_one_more() {
        let read = read(b"one\r\ntwo\n", 1, 0);
        assert_eq!(read.content, "1\tone\n2\ttwo\n3\t");
        assert_eq!(
            (
                read.success,
                read.total_lines,
                read.lines_read,
                read.file_size
            ),
            (true, 3, 3, 9)
        );
    }

    #[test]
    fn reads_a_range_and_says_when_it_is_beyond_the_end() {
        assert_eq!(read(b"a\nb\nc", 2, 1).content, "2\tb");
        let beyond = read(b"a\nb\nc", 9, 1);
        assert!(!beyond.success && beyond.total_lines == 3);
    }

    #[test]
    fn refuses_a_large_file_even_with_a_range_and_a_binary_one() {
        let large = read(&vec![b'a'; 1024 * 1024 + 1], 1, 1);
        assert!(
            !large.success && large.content.is_empty() && large.error.unwrap().contains("1048577")
        );
        assert!(read(b"PNG\0\x01", 1, 0).error.unwrap().contains("binary"));
    }

    #[test]
    fn an_answer_over_its_limit_is_an_error_that_names_a_limit_that_fits() {
        let text = "x".repeat(999) + "\n";
        let over = read(text.repeat(40).as_bytes(), 1, 0);
        assert!(!over.success && over.content.is_empty());
        assert!(over.error.unwrap().contains("at most 32 lines"));
        assert!(read(text.repeat(40).as_bytes(), 1, 32).success);
    }

    #[test]
    fn replaces_invalid_utf8_and_caps_the_lines() {
        assert_eq!(read(b"a\xffb", 1, 0).content, "1\ta\u{fffd}b");
        assert_eq!(read("\n".repeat(3000).as_bytes(), 1, 0).lines_read, 2000);
    }

    proptest! {
        #[test]
        fn cuts_long_lines_on_a_character_boundary(line in "[a-zäß€😀]{0,900}") {
            let read = read(line.as_bytes(), 1, 0);
            let body = read.content.strip_prefix("1\t").unwrap();
            if line.len() <= MAX_LINE_BYTES {
                prop_assert_eq!(body, line);
            } else {
                let kept = body.split("… [").next().unwrap();
                prop_assert!(line.starts_with(kept) && kept.len() <= MAX_LINE_BYTES && kept.len() > MAX_LINE_BYTES - 4);
            }
        }
    }
}
