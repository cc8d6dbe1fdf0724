//! The list's socket: events are merged into the rows by their kind, and the list is read again after every
//! reconnection, because the socket has no replay.

use std::cmp::Ordering;

use sdk::chats::Chat;
use sdk::ids::ChatId;
use sdk::stream::{WatchEvent, WatchEventKind};

use super::socket::{LONGEST_SILENCE, Plan, Socket, Verdict};

/// Follows the list until the current owner is cleaned up. `read_at` tells when the rows were read by the server's
/// clock, `refetch` is called after each reconnection. Browser only.
pub fn follow(
    socket: Socket,
    read_at: impl Fn() -> String + 'static,
    on_event: impl Fn(WatchEvent) + 'static,
    refetch: impl Fn() + 'static,
) {
    socket.start(Plan {
        path: Box::new(move || "/api/experimental/chats/watch?since=".to_owned() + &read_at()),
        on_open: Box::new(move |is_again| {
            if is_again {
                refetch();
            }
        }),
        on_frame: Box::new(move |frame| {
            // Pings and events of newer versions are no watch events; there is nothing to do for them.
            if let Ok(event) = crate::json::read::<WatchEvent>(frame) {
                on_event(event);
            }
            Verdict::Continue
        }),
        silence: Some(LONGEST_SILENCE),
    });
}

/// Merges an event into the rows. `open_chat` is the chat on the screen: it does not become unread. `has_more` says that
/// the list goes on behind the rows: what belongs there is no new row. Rows keep the list's order: pinned first, then
/// the newest change; a chat that another one started stands in that one's family.
pub fn merge(chats: &mut Vec<Chat>, event: WatchEvent, open_chat: Option<ChatId>, has_more: bool) {
    let WatchEvent { kind, chat, .. } = event;
    if chat.parent_chat_id.is_some() {
        let family = chats.iter_mut().find(|known| known.id == chat.root_chat_id);
        if let Some(family) = family {
            merge_child(&mut family.children, chat, kind);
        }
        return;
    }
    if kind == WatchEventKind::Deleted {
        chats.retain(|known| known.id != chat.id && known.root_chat_id != chat.id);
        return;
    }
    match chats.iter_mut().find(|known| known.id == chat.id) {
        Some(known) => merge_row(known, chat, kind, open_chat),
        None if kind == WatchEventKind::Created && !chat.archived => {
            let is_behind = |last: &Chat| order(last, &chat) == Ordering::Less;
            if !has_more || !chats.last().is_some_and(is_behind) {
                chats.push(chat);
            }
        }
        None => {}
    }
    sort(chats);
}

/// Merges an event into rows that are no list of their own: what was found, or the chat on the screen. None comes or goes
/// or moves.
pub fn merge_known(chats: &mut [Chat], event: &WatchEvent, open_chat: Option<ChatId>) {
    let mut members = chats.iter_mut();
    let known = members.find_map(|known| {
        if known.id == event.chat.id {
            return Some(known);
        }
        let mut children = known.children.iter_mut();
        children.find(|child| child.id == event.chat.id)
    });
    if let Some(known) = known
        && event.kind != WatchEventKind::Created
    {
        merge_row(known, event.chat.clone(), event.kind, open_chat);
    }
}

/// Sorts rows as the server lists them. Nearly always one row has moved, so each is put where it belongs among those
/// before it, which is also a tenth of the standard library's sort to load.
pub fn sort(chats: &mut [Chat]) {
    for at in 1..chats.len() {
        let (sorted, rest) = chats.split_at(at);
        let Some(chat) = rest.first() else { continue };
        let place = sorted.partition_point(|other| order(other, chat) != Ordering::Greater);
        if let Some(moved) = chats.get_mut(place..=at) {
            moved.rotate_right(1);
        }
    }
}

/// Pinned rows by their place, then the newest change.
fn order(left: &Chat, right: &Chat) -> Ordering {
    let pin = |chat: &Chat| match chat.pin_order {
        place @ 1.. => place,
        _ => i32::MAX,
    };
    pin(left)
        .cmp(&pin(right))
        .then_with(|| right.updated_at.cmp(&left.updated_at))
        .then_with(|| right.id.cmp(&left.id))
}

/// The newest stands first. None becomes unread: its report goes to the agent that started it.
fn merge_child(children: &mut Vec<Chat>, chat: Chat, kind: WatchEventKind) {
    let id = chat.id;
    match children.iter_mut().find(|known| known.id == id) {
        Some(known) => merge_row(known, chat, kind, Some(id)),
        None if kind == WatchEventKind::Created && !chat.archived => children.insert(0, chat),
        None => {}
    }
}

fn merge_row(known: &mut Chat, chat: Chat, kind: WatchEventKind, open_chat: Option<ChatId>) {
    match kind {
        // A title event may come late; everything else of it may be old.
        WatchEventKind::TitleChange => known.title = chat.title,
        WatchEventKind::StatusChange | WatchEventKind::ActionRequired => {
            if chat.updated_at < known.updated_at {
                return;
            }
            let is_over = known.status.is_busy() && !chat.status.is_busy();
            known.has_unread |= is_over && open_chat != Some(chat.id);
            known.status = chat.status;
            known.status_since = chat.status_since;
            known.last_error = chat.last_error;
            known.last_error_info = chat.last_error_info;
            known.last_model_config_id = chat.last_model_config_id;
            known.workspace_id = chat.workspace_id;
            known.build_id = chat.build_id;
            known.updated_at = chat.updated_at;
        }
        WatchEventKind::Created => {
            let has_unread = known.has_unread;
            let children = std::mem::take(&mut known.children);
            *known = chat;
            known.has_unread = has_unread;
            known.children = children;
        }
        WatchEventKind::DetailsChange => {
            known.pin_order = chat.pin_order;
            known.labels = chat.labels;
            known.plan_mode = chat.plan_mode;
            known.has_unread = chat.has_unread && open_chat != Some(chat.id);
        }
        // It carries all that is known, and the row with it nothing that is newer.
        WatchEventKind::DiffStatusChange => known.diff_status = chat.diff_status,
        WatchEventKind::Deleted => {}
    }
}

#[cfg(test)]
mod tests;
