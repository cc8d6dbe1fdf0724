//! What stands unchanged between the changes of a file: lines are read from the workspace when the reader asks for them, and
//! stay as long as the version of the file that they are from.

mod row;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::git::ReadGitLines;
use sdk::ids::ChatId;
use sdk::parts::DiffSide;

use super::follow;
use super::remote::Remote;
use super::review::{Place, Shown};
use super::versions::{Told, Versions};
use super::windows::name_of;
use crate::api::chats::lines_between;
use crate::components::chat::changes::Changes;
use crate::diff::anchor::Placement;
use crate::diff::index::IndexedFile;
use crate::diff::regions::wanted::{for_comment, for_lines, with_edges};
use crate::diff::regions::{MOST_LINES, Opened, ReadLines, Region, fits};
use crate::error::{AppError, ErrorCode};

pub use row::region_row;

/// Lines that one press opens.
pub const STEP_LINES: u32 = 20;

/// How it stands with a region.
#[derive(Clone, Debug, PartialEq)]
pub enum RegionState {
    /// Its lines are asked for.
    Reading,
    /// They could not be read.
    Failed(String),
    /// What was read is not what the diff was made of.
    Changed,
}

/// Which of a region's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Some that follow the hunk above.
    Down,
    /// Some before the hunk below.
    Up,
    /// As many as are read at once.
    All,
}

/// A region: the file it is in, and which it is there.
type Key = (String, usize);

/// What was read, and what is being read. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Regions {
    /// The chat whose workspace is read.
    pub chat: ChatId,
    /// Whether something can be read.
    is_live: bool,
    /// Where comments are by the versions of their files.
    pub versions: Versions,
    changes: Changes,
    remote: Remote,
    /// By the versions that the lines are from.
    read: RwSignal<HashMap<String, Arc<ReadLines>>>,
    /// How it stands with those that were asked for.
    states: RwSignal<HashMap<Key, RegionState>>,
    /// Those that were opened for the comments in them.
    sought: StoredValue<HashSet<Key>>,
}

/// A version of a file that can be read.
struct Version {
    root: String,
    blob: String,
    side: DiffSide,
}

impl Regions {
    /// Nothing read yet. `is_live` says whether anything can be.
    pub fn new(chat: ChatId, is_live: bool, changes: Changes, remote: Remote) -> Self {
        Self {
            chat,
            is_live,
            versions: Versions::new(chat),
            changes,
            remote,
            read: RwSignal::new(HashMap::new()),
            states: RwSignal::new(HashMap::new()),
            sought: StoredValue::new(HashSet::new()),
        }
    }

    /// The side whose version is read. Git keeps what a work tree is compared with; what was pushed is in the workspace.
    pub const fn side(place: &Place) -> DiffSide {
        match place.root {
            Some(_) => DiffSide::Old,
            None => DiffSide::New,
        }
    }

    /// The repository in the workspace that holds the file's versions.
    pub fn root(self, place: &Place) -> Option<String> {
        if !self.is_live {
            return None;
        }
        let pushed_from = || self.remote.origin().and_then(|_| self.pushed_root());
        place.root.clone().or_else(pushed_from)
    }

    /// The repository in the workspace that was pushed from; the only one as long as the git host has not said which.
    pub fn pushed_root(self) -> Option<String> {
        let origin = self.remote.origin();
        self.changes.repositories.with(|known| {
            let found = match (&origin, known.as_slice()) {
                (Some(origin), known) => known.iter().find(|it| {
                    let here = it.remote_origin.as_deref();
                    here.is_some_and(|here| is_same(here, origin))
                }),
                (None, [only]) => Some(only),
                (None, _) => None,
            };
            found.map(|repository| repository.repo_root.clone())
        })
    }

    fn version(self, place: &Place, file: &IndexedFile) -> Option<Version> {
        let side = Self::side(place);
        Some(Version {
            root: self.root(place)?,
            blob: file.blob(side)?.to_owned(),
            side,
        })
    }

    /// Whether a file's lines can be read.
    pub fn can_read(self, place: &Place, file: &IndexedFile) -> bool {
        self.version(place, file).is_some()
    }

    /// What was read of a file.
    pub fn read(self, place: &Place, file: &IndexedFile) -> Option<Arc<ReadLines>> {
        let blob = file.blob(Self::side(place))?;
        self.read.with(|read| read.get(blob).cloned())
    }

    /// How it stands with a region.
    pub fn state(self, place: &Place, index: usize) -> Option<RegionState> {
        let key = (name_of(place), index);
        self.states.with(|states| states.get(&key).cloned())
    }

    /// Tells how it stands with a region.
    pub fn note(self, place: &Place, index: usize, state: Option<RegionState>) {
        let key = (name_of(place), index);
        let _ = self.states.try_update(|states| match state {
            Some(state) => states.insert(key, state),
            None => states.remove(&key),
        });
    }

    /// Has the diff made anew, for a region that does not fit.
    pub fn refresh(self, place: &Place, index: usize) {
        self.note(place, index, None);
        match place.root {
            Some(_) => follow::refresh(self.changes),
            None => self.remote.refresh(),
        }
    }

    /// Reads lines of a region; `then` is done when they are there.
    pub fn open(
        self,
        place: Place,
        file: Arc<IndexedFile>,
        region: &Region,
        lines: Lines,
        then: impl FnOnce(u32) + 'static,
    ) {
        let (first, last, from_end) = range(region, Self::side(&place), lines);
        self.ask(place, file, region, (first, last, from_end), then);
    }

    /// Opens the regions that hold lines of comments, each once.
    pub fn open_for(
        self,
        place: &Place,
        file: &Arc<IndexedFile>,
        opened: &Opened,
        placed: &[(Shown, Placement)],
    ) {
        for (shown, placement) in placed {
            if *placement != Placement::Outdated {
                continue;
            }
            let (side, comment) = (Self::side(place), &shown.comment);
            let told = self.versions.tell(comment, file);
            let found = match told {
                Some(Told::Lines(range)) => for_lines(opened, side, range),
                Some(Told::Gone) => None,
                None => for_comment(opened, side, comment),
            };
            let Some((region, range)) = found else {
                continue;
            };
            let start = told.map(|_| range.0).unwrap_or_default();
            let blob = file.blob(side).unwrap_or_default();
            let key = (
                format!("{} {} {start} {blob}", name_of(place), shown.element_id()),
                region.index,
            );
            let is_sought = self.sought.try_with_value(|sought| sought.contains(&key));
            // Not while the region is read for another comment, which brings this one here again.
            if is_sought == Some(false)
                && self.ask(place.clone(), Arc::clone(file), region, range, |_| ())
            {
                let _ = self.sought.try_update_value(|sought| sought.insert(key));
            }
        }
    }

    /// Whether the lines are asked for: not where they cannot be read, and not while the region is read already.
    fn ask(
        self,
        place: Place,
        file: Arc<IndexedFile>,
        region: &Region,
        (first, last, from_end): (u32, u32, bool),
        then: impl FnOnce(u32) + 'static,
    ) -> bool {
        let index = region.index;
        let is_reading = untrack(|| self.state(&place, index)) == Some(RegionState::Reading);
        let Some(version) = untrack(|| self.version(&place, &file)).filter(|_| !is_reading) else {
            return false;
        };
        self.note(&place, index, Some(RegionState::Reading));
        let (first_line, last_line) = with_edges(region, version.side, (first, last));
        let query = ReadGitLines {
            repo_root: version.root,
            blob: version.blob.clone(),
            first_line,
            last_line,
            from_end,
        };
        spawn_local(async move {
            let answer = lines_between(self.chat, place.path.clone(), query).await;
            let state = match answer {
                Ok(answer) if !fits(file.file(), version.side, &answer.read) => {
                    Some(RegionState::Changed)
                }
                Ok(answer) => {
                    let _ = self.read.try_update(|read| {
                        let known = read.entry(version.blob).or_default();
                        Arc::make_mut(known).take(answer.read, answer.html);
                    });
                    None
                }
                Err(error) => Some(RegionState::Failed(words_of(error))),
            };
            let is_done = state.is_none();
            self.note(&place, index, state);
            if is_done {
                then(first);
            }
        });
        true
    }
}

fn words_of(error: AppError) -> String {
    match error.code {
        ErrorCode::NotFound => {
            "The workspace does not hold this version of the file. Fetch it there to see its lines."
                .to_owned()
        }
        _ => error.message,
    }
}

/// Whether two addresses are those of one remote.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |origin: &str| {
        let origin = origin.trim_end_matches('/');
        origin.strip_suffix(".git").unwrap_or(origin).to_owned()
    };
    plain(one) == plain(other)
}

/// The first and the last line to read, and whether the last ones count when they are too many.
fn range(region: &Region, side: DiffSide, lines: Lines) -> (u32, u32, bool) {
    let first = region.first(side);
    let end = region
        .count
        .map(|count| first.saturating_add(count.saturating_sub(1)));
    let down = |count: u32| {
        let last = first.saturating_add(count - 1);
        (first, end.map_or(last, |end| last.min(end)), false)
    };
    let up = |end: u32, count: u32| (end.saturating_sub(count - 1).max(first), end, true);
    match (lines, end) {
        (Lines::Up, Some(end)) => up(end, STEP_LINES),
        (Lines::Up | Lines::Down, _) => down(STEP_LINES),
        // Before the first hunk those are read that touch it.
        (Lines::All, Some(end)) if !region.touches.0 => up(end, MOST_LINES),
        (Lines::All, _) => down(MOST_LINES),
    }
}

#[cfg(test)]
mod tests {
    use DiffSide::{New, Old};

    use super::*;

    fn region(index: usize, count: Option<u32>) -> Region {
        Region {
            index,
            old_first: 101,
            new_first: 111,
            count,
            touches: (index > 0, count.is_some()),
            section: String::new(),
        }
    }

    #[test]
    fn reads_from_the_hunk_that_the_lines_touch() {
        let middle = region(1, Some(5000));
        assert_eq!(range(&middle, Old, Lines::Down), (101, 120, false));
        assert_eq!(range(&middle, New, Lines::Up), (5091, 5110, true));
        assert_eq!(range(&middle, Old, Lines::All), (101, 2100, false));
        let first = region(0, Some(5000));
        assert_eq!(range(&first, Old, Lines::All), (3101, 5100, true));
        let short = region(1, Some(7));
        assert_eq!(range(&short, Old, Lines::All), (101, 107, false));
        assert_eq!(range(&short, Old, Lines::Up), (101, 107, true));
        let rest = region(1, None);
        assert_eq!(range(&rest, Old, Lines::Down), (101, 120, false));
        assert_eq!(range(&rest, Old, Lines::All), (101, 2100, false));
    }

    #[test]
    fn one_remote_may_be_written_in_two_ways() {
        assert!(is_same("https://host/a/b.git", "https://host/a/b"));
        assert!(!is_same("https://host/a/b", "https://host/a/c"));
    }
}
