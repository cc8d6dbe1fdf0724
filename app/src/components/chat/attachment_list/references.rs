//! Files of the workspace among the attachments: named in the text, and quoted as far as they are short.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::ChatId;
use sdk::parts::{InputPart, LineReference};

use crate::api::chats::quote_file;
use crate::components::chat::attachments::{Attachment, Attachments, Progress};
use crate::components::form::focus;
use crate::components::icons::{Icon, icon_with_class};
use crate::view;

/// Puts a file in, once. It can be sent at once, by its name; its lines follow as soon as the workspace has told them.
pub fn add(attachments: Attachments, chat: ChatId, path: String) {
    let is_there = attachments.items.with_untracked(|items| {
        let mut known = items.iter().filter_map(lines_of);
        known.any(|lines| lines.file_name == path)
    });
    if is_there {
        return;
    }
    let item = attach(
        attachments,
        LineReference {
            file_name: path.clone(),
            ..LineReference::default()
        },
    );
    spawn_local(async move {
        // Without its lines the model can still read the file by its name.
        if let Ok(lines) = quote_file(chat, path).await {
            item.progress.set(ready(lines));
        }
    });
}

/// Makes lines of a file an attachment.
pub fn attach(attachments: Attachments, lines: LineReference) -> Attachment {
    attachments.add(name(&lines), String::new(), ready(lines))
}

/// Where the lines begin and end is only told of those in the middle of a file.
pub fn name(lines: &LineReference) -> String {
    if lines.start_line > 1 {
        lines.place()
    } else {
        lines.file_name.clone()
    }
}

fn ready(lines: LineReference) -> Progress {
    Progress::Ready(InputPart::FileReference(lines))
}

/// Whether an attachment is lines of a file.
pub fn is_one(item: &Attachment) -> bool {
    lines_of(item).is_some()
}

fn lines_of(item: &Attachment) -> Option<LineReference> {
    match item.progress.get_untracked() {
        Progress::Ready(InputPart::FileReference(lines)) => Some(lines),
        _ => None,
    }
}

/// The file above the editor, with the number of lines that are quoted.
pub fn draw(attachments: Attachments, item: &Attachment) -> AnyView {
    let place = item.name.clone();
    let short = place.rsplit('/').next().unwrap_or(&place).to_owned();
    let label = format!("Remove {place}");
    let progress = item.progress.clone();
    let quoted = move || match progress.get() {
        Progress::Ready(InputPart::FileReference(lines)) => quoted(&lines),
        _ => String::new(),
    };
    let key = item.key;
    let remove = move |_| {
        let items = attachments.items;
        items.update(|items| items.retain(|item| item.key != key));
        focus(".composer .editor");
    };
    view! {
        <li class="reference">
            {icon_with_class(Icon::FileText, "icon icon-small")}
            <span class="reference-name" title=place>{short}</span>
            <span class="reference-text">{quoted}</span>
            <button type="button" class="icon-button icon-button-small" aria-label=label title="Remove" on:click=remove>
                {icon_with_class(Icon::X, "icon icon-small")}
            </button>
        </li>
    }
}

fn quoted(lines: &LineReference) -> String {
    match lines.end_line - lines.start_line + 1 {
        _ if lines.content.is_empty() => String::new(),
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    }
}
