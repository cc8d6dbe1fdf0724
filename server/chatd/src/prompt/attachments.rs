//! Files in a conversation: the prompt holds their names, and gets their bytes when a model is called.
//!
//! Pictures of a desktop come with each action on it, so only the newest are shown. Older ones leave in groups, because each
//! time one leaves, the conversation from there on is new to the provider's cache.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use llm::{Content, ToolResultContent};
use sdk::ids::FileId;

use super::Prompt;

/// Of all files of one call together; providers refuse larger requests. Older files give way to newer ones.
const MAX_CALL_BYTES: usize = 20 * 1024 * 1024;
/// Of one text.
const MAX_TEXT_BYTES: usize = 128 * 1024;

/// The fewest of a desktop's pictures that are shown, where there are so many.
const SHOWN_SCREENSHOTS: usize = 20;
/// So many leave at a time.
const LEAVING_SCREENSHOTS: usize = 20;

/// Where a file stands in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) file_id: FileId,
    pub(super) name: String,
    /// Index of the message.
    pub(super) message: usize,
    /// Index of the piece that stands for it: the tool's result for a picture of a desktop.
    pub(super) piece: usize,
    /// Whether it is a picture of a desktop.
    pub(super) is_screenshot: bool,
}

/// A file as a model gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loaded {
    Picture {
        media_type: String,
        data: Bytes,
    },
    Text(String),
    /// It was removed.
    Gone,
}

/// Files that were read for a turn.
pub(crate) type LoadedFiles = HashMap<FileId, Loaded>;

impl Loaded {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Picture { data, .. } => data.len(),
            Self::Text(text) => text.len(),
            Self::Gone => 0,
        }
    }

    /// A text file's words, as far as a model gets them.
    pub(crate) fn text(bytes: &[u8]) -> Self {
        let cut = bytes.get(..MAX_TEXT_BYTES).unwrap_or(bytes);
        // A character that the cut goes through is left out.
        let whole = match std::str::from_utf8(cut) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(cut.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default(),
        };
        let mut text = whole.to_owned();
        if cut.len() < bytes.len() {
            let (shown, all) = (whole.len(), bytes.len());
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[cut here: {shown} of {all} bytes are shown]");
        }
        Self::Text(text)
    }
}

impl Prompt {
    /// Which files are shown in the conversation, the newest first, each once.
    pub(crate) fn file_ids(&self) -> Vec<FileId> {
        let mut ids = Vec::new();
        for attachment in self.shown() {
            if !ids.contains(&attachment.file_id) {
                ids.push(attachment.file_id);
            }
        }
        ids
    }

    /// The conversation with its files. Without any it is the conversation itself.
    pub(crate) fn messages_with(&self, files: &LoadedFiles) -> Arc<Vec<llm::Message>> {
        if self.attachments.is_empty() {
            return Arc::clone(&self.messages);
        }
        let mut messages = (*self.messages).clone();
        let mut room = MAX_CALL_BYTES;
        for attachment in self.shown() {
            let piece = messages
                .get_mut(attachment.message)
                .and_then(|message| message.content.get_mut(attachment.piece));
            let (Some(piece), Some(file)) = (piece, files.get(&attachment.file_id)) else {
                continue;
            };
            let size = file.size_bytes();
            if let Content::ToolResult { content, .. } = piece {
                if let Loaded::Picture { media_type, data } = file
                    && size <= room
                {
                    room -= size;
                    content.push(ToolResultContent::Image {
                        media_type: media_type.clone(),
                        data: data.clone(),
                    });
                }
                continue;
            }
            *piece = if size > room {
                room = 0;
                let why = "left out here, because newer files take all the room";
                Content::Text(format!("[attached: {}; {why}]", attachment.name))
            } else {
                room -= size;
                content(attachment, file)
            };
        }
        Arc::new(messages)
    }

    /// What a model is shown, the newest first.
    fn shown(&self) -> impl Iterator<Item = &Attachment> {
        let are_screenshots = self.attachments.iter().filter(|one| one.is_screenshot);
        let count = are_screenshots.count();
        let left = count.saturating_sub(SHOWN_SCREENSHOTS) / LEAVING_SCREENSHOTS;
        let mut screenshots = count - left * LEAVING_SCREENSHOTS;
        self.attachments.iter().rev().filter(move |attachment| {
            if !attachment.is_screenshot {
                return true;
            }
            let is_shown = screenshots > 0;
            screenshots = screenshots.saturating_sub(1);
            is_shown
        })
    }
}

fn content(attachment: &Attachment, file: &Loaded) -> Content {
    let name = &attachment.name;
    match file {
        Loaded::Picture { media_type, data } => Content::Image {
            media_type: media_type.clone(),
            data: data.clone(),
        },
        Loaded::Text(text) => {
            let fence = fence_for(text);
            Content::Text(format!("[attached: {name}]\n{fence}\n{text}\n{fence}"))
        }
        Loaded::Gone => Content::Text(format!("[attached: {name}; it is not kept any more]")),
    }
}

/// A fence that the text itself does not close.
fn fence_for(text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use sdk::messages::Role;
    use sdk::parts::{FilePart, Part, ToolCallPart, ToolResultPart};
    use serde_json::json;

    use super::*;

    fn file(id: FileId, name: &str) -> Part {
        Part::File(FilePart {
            media_type: "image/png".to_owned(),
            file_id: Some(id),
            name: Some(name.to_owned()),
            data: None,
        })
    }

    fn picture(bytes: usize) -> Loaded {
        Loaded::Picture {
            media_type: "image/png".to_owned(),
            data: Bytes::from(vec![1; bytes]),
        }
    }

    fn prompt(messages: &[Vec<Part>]) -> Prompt {
        let mut prompt = Prompt::default();
        for parts in messages {
            prompt.push(Role::User, parts);
            prompt.push(Role::Assistant, &[Part::text("ok")]);
        }
        prompt
    }

    fn text(content: &Content) -> &str {
        let Content::Text(text) = content else {
            panic!("{content:?} is no text");
        };
        text
    }

    #[test]
    fn files_take_the_place_of_their_names() {
        let (a, b) = (FileId::generate(), FileId::generate());
        let parts = vec![
            Part::text(" "),
            file(a, "a.png"),
            Part::text("look"),
            file(b, "b.txt"),
        ];
        let prompt = prompt(&[parts]);
        assert_eq!(prompt.file_ids(), [b, a]);
        let files = LoadedFiles::from([(a, picture(3)), (b, Loaded::text(b"x ``` y"))]);
        let messages = prompt.messages_with(&files);
        assert!(matches!(&messages[0].content[0], Content::Image { data, .. } if data.len() == 3));
        assert_eq!(text(&messages[0].content[1]), "look");
        assert_eq!(
            text(&messages[0].content[2]),
            "[attached: b.txt]\n````\nx ``` y\n````"
        );
        // The prompt itself stays small.
        assert_eq!(
            text(&prompt.messages[0].content[0]),
            "[attached: a.png, image/png]"
        );
    }

    #[test]
    fn without_files_nothing_is_copied() {
        let prompt = prompt(&[vec![Part::text("a")]]);
        assert!(Arc::ptr_eq(
            &prompt.messages,
            &prompt.messages_with(&LoadedFiles::new())
        ));
    }

    #[test]
    fn older_files_give_way_to_newer_ones() {
        let (old, new) = (FileId::generate(), FileId::generate());
        let prompt = prompt(&[vec![file(old, "old.png")], vec![file(new, "new.png")]]);
        let files = LoadedFiles::from([
            (old, picture(MAX_CALL_BYTES / 2 + 1)),
            (new, picture(MAX_CALL_BYTES / 2)),
        ]);
        let messages = prompt.messages_with(&files);
        assert!(text(&messages[0].content[0]).starts_with("[attached: old.png; left out here"));
        assert!(matches!(messages[2].content[0], Content::Image { .. }));
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let id = FileId::generate();
        let prompt = prompt(&[vec![file(id, "a.png")]]);
        let messages = prompt.messages_with(&LoadedFiles::from([(id, Loaded::Gone)]));
        assert_eq!(
            text(&messages[0].content[0]),
            "[attached: a.png; it is not kept any more]"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = format!("a{}", "ä".repeat(MAX_TEXT_BYTES));
        let Loaded::Text(text) = Loaded::text(long.as_bytes()) else {
            panic!("no text");
        };
        let (kept, note) = text.split_once('\n').unwrap();
        assert_eq!(kept.len(), MAX_TEXT_BYTES - 1);
        assert!(note.contains(&format!("of {} bytes", long.len())));
    }

    /// A prompt after so many actions on a desktop, with the files of their pictures.
    fn worked(actions: usize) -> (Prompt, Vec<FileId>) {
        let ids: Vec<_> = (0..actions).map(|_| FileId::generate()).collect();
        let mut prompt = Prompt::default();
        for (number, id) in ids.iter().enumerate() {
            let call = ToolCallPart {
                tool_call_id: format!("call_{number}"),
                tool_name: "computer".to_owned(),
                args: Some(json!({"action": "screenshot"})),
                ..ToolCallPart::default()
            };
            let result = ToolResultPart {
                tool_call_id: call.tool_call_id.clone(),
                tool_name: call.tool_name.clone(),
                result: Some(json!({"screenshot": {"file_id": id}, "output": "X=1,Y=2"})),
                ..ToolResultPart::default()
            };
            prompt.push(Role::Assistant, &[Part::ToolCall(call)]);
            prompt.push(Role::Tool, &[Part::ToolResult(result)]);
        }
        (prompt, ids)
    }

    fn pieces(content: &Content) -> &[ToolResultContent] {
        let Content::ToolResult { content, .. } = content else {
            panic!("{content:?} is no result");
        };
        content
    }

    #[test]
    fn pictures_of_a_desktop_stand_in_the_results_that_they_came_with() {
        let (prompt, ids) = worked(2);
        let words = ToolResultContent::Text("X=1,Y=2".to_owned());
        assert_eq!(
            pieces(&prompt.messages[1].content[0]),
            std::slice::from_ref(&words)
        );
        let files = LoadedFiles::from([(ids[0], Loaded::Gone), (ids[1], picture(3))]);
        let messages = prompt.messages_with(&files);
        assert_eq!(
            pieces(&messages[1].content[0]),
            std::slice::from_ref(&words)
        );
        let [first, ToolResultContent::Image { data, .. }] = pieces(&messages[3].content[0]) else {
            panic!("{messages:?}");
        };
        assert_eq!((first, data.len()), (&words, 3));
    }

    #[test]
    fn older_pictures_of_a_desktop_leave_in_groups() {
        for (actions, shown) in [
            (0, 0),
            (1, 1),
            (39, 39),
            (40, 20),
            (41, 21),
            (59, 39),
            (60, 20),
        ] {
            let (prompt, ids) = worked(actions);
            let newest: Vec<_> = ids.iter().rev().take(shown).copied().collect();
            assert_eq!(prompt.file_ids(), newest, "{actions}");
        }
    }
}
