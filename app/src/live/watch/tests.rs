#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use chrono::{Duration, TimeZone as _, Utc};
use sdk::chats::{ChatStatus, ClientType};
use sdk::ids::{ModelConfigId, OrganizationId, UserId};
use uuid::Uuid;

use super::*;

fn chat(number: u128, title: &str, minute: i64) -> Chat {
    let id = ChatId(Uuid::from_u128(number));
    let time = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap() + Duration::minutes(minute);
    Chat {
        id,
        organization_id: OrganizationId(Uuid::nil()),
        owner_id: UserId(Uuid::nil()),
        workspace_id: None,
        build_id: None,
        agent_id: None,
        parent_chat_id: None,
        root_chat_id: id,
        last_model_config_id: ModelConfigId(Uuid::nil()),
        title: title.into(),
        status: ChatStatus::Running,
        status_since: None,
        last_error: None,
        last_error_info: None,
        created_at: time,
        updated_at: time,
        archived: false,
        pin_order: 0,
        labels: std::collections::BTreeMap::new(),
        plan_mode: sdk::chats::PlanMode::default(),
        mcp_server_ids: Vec::new(),
        has_unread: false,
        client_type: ClientType::Ui,
        diff_status: None,
        children: Vec::new(),
        files: Vec::new(),
        warnings: Vec::new(),
    }
}

fn event(kind: WatchEventKind, chat: Chat) -> WatchEvent {
    WatchEvent {
        kind,
        chat,
        tool_calls: Vec::new(),
    }
}

fn titles(chats: &[Chat]) -> Vec<&str> {
    chats.iter().map(|chat| chat.title.as_str()).collect()
}

#[test]
fn a_new_chat_stands_first_but_below_the_pinned_ones() {
    let mut chats = vec![
        Chat {
            pin_order: 1,
            ..chat(1, "pinned", 0)
        },
        chat(2, "old", 1),
    ];
    merge(
        &mut chats,
        event(WatchEventKind::Created, chat(3, "new", 2)),
        None,
        false,
    );
    assert_eq!(titles(&chats), ["pinned", "new", "old"]);
}

#[test]
fn a_finished_chat_becomes_unread_unless_it_is_open() {
    let done = |number| Chat {
        status: ChatStatus::Waiting,
        ..chat(number, "x", 5)
    };
    let mut chats = vec![chat(1, "a", 0), chat(2, "b", 0)];
    merge(
        &mut chats,
        event(WatchEventKind::StatusChange, done(1)),
        Some(ChatId(Uuid::from_u128(1))),
        false,
    );
    merge(
        &mut chats,
        event(WatchEventKind::StatusChange, done(2)),
        Some(ChatId(Uuid::from_u128(1))),
        false,
    );
    let unread: Vec<_> = chats
        .iter()
        .filter(|chat| chat.has_unread)
        .map(|chat| chat.title.as_str())
        .collect();
    assert_eq!(unread, ["b"]);
}

#[test]
fn a_status_event_does_not_bring_an_old_title_back() {
    let mut chats = vec![chat(1, "new title", 1)];
    merge(
        &mut chats,
        event(WatchEventKind::StatusChange, chat(1, "old title", 2)),
        None,
        false,
    );
    assert_eq!(titles(&chats), ["new title"]);
    merge(
        &mut chats,
        event(WatchEventKind::TitleChange, chat(1, "newest", 0)),
        None,
        false,
    );
    assert_eq!(titles(&chats), ["newest"]);
}

#[test]
fn an_older_status_event_is_ignored() {
    let mut chats = vec![chat(1, "a", 5)];
    let late = Chat {
        status: ChatStatus::Error,
        ..chat(1, "a", 4)
    };
    merge(
        &mut chats,
        event(WatchEventKind::StatusChange, late),
        None,
        false,
    );
    assert_eq!(chats[0].status, ChatStatus::Running);
}

#[test]
fn a_pull_request_changes_nothing_else_of_its_row() {
    let mut chats = vec![chat(1, "title", 5), chat(2, "other", 4)];
    let status = sdk::diff_statuses::DiffStatus {
        pr_number: Some(7),
        ..sdk::diff_statuses::DiffStatus::new(ChatId(Uuid::from_u128(1)))
    };
    let late = Chat {
        status: ChatStatus::Error,
        diff_status: Some(Box::new(status.clone())),
        ..chat(1, "older title", 3)
    };
    let told = event(WatchEventKind::DiffStatusChange, late);
    merge(&mut chats, told, None, false);
    assert_eq!(titles(&chats), ["title", "other"]);
    assert_eq!(chats[0].status, ChatStatus::Running);
    assert_eq!(chats[0].diff_status.as_deref(), Some(&status));
    assert_eq!(chats[1].diff_status, None);
}

#[test]
fn an_archived_chat_leaves_with_its_tree() {
    let child = Chat {
        root_chat_id: ChatId(Uuid::from_u128(1)),
        ..chat(9, "child", 0)
    };
    let mut chats = vec![chat(1, "a", 0), child, chat(2, "b", 0)];
    merge(
        &mut chats,
        event(WatchEventKind::Deleted, chat(1, "a", 0)),
        None,
        false,
    );
    assert_eq!(titles(&chats), ["b"]);
}

#[test]
fn details_change_the_pin_the_mode_and_the_read_mark_alone() {
    let mut chats = vec![chat(1, "a", 5), chat(2, "b", 1)];
    chats[1].has_unread = true;
    let pinned = Chat {
        pin_order: 1,
        plan_mode: sdk::chats::PlanMode::Plan,
        status: ChatStatus::Error,
        ..chat(2, "other", 0)
    };
    merge(
        &mut chats,
        event(WatchEventKind::DetailsChange, pinned),
        None,
        false,
    );
    assert_eq!(titles(&chats), ["b", "a"]);
    assert_eq!(chats[0].status, ChatStatus::Running);
    assert_eq!(chats[0].plan_mode, sdk::chats::PlanMode::Plan);
    assert!(!chats[0].has_unread);
}

#[test]
fn what_belongs_behind_the_rows_is_no_new_row_while_the_list_goes_on() {
    let created = || event(WatchEventKind::Created, chat(2, "older", 1));
    let mut chats = vec![chat(1, "a", 5)];
    merge(&mut chats, created(), None, true);
    assert_eq!(titles(&chats), ["a"]);
    merge(&mut chats, created(), None, false);
    assert_eq!(titles(&chats), ["a", "older"]);
}

fn child(number: u128, title: &str, root: &Chat) -> Chat {
    Chat {
        parent_chat_id: Some(root.id),
        root_chat_id: root.id,
        ..chat(number, title, 1)
    }
}

#[test]
fn a_chat_that_another_started_stands_in_its_family() {
    let root = chat(1, "root", 0);
    let first = child(2, "first", &root);
    let second = child(3, "second", &root);
    let stranger = child(4, "of nobody here", &chat(9, "elsewhere", 0));
    let mut chats = vec![root.clone()];
    for born in [&first, &second, &stranger] {
        let event = event(WatchEventKind::Created, born.clone());
        merge(&mut chats, event, None, false);
    }
    assert_eq!(titles(&chats), ["root"]);
    assert_eq!(titles(&chats[0].children), ["second", "first"]);

    let done = Chat {
        status: ChatStatus::Waiting,
        updated_at: first.updated_at + Duration::minutes(1),
        ..first
    };
    let event_of_end = event(WatchEventKind::StatusChange, done);
    merge(&mut chats, event_of_end, None, false);
    let ended = &chats[0].children[1];
    assert_eq!(ended.status, ChatStatus::Waiting);
    assert!(!ended.has_unread, "its report goes to the agent");

    // What is told of the root alone takes nobody from it.
    merge(
        &mut chats,
        event(WatchEventKind::Created, root),
        None,
        false,
    );
    assert_eq!(titles(&chats[0].children), ["second", "first"]);
}

#[test]
fn rows_that_were_found_change_where_they_stand_and_none_comes_or_goes() {
    let child = Chat {
        parent_chat_id: Some(chat(2, "", 0).id),
        ..chat(3, "child", 0)
    };
    let mut found = vec![
        chat(1, "old", 0),
        Chat {
            children: vec![child.clone()],
            ..chat(2, "older", -5)
        },
    ];
    let waiting = |chat: Chat| Chat {
        status: ChatStatus::Waiting,
        updated_at: chat.updated_at + Duration::minutes(9),
        ..chat
    };
    for changed in [chat(2, "older", -5), child] {
        let change = event(WatchEventKind::StatusChange, waiting(changed));
        merge_known(&mut found, &change, None);
    }
    merge_known(
        &mut found,
        &event(WatchEventKind::Created, chat(4, "new", 1)),
        None,
    );
    merge_known(
        &mut found,
        &event(WatchEventKind::Deleted, chat(1, "old", 0)),
        None,
    );
    assert_eq!(titles(&found), ["old", "older"]);
    let states = [&found[0], &found[1], &found[1].children[0]].map(|chat| chat.status);
    let expected = [
        ChatStatus::Running,
        ChatStatus::Waiting,
        ChatStatus::Waiting,
    ];
    assert_eq!(states, expected);
}
