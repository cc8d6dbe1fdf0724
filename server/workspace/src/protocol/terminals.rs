//! Frames of a terminal: what goes in and out over one call, `POST /api/v0/terminals/{id}`.
//!
//! Both bodies are streams of frames: four bytes of length, a byte that names the kind, and the rest. A frame that is not
//! understood ends the call.

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use tokio_util::codec::LengthDelimitedCodec;

/// No frame is longer: a whole scroll-back with what restores the screen's modes.
const MAX_FRAME_BYTES: usize = 512 * 1024;

const DATA: u8 = 0;
const RESIZE: u8 = 1;
const TAKEN: u8 = 2;
const END: u8 = 3;
const SCROLL_BACK: u8 = 4;
const ENDED: u8 = 5;
const END_RECEIVED: u8 = 6;

/// The query of the call. A size of zero leaves the terminal's as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminalSize {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Control plane → agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalInput {
    /// Keys, as a terminal sends them.
    Data(Bytes),
    /// The reader's window has another size.
    Resize(TerminalSize),
    /// The reader has worked off so many bytes of output; as many more may come.
    Taken(u32),
    /// The terminal is closed: everything that runs in it ends.
    End,
    /// [`TerminalOutput::Ended`] has arrived: the output ends, and the next reader begins a new shell.
    EndReceived,
}

/// Agent → control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalOutput {
    /// Everything that is known of the past: the reader begins with an empty screen. First, and again for a reader that
    /// was too slow to see all.
    ScrollBack(Bytes),
    /// What came since.
    Data(Bytes),
    /// The shell has ended; nothing comes after it. Every reader is told until one has answered with
    /// [`TerminalInput::EndReceived`].
    Ended {
        /// Its exit code; 128 and the signal's number when one ended it.
        exit_code: i32,
    },
}

/// A frame that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of a terminal that this version does not understand")]
pub struct UnknownFrame;

/// Cuts a stream into frames.
pub fn terminal_frames() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(MAX_FRAME_BYTES)
        .new_codec()
}

impl TerminalInput {
    /// The frame with its length.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Data(data) => frame(DATA, data),
            Self::Resize(size) => {
                let mut payload = [0; 4];
                let (width, height) = payload.split_at_mut(2);
                width.copy_from_slice(&size.width.to_be_bytes());
                height.copy_from_slice(&size.height.to_be_bytes());
                frame(RESIZE, &payload)
            }
            Self::Taken(bytes) => frame(TAKEN, &bytes.to_be_bytes()),
            Self::End => frame(END, &[]),
            Self::EndReceived => frame(END_RECEIVED, &[]),
        }
    }

    /// Reads a frame without its length.
    pub fn decode(mut frame: BytesMut) -> Result<Self, UnknownFrame> {
        let payload = frame.split_off(1.min(frame.len())).freeze();
        match frame.first() {
            Some(&DATA) => Ok(Self::Data(payload)),
            Some(&RESIZE) => {
                let (width, height) = payload.split_first_chunk().ok_or(UnknownFrame)?;
                Ok(Self::Resize(TerminalSize {
                    width: u16::from_be_bytes(*width),
                    height: u16::from_be_bytes(array(height)?),
                }))
            }
            Some(&TAKEN) => Ok(Self::Taken(u32::from_be_bytes(array(&payload)?))),
            Some(&END) => Ok(Self::End),
            Some(&END_RECEIVED) => Ok(Self::EndReceived),
            _ => Err(UnknownFrame),
        }
    }
}

impl TerminalOutput {
    /// The frame with its length.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::ScrollBack(data) => frame(SCROLL_BACK, data),
            Self::Data(data) => frame(DATA, data),
            Self::Ended { exit_code } => frame(ENDED, &exit_code.to_be_bytes()),
        }
    }

    /// Reads a frame without its length.
    pub fn decode(mut frame: BytesMut) -> Result<Self, UnknownFrame> {
        let payload = frame.split_off(1.min(frame.len())).freeze();
        match frame.first() {
            Some(&SCROLL_BACK) => Ok(Self::ScrollBack(payload)),
            Some(&DATA) => Ok(Self::Data(payload)),
            Some(&ENDED) => Ok(Self::Ended {
                exit_code: i32::from_be_bytes(array(&payload)?),
            }),
            _ => Err(UnknownFrame),
        }
    }
}

fn array<const N: usize>(payload: &[u8]) -> Result<[u8; N], UnknownFrame> {
    payload.try_into().map_err(|_| UnknownFrame)
}

fn frame(kind: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(5 + payload.len());
    frame.put_u32(u32::try_from(payload.len() + 1).unwrap_or(u32::MAX));
    frame.put_u8(kind);
    frame.put_slice(payload);
    frame.freeze()
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
    use super::*;

    /// As it comes out of the codec.
    fn received(encoded: &Bytes) -> BytesMut {
        use tokio_util::codec::Decoder as _;
        terminal_frames()
            .decode(&mut BytesMut::from(&encoded[..]))
            .unwrap()
            .unwrap()
    }

    #[test]
    fn frames_survive_their_own_encoding() {
        let size = TerminalSize {
            width: 300,
            height: 2,
        };
        for input in [
            TerminalInput::Data(Bytes::from_static(b"ls\r")),
            TerminalInput::Data(Bytes::new()),
            TerminalInput::Resize(size),
            TerminalInput::Taken(70_000),
            TerminalInput::End,
            TerminalInput::EndReceived,
        ] {
            let read = TerminalInput::decode(received(&input.encode()));
            assert_eq!(read, Ok(input));
        }
        for output in [
            TerminalOutput::ScrollBack(Bytes::from_static(b"before")),
            TerminalOutput::Data(Bytes::from_static(&[0xff, 0])),
            TerminalOutput::Ended { exit_code: -1 },
        ] {
            let read = TerminalOutput::decode(received(&output.encode()));
            assert_eq!(read, Ok(output));
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for frame in [&b""[..], b"\xff", b"\x01\x00", b"\x02\x00\x00"] {
            let read = TerminalInput::decode(BytesMut::from(frame));
            assert_eq!(read, Err(UnknownFrame), "{frame:?}");
        }
        let read = TerminalOutput::decode(BytesMut::from(&b"\x05\x00"[..]));
        assert_eq!(read, Err(UnknownFrame));
    }
}
