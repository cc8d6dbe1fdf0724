//! Ten thousand random lives of a reader against a model of a chat: whatever is cut, torn, late or doubled, after each
//! whole frame it shows exactly what the chat holds.

use super::*;

/// What happens in the chat, or on the way to the reader.
#[derive(Clone, Debug)]
enum Step {
    /// The model writes on.
    Delta(String),
    /// The attempt failed; the next one begins.
    Retry,
    /// What was written is committed.
    Commit,
    /// A person writes.
    Ask,
    /// A person replaces one of the last messages.
    Edit(usize),
    /// The reader gets what is new.
    Read,
    /// The same, but the connection breaks after so many events.
    Torn(usize),
    /// The connection breaks between two frames.
    Cut,
    /// An event that the reader had comes once more.
    Late(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => "[a-z ]{1,4}".prop_map(Step::Delta),
        1 => Just(Step::Retry),
        3 => Just(Step::Commit),
        2 => Just(Step::Ask),
        1 => (0..4_usize).prop_map(Step::Edit),
        8 => Just(Step::Read),
        3 => (0..6_usize).prop_map(Step::Torn),
        2 => Just(Step::Cut),
        3 => (0..50_usize).prop_map(Step::Late),
    ];
    proptest::collection::vec(step, 1..60)
}

struct Row {
    id: i64,
    revision: i64,
    text: String,
    is_deleted: bool,
}

/// The chat as the server holds it.
#[derive(Default)]
struct Model {
    rows: Vec<Row>,
    version: i64,
    pair: (i64, i64),
    log: Vec<String>,
}

/// What one connection was sent already.
struct Sent {
    version: i64,
    pair: (i64, i64),
    position: usize,
}

impl Model {
    fn change(&mut self, step: &Step) {
        match step {
            Step::Delta(text) => self.log.push(text.clone()),
            Step::Retry => {
                self.version += 1;
                self.begin(self.pair.0, self.pair.1 + 1);
            }
            Step::Commit if self.log.is_empty() => {}
            Step::Commit => {
                let text = self.log.concat();
                self.insert(text);
            }
            Step::Ask => self.insert("question".to_owned()),
            Step::Edit(back) => {
                let alive: Vec<i64> = self.alive().map(|row| row.id).collect();
                let Some(from) = alive.iter().rev().nth(*back) else {
                    return;
                };
                for row in self
                    .rows
                    .iter_mut()
                    .filter(|row| row.id >= *from && !row.is_deleted)
                {
                    (row.is_deleted, row.revision) = (true, self.version + 1);
                }
                self.insert("edited".to_owned());
            }
            Step::Read | Step::Torn(_) | Step::Cut | Step::Late(_) => {}
        }
    }

    fn insert(&mut self, text: String) {
        self.version += 1;
        let id = i64::try_from(self.rows.len()).unwrap() + 1;
        self.rows.push(Row {
            id,
            revision: self.version,
            text,
            is_deleted: false,
        });
        self.begin(self.version, 0);
    }

    fn begin(&mut self, history: i64, attempt: i64) {
        self.pair = (history, attempt);
        self.log.clear();
    }

    fn alive(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_deleted)
    }

    fn newest_alive_up_to(&self, id: i64) -> i64 {
        let ids = self.alive().map(|row| row.id);
        ids.filter(|alive| *alive <= id).max().unwrap_or(0)
    }

    fn snapshot(&self, after: i64) -> (Vec<StreamEvent>, Sent) {
        let alive = self.newest_alive_up_to(after);
        let mut events = Vec::new();
        if alive != after {
            events.push(self.history_reset(alive));
        }
        let rows = self.alive().filter(|row| row.id > alive);
        events.extend(rows.map(|row| message(row.id, &row.text)));
        events.push(preview_reset(self.pair));
        let mut sent = Sent {
            version: self.version,
            pair: self.pair,
            position: 0,
        };
        events.extend(self.parts(&mut sent));
        (events, sent)
    }

    fn news(&self, sent: &mut Sent) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        if self.version > sent.version {
            let is_new = |row: &&Row| row.revision > sent.version;
            let first_deleted = self.rows.iter().filter(is_new).find(|row| row.is_deleted);
            if let Some(row) = first_deleted {
                events.push(self.history_reset(self.newest_alive_up_to(row.id)));
            }
            let rows = self.alive().filter(is_new);
            events.extend(rows.map(|row| message(row.id, &row.text)));
            if self.pair != sent.pair {
                events.push(preview_reset(self.pair));
                (sent.pair, sent.position) = (self.pair, 0);
            }
            sent.version = self.version;
        }
        events.extend(self.parts(sent));
        events
    }

    fn parts(&self, sent: &mut Sent) -> Vec<StreamEvent> {
        let first = sent.position;
        sent.position = self.log.len();
        let parts = self.log.iter().enumerate().skip(first);
        parts
            .map(|(seq, text)| text_part(self.pair, seq as u64, text))
            .collect()
    }

    fn history_reset(&self, after_id: i64) -> StreamEvent {
        event(StreamEventKind::HistoryReset {
            history_reset: HistoryReset {
                history_version: self.pair.0,
                after_id: MessageId(after_id),
            },
        })
    }
}

/// A reader and everything that it was ever sent.
struct Life {
    live: LiveChat,
    sent: Sent,
    parts: Vec<StreamEvent>,
}

impl Life {
    fn reconnect(&mut self, model: &Model) {
        let (events, sent) = model.snapshot(self.live.cursor().0);
        self.sent = sent;
        self.take(events);
        self.assert_equal(model);
    }

    fn take(&mut self, events: Vec<StreamEvent>) {
        for event in events {
            if matches!(event.kind, StreamEventKind::MessagePart { .. }) {
                self.parts.push(event.clone());
            }
            assert_ne!(self.live.apply(event), Applied::Resync);
        }
    }

    fn assert_equal(&self, model: &Model) {
        let shown: Vec<String> = self.live.messages.iter().map(Message::text).collect();
        let stored: Vec<&str> = model.alive().map(|row| row.text.as_str()).collect();
        assert_eq!(shown, stored);
        assert_eq!(preview_text(&self.live), model.log.concat());
    }
}

fn live_through(steps: Vec<Step>) {
    let mut model = Model::default();
    let (events, sent) = model.snapshot(0);
    let mut life = Life {
        live: LiveChat::default(),
        sent,
        parts: Vec::new(),
    };
    life.take(events);
    for step in steps {
        model.change(&step);
        match step {
            Step::Read => {
                let events = model.news(&mut life.sent);
                life.take(events);
                life.assert_equal(&model);
            }
            Step::Torn(kept) => {
                let mut events = model.news(&mut life.sent);
                events.truncate(kept);
                life.take(events);
                life.reconnect(&model);
            }
            Step::Cut => life.reconnect(&model),
            Step::Late(number) if !life.parts.is_empty() => {
                let event = life.parts[number % life.parts.len()].clone();
                assert_eq!(life.live.apply(event), Applied::Unchanged);
            }
            _ => {}
        }
    }
    life.reconnect(&model);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn a_reader_shows_what_the_chat_holds_whatever_happens_on_the_way(steps in steps()) {
        live_through(steps);
    }
}
