//! The desktop: actions of `POST /api/v0/desktop/action` and the sizes that they are meant in.
//!
//! What the screen shows goes over `POST /api/v0/desktop/vnc`: RFB as it is, the request's body to the screen, the answer's
//! from it.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The status with which an agent answers that has no programs for a desktop. Its message names them.
pub const DESKTOP_PROGRAMS_MISSING: StatusCode = StatusCode::FAILED_DEPENDENCY;
/// The longest an action may wait or hold a key.
pub const MAX_ACTION_DURATION: Duration = Duration::from_secs(30);
/// The longest text that one action types, in characters.
pub const MAX_TYPED_CHARACTERS: usize = 4096;
/// The most steps that one action scrolls.
pub const MAX_SCROLL_AMOUNT: u32 = 100;
/// Places on the way of a drag.
pub const MAX_DRAG_PLACES: usize = 100;

/// Widths that are preferred for pictures that a model looks at.
const PREFERRED_WIDTHS: [u32; 2] = [1280, 1024];
/// A model is shown no longer edge.
const MAX_EDGE: u32 = 1568;
/// Nor more pixels.
const MAX_PIXELS: u32 = 1_150_000;

/// A width and a height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesktopSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl DesktopSize {
    /// The screen of every desktop.
    pub const NATIVE: Self = Self {
        width: 1920,
        height: 1080,
    };

    /// The size that a model is told of a screen of this size: its pictures have it and its coordinates are meant in it. A
    /// preferred width where one makes the screen smaller, otherwise as large as a model may be shown; never larger than
    /// the screen, with its proportions.
    #[must_use]
    pub fn declared(self) -> Self {
        let preferred = PREFERRED_WIDTHS
            .into_iter()
            .filter(|width| *width <= self.width)
            .map(|width| self.with_width(width));
        preferred
            .chain(std::iter::once(self))
            .find(|size| size.can_be_shown())
            .unwrap_or_else(|| self.largest_shown())
    }

    fn can_be_shown(self) -> bool {
        self.width.max(self.height) <= MAX_EDGE
            && u64::from(self.width) * u64::from(self.height) <= u64::from(MAX_PIXELS)
    }

    fn with_width(self, width: u32) -> Self {
        let height = rounded_part(self.height, width, self.width);
        Self { width, height }
    }

    /// The proportions kept, by trying smaller widths: these are a few hundred steps at most.
    fn largest_shown(self) -> Self {
        (1..self.width.min(MAX_EDGE + 1))
            .rev()
            .map(|width| self.with_width(width))
            .find(|size| size.can_be_shown())
            .unwrap_or(Self {
                width: 1,
                height: 1,
            })
    }

    /// Whether a point lies on a screen of this size.
    pub fn contains(self, [x, y]: [i32; 2]) -> bool {
        let within = |at: i32, size| u32::try_from(at).is_ok_and(|at| at < size);
        within(x, self.width) && within(y, self.height)
    }

    /// Where a point of this size lies on a screen of another: the middle of what the pixel covers there.
    #[must_use]
    pub fn point_on(self, other: Self, [x, y]: [i32; 2]) -> [i32; 2] {
        [
            scaled(x, self.width, other.width),
            scaled(y, self.height, other.height),
        ]
    }
}

/// `whole * part / of`, rounded, at least one.
fn rounded_part(whole: u32, part: u32, of: u32) -> u32 {
    let of = u64::from(of).max(1);
    let rounded = (u64::from(whole) * u64::from(part) + of / 2) / of;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

fn scaled(at: i32, from: u32, to: u32) -> i32 {
    let (from, to) = (i64::from(from).max(1), i64::from(to));
    let middle = (2 * i64::from(at) + 1) * to / (2 * from);
    i32::try_from(middle.clamp(0, (to - 1).max(0))).unwrap_or_default()
}

/// What is done on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesktopActionKind {
    /// Presses keys: `text` holds their names, such as `ctrl+s`; several one after another with spaces between.
    Key,
    /// Types `text`.
    Type,
    /// Tells where the pointer is.
    CursorPosition,
    /// Moves the pointer to `coordinate`.
    MouseMove,
    /// Clicks at `coordinate`, or where the pointer is; keys named in `text` are held meanwhile. So do the other clicks.
    LeftClick,
    /// Drags from `start_coordinate`, or where the pointer is, to `coordinate`.
    LeftClickDrag,
    /// Presses the left button and keeps it pressed.
    LeftMouseDown,
    /// Lets the left button go.
    LeftMouseUp,
    /// With the right button.
    RightClick,
    /// With the middle one.
    MiddleClick,
    /// Twice.
    DoubleClick,
    /// Three times.
    TripleClick,
    /// Turns the wheel `scroll_amount` steps to `scroll_direction` at `coordinate`, or where the pointer is.
    Scroll,
    /// Holds the keys named in `text` for `duration`.
    HoldKey,
    /// Only looks.
    Screenshot,
    /// Looks after `duration`.
    Wait,
}

/// Where a wheel turns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScrollDirection {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
}

/// Body of `POST /api/v0/desktop/action`. Coordinates are meant in the scaled size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesktopAction {
    /// What is done.
    pub action: DesktopActionKind,
    /// Where: from the left and from the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinate: Option<[i32; 2]>,
    /// Where a drag begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_coordinate: Option<[i32; 2]>,
    /// Places that a drag goes through on its way, in their order; at most [`MAX_DRAG_PLACES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<[i32; 2]>,
    /// What is typed, or names of keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Milliseconds, at most [`MAX_ACTION_DURATION`]; a second when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
    /// Steps, at most [`MAX_SCROLL_AMOUNT`]; three when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scroll_amount: Option<u32>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scroll_direction: Option<ScrollDirection>,
    /// Width of the picture in the answer, with `scaled_height`; the screen's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled_width: Option<u32>,
    /// Its height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled_height: Option<u32>,
}

impl DesktopAction {
    /// The action with nothing said about it, in the size that models are told.
    pub fn new(action: DesktopActionKind) -> Self {
        let size = DesktopSize::NATIVE.declared();
        Self {
            action,
            coordinate: None,
            start_coordinate: None,
            via: Vec::new(),
            text: None,
            duration: None,
            scroll_amount: None,
            scroll_direction: None,
            scaled_width: Some(size.width),
            scaled_height: Some(size.height),
        }
    }
}

/// What an action led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesktopActionResult {
    /// What the action tells, such as where the pointer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The screen after it: a PNG in base64.
    pub screenshot_data: String,
    /// Its width: the scaled one.
    pub screenshot_width: u32,
    /// Its height.
    pub screenshot_height: u32,
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

    fn size(width: u32, height: u32) -> DesktopSize {
        DesktopSize { width, height }
    }

    #[test]
    fn a_screen_is_declared_in_a_preferred_width_where_one_fits() {
        for (native, declared) in [
            (DesktopSize::NATIVE, size(1280, 720)),
            (size(2560, 1440), size(1280, 720)),
            // 1280 × 1024 has too many pixels.
            (size(2560, 2048), size(1024, 819)),
            (size(1100, 700), size(1024, 652)),
            (size(800, 600), size(800, 600)),
            // Its height would be too much in either width.
            (size(1080, 1920), size(804, 1429)),
            (size(1200, 4000), size(470, 1567)),
        ] {
            assert_eq!(native.declared(), declared, "{native:?}");
        }
    }

    #[test]
    fn the_corners_stay_on_the_screen() {
        let declared = DesktopSize::NATIVE.declared();
        assert_eq!(declared.point_on(DesktopSize::NATIVE, [0, 0]), [0, 0]);
        assert_eq!(
            declared.point_on(DesktopSize::NATIVE, [1279, 719]),
            [1919, 1079]
        );
        assert!(!declared.contains([1280, 0]) && !declared.contains([0, -1]));
    }

    proptest! {
        #[test]
        fn what_is_declared_can_be_shown_and_keeps_the_proportions(width in 1_u32..8000, height in 1_u32..8000) {
            // What is more than a line of pixels has proportions to keep.
            prop_assume!(height <= width * MAX_EDGE);
            let native = size(width, height);
            let declared = native.declared();
            prop_assert!(declared.can_be_shown());
            prop_assert!(declared.width <= width && declared.height <= height);
            prop_assert_eq!(declared, native.with_width(declared.width));
            prop_assert_eq!(declared.declared().width <= declared.width, true);
        }

        #[test]
        fn a_point_survives_the_way_there_and_back(x in 0_i32..1280, y in 0_i32..720) {
            let declared = DesktopSize::NATIVE.declared();
            let native = declared.point_on(DesktopSize::NATIVE, [x, y]);
            prop_assert!(DesktopSize::NATIVE.contains(native));
            prop_assert_eq!(DesktopSize::NATIVE.point_on(declared, native), [x, y]);
        }
    }
}
