//! Recorded bodies, cut as a test likes.

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::exchange::{Decoder, decode_body};
use super::transport::TransportError;
use crate::{Accumulator, Error, Response, StreamPart};

/// The parts of a body that arrives in these chunks.
pub(crate) fn decode<D: Decoder>(
    decoder: D,
    chunks: Vec<Result<Bytes, TransportError>>,
) -> Vec<Result<StreamPart, Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let parts = async {
        decode_body("p", stream::iter(chunks), decoder)
            .collect()
            .await
    };
    runtime
        .map(|runtime| runtime.block_on(parts))
        .unwrap_or_default()
}

/// The whole answer of parts among which there is no error.
#[expect(clippy::unwrap_used, reason = "tests")]
pub(crate) fn response(parts: Vec<Result<StreamPart, Error>>) -> Response {
    let mut accumulator = Accumulator::default();
    for part in parts {
        accumulator.push(&part.unwrap()).unwrap();
    }
    accumulator.finish().unwrap()
}

/// A body that arrives at once.
pub(crate) fn whole(body: &[u8]) -> Vec<Result<Bytes, TransportError>> {
    vec![Ok(Bytes::copy_from_slice(body))]
}

/// A body that arrives byte by byte.
pub(crate) fn byte_by_byte(body: &[u8]) -> Vec<Result<Bytes, TransportError>> {
    body.iter()
        .map(|byte| Ok(Bytes::copy_from_slice(&[*byte])))
        .collect()
}

/// A body cut at these places, which may be out of order, repeated or beyond the end.
pub(crate) fn cut(body: &[u8], places: &[usize]) -> Vec<Result<Bytes, TransportError>> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place % (body.len() + 1))
        .collect();
    places.push(body.len());
    places.sort_unstable();
    let mut start = 0;
    let mut chunks = Vec::new();
    for end in places {
        chunks.push(Ok(Bytes::copy_from_slice(
            body.get(start..end).unwrap_or_default(),
        )));
        start = end;
    }
    chunks
}

/// Where each event of a body ends.
pub(crate) fn event_ends(body: &[u8]) -> Vec<usize> {
    let text = String::from_utf8_lossy(body);
    let blank = if text.contains("\r\n\r\n") {
        "\r\n\r\n"
    } else {
        "\n\n"
    };
    text.match_indices(blank)
        .map(|(start, _)| start + blank.len())
        .collect()
}
