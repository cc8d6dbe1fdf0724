//! What a provider is told of a call beside the prompt: whose it is, in ids alone. Gateways between here and a provider book
//! and group calls by it.
//!
//! Names, titles and addresses of people never go out this way. The ids stand in headers and not in the body, so what
//! providers cache of a prompt does not depend on them.

use std::collections::BTreeMap;

use store::chats::ChatRow;
use uuid::Uuid;

/// The person whose chat it is.
const OWNER: &str = "X-Coder-Owner-Id";
/// The chat; of a subagent's chat the one that handed the work to it.
const CHAT: &str = "X-Coder-Chat-Id";
/// The subagent's own chat.
const SUBCHAT: &str = "X-Coder-Subchat-Id";
/// The workspace in which it works.
const WORKSPACE: &str = "X-Coder-Workspace-Id";

/// The headers of each call that is made for a chat.
pub(crate) fn of(chat: &ChatRow) -> BTreeMap<String, String> {
    let parent = chat.parent_chat_id;
    let known: [(&str, Option<Uuid>); 4] = [
        (OWNER, Some(chat.owner_id.0)),
        (CHAT, Some(parent.unwrap_or(chat.id).0)),
        (SUBCHAT, parent.map(|_| chat.id.0)),
        (WORKSPACE, chat.workspace_id.map(|id| id.0)),
    ];
    let known = known.into_iter();
    known
        .filter_map(|(name, id)| Some((name.to_owned(), id?.to_string())))
        .collect()
}
