//! Where comments are by the versions of their files: the one that they were made on, whose text the server keeps, and the one that
//! is shown. It is asked for when the file is drawn; until the answer is there, and where there is none, a comment is placed by
//! what it quotes.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::git::GitVersion;
use sdk::ids::ChatId;
use sdk::parts::{DiffComment, DiffSide};

use super::review::{Place, Shown};
use crate::api::chats::{CommentedLines, Followed, follow_comments, keep_version};
use crate::diff::DiffFile;
use crate::diff::anchor::whole;
use crate::diff::anchor::{Placement, place};
use crate::diff::index::IndexedFile;
use crate::diff::selection::LineRange;

/// Names of versions that are shorter are not taken for those of longer ones.
const LEAST_NAME_LETTERS: usize = 7;

/// Lines of a version, and the version in which they are looked for.
type Question = (CommentedLines, String);

/// What is known of comments' versions. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Versions {
    chat: ChatId,
    known: RwSignal<HashMap<Question, Followed>>,
    asked: StoredValue<HashSet<Question>>,
    /// Those that were given to the server to be kept.
    kept: StoredValue<HashSet<String>>,
}

/// What both versions tell of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its lines are these.
    Lines(LineRange),
    /// They are gone, or not to be told from others.
    Gone,
}

impl Versions {
    /// Nothing known yet.
    pub fn new(chat: ChatId) -> Self {
        Self {
            chat,
            known: RwSignal::new(HashMap::new()),
            asked: StoredValue::new(HashSet::new()),
            kept: StoredValue::new(HashSet::new()),
        }
    }

    /// What both versions tell of a comment; nothing as long as it is not known.
    pub fn tell(self, comment: &DiffComment, file: &IndexedFile) -> Option<Told> {
        let was = LineRange::of_comment(comment)?;
        let blob = file.blob(comment.side)?;
        if is_same(comment.blob.as_deref()?, blob) {
            return Some(Told::Lines(was));
        }
        let question = question(comment, blob)?;
        match self.known.with(|known| known.get(&question).copied())? {
            Followed::Unknown => None,
            Followed::Gone => Some(Told::Gone),
            Followed::From(start) => Some(Told::Lines(LineRange {
                start,
                end: start.checked_add(was.end.checked_sub(was.start)?)?,
                ..was
            })),
        }
    }

    /// Where a comment is in a file as it is shown: by both versions, or else by what it quotes.
    pub fn place(self, comment: &DiffComment, file: &IndexedFile, shown: &DiffFile) -> Placement {
        let told = self.tell(comment, file).and_then(|told| {
            let start = match told {
                Told::Lines(range) => Some(range.start),
                Told::Gone => None,
            };
            whole::place(comment, start, shown)
        });
        told.unwrap_or_else(|| place(comment, shown))
    }

    /// Asks where comments are whose versions are others than the one that is shown, each once. `root` is the repository in which
    /// that can be read. Browser only.
    pub fn ask(self, root: Option<String>, path: &str, file: &IndexedFile, comments: &[Shown]) {
        let Some(root) = root else {
            return;
        };
        for side in [DiffSide::Old, DiffSide::New] {
            let Some(blob) = file.blob(side) else {
                continue;
            };
            let on_side = comments.iter().filter(|it| it.comment.side == side);
            let others = on_side.filter(|it| {
                let was = it.comment.blob.as_deref();
                was.is_some_and(|was| !is_same(was, blob))
            });
            let questions = others.filter_map(|it| question(&it.comment, blob));
            let is_new = |question: &Question| {
                let is_new = self
                    .asked
                    .try_update_value(|asked| asked.insert(question.clone()));
                is_new == Some(true)
            };
            let questions: Vec<Question> = questions.filter(is_new).collect();
            if questions.is_empty() {
                continue;
            }
            let version = version(Some(root.clone()), side, blob, path);
            spawn_local(async move {
                let lines = questions.iter().map(|(lines, _)| lines.clone()).collect();
                let Ok(answers) = follow_comments(self.chat, version, lines).await else {
                    // Another look at the diff asks again.
                    let _ = self.asked.try_update_value(|asked| {
                        asked.retain(|question| !questions.contains(question));
                    });
                    return;
                };
                let told = questions.into_iter().zip(answers);
                let (unknown, told): (Vec<_>, Vec<_>) =
                    told.partition(|(_, answer)| *answer == Followed::Unknown);
                // The text may only be on its way: another look at the diff asks again.
                let _ = self.asked.try_update_value(|asked| {
                    for (question, _) in &unknown {
                        asked.remove(question);
                    }
                });
                let _ = self.known.try_update(|known| known.extend(told));
            });
        }
    }

    /// Has the version kept that a comment is written on. Browser only.
    pub fn keep(self, root: Option<String>, place: &Place, comment: &DiffComment) {
        let (Some(root), Some(blob)) = (root, comment.blob.clone()) else {
            return;
        };
        let version = version(Some(root), comment.side, &blob, &place.path);
        let is_new = self
            .kept
            .try_update_value(|kept| kept.insert(blob))
            .unwrap_or_default();
        if is_new {
            spawn_local(async move {
                // Without it the comment is placed by what it quotes.
                let _ = keep_version(self.chat, version).await;
            });
        }
    }
}

fn version(repo_root: Option<String>, side: DiffSide, blob: &str, path: &str) -> GitVersion {
    GitVersion {
        repo_root,
        blob: blob.to_owned(),
        path: (side == DiffSide::New).then(|| path.to_owned()),
    }
}

fn question(comment: &DiffComment, blob: &str) -> Option<Question> {
    let range = LineRange::of_comment(comment)?;
    let lines = CommentedLines {
        blob: comment.blob.clone()?,
        start: range.start,
        end: range.end,
    };
    Some((lines, blob.to_owned()))
}

/// Whether two names are of one version: git writes no more of a name than tells it from others.
fn is_same(one: &str, other: &str) -> bool {
    let letters = one.len().min(other.len());
    let begin = |name: &'_ str| name.get(..letters).map(str::to_ascii_lowercase);
    letters >= LEAST_NAME_LETTERS && begin(one) == begin(other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::sync::Arc;

    use DiffSide::New;

    use super::*;
    use crate::diff::index::index;

    const SHOWN: &str = "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n+0\n a\n b\n";

    fn comment(blob: &str) -> DiffComment {
        DiffComment {
            file_name: "x".to_owned(),
            start_line: 1,
            end_line: 2,
            side: New,
            content: "Why?".to_owned(),
            diff_hunk: Some("@@ -1,2 +1,2 @@\n a\n b".to_owned()),
            repo_root: None,
            blob: Some(blob.to_owned()),
        }
    }

    fn lines(start: u32, end: u32) -> LineRange {
        LineRange {
            side: New,
            start,
            end,
        }
    }

    fn placed(versions: Versions, comment: &DiffComment, file: &Arc<IndexedFile>) -> Placement {
        versions.place(comment, file, file.file())
    }

    #[test]
    fn what_both_versions_tell_counts_and_else_the_quote() {
        Owner::new().with(|| {
            let versions = Versions::new(ChatId(uuid::Uuid::nil()));
            let file = &index(SHOWN)[0];
            let comment = comment("3333333");
            let by_quote = place(&comment, file.file());
            assert_eq!(placed(versions, &comment, file), by_quote);
            let know = |followed| {
                let question = question(&comment, "2222222").unwrap();
                versions.known.update(|known| {
                    known.insert(question, followed);
                });
            };
            know(Followed::Unknown);
            assert_eq!(placed(versions, &comment, file), by_quote);
            know(Followed::From(2));
            assert_eq!(
                placed(versions, &comment, file),
                Placement::Moved(lines(2, 3))
            );
            know(Followed::Gone);
            assert_eq!(placed(versions, &comment, file), Placement::Outdated);
            // What stands there is not what the comment quotes.
            know(Followed::From(1));
            assert_eq!(placed(versions, &comment, file), by_quote);
            // It is not shown.
            know(Followed::From(7));
            assert_eq!(placed(versions, &comment, file), Placement::Outdated);
            assert_eq!(
                versions.tell(&comment, file),
                Some(Told::Lines(lines(7, 8)))
            );
        });
    }

    #[test]
    fn in_the_version_that_it_was_made_on_a_comment_is_where_it_was() {
        Owner::new().with(|| {
            let versions = Versions::new(ChatId(uuid::Uuid::nil()));
            let file = &index(SHOWN)[0];
            let comment = DiffComment {
                start_line: 2,
                end_line: 3,
                diff_hunk: Some("@@ -1,2 +2,2 @@\n a\n b".to_owned()),
                ..comment("222222277777777777777777777777777777777a")
            };
            assert_eq!(
                placed(versions, &comment, file),
                Placement::Here(lines(2, 3))
            );
        });
    }

    #[test]
    fn a_name_may_be_written_shorter() {
        assert!(is_same("1a2b3c4", "1A2B3C4D5e"));
        assert!(!is_same("1a2b3c4", "1a2b3c5d5e"));
        assert!(!is_same("1a2b", "1a2b3c4"));
    }
}
