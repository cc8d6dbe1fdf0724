//! Comments on lines while a diff is read: what is chosen, the box that is open, and every comment with where it came from.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::{MessageId, QueuedMessageId};
use sdk::messages::{Message, QueuedMessage};
use sdk::parts::{DiffComment, InputPart, Part};

use super::files::Files;
use crate::api::chats::list_diff_comments;
use crate::components::chat::attachments::{Attachments, Given, Progress};
use crate::components::chat::context::Agents;
use crate::diff::anchor::quote;
use crate::diff::index::IndexedFile;
use crate::diff::selection::{LineRange, Point, between};
use crate::diff::{DiffFile, FileChange};
use crate::live::chat::OpenChat;

/// More of a diff is not quoted; the server would refuse it.
const MAX_HUNK_BYTES: usize = 200 * 1024;

/// Where a comment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the message that is being written; its key there.
    Draft(u32),
    /// In a message that waits for its turn; which of its parts.
    Queued(QueuedMessageId, usize),
    /// In a message that was sent; which of its parts.
    Sent(MessageId, usize),
}

/// A comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Where it is.
    pub source: Source,
    /// What it says of which lines.
    pub comment: Arc<DiffComment>,
}

impl Shown {
    /// The name of its element.
    pub fn element_id(&self) -> String {
        match self.source {
            Source::Draft(key) => draft_id(key),
            Source::Queued(message, part) => format!("comment-queued-{message}-{part}"),
            Source::Sent(message, part) => format!("comment-{message}-{part}"),
        }
    }
}

/// The name of the element of a comment that is not sent yet.
pub fn draft_id(key: u32) -> String {
    format!("comment-{key}")
}

/// A file of a work tree; without a work tree one of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The work tree.
    pub root: Option<String>,
    /// The file's path in it.
    pub path: String,
}

/// Lines that are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The file.
    pub place: Place,
    /// Where the choice began.
    pub from: Point,
    /// The lines.
    pub range: LineRange,
}

/// The review. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Review {
    /// Where comments go.
    pub attachments: Attachments,
    /// Whether the chat takes them.
    pub can_comment: Signal<bool>,
    /// Comments of messages that are not loaded.
    older: RwSignal<Vec<Shown>>,
    /// All comments, those that are not sent yet first.
    pub shown: Memo<Vec<Shown>>,
    /// What is chosen.
    pub chosen: RwSignal<Option<Chosen>>,
    /// The lines that the open box is for: a comment that says nothing yet.
    pub open: RwSignal<Option<Arc<DiffComment>>>,
    /// What is in the box.
    pub text: RwSignal<String>,
    /// Why it could not be taken.
    pub error: RwSignal<Option<&'static str>>,
    /// Whether the writer is in the box, also when the lines around it are just being drawn anew.
    pub is_writing: StoredValue<bool>,
    /// The file over whose lines the pointer is drawn.
    drawn: StoredValue<Option<(Arc<IndexedFile>, Arc<DiffFile>)>>,
    agents: Agents,
}

impl Review {
    /// The comments of what is being written, of what waits and of what was said.
    pub fn new(
        attachments: Attachments,
        messages: RwSignal<Vec<Arc<Message>>>,
        queue: RwSignal<Vec<QueuedMessage>>,
        can_comment: Signal<bool>,
    ) -> Self {
        let older = RwSignal::new(Vec::<Shown>::new());
        let shown = Memo::new(move |_| {
            let drafts = attachments.items.with(|items| {
                let drafts = items.iter().filter_map(|item| match item.progress.get() {
                    Progress::Ready(InputPart::DiffComment(comment)) => Some(Shown {
                        source: Source::Draft(item.key),
                        comment: Arc::new(comment),
                    }),
                    _ => None,
                });
                drafts.collect::<Vec<_>>()
            });
            let first = messages.with(|messages| messages.first().map(|message| message.id));
            let queued = queue.with(|queue| {
                let messages = queue.iter().map(|message| (message.id, &message.content));
                comments_of(messages, Source::Queued).collect::<Vec<_>>()
            });
            let sent = messages.with(|messages| sent(messages, &drafts));
            let older = older.with(|older| {
                let is_older = |shown: &&Shown| match shown.source {
                    Source::Sent(message, _) => first.is_none_or(|first| message < first),
                    Source::Draft(_) | Source::Queued(..) => false,
                };
                older.iter().filter(is_older).cloned().collect()
            });
            [drafts, queued, sent, older].concat()
        });
        let review = Self {
            attachments,
            can_comment,
            older,
            shown,
            chosen: RwSignal::new(None),
            open: RwSignal::new(None),
            text: RwSignal::new(String::new()),
            error: RwSignal::new(None),
            is_writing: StoredValue::new(false),
            drawn: StoredValue::new(None),
            agents: Agents::expect(),
        };
        // Wherever the pointer is let go.
        Effect::new(move |_| {
            let up = window_event_listener(ev::pointerup, move |_| review.end_drawing());
            let cancel = window_event_listener(ev::pointercancel, move |_| {
                review.drawn.set_value(None);
            });
            // Into the box it is heard of as the focus, right after.
            let down = window_event_listener(ev::pointerdown, move |_| {
                review.is_writing.set_value(false);
            });
            on_cleanup(move || {
                up.remove();
                down.remove();
                cancel.remove();
            });
        });
        review
    }

    /// Asks for the comments of a chat's messages that are not loaded. Browser only.
    pub fn look_back(self, chat: OpenChat) {
        let first = chat
            .messages
            .with_untracked(|messages| messages.first().map(|message| message.id));
        let Some(before) = first.filter(|_| chat.has_older.get_untracked()) else {
            return;
        };
        spawn_local(async move {
            // They come with their messages when the reader goes back.
            let sent = list_diff_comments(chat.id, before)
                .await
                .unwrap_or_default();
            let shown = sent.into_iter().map(|sent| Shown {
                source: Source::Sent(sent.message, sent.part),
                comment: Arc::new(sent.comment),
            });
            let _ = self.older.try_set(shown.collect());
        });
    }

    /// Opens the box for lines of a file, which is shown as `file`; `versions` names those of both sides. What is in an open one
    /// moves with it.
    pub fn open(self, versions: &IndexedFile, file: &DiffFile, chosen: Chosen) {
        if !self.can_comment.get_untracked() {
            self.agents.announcer.say("This chat takes no messages.");
            return;
        }
        let Some(hunk) = quote(file, chosen.range) else {
            return;
        };
        let is_too_long = hunk.len() > MAX_HUNK_BYTES;
        self.error.set(
            is_too_long.then_some("These lines are too long to be quoted. Choose fewer of them."),
        );
        self.open.set(Some(Arc::new(DiffComment {
            file_name: chosen.place.path.clone(),
            start_line: chosen.range.start.into(),
            end_line: chosen.range.end.into(),
            side: chosen.range.side,
            content: String::new(),
            diff_hunk: Some(hunk),
            repo_root: chosen.place.root.clone(),
            blob: versions.blob(chosen.range.side).map(str::to_owned),
        })));
        self.chosen.set(Some(chosen));
        focus_box();
    }

    /// The pointer goes down on a line.
    pub fn begin_drawing(
        self,
        (versions, file): (Arc<IndexedFile>, Arc<DiffFile>),
        place: Place,
        from: Point,
    ) {
        self.drawn.set_value(Some((versions, file)));
        self.chosen.set(Some(Chosen {
            place,
            from,
            range: LineRange::of(from),
        }));
    }

    /// It is over another one; each line is asked as the one of the side where it began.
    pub fn draw_over(self, line: impl FnOnce(Point) -> Option<Point>) {
        let Some((_, file)) = self.drawn.get_value() else {
            return;
        };
        let from = self
            .chosen
            .with_untracked(|chosen| chosen.as_ref().map(|it| it.from));
        let to = from.and_then(|from| Some((from, line(from)?)));
        if let Some((from, to)) = to {
            self.choose(|chosen| chosen.range = between(&file, from, to));
        }
    }

    fn choose(self, change: impl FnOnce(&mut Chosen)) {
        self.chosen.update(|chosen| {
            if let Some(chosen) = chosen {
                change(chosen);
            }
        });
    }

    /// It is let go, wherever. Over the line where it began it was a click, which is heard of as one.
    fn end_drawing(self) {
        let Some((versions, file)) = self.drawn.try_update_value(Option::take).flatten() else {
            return;
        };
        let chosen = self.chosen.get_untracked();
        if let Some(chosen) = chosen.filter(|chosen| chosen.range != LineRange::of(chosen.from)) {
            self.open(&versions, &file, chosen);
        }
    }

    /// Puts what is in the box into the message.
    pub fn submit(self) {
        let text = self.text.get_untracked();
        let is_refused = self.error.with_untracked(Option::is_some) || text.trim().is_empty();
        let Some(comment) = self.open.get_untracked().filter(|_| !is_refused) else {
            return;
        };
        self.attachments.give(Given::Comment(DiffComment {
            content: text.trim().to_owned(),
            ..(*comment).clone()
        }));
        self.close();
    }

    /// Closes the box.
    pub fn close(self) {
        self.open.set(None);
        self.chosen.set(None);
        self.text.set(String::new());
        self.error.set(None);
    }

    /// Takes a comment out of the message.
    pub fn remove(self, key: u32) {
        self.attachments.give(Given::Uncomment(key));
    }

    /// The comments on a file, also those on the pull request when it is of this work tree: `pushed_root` is the one that was
    /// pushed from.
    pub fn on_file(
        self,
        place_of_file: &Place,
        pushed_root: Option<&str>,
        head: &DiffFile,
    ) -> Vec<Shown> {
        self.shown.with(|shown| {
            let own = shown.iter().filter(|shown| {
                let comment = &shown.comment;
                let is_of_root = comment.repo_root == place_of_file.root;
                is_on(comment, head)
                    && (is_of_root || is_of_pushed(comment, place_of_file, pushed_root))
            });
            own.cloned().collect()
        })
    }

    /// The comments of a work tree whose files are not among those that are shown.
    pub fn without_file(self, root: Option<&str>, files: &Files) -> Vec<Shown> {
        self.shown.with(|shown| {
            let is_lost = |shown: &&Shown| {
                shown.comment.repo_root.as_deref() == root
                    && !files
                        .list
                        .iter()
                        .any(|file| is_on(&shown.comment, &file.head))
            };
            shown.iter().filter(is_lost).cloned().collect()
        })
    }
}

/// Whether a comment is on a file, also when that has another name by now.
pub fn is_on(comment: &DiffComment, file: &DiffFile) -> bool {
    let is_renamed = file.change == FileChange::Renamed;
    file.path() == comment.file_name
        || is_renamed && file.old_path.as_deref() == Some(&comment.file_name)
}

/// Whether a comment is on the diff of the pull request, and a file in the work tree that it was pushed from.
fn is_of_pushed(comment: &DiffComment, place: &Place, pushed_root: Option<&str>) -> bool {
    comment.repo_root.is_none() && place.root.is_some() && place.root.as_deref() == pushed_root
}

/// The comments in the parts of messages.
fn comments_of<'a, Id: Copy + 'a>(
    messages: impl Iterator<Item = (Id, &'a Vec<Part>)>,
    source: fn(Id, usize) -> Source,
) -> impl Iterator<Item = Shown> {
    let parts = messages.flat_map(|(id, content)| {
        let parts = content.iter().enumerate();
        parts.map(move |(at, part)| (id, at, part))
    });
    parts.filter_map(move |(id, at, part)| match part {
        Part::DiffComment(comment) => Some(Shown {
            source: source(id, at),
            comment: Arc::new(comment.clone()),
        }),
        _ => None,
    })
}

/// The comments of messages; those of a message that is edited are in what is written again.
fn sent(messages: &[Arc<Message>], drafts: &[Shown]) -> Vec<Shown> {
    let messages = messages
        .iter()
        .map(|message| (message.id, &message.content));
    let comments = comments_of(messages, Source::Sent);
    let is_draft = |sent: &Shown| drafts.iter().any(|draft| draft.comment == sent.comment);
    comments.filter(|sent| !is_draft(sent)).collect()
}

/// Puts the cursor into the box as soon as it is there.
pub fn focus_box() {
    request_animation_frame(|| crate::components::form::focus(".comment-field"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::parse;

    fn comment(file_name: &str) -> DiffComment {
        DiffComment {
            file_name: file_name.to_owned(),
            start_line: 1,
            end_line: 1,
            side: sdk::parts::DiffSide::New,
            content: "Why?".to_owned(),
            diff_hunk: None,
            repo_root: None,
            blob: None,
        }
    }

    #[test]
    fn a_comment_goes_with_a_file_that_is_renamed() {
        let text = "diff --git a/a b/b\nsimilarity index 90%\nrename from a\nrename to b\n";
        let renamed = parse(text).remove(0);
        assert!(is_on(&comment("a"), &renamed) && is_on(&comment("b"), &renamed));
        let other = parse("--- a/a\n+++ b/c\n@@ -1 +1 @@\n-a\n+b\n").remove(0);
        assert!(!is_on(&comment("b"), &other) && is_on(&comment("c"), &other));
    }

    #[test]
    fn a_comment_on_a_pull_request_shows_in_the_work_tree_that_was_pushed_from() {
        let place = |root: Option<&str>| Place {
            root: root.map(str::to_owned),
            path: "a".to_owned(),
        };
        let mut comment = comment("a");
        let pushed_root = Some("/one");
        assert!(is_of_pushed(&comment, &place(pushed_root), pushed_root));
        assert!(!is_of_pushed(&comment, &place(Some("/two")), pushed_root));
        assert!(!is_of_pushed(&comment, &place(Some("/two")), None));
        assert!(!is_of_pushed(&comment, &place(None), None));
        comment.repo_root = Some("/two".to_owned());
        assert!(!is_of_pushed(&comment, &place(pushed_root), pushed_root));
    }
}
