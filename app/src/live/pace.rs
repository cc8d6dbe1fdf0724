//! How fast streamed text appears. It comes in bursts and is shown at a steady pace, never later than [`LONGEST_LAG_MS`]
//! after it came. Pure: lengths and times in, a length out.

/// The longest time that text is held back.
pub const LONGEST_LAG_MS: f64 = 300.0;
/// How far the pace has moved on when text comes after a pause.
const FRAME_MS: f64 = 16.0;

/// Which text is shown: history version and attempt of the stream, and the part's place in it.
pub type PacedText = ((i64, i64), usize);

/// The pace of one text at a time.
#[derive(Debug, Default)]
pub struct Pace {
    text: Option<PacedText>,
    shown: f64,
    moved_at_ms: f64,
    /// Lengths that came and are not shown yet, each with the time at which it must be.
    due: Vec<(f64, f64)>,
}

impl Pace {
    /// How much of a text that is `length` long is shown now. The first piece of a text is shown at once.
    pub fn advance(&mut self, text: PacedText, length: usize, now_ms: f64) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a text in memory")]
        let end = length as f64;
        let known = self.due.last().map_or(self.shown, |(end, _)| *end);
        if self.text != Some(text) || end < known {
            (self.text, self.shown) = (Some(text), end);
            self.due.clear();
        } else if end > known {
            if self.due.is_empty() {
                self.moved_at_ms = now_ms - FRAME_MS;
            }
            self.due.push((end, now_ms + LONGEST_LAG_MS));
        }
        self.move_on(now_ms);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and `length`"
        )]
        let shown = self.shown as usize;
        shown
    }

    /// Moves at the least speed at which everything is shown in time.
    fn move_on(&mut self, now_ms: f64) {
        let (shown, moved_at_ms) = (self.shown, self.moved_at_ms);
        let speeds = self
            .due
            .iter()
            .map(|(end, at_ms)| (end - shown) / (at_ms - moved_at_ms).max(1.0));
        let speed = speeds.fold(0.0, f64::max);
        self.shown += speed * (now_ms - moved_at_ms).max(0.0);
        self.moved_at_ms = now_ms;
        for (end, at_ms) in &self.due {
            if *at_ms <= now_ms {
                self.shown = self.shown.max(*end);
            }
        }
        if let Some((end, _)) = self.due.last() {
            self.shown = self.shown.min(*end);
        }
        let shown = self.shown;
        self.due.retain(|(end, _)| *end > shown);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::*;

    const TEXT: PacedText = ((1, 1), 0);

    /// Plays bursts of a length each, with a pause between them, frame by frame: what is shown at each frame.
    fn play(burst: usize, pause_ms: usize, bursts: usize) -> Vec<(usize, usize)> {
        let mut pace = Pace::default();
        let frames = 0..pause_ms * bursts / 16;
        let came = |frame: usize| (frame * 16 / pause_ms + 1) * burst;
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        let shown =
            |frame: usize, pace: &mut Pace| pace.advance(TEXT, came(frame), frame as f64 * 16.0);
        frames
            .map(|frame| (came(frame), shown(frame, &mut pace)))
            .collect()
    }

    #[test]
    fn bursts_are_shown_at_a_steady_pace() {
        let seen = play(100, 200, 20);
        let steps: Vec<usize> = seen.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        // 100 in 200 ms are 8 in a frame; after the first bursts no frame is far from it.
        let steady = &steps[60..];
        assert!(
            steady.iter().all(|step| (3..=14).contains(step)),
            "{steady:?}"
        );
    }

    #[test]
    fn nothing_is_held_back_longer_than_it_may_be() {
        for (burst, pause_ms) in [(1, 16), (40, 33), (100, 200), (5000, 250), (300, 1000)] {
            let seen = play(burst, pause_ms, 12);
            let lag_frames = 19;
            for (frame, (_, shown)) in seen.iter().enumerate().skip(lag_frames) {
                let came_before = seen[frame - lag_frames].0;
                assert!(
                    *shown >= came_before,
                    "{burst} every {pause_ms} ms at {frame}"
                );
            }
            let never_back = seen.windows(2).all(|pair| pair[0].1 <= pair[1].1);
            assert!(never_back && seen.iter().all(|(came, shown)| shown <= came));
        }
    }

    #[test]
    fn the_first_piece_and_what_takes_its_place_are_shown_at_once() {
        let mut pace = Pace::default();
        assert_eq!(pace.advance(TEXT, 80, 0.0), 80);
        assert!(pace.advance(TEXT, 900, 16.0) < 900);
        assert_eq!(pace.advance(((1, 2), 0), 7, 32.0), 7);
        assert_eq!(pace.advance(((1, 2), 0), 3, 48.0), 3);
    }

    #[test]
    fn text_after_a_pause_begins_to_appear_in_its_first_frame() {
        let mut pace = Pace::default();
        pace.advance(TEXT, 10, 0.0);
        let shown = pace.advance(TEXT, 1010, 9000.0);
        assert!((11..200).contains(&shown), "{shown}");
    }
}
