//! Follows a terminal's output byte by byte: whether a sequence or a character has begun, and which modes are on.
//!
//! Only as much of ECMA-48 as cutting needs; what is shown is the reader's business.

use std::collections::BTreeMap;

/// Private modes that stay on: keys of the cursor, wrapping, the cursor itself, the mouse, the other screen, pasting.
const MODES: [u16; 14] = [
    1, 7, 25, 47, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1049, 2004,
];
/// Those that are on in a new terminal.
const ON_BY_DEFAULT: [u16; 2] = [7, 25];
/// A longer list of parameters is none that is remembered.
const MAX_PARAMETER_BYTES: usize = 64;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Between sequences.
    #[default]
    Ground,
    /// In a character of which so many bytes are to come.
    Character(u8),
    Escape,
    /// In a control sequence: `ESC [ …`.
    Control,
    /// In a text to the terminal: `ESC ]`, `ESC P` and the like, until BEL or `ESC \`.
    Text,
    TextEscape,
}

/// Where the output stands.
#[derive(Default)]
pub struct Sequences {
    place: Place,
    parameters: Vec<u8>,
    modes: BTreeMap<u16, bool>,
}

impl Sequences {
    /// Whether output can be cut before this byte.
    pub fn can_begin_with(&self, next: u8) -> bool {
        // A character that breaks off is one that is whole.
        matches!(self.place, Place::Ground)
            || matches!(self.place, Place::Character(_)) && !is_continuation(next)
    }

    /// Takes the next byte.
    pub fn pass(&mut self, byte: u8) {
        self.place = match self.place {
            Place::Character(left) if is_continuation(byte) => match left {
                0 | 1 => Place::Ground,
                left => Place::Character(left - 1),
            },
            Place::Ground | Place::Character(_) => begin(byte),
            Place::Control => self.in_control(byte),
            Place::Text => match byte {
                BELL => Place::Ground,
                ESCAPE => Place::TextEscape,
                _ => Place::Text,
            },
            Place::TextEscape if byte == b'\\' => Place::Ground,
            Place::Escape | Place::TextEscape => self.after_escape(byte),
        };
    }

    fn after_escape(&mut self, byte: u8) -> Place {
        match byte {
            b'[' => {
                self.parameters.clear();
                Place::Control
            }
            b']' | b'P' | b'X' | b'^' | b'_' => Place::Text,
            b'c' => {
                self.modes.clear();
                Place::Ground
            }
            // Bytes between, as in `ESC ( B`.
            0x20..=0x2f | ESCAPE => Place::Escape,
            _ => Place::Ground,
        }
    }

    fn in_control(&mut self, byte: u8) -> Place {
        match byte {
            0x40..=0x7e => {
                self.note_modes(byte);
                Place::Ground
            }
            ESCAPE => Place::Escape,
            _ => {
                if self.parameters.len() < MAX_PARAMETER_BYTES {
                    self.parameters.push(byte);
                }
                Place::Control
            }
        }
    }

    fn note_modes(&mut self, last: u8) {
        let is_on = match last {
            b'h' => true,
            b'l' => false,
            _ => return,
        };
        let Some(list) = self.parameters.strip_prefix(b"?") else {
            return;
        };
        for mode in list.split(|byte| *byte == b';') {
            let mode = str::from_utf8(mode).ok().and_then(|mode| mode.parse().ok());
            if let Some(mode) = mode.filter(|mode| MODES.contains(mode)) {
                self.modes.insert(mode, is_on);
            }
        }
    }

    /// The sequences that give a new terminal the same modes.
    pub fn modes_in_force(&self) -> Vec<u8> {
        let changed = self
            .modes
            .iter()
            .filter(|(mode, is_on)| ON_BY_DEFAULT.contains(mode) != **is_on);
        changed
            .flat_map(|(mode, is_on)| {
                let last = if *is_on { 'h' } else { 'l' };
                format!("\x1b[?{mode}{last}").into_bytes()
            })
            .collect()
    }
}

fn begin(byte: u8) -> Place {
    match byte {
        ESCAPE => Place::Escape,
        0xc2..=0xdf => Place::Character(1),
        0xe0..=0xef => Place::Character(2),
        0xf0..=0xf4 => Place::Character(3),
        _ => Place::Ground,
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
