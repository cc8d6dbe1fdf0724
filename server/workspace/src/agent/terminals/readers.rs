//! Who looks at a terminal and how far each has come.
//!
//! Each reader may have so many bytes under way; it says what it has worked off. So a slow window, or a window whose
//! connection is slow, holds up its terminal instead of filling memory, and keys such as Ctrl-C are answered soon.

use std::collections::HashMap;

use bytes::Bytes;
use uuid::Uuid;

use super::history::History;
use crate::protocol::TerminalOutput;

/// What a reader may have under way.
pub const WINDOW_BYTES: usize = 128 * 1024;
/// One frame of output.
const FRAME_BYTES: usize = 16 * 1024;

/// What a terminal shows, and to whom.
#[derive(Default)]
pub struct Screen {
    pub history: History,
    readers: HashMap<Uuid, Progress>,
    /// Set once the shell has ended.
    pub exit_code: Option<i32>,
    /// Whether a reader has received the end. Given to one is not enough: its connection may be lost already.
    pub is_end_received: bool,
}

#[derive(Default)]
struct Progress {
    /// Where it goes on; nothing before it was given the scroll-back.
    at: Option<u64>,
    under_way_bytes: usize,
    /// It was waited for in vain.
    is_left_behind: bool,
    /// It was given the end.
    is_over: bool,
}

/// What a reader is given.
pub enum Next {
    Output(TerminalOutput),
    /// There is nothing new, or no room for it.
    Nothing,
    /// The end has arrived.
    Over,
}

impl Screen {
    /// A new reader.
    pub fn attach(&mut self) -> Uuid {
        let id = Uuid::now_v7();
        self.readers.insert(id, Progress::default());
        id
    }

    /// The reader is gone.
    pub fn detach(&mut self, reader: Uuid) {
        self.readers.remove(&reader);
    }

    /// A reader has worked off so many bytes.
    pub fn taken(&mut self, reader: Uuid, bytes: usize) {
        if let Some(progress) = self.readers.get_mut(&reader) {
            progress.under_way_bytes = progress.under_way_bytes.saturating_sub(bytes);
        }
    }

    /// The end has arrived at a reader.
    pub fn end_received(&mut self) {
        self.is_end_received |= self.exit_code.is_some();
    }

    /// Whether anybody looks.
    pub fn is_looked_at(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Whether no reader has to be waited for.
    pub fn has_room(&self) -> bool {
        self.readers
            .values()
            .all(|progress| progress.is_left_behind || !self.is_behind(progress))
    }

    /// Waits no longer for those that take nothing.
    pub fn leave_behind(&mut self) {
        let history = &self.history;
        for progress in self.readers.values_mut() {
            progress.is_left_behind |= is_behind(history, progress);
        }
    }

    fn is_behind(&self, progress: &Progress) -> bool {
        is_behind(&self.history, progress)
    }

    /// What this reader is given next.
    pub fn next(&mut self, reader: Uuid) -> Next {
        let Some(progress) = self.readers.get_mut(&reader) else {
            return Next::Over;
        };
        if progress.is_over {
            return if self.is_end_received {
                Next::Over
            } else {
                Next::Nothing
            };
        }
        if progress.under_way_bytes >= WINDOW_BYTES {
            return Next::Nothing;
        }
        let (start, end) = (self.history.start(), self.history.end());
        let output = match progress.at {
            Some(at) if at == end => {
                let Some(exit_code) = self.exit_code else {
                    return Next::Nothing;
                };
                progress.is_over = true;
                return Next::Output(TerminalOutput::Ended { exit_code });
            }
            Some(at) if at >= start => {
                let room = (WINDOW_BYTES - progress.under_way_bytes).min(FRAME_BYTES);
                let data = self.history.read(at, room);
                progress.at = Some(at + data.len() as u64);
                TerminalOutput::Data(Bytes::from(data))
            }
            _ => {
                progress.at = Some(end);
                TerminalOutput::ScrollBack(Bytes::from(self.history.replay()))
            }
        };
        progress.is_left_behind = false;
        progress.under_way_bytes += match &output {
            TerminalOutput::Data(data) | TerminalOutput::ScrollBack(data) => data.len(),
            TerminalOutput::Ended { .. } => 0,
        };
        Next::Output(output)
    }
}

fn is_behind(history: &History, progress: &Progress) -> bool {
    progress
        .at
        .is_some_and(|at| history.end().saturating_sub(at) >= WINDOW_BYTES as u64)
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

    fn data(next: Next) -> Option<Bytes> {
        match next {
            Next::Output(TerminalOutput::Data(data)) => Some(data),
            _ => None,
        }
    }

    fn scroll_back(next: Next) -> Option<Bytes> {
        match next {
            Next::Output(TerminalOutput::ScrollBack(data)) => Some(data),
            _ => None,
        }
    }

    #[test]
    fn a_reader_begins_with_the_past_and_goes_on_with_what_comes() {
        let mut screen = Screen::default();
        screen.history.push(b"before");
        let (one, other) = (screen.attach(), screen.attach());
        assert_eq!(scroll_back(screen.next(one)).unwrap(), "before");
        screen.history.push(b" after");
        assert_eq!(data(screen.next(one)).unwrap(), " after");
        assert!(matches!(screen.next(one), Next::Nothing));
        assert_eq!(scroll_back(screen.next(other)).unwrap(), "before after");
        screen.exit_code = Some(3);
        let ended = screen.next(one);
        assert!(matches!(
            ended,
            Next::Output(TerminalOutput::Ended { exit_code: 3 })
        ));
        assert!(matches!(screen.next(one), Next::Nothing));
        screen.end_received();
        assert!(matches!(screen.next(one), Next::Over));
    }

    #[test]
    fn a_reader_without_room_is_waited_for_until_it_is_left_behind() {
        let mut screen = Screen::default();
        let reader = screen.attach();
        assert_eq!(scroll_back(screen.next(reader)).unwrap(), "");
        let mut given = 0;
        for _ in 0..20 {
            screen.history.push(&[b'x'; FRAME_BYTES]);
            given += data(screen.next(reader)).map_or(0, |data| data.len());
        }
        assert_eq!(given, WINDOW_BYTES);
        assert!(!screen.has_room());
        screen.taken(reader, 10);
        assert_eq!(data(screen.next(reader)).unwrap().len(), 10);
        screen.leave_behind();
        assert!(screen.has_room());
        // As long as nothing is lost it goes on where it was, and then with all that is kept.
        screen.taken(reader, FRAME_BYTES);
        assert_eq!(data(screen.next(reader)).unwrap().len(), FRAME_BYTES);
        screen.leave_behind();
        for _ in 0..20 {
            screen.history.push(&[b'y'; FRAME_BYTES]);
        }
        screen.taken(reader, WINDOW_BYTES);
        let all = scroll_back(screen.next(reader)).unwrap();
        assert!(all.iter().all(|byte| *byte == b'y'));
        assert!(screen.has_room());
    }
}
