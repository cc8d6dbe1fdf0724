//! What is let go comes back whole, whatever the stream tells meanwhile.

use super::*;

fn page(ids: impl IntoIterator<Item = i64>, has_more: bool) -> MessagePage {
    let messages = ids.into_iter().map(|id| match message(id, "x").kind {
        StreamEventKind::Message { message } => *message,
        _ => unreachable!(),
    });
    MessagePage {
        messages: messages.collect(),
        has_more,
        ..MessagePage::default()
    }
}

fn ids(chat: &LiveChat) -> Vec<i64> {
    chat.messages.iter().map(|message| message.id.0).collect()
}

fn reset(after_id: i64) -> StreamEvent {
    event(StreamEventKind::HistoryReset {
        history_reset: HistoryReset {
            history_version: 9,
            after_id: MessageId(after_id),
        },
    })
}

/// Messages 1 to 10, of which 1 to 6 are loaded.
fn scrolled_up() -> LiveChat {
    let mut chat = LiveChat::from_page(page(1..=10, false));
    chat.let_go_from(MessageId(7));
    chat
}

#[test]
fn what_was_let_go_behind_is_only_counted_until_it_is_read_again() {
    let mut chat = scrolled_up();
    assert_eq!(chat.cursor(), MessageId(10));
    assert_eq!(chat.apply(message(11, "new")), Applied::Changed);
    assert_eq!(chat.apply(message(11, "new")), Applied::Unchanged);
    assert_eq!(ids(&chat), [1, 2, 3, 4, 5, 6]);
    let asked = chat.edges();
    chat.append(page(7..=8, true), asked);
    assert_eq!((ids(&chat).len(), chat.cursor()), (8, MessageId(11)));
    let asked = chat.edges();
    chat.append(page(9..=11, false), asked);
    assert_eq!((ids(&chat).len(), chat.newest_beyond), (11, None));
    assert_eq!(chat.apply(message(12, "next")), Applied::Changed);
    assert_eq!(ids(&chat).len(), 12);
}

#[test]
fn a_message_that_comes_while_the_last_page_is_on_its_way_is_read_with_the_next() {
    let mut chat = scrolled_up();
    let asked = chat.edges();
    chat.apply(message(11, "new"));
    chat.append(page(7..=10, false), asked);
    assert_eq!(chat.newest_beyond, Some(MessageId(11)));
    let asked = chat.edges();
    chat.append(page([11], false), asked);
    assert_eq!((ids(&chat).len(), chat.newest_beyond), (11, None));
}

#[test]
fn pages_that_no_longer_fit_are_not_taken() {
    let mut chat = scrolled_up();
    let asked = chat.edges();
    chat.let_go_from(MessageId(4));
    chat.append(page(7..=10, false), asked);
    assert_eq!(ids(&chat), [1, 2, 3]);
    let asked = chat.edges();
    chat.let_go_before(MessageId(2));
    chat.prepend(page([0], false), asked);
    assert_eq!((ids(&chat), chat.has_older), (vec![2, 3], true));
}

#[test]
fn a_page_from_before_an_edit_brings_nothing_back() {
    let mut chat = scrolled_up();
    let asked = chat.edges();
    chat.apply(reset(8));
    chat.append(page(7..=10, false), asked);
    assert_eq!(ids(&chat), [1, 2, 3, 4, 5, 6]);
    let asked = chat.edges();
    chat.append(page(7..=8, false), asked);
    assert_eq!((ids(&chat).len(), chat.newest_beyond), (8, None));
    let mut cut = scrolled_up();
    let asked = cut.edges();
    cut.apply(reset(4));
    cut.apply(message(11, "edited"));
    cut.show_newest(page(5..=10, false), asked);
    assert_eq!(ids(&cut), [1, 2, 3, 4, 11]);
}

#[test]
fn an_older_page_takes_the_place_of_the_newest() {
    let mut chat = scrolled_up();
    let asked = chat.edges();
    chat.show_page(page(2..=4, true), asked);
    assert_eq!(ids(&chat), [2, 3, 4]);
    assert_eq!(chat.newest_beyond, Some(asked.newest));
    assert!(chat.has_older);
    // What the stream brought meanwhile is not lost under a page that was asked for before.
    let asked = chat.edges();
    chat.apply(message(11, "new"));
    chat.show_page(page(1..=2, false), asked);
    assert_eq!(ids(&chat), [2, 3, 4]);
    let asked = chat.edges();
    chat.append(page(5..=11, false), asked);
    assert_eq!((ids(&chat).len(), chat.newest_beyond), (10, None));
}

#[test]
fn the_newest_page_takes_the_place_of_what_is_far_above() {
    let mut chat = scrolled_up();
    let asked = chat.edges();
    chat.show_newest(page(8..=10, true), asked);
    assert_eq!((ids(&chat), chat.newest_beyond), (vec![8, 9, 10], None));
    assert!(chat.has_older);
    // What stands above comes with its page, not from the stream.
    assert_eq!(chat.apply(message(3, "late")), Applied::Unchanged);
}
