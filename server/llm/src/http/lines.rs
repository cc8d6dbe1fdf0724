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
