//! What an action does. It is read and checked whole before anything moves.

use std::time::Duration;

use base64::Engine as _;
use xkeysym::Keysym;

use super::{
    display::{Display, DisplayError},
    keys::{self, Borrowed, Chord},
    picture::PictureError,
};
use crate::protocol::{
    DesktopAction, DesktopActionKind as Kind, DesktopActionResult, DesktopSize,
    MAX_ACTION_DURATION, MAX_DRAG_PLACES, MAX_SCROLL_AMOUNT, MAX_TYPED_CHARACTERS, ScrollDirection,
};

const USUAL_DURATION: Duration = Duration::from_secs(1);
const USUAL_SCROLL_AMOUNT: u32 = 3;
/// Programs draw what an action led to within this time, mostly.
const SETTLING: Duration = Duration::from_millis(250);
/// Between the clicks of a double click.
const BETWEEN_CLICKS: Duration = Duration::from_millis(40);
/// Stops of the pointer from one place of a drag to the next; programs begin to drag when it moves.
const DRAG_STEPS: i32 = 10;

const LEFT: u8 = 1;
const MIDDLE: u8 = 2;
const RIGHT: u8 = 3;

/// Why an action did not succeed after it was found right.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The screen.
    #[error(transparent)]
    Display(#[from] DisplayError),
    /// Its picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

/// An action that can be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    does: Does,
    size: DesktopSize,
}

#[derive(Debug, PartialEq, Eq)]
enum Does {
    Press(Vec<Chord>),
    Type(Vec<Keysym>),
    Tell,
    Move([i32; 2]),
    Click {
        button: u8,
        times: u8,
        at: Option<[i32; 2]>,
        held: Vec<Keysym>,
    },
    Drag {
        from: Option<[i32; 2]>,
        /// The last one is where it ends.
        through: Vec<[i32; 2]>,
        held: Vec<Keysym>,
    },
    Button {
        is_pressed: bool,
        at: Option<[i32; 2]>,
    },
    Scroll {
        button: u8,
        amount: u32,
        at: Option<[i32; 2]>,
        held: Vec<Keysym>,
    },
    Hold {
        held: Vec<Keysym>,
        duration: Duration,
    },
    Look,
    Wait(Duration),
}

impl Action {
    /// Reads an action; in words why it makes no sense.
    pub fn read(asked: &DesktopAction) -> Result<Self, String> {
        let size = size(asked)?;
        let point =
            |name: &str, at: Option<[i32; 2]>| at.map(|at| point(size, name, at)).transpose();
        let at = point("coordinate", asked.coordinate)?;
        let from = point("start_coordinate", asked.start_coordinate)?;
        let needed_point = || at.ok_or("this action needs coordinate: [x, y]");
        let through = |last: [i32; 2]| {
            if asked.via.len() > MAX_DRAG_PLACES {
                return Err(format!("via names at most {MAX_DRAG_PLACES} places"));
            }
            let via = asked.via.iter();
            let mut through: Vec<_> = via
                .map(|&at| self::point(size, "via", at))
                .collect::<Result<_, _>>()?;
            through.push(last);
            Ok(through)
        };
        let needed_text = || {
            let text = asked.text.as_deref().filter(|text| !text.is_empty());
            text.ok_or("this action needs text")
        };
        let held = || match asked.text.as_deref().map(str::trim) {
            None | Some("") => Ok(Vec::new()),
            Some(names) => keys::held(names),
        };
        let click = |button, times| {
            Ok::<_, String>(Does::Click {
                button,
                times,
                at,
                held: held()?,
            })
        };
        let does = match asked.action {
            Kind::Key => Does::Press(keys::chords(needed_text()?)?),
            Kind::Type => Does::Type(signs(needed_text()?)?),
            Kind::CursorPosition => Does::Tell,
            Kind::MouseMove => Does::Move(needed_point()?),
            Kind::LeftClick => click(LEFT, 1)?,
            Kind::RightClick => click(RIGHT, 1)?,
            Kind::MiddleClick => click(MIDDLE, 1)?,
            Kind::DoubleClick => click(LEFT, 2)?,
            Kind::TripleClick => click(LEFT, 3)?,
            Kind::LeftClickDrag => Does::Drag {
                from,
                through: through(needed_point()?)?,
                held: held()?,
            },
            Kind::LeftMouseDown | Kind::LeftMouseUp => Does::Button {
                is_pressed: asked.action == Kind::LeftMouseDown,
                at,
            },
            Kind::Scroll => Does::Scroll {
                button: wheel(asked.scroll_direction)?,
                amount: amount(asked.scroll_amount)?,
                at,
                held: held()?,
            },
            Kind::HoldKey => Does::Hold {
                held: keys::held(needed_text()?)?,
                duration: duration(asked.duration)?,
            },
            Kind::Screenshot => Does::Look,
            Kind::Wait => Does::Wait(duration(asked.duration)?),
        };
        Ok(Self { does, size })
    }

    /// Does it and looks at what came of it. Blocks.
    pub fn carry_out(
        &self,
        display: &Display,
        borrowed: &mut Borrowed,
    ) -> Result<DesktopActionResult, ActionError> {
        self.act(display, borrowed)?;
        let moves_nothing = matches!(self.does, Does::Tell | Does::Look | Does::Wait(_));
        if !moves_nothing {
            std::thread::sleep(SETTLING);
        }
        let output = if self.does == Does::Tell {
            let [x, y] = DesktopSize::NATIVE.point_on(self.size, display.pointer()?);
            Some(format!("X={x},Y={y}"))
        } else {
            None
        };
        let picture = display.picture()?.scaled(self.size)?.png()?;
        Ok(DesktopActionResult {
            output,
            screenshot_data: base64::engine::general_purpose::STANDARD.encode(picture),
            screenshot_width: self.size.width,
            screenshot_height: self.size.height,
        })
    }

    fn act(&self, display: &Display, borrowed: &mut Borrowed) -> Result<(), DisplayError> {
        match &self.does {
            Does::Tell | Does::Look => Ok(()),
            Does::Wait(duration) => {
                std::thread::sleep(*duration);
                Ok(())
            }
            Does::Press(chords) => display.press(chords, borrowed),
            Does::Type(signs) => display.type_in(signs, borrowed),
            Does::Move(at) => display.move_to(*at),
            Does::Click {
                button,
                times,
                at,
                held,
            } => {
                go_to(display, *at)?;
                display.holding(held, borrowed, || {
                    for time in 0..*times {
                        if time > 0 {
                            std::thread::sleep(BETWEEN_CLICKS);
                        }
                        display.click(*button)?;
                    }
                    Ok(())
                })
            }
            Does::Drag {
                from,
                through,
                held,
            } => {
                go_to(display, *from)?;
                display.holding(held, borrowed, || drag(display, through))
            }
            Does::Button { is_pressed, at } => {
                go_to(display, *at)?;
                display.button(LEFT, *is_pressed)
            }
            Does::Scroll {
                button,
                amount,
                at,
                held,
            } => {
                go_to(display, *at)?;
                display.holding(held, borrowed, || {
                    (0..*amount).try_for_each(|_| display.click(*button))
                })
            }
            Does::Hold { held, duration } => display.holding(held, borrowed, || {
                std::thread::sleep(*duration);
                Ok(())
            }),
        }
    }
}

fn go_to(display: &Display, at: Option<[i32; 2]>) -> Result<(), DisplayError> {
    at.map_or(Ok(()), |at| display.move_to(at))
}

/// The button is let go whatever happens on the way.
fn drag(display: &Display, through: &[[i32; 2]]) -> Result<(), DisplayError> {
    let mut from = display.pointer()?;
    display.button(LEFT, true)?;
    let moved = through.iter().try_for_each(|&to| {
        let [from_x, from_y] = std::mem::replace(&mut from, to);
        (1..=DRAG_STEPS).try_for_each(|step| {
            let part = |from: i32, to: i32| from + (to - from) * step / DRAG_STEPS;
            display.move_to([part(from_x, to[0]), part(from_y, to[1])])
        })
    });
    moved.and(display.button(LEFT, false))
}

/// The size that coordinates are meant in and the answer's picture has.
fn size(asked: &DesktopAction) -> Result<DesktopSize, String> {
    let native = DesktopSize::NATIVE;
    let (width, height) = match (asked.scaled_width, asked.scaled_height) {
        (None, None) => return Ok(native),
        (Some(width), Some(height)) => (width, height),
        _ => return Err("scaled_width and scaled_height go together".into()),
    };
    if (1..=native.width).contains(&width) && (1..=native.height).contains(&height) {
        return Ok(DesktopSize { width, height });
    }
    Err(format!(
        "the scaled size is {width} × {height}; use at most the screen's {} × {}",
        native.width, native.height
    ))
}

/// A point on the screen itself.
fn point(size: DesktopSize, name: &str, at: [i32; 2]) -> Result<[i32; 2], String> {
    if size.contains(at) {
        return Ok(size.point_on(DesktopSize::NATIVE, at));
    }
    let [x, y] = at;
    Err(format!(
        "{name} [{x}, {y}] is outside of the screen; use 0 to {} and 0 to {}",
        size.width - 1,
        size.height - 1
    ))
}

fn signs(text: &str) -> Result<Vec<Keysym>, String> {
    // What other systems end lines with is one key.
    let text = text.replace("\r\n", "\n");
    let count = text.chars().count();
    if count > MAX_TYPED_CHARACTERS {
        return Err(format!(
            "the text has {count} characters; type at most {MAX_TYPED_CHARACTERS} at once"
        ));
    }
    text.chars().map(keys::sign).collect()
}

fn duration(asked: Option<u64>) -> Result<Duration, String> {
    let duration = asked.map_or(USUAL_DURATION, Duration::from_millis);
    if duration <= MAX_ACTION_DURATION {
        return Ok(duration);
    }
    Err(format!(
        "duration is {} ms; use at most {} ms",
        duration.as_millis(),
        MAX_ACTION_DURATION.as_millis()
    ))
}

fn amount(asked: Option<u32>) -> Result<u32, String> {
    let amount = asked.unwrap_or(USUAL_SCROLL_AMOUNT);
    if (1..=MAX_SCROLL_AMOUNT).contains(&amount) {
        return Ok(amount);
    }
    Err(format!(
        "scroll_amount is {amount}; use 1 to {MAX_SCROLL_AMOUNT}"
    ))
}

/// The wheel's directions are buttons.
fn wheel(direction: Option<ScrollDirection>) -> Result<u8, String> {
    match direction {
        Some(ScrollDirection::Up) => Ok(4),
        Some(ScrollDirection::Down) => Ok(5),
        Some(ScrollDirection::Left) => Ok(6),
        Some(ScrollDirection::Right) => Ok(7),
        None => Err("scroll needs scroll_direction: up, down, left or right".into()),
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

    fn refused(change: impl FnOnce(&mut DesktopAction), kind: Kind) -> String {
        let mut action = DesktopAction::new(kind);
        change(&mut action);
        Action::read(&action).unwrap_err()
    }

    #[test]
    fn a_drag_goes_through_places_on_the_screen() {
        let drag = |via: Vec<[i32; 2]>| DesktopAction {
            coordinate: Some([640, 360]),
            via,
            ..DesktopAction::new(Kind::LeftClickDrag)
        };
        let through = vec![[3, 3], [960, 540]];
        let read = Action::read(&drag(vec![[2, 2]])).unwrap();
        assert!(matches!(read.does, Does::Drag { through: found, .. } if found == through));
        let refused = Action::read(&drag(vec![[2, 5000]])).unwrap_err();
        assert!(refused.contains("via"), "{refused}");
        let refused = Action::read(&drag(vec![[2, 2]; MAX_DRAG_PLACES + 1])).unwrap_err();
        assert!(refused.contains("at most 100"), "{refused}");
    }

    #[test]
    fn coordinates_are_scaled_back_to_the_screen() {
        let action = DesktopAction {
            coordinate: Some([640, 360]),
            ..DesktopAction::new(Kind::MouseMove)
        };
        assert_eq!(Action::read(&action).unwrap().does, Does::Move([960, 540]));
        let unscaled = DesktopAction {
            scaled_width: None,
            scaled_height: None,
            ..action
        };
        assert_eq!(
            Action::read(&unscaled).unwrap().does,
            Does::Move([640, 360])
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        for (reason, refused) in [
            (
                "outside of the screen; use 0 to 1279 and 0 to 719",
                refused(
                    |action| action.coordinate = Some([1280, 5]),
                    Kind::LeftClick,
                ),
            ),
            (
                "start_coordinate [0, -1]",
                refused(
                    |action| {
                        action.coordinate = Some([1, 1]);
                        action.start_coordinate = Some([0, -1]);
                    },
                    Kind::LeftClickDrag,
                ),
            ),
            ("needs coordinate", refused(|_| {}, Kind::MouseMove)),
            ("needs coordinate", refused(|_| {}, Kind::LeftClickDrag)),
            ("needs text", refused(|_| {}, Kind::Type)),
            ("needs text", refused(|_| {}, Kind::HoldKey)),
            (
                "at most 4096",
                refused(
                    |action| action.text = Some("x".repeat(MAX_TYPED_CHARACTERS + 1)),
                    Kind::Type,
                ),
            ),
            (
                "at most 30000 ms",
                refused(|action| action.duration = Some(30_001), Kind::Wait),
            ),
            ("needs scroll_direction", refused(|_| {}, Kind::Scroll)),
            (
                "use 1 to 100",
                refused(
                    |action| {
                        action.scroll_direction = Some(ScrollDirection::Up);
                        action.scroll_amount = Some(101);
                    },
                    Kind::Scroll,
                ),
            ),
            (
                "go together",
                refused(|action| action.scaled_height = None, Kind::Screenshot),
            ),
            (
                "at most the screen's 1920 × 1080",
                refused(|action| action.scaled_width = Some(0), Kind::Screenshot),
            ),
        ] {
            assert!(refused.contains(reason), "{reason}: {refused}");
        }
    }
}
