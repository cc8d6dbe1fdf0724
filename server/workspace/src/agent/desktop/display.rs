//! The screen as a program sees it: pictures of it, and a pointer and keys that are moved for somebody.
//!
//! Calls block; they run beside the agent's threads and end with the screen at the latest.

use std::{os::unix::net::UnixStream, time::Duration};

use x11rb::{
    connection::Connection as _,
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{
        Event,
        xproto::{
            AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ChangeWindowAttributesAux,
            ConnectionExt as _, EventMask, ImageFormat, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
            MOTION_NOTIFY_EVENT, PropMode, Window,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::{DefaultStream, RustConnection},
    wrapper::ConnectionExt as _,
};
use xkeysym::Keysym;

use super::{
    keys::{Borrowed, Chord, Keyboard, Place},
    picture::Picture,
};
use crate::protocol::DesktopSize;

/// Between what one action does, so that programs see one thing after another.
const PAUSE: Duration = Duration::from_millis(4);
/// The colour behind all windows.
const BACKGROUND: u32 = 0x002f_3640;
/// Between a window that was made and the words that wake its manager.
const WAKING_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(1500),
];
const AWAKE: &[u8] = b"_SWITCHYARD_AWAKE";
const COOKIE_NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";
const BYTES_PER_PIXEL: usize = 4;

/// Why the screen did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DisplayError {
    /// It cannot be reached.
    #[error("the screen cannot be reached: {0}")]
    Connect(#[from] ConnectError),
    /// Its socket cannot be opened.
    #[error("the screen's socket cannot be opened: {0}")]
    Socket(#[from] std::io::Error),
    /// It is gone.
    #[error("the connection to the screen broke: {0}")]
    Broken(#[from] ConnectionError),
    /// It refuses something.
    #[error("the screen refused a request: {0}")]
    Reply(#[from] ReplyError),
    /// It is not what was started.
    #[error("the screen has a form that is not understood")]
    Form,
    /// All keys are taken.
    #[error("the keyboard has no key left for this sign")]
    NoSpareKey,
}

/// A connection to a screen.
pub struct Display {
    connection: RustConnection,
    root: Window,
}

impl Display {
    /// Connects to the screen with this number.
    pub fn connect(number: u32, cookie: &[u8]) -> Result<Self, DisplayError> {
        let stream = UnixStream::connect(format!("/tmp/.X11-unix/X{number}"))?;
        let (stream, _) = DefaultStream::from_unix_stream(stream)?;
        let connection = RustConnection::connect_to_stream_with_auth_info(
            stream,
            0,
            COOKIE_NAME.to_vec(),
            cookie.to_vec(),
        )?;
        let root = connection.setup().roots.first();
        let root = root.ok_or(DisplayError::Form)?.root;
        Ok(Self { connection, root })
    }

    /// Gives the screen its background.
    pub fn paint(&self) -> Result<(), DisplayError> {
        let colour = ChangeWindowAttributesAux::new().background_pixel(BACKGROUND);
        self.connection
            .change_window_attributes(self.root, &colour)?;
        self.connection.clear_area(false, self.root, 0, 0, 0, 0)?;
        self.connection.sync()?;
        Ok(())
    }

    /// Wakes the window manager after windows were made, as long as the screen is there.
    ///
    /// Openbox 3.6 may have read what a new window asks for and then sleep until something else happens; the window is
    /// not shown until then, mostly right after the start.
    pub fn keep_manager_awake(self) -> Result<(), DisplayError> {
        let news = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        self.connection.change_window_attributes(self.root, &news)?;
        let atom = self.connection.intern_atom(false, AWAKE)?.reply()?.atom;
        self.connection.sync()?;
        loop {
            if !matches!(self.connection.wait_for_event()?, Event::CreateNotify(_)) {
                continue;
            }
            for pause in WAKING_PAUSES {
                std::thread::sleep(pause);
                // It hears of the property of the root, whose value is nothing.
                self.connection.change_property8(
                    PropMode::REPLACE,
                    self.root,
                    atom,
                    AtomEnum::STRING,
                    &[],
                )?;
                self.connection.flush()?;
            }
        }
    }

    /// Where the pointer is.
    pub fn pointer(&self) -> Result<[i32; 2], DisplayError> {
        let reply = self.connection.query_pointer(self.root)?.reply()?;
        Ok([reply.root_x.into(), reply.root_y.into()])
    }

    /// Moves the pointer.
    pub fn move_to(&self, [x, y]: [i32; 2]) -> Result<(), DisplayError> {
        let at = |place: i32| i16::try_from(place).map_err(|_| DisplayError::Form);
        self.fake(MOTION_NOTIFY_EVENT, 0, at(x)?, at(y)?)
    }

    /// Presses a button or lets it go.
    pub fn button(&self, button: u8, is_pressed: bool) -> Result<(), DisplayError> {
        let event = if is_pressed {
            BUTTON_PRESS_EVENT
        } else {
            BUTTON_RELEASE_EVENT
        };
        self.fake(event, button, 0, 0)
    }

    /// Presses a button and lets it go.
    pub fn click(&self, button: u8) -> Result<(), DisplayError> {
        self.button(button, true)?;
        self.button(button, false)
    }

    /// Presses keys one after another.
    pub fn press(&self, chords: &[Chord], borrowed: &mut Borrowed) -> Result<(), DisplayError> {
        let mut keyboard = Keyboard::read(&self.connection, borrowed)?;
        for chord in chords {
            let key = keyboard.place(chord.key)?;
            let mut keys = places(&mut keyboard, &chord.held)?;
            let needs_shift = key.with_shift && !chord.held.contains(&Keysym::Shift_L);
            if needs_shift {
                keys.push(keyboard.place(Keysym::Shift_L)?.keycode);
            }
            keys.push(key.keycode);
            self.while_held(&keys, || Ok(()))?;
        }
        Ok(())
    }

    /// Types signs.
    pub fn type_in(&self, signs: &[Keysym], borrowed: &mut Borrowed) -> Result<(), DisplayError> {
        let mut keyboard = Keyboard::read(&self.connection, borrowed)?;
        let shift = keyboard.place(Keysym::Shift_L)?.keycode;
        for sign in signs {
            let Place {
                keycode,
                with_shift,
            } = keyboard.place(*sign)?;
            let keys: &[u8] = if with_shift {
                &[shift, keycode]
            } else {
                &[keycode]
            };
            self.while_held(keys, || Ok(()))?;
        }
        Ok(())
    }

    /// Does something while keys are held.
    pub fn holding(
        &self,
        held: &[Keysym],
        borrowed: &mut Borrowed,
        act: impl FnOnce() -> Result<(), DisplayError>,
    ) -> Result<(), DisplayError> {
        if held.is_empty() {
            return act();
        }
        let keys = places(&mut Keyboard::read(&self.connection, borrowed)?, held)?;
        self.while_held(&keys, act)
    }

    /// Lets the keys go again whatever happens between.
    fn while_held(
        &self,
        keys: &[u8],
        act: impl FnOnce() -> Result<(), DisplayError>,
    ) -> Result<(), DisplayError> {
        let pressed = keys
            .iter()
            .try_for_each(|key| self.fake(KEY_PRESS_EVENT, *key, 0, 0));
        let acted = pressed.and_then(|()| act());
        let released = keys
            .iter()
            .rev()
            .try_for_each(|key| self.fake(KEY_RELEASE_EVENT, *key, 0, 0));
        acted.and(released)
    }

    fn fake(&self, event: u8, detail: u8, x: i16, y: i16) -> Result<(), DisplayError> {
        self.connection
            .xtest_fake_input(event, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?
            .check()?;
        std::thread::sleep(PAUSE);
        Ok(())
    }

    /// What the screen shows.
    pub fn picture(&self) -> Result<Picture, DisplayError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        let (width, height) = (geometry.width, geometry.height);
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, !0)?
            .reply()?;
        let count = usize::from(width) * usize::from(height);
        // Started with 24 bits for a colour; X packs each into four bytes, blue first.
        if image.depth != 24 || image.data.len() != count * BYTES_PER_PIXEL {
            return Err(DisplayError::Form);
        }
        let (pixels, _) = image.data.as_chunks::<BYTES_PER_PIXEL>();
        let pixels = pixels
            .iter()
            .flat_map(|[blue, green, red, _]| [*red, *green, *blue]);
        Ok(Picture {
            size: DesktopSize {
                width: width.into(),
                height: height.into(),
            },
            pixels: pixels.collect(),
        })
    }
}

fn places(keyboard: &mut Keyboard<'_>, keys: &[Keysym]) -> Result<Vec<u8>, DisplayError> {
    let place = |key: &Keysym| Ok(keyboard.place(*key)?.keycode);
    keys.iter().map(place).collect()
}
