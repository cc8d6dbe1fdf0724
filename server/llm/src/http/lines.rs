//! Prepares a body for the event parser: whole lines of valid UTF-8, without a byte order mark.
//!
//! The parser (`eventsource-stream`) scans its buffer from the start on every chunk, keeps invalid bytes back until
//! the stream ends and cannot step over a byte order mark; handing it whole clean lines avoids all three. A line
//! ends in ASCII, so cutting there never cuts a character.

use async_stream::try_stream;
use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, StreamExt};

use super::transport::TransportError;

/// Longest line accepted; a single event of a model is far shorter.
pub(super) const LONGEST_LINE_BYTES: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a body could not be read on.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The connection broke.
    Transport(TransportError),
    /// A line does not end.
    LineTooLong,
}

/// Regroups chunks into blocks that end with a line. What follows the last line end is dropped at the end of the
/// body: by the standard an unfinished line is no event. `on_bytes` is told of every chunk.
pub(super) fn line_blocks<S, F>(
    body: S,
    mut on_bytes: F,
) -> impl Stream<Item = Result<String, ReadError>>
where
    S: Stream<Item = Result<Bytes, TransportError>>,
    F: FnMut(),
{
    try_stream! {
        let mut body = std::pin::pin!(body);
        let mut held = BytesMut::new();
        let mut is_first = true;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(ReadError::Transport)?;
            on_bytes();
            let line_end = chunk.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            let start_of_chunk = held.len();
            held.extend_from_slice(&chunk);
            if let Some(position) = line_end {
                let mut block = held.split_to(start_of_chunk + position + 1);
                if std::mem::take(&mut is_first) && block.starts_with(BYTE_ORDER_MARK) {
                    block.advance(BYTE_ORDER_MARK.len());
                }
                yield String::from_utf8_lossy(&block).into_owned();
            }
            if held.len() > LONGEST_LINE_BYTES {
                Err(ReadError::LineTooLong)?;
            }
        }
    }
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

    use futures::stream;

    use super::*;

    async fn blocks(chunks: &[&[u8]]) -> Vec<Result<String, ReadError>> {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        line_blocks(stream::iter(chunks), || {}).collect().await
    }

    async fn text(chunks: &[&[u8]]) -> String {
        blocks(chunks)
            .await
            .into_iter()
            .map(|block| block.unwrap())
            .collect()
    }

    #[tokio::test]
    async fn passes_whole_lines_and_keeps_the_rest_back() {
        assert_eq!(text(&[b"a", b"b\nc", b"\nd"]).await, "ab\nc\n");
        assert_eq!(blocks(&[b"data: 1", b"2", b"3"]).await.len(), 0);
        assert_eq!(text(&[b"a\r", b"\nb\r\n"]).await, "a\r\nb\r\n");
    }

    #[tokio::test]
    async fn never_cuts_a_character_and_replaces_what_is_none() {
        let astronaut = "👩\n".as_bytes();
        assert_eq!(
            text(&[&astronaut[..2], &astronaut[2..3], &astronaut[3..]]).await,
            "👩\n"
        );
        assert_eq!(text(&[b"a\xFFb\n", b"c\n"]).await, "a\u{FFFD}b\nc\n");
    }

    #[tokio::test]
    async fn takes_a_byte_order_mark_away_once() {
        assert_eq!(
            text(&[b"\xEF", b"\xBB\xBFa\n", b"\xEF\xBB\xBFb\n"]).await,
            "a\n\u{FEFF}b\n"
        );
    }

    #[tokio::test]
    async fn refuses_a_line_without_end() {
        let chunk = vec![b'x'; 1024 * 1024];
        let chunks: Vec<&[u8]> = std::iter::repeat_n(chunk.as_slice(), 20).collect();
        let blocks = blocks(&chunks).await;
        assert!(matches!(blocks.as_slice(), [Err(ReadError::LineTooLong)]));
    }
}
