//! What the long random tests count, and how long they go on.
//!
//! Such a test is short in `make test`. `make soak` sets `SWITCHYARD_SOAK_SECONDS`: then it goes on for so long and for as
//! many cases as it owes, and writes one line into the file that `SWITCHYARD_SOAK_REPORT` names, of which
//! `server/build/soak.sh` makes its table.

use std::fmt::Debug;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sdk::live::LiveChat;
use sdk::messages::Message;

/// A number that several tasks add to.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn add(&self) {
        self.add_many(1);
    }

    /// So many more.
    pub fn add_many(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened in all cases of one test.
#[derive(Debug)]
pub struct Tally {
    name: &'static str,
    owed_cases: u64,
    began: Instant,
    /// Cases that were judged.
    pub cases: Count,
    /// Connections that were cut.
    pub cuts: Count,
    /// Processes that were killed.
    pub kills: Count,
    /// What was committed or shown and is gone.
    pub lost: Count,
    /// What is there or was shown more than once.
    pub duplicated: Count,
}

impl Tally {
    /// Nothing counted yet. In a soak the test does not end before it has so many cases.
    pub fn new(name: &'static str, owed_cases: u64) -> Self {
        Self {
            name,
            owed_cases,
            began: Instant::now(),
            cases: Count::default(),
            cuts: Count::default(),
            kills: Count::default(),
            lost: Count::default(),
            duplicated: Count::default(),
        }
    }

    /// Whether another round follows when so many are over: of `normally` many, or of as many as a soak wants.
    pub fn goes_on(&self, rounds: u64, normally: u64) -> bool {
        match soak_time() {
            None => rounds < normally,
            Some(time) => self.began.elapsed() < time || self.cases.get() < self.owed_cases,
        }
    }

    /// Compares what one reader showed, at the end and on the way, with what the database holds in the end.
    pub fn judge_reader(&self, live: &LiveChat, stored: &[Message], history: &[String]) {
        self.cases.add();
        for message in stored {
            if !live.messages.contains(message) {
                self.note_lost("a message is not shown as it is stored", message);
            }
        }
        for (place, shown) in live.messages.iter().enumerate() {
            let mut earlier = live.messages.iter().take(place);
            let is_repeated = earlier.any(|earlier| earlier.id == shown.id);
            if is_repeated || !stored.iter().any(|message| message.id == shown.id) {
                self.note_duplicated("a message is shown that should not be", shown);
            }
        }
        if !live.preview.parts.is_empty() {
            self.note_duplicated("live text is left over", &live.preview.parts);
        }
        let whole = live.answer_text();
        let mut longest = 0;
        for text in history {
            if !whole.starts_with(text) {
                self.note_duplicated("text was shown that is no beginning of the whole", text);
            }
            if text.len() < longest {
                self.note_lost("less was shown than before", text);
            }
            longest = text.len();
        }
    }

    /// Something is gone.
    pub fn note_lost(&self, what: &str, thing: &dyn Debug) {
        eprintln!("lost: {what}: {thing:?}");
        self.lost.add();
    }

    /// Something is there twice.
    pub fn note_duplicated(&self, what: &str, thing: &dyn Debug) {
        eprintln!("duplicated: {what}: {thing:?}");
        self.duplicated.add();
    }

    /// Reports what was counted; nothing may be lost or duplicated.
    pub fn finish(&self) {
        let counts = [
            ("cases", &self.cases),
            ("cuts", &self.cuts),
            ("kills", &self.kills),
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
        ];
        let told = counts.map(|(name, count)| format!("{} {name}", count.get()));
        println!("{}: {}", self.name, told.join(", "));
        if let Some(path) = std::env::var_os("SWITCHYARD_SOAK_REPORT") {
            let numbers = counts.map(|(_, count)| count.get().to_string());
            let mut report = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .expect("the report can be written");
            writeln!(report, "{}\t{}", self.name, numbers.join("\t")).expect("a line fits");
        }
        assert_eq!((self.lost.get(), self.duplicated.get()), (0, 0));
    }
}

/// How long each test goes on; `None` when this is no soak.
fn soak_time() -> Option<Duration> {
    let seconds = std::env::var("SWITCHYARD_SOAK_SECONDS").ok()?;
    let seconds = seconds
        .parse()
        .expect("SWITCHYARD_SOAK_SECONDS is a number");
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use sdk::ids::{ChatId, MessageId};
    use sdk::messages::Role;
    use sdk::parts::Part;

    use super::*;

    fn message(id: i64, text: &str) -> Message {
        Message {
            id: MessageId(id),
            chat_id: ChatId::generate(),
            created_by: None,
            model_config_id: None,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            role: Role::Assistant,
            content: vec![Part::text(text)],
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        }
    }

    fn judged(shown: &[Message], stored: &[Message], history: &[&str]) -> (u64, u64) {
        let tally = Tally::new("test", 0);
        let live = LiveChat {
            messages: shown.to_vec(),
            ..LiveChat::default()
        };
        let history: Vec<String> = history.iter().map(|text| (*text).to_owned()).collect();
        tally.judge_reader(&live, stored, &history);
        (tally.lost.get(), tally.duplicated.get())
    }

    #[test]
    fn counts_what_is_lost_and_what_is_there_twice() {
        let (one, two) = (message(1, "one"), message(2, "two"));
        let whole = [one.clone(), two.clone()];
        assert_eq!(judged(&whole, &whole, &["", "on", "one"]), (0, 0));
        assert_eq!(judged(std::slice::from_ref(&one), &whole, &[]), (1, 0));
        let thrice = [one.clone(), one.clone(), two.clone()];
        assert_eq!(judged(&thrice, &whole, &[]), (0, 1));
        assert_eq!(judged(&whole, &[two], &[]), (0, 1));
        assert_eq!(judged(&whole, &whole, &["one", "on"]), (1, 0));
        assert_eq!(judged(&whole, &whole, &["oneone"]), (0, 1));
    }
}
