//! Names of keys as models write them, and the keys that they are on the keyboard of a screen.
//!
//! A sign that no key has is put on a key that has none, as `xdotool` does; it stays there until the key is needed for
//! another sign, so that a program that is slow to look still finds it.

use std::{
    collections::{HashMap, VecDeque},
    sync::OnceLock,
    time::Duration,
};

use x11rb::{
    connection::Connection as _, protocol::xproto::ConnectionExt as _,
    rust_connection::RustConnection, wrapper::ConnectionExt as _,
};
use xkeysym::Keysym;

use super::display::DisplayError;

/// Most keys that one action presses one after another.
const MAX_CHORDS: usize = 100;
/// Most keys that are held at once.
const MAX_HELD: usize = 8;
/// Until programs have heard that a key means something else.
const REMAP_PAUSE: Duration = Duration::from_millis(40);
/// The columns of the keyboard's table that are used: without and with Shift.
const COLUMNS: u8 = 2;

/// A key, and those that are held meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chord {
    /// In the order they are pressed.
    pub held: Vec<Keysym>,
    /// The last one.
    pub key: Keysym,
}

/// Keys one after another, with spaces between: `ctrl+a Delete`.
pub fn chords(text: &str) -> Result<Vec<Chord>, String> {
    let chords: Vec<_> = if text == " " {
        vec![chord("space")?]
    } else {
        let names = text.split_whitespace().take(MAX_CHORDS + 1);
        names.map(chord).collect::<Result<_, _>>()?
    };
    match chords.len() {
        0 => Err("text names no key; write one such as Return or ctrl+s".into()),
        more if more > MAX_CHORDS => Err(format!("at most {MAX_CHORDS} keys fit in one action")),
        _ => Ok(chords),
    }
}

/// Keys that are held together: `ctrl+shift`.
pub fn held(text: &str) -> Result<Vec<Keysym>, String> {
    let Chord { mut held, key } = chord(text.trim())?;
    held.push(key);
    Ok(held)
}

fn chord(text: &str) -> Result<Chord, String> {
    // The plus key itself stands alone or last.
    let (names, is_plus_last) = match text.strip_suffix('+') {
        Some(rest) => (rest.strip_suffix('+').unwrap_or(rest), true),
        None => (text, false),
    };
    let names = names.split('+').filter(|name| !name.is_empty());
    let mut keys = names.map(key).collect::<Result<Vec<_>, _>>()?;
    if is_plus_last {
        keys.push(Keysym::from_char('+'));
    }
    if keys.len() > MAX_HELD {
        return Err(format!("at most {MAX_HELD} keys can be held at once"));
    }
    let key = keys.pop().ok_or("text names no key")?;
    Ok(Chord { held: keys, key })
}

fn key(name: &str) -> Result<Keysym, String> {
    let mut characters = name.chars();
    if let (Some(one), None) = (characters.next(), characters.next()) {
        return sign(one);
    }
    let names = names();
    let found = names
        .get(name)
        .or_else(|| names.get(name.to_lowercase().as_str()));
    found.copied().ok_or_else(|| {
        format!("there is no key {name:?}; keys are named as in X, such as Return, Escape, Page_Down, F5 or ctrl+s")
    })
}

/// The key of a sign that is typed.
pub fn sign(character: char) -> Result<Keysym, String> {
    match character {
        '\n' | '\r' => Ok(Keysym::Return),
        '\t' => Ok(Keysym::Tab),
        '\u{8}' => Ok(Keysym::BackSpace),
        '\u{1b}' => Ok(Keysym::Escape),
        character if character.is_control() => Err(format!(
            "the control character U+{:04X} cannot be typed",
            u32::from(character)
        )),
        character => Ok(Keysym::from_char(character)),
    }
}

/// Names as X knows them, the same in small letters, and what else they are called.
fn names() -> &'static HashMap<String, Keysym> {
    static NAMES: OnceLock<HashMap<String, Keysym>> = OnceLock::new();
    const OTHERS: [(&str, Keysym); 34] = [
        ("ctrl", Keysym::Control_L),
        ("control", Keysym::Control_L),
        ("shift", Keysym::Shift_L),
        ("alt", Keysym::Alt_L),
        ("option", Keysym::Alt_L),
        ("altgr", Keysym::ISO_Level3_Shift),
        ("meta", Keysym::Meta_L),
        ("super", Keysym::Super_L),
        ("win", Keysym::Super_L),
        ("windows", Keysym::Super_L),
        ("cmd", Keysym::Super_L),
        ("command", Keysym::Super_L),
        ("enter", Keysym::Return),
        ("esc", Keysym::Escape),
        ("del", Keysym::Delete),
        ("ins", Keysym::Insert),
        ("spacebar", Keysym::space),
        ("back_space", Keysym::BackSpace),
        ("pageup", Keysym::Page_Up),
        ("page_up", Keysym::Page_Up),
        ("prior", Keysym::Page_Up),
        ("pagedown", Keysym::Page_Down),
        ("page_down", Keysym::Page_Down),
        ("next", Keysym::Page_Down),
        ("arrowup", Keysym::Up),
        ("arrowdown", Keysym::Down),
        ("arrowleft", Keysym::Left),
        ("arrowright", Keysym::Right),
        ("capslock", Keysym::Caps_Lock),
        ("numlock", Keysym::Num_Lock),
        ("scrolllock", Keysym::Scroll_Lock),
        ("printscreen", Keysym::Print),
        ("plus", Keysym::plus),
        ("minus", Keysym::minus),
    ];
    NAMES.get_or_init(|| {
        let mut exact = HashMap::new();
        let mut small = HashMap::new();
        for raw in (0x20..=0xffff).chain(0x1008_fe00..=0x1008_ffff) {
            let keysym = Keysym::new(raw);
            let Some(name) = keysym.name().and_then(known_name) else {
                continue;
            };
            small.entry(name.to_lowercase()).or_insert(keysym);
            exact.insert(name, keysym);
        }
        small.extend(OTHERS.map(|(name, keysym)| (name.to_owned(), keysym)));
        small.extend(exact);
        small
    })
}

fn known_name(name: &str) -> Option<String> {
    let plain = name.strip_prefix("XK_");
    plain.map(str::to_owned).or_else(|| {
        let media = name.strip_prefix("XF86XK_")?;
        Some(format!("XF86{media}"))
    })
}

/// Where a sign is on the keyboard.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The key.
    pub keycode: u8,
    /// Whether Shift is held for it.
    pub with_shift: bool,
}

/// Keys that were given a sign, the one that was given it first in front.
pub type Borrowed = VecDeque<u8>;

/// The keyboard as it is now.
pub struct Keyboard<'a> {
    connection: &'a RustConnection,
    first: u8,
    per_keycode: usize,
    keysyms: Vec<u32>,
    borrowed: &'a mut Borrowed,
}

impl<'a> Keyboard<'a> {
    /// Reads the table.
    pub fn read(
        connection: &'a RustConnection,
        borrowed: &'a mut Borrowed,
    ) -> Result<Self, DisplayError> {
        let setup = connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let count = last.saturating_sub(first).saturating_add(1);
        let reply = connection.get_keyboard_mapping(first, count)?.reply()?;
        Ok(Self {
            connection,
            first,
            per_keycode: usize::from(reply.keysyms_per_keycode).max(1),
            keysyms: reply.keysyms,
            borrowed,
        })
    }

    /// The key that has a sign; one that has none is given it.
    pub fn place(&mut self, keysym: Keysym) -> Result<Place, DisplayError> {
        if let Some(place) = self.find(keysym) {
            return Ok(place);
        }
        let keycode = self.spare().ok_or(DisplayError::NoSpareKey)?;
        let signs = [keysym.raw(); COLUMNS as usize];
        self.connection
            .change_keyboard_mapping(1, keycode, COLUMNS, &signs)?
            .check()?;
        self.connection.sync()?;
        std::thread::sleep(REMAP_PAUSE);
        let at = usize::from(keycode - self.first) * self.per_keycode;
        for (column, sign) in signs.iter().enumerate().take(self.per_keycode) {
            if let Some(place) = self.keysyms.get_mut(at + column) {
                *place = *sign;
            }
        }
        Ok(Place {
            keycode,
            with_shift: false,
        })
    }

    fn find(&self, keysym: Keysym) -> Option<Place> {
        let column = |column: usize| {
            self.rows()
                .position(|row| row.get(column) == Some(&keysym.raw()))
        };
        let place = |index: usize, with_shift| {
            let keycode = self.first.checked_add(u8::try_from(index).ok()?)?;
            Some(Place {
                keycode,
                with_shift,
            })
        };
        match column(0) {
            Some(index) => place(index, false),
            None => place(column(1)?, true),
        }
    }

    /// A key without any sign, or else the one that was given its sign longest ago.
    fn spare(&mut self) -> Option<u8> {
        let unused = self
            .rows()
            .position(|row| row.iter().all(|sign| *sign == 0));
        let keycode = match unused {
            Some(index) => self.first.checked_add(u8::try_from(index).ok()?)?,
            None => self.borrowed.pop_front()?,
        };
        self.borrowed.push_back(keycode);
        Some(keycode)
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, u32> {
        self.keysyms.chunks_exact(self.per_keycode)
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
    use super::*;

    fn one(text: &str) -> Chord {
        let mut chords = chords(text).unwrap();
        assert_eq!(chords.len(), 1, "{text}");
        chords.remove(0)
    }

    #[test]
    fn keys_are_known_by_the_names_that_models_write() {
        for (text, held, key) in [
            ("Return", vec![], Keysym::Return),
            ("enter", vec![], Keysym::Return),
            ("Page_Down", vec![], Keysym::Page_Down),
            ("F12", vec![], Keysym::F12),
            ("f5", vec![], Keysym::F5),
            ("a", vec![], Keysym::a),
            ("A", vec![], Keysym::A),
            ("ctrl+s", vec![Keysym::Control_L], Keysym::s),
            (
                "Ctrl+Shift+t",
                vec![Keysym::Control_L, Keysym::Shift_L],
                Keysym::t,
            ),
            ("alt+F4", vec![Keysym::Alt_L], Keysym::F4),
            ("+", vec![], Keysym::plus),
            ("ctrl++", vec![Keysym::Control_L], Keysym::plus),
            ("KP_Enter", vec![], Keysym::KP_Enter),
            ("ä", vec![], Keysym::adiaeresis),
            (" ", vec![], Keysym::space),
            ("super", vec![], Keysym::Super_L),
        ] {
            assert_eq!(one(text), Chord { held, key }, "{text}");
        }
        assert_eq!(chords("Down Down Return").unwrap().len(), 3);
        assert_eq!(
            held("ctrl+shift").unwrap(),
            [Keysym::Control_L, Keysym::Shift_L]
        );
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_name() {
        let many = "a ".repeat(MAX_CHORDS + 1);
        let together = "ctrl+".repeat(20) + "a";
        for (text, reason) in [
            ("", "names no key"),
            ("  ", "names no key"),
            ("Returm", "\"Returm\""),
            ("ctrl+nonsense", "\"nonsense\""),
            (many.as_str(), "at most 100"),
            (together.as_str(), "at most 8"),
        ] {
            let refused = chords(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
        assert!(sign('\u{7}').unwrap_err().contains("U+0007"));
        assert_eq!(sign('\n'), Ok(Keysym::Return));
        assert_eq!(sign('漢').unwrap().raw(), 0x0100_6f22);
    }
}
