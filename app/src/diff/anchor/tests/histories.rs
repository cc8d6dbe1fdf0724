//! Random histories of files, in which every line is known by a name.

use super::Line;
use crate::diff::tests::dice::Dice;

/// In the names of copies.
pub const COPY: u32 = 1 << 31;

/// The versions of a file.
#[derive(Clone, Debug)]
pub struct History {
    pub base: Vec<Line>,
    pub tree: Vec<Line>,
    pub later_base: Vec<Line>,
    pub later_tree: Vec<Line>,
}

/// Somebody who writes files. A line keeps its name for as long as it is there, wherever it goes; a copy has one of its own.
pub struct Author {
    pub dice: Dice,
    next_name: u32,
}

impl Author {
    pub const fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            next_name: 0,
        }
    }

    fn named(&mut self, text: String) -> Line {
        self.next_name += 1;
        (self.next_name, text)
    }

    /// A line as programs have them: some stand in many places.
    fn line(&mut self) -> Line {
        let dice = &mut self.dice;
        let text = match dice.below(100) {
            0..14 => dice.from(&["}", "    }", "        }"]).to_owned(),
            14..22 => String::new(),
            22..32 => dice
                .from(&[
                    "    return Ok(());",
                    "    } else {",
                    "    let mut count = 0;",
                    "#[test]",
                    "    count += 1;",
                ])
                .to_owned(),
            _ => {
                let (value, of) = (dice.below(100_000), dice.below(900));
                format!("    let value_{value} = compute({of});")
            }
        };
        self.named(text)
    }

    fn lines(&mut self, count: usize) -> Vec<Line> {
        (0..count).map(|_| self.line()).collect()
    }

    fn copied(&mut self, lines: Vec<Line>) -> Vec<Line> {
        let copy = |(_, text)| {
            let (name, text) = self.named(text);
            (name | COPY, text)
        };
        lines.into_iter().map(copy).collect()
    }

    /// Some changes, each second one near the same place.
    fn edited(&mut self, lines: &[Line], most: usize) -> Vec<Line> {
        let mut lines = lines.to_vec();
        let near = self.dice.below(lines.len() + 1);
        for _ in 0..=self.dice.below(most) {
            let at = if self.dice.is(50) {
                (near + self.dice.below(9))
                    .saturating_sub(4)
                    .min(lines.len())
            } else {
                self.dice.below(lines.len() + 1)
            };
            self.edit(&mut lines, at);
        }
        lines
    }

    fn edit(&mut self, lines: &mut Vec<Line>, at: usize) {
        let count = 1 + self.dice.below(4);
        let end = (at + count).min(lines.len());
        match self.dice.below(100) {
            // Another one, or the same as one that stands there.
            0..30 => put(lines, at, self.lines(count)),
            30..32 => {
                let (_, again) = lines.get(at).cloned().unwrap_or_default();
                let again = self.copied(vec![(0, again)]);
                put(lines, at, again);
            }
            32..60 => drop(lines.drain(at..end)),
            60..85 => {
                let mut gone: Vec<Line> = lines.drain(at..end.min(at + 2)).collect();
                let mut others = self.lines(gone.len());
                for other in &mut others {
                    // What is written again in its own place is what it was.
                    if let Some(same) = gone.iter().position(|line| line.1 == other.1) {
                        *other = gone.remove(same);
                    }
                }
                put(lines, at, others);
            }
            // A block goes elsewhere, or is copied there.
            what => {
                let end = (at + 2 + self.dice.below(5)).min(lines.len());
                let block = if what < 96 {
                    lines.drain(at..end).collect()
                } else {
                    self.copied(lines[at..end].to_vec())
                };
                let to = self.dice.below(lines.len() + 1);
                put(lines, to, block);
            }
        }
    }

    /// A file's history.
    pub fn history(&mut self) -> History {
        let count = 10 + self.dice.below(70);
        let is_new = self.dice.is(10);
        let base = self.lines(if is_new { 0 } else { count });
        let tree = if is_new {
            self.lines(count)
        } else {
            self.edited(&base, 5)
        };
        let later_tree = self.edited(&tree, 4);
        // Sometimes what was in the work tree is committed meanwhile, or another branch is taken in.
        let later_base = match self.dice.below(100) {
            0..8 => tree.clone(),
            8..20 if !is_new => self.edited(&base, 3),
            _ => base.clone(),
        };
        History {
            base,
            tree,
            later_base,
            later_tree,
        }
    }
}

/// Puts lines among others. Of lines alike in a row nobody can tell which came last: it is the last one.
fn put(lines: &mut Vec<Line>, mut at: usize, mut block: Vec<Line>) {
    while let (Some(next), Some(first)) = (lines.get(at), block.first())
        && next.1 == first.1
    {
        block.rotate_left(1);
        at += 1;
    }
    lines.splice(at..at, block);
}
