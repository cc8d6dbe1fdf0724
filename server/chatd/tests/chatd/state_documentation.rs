//! The diagram and the table of `docs/architecture/states.md` are written from the transitions, so they cannot be old.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chatd::state::{Code, Transition, table};

use crate::state_table::landing_of;

const MARK: &str = "<!-- From here on:";

#[test]
fn the_documentation_shows_the_transitions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/architecture/states.md");
    let document = fs::read_to_string(&path).unwrap();
    let start = document.find(MARK).expect("the mark is gone");
    let end = start + document[start..].find('\n').unwrap() + 1;
    let expected = format!("{}\n{}\n{}", &document[..end], diagram(), transitions());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    assert_eq!(
        document, expected,
        "run this test with UPDATE_DOCS=1 to write the document again"
    );
}

/// What a state is when it does not matter whether messages are queued.
const fn group(code: Code) -> &'static str {
    match code {
        Code::N => "[*]",
        Code::W => "Waiting",
        Code::E0 | Code::E1 => "Error",
        Code::R0 | Code::R1 => "Running",
        Code::I0 | Code::I1 => "Interrupting",
        Code::A0 | Code::A1 => "RequiresAction",
        Code::XW | Code::XE0 | Code::XE1 => "Archived",
        Code::Invalid => "Invalid",
    }
}

/// Each transition from each state that it accepts, and where it lands.
fn ways() -> Vec<(&'static Transition, Code, Code)> {
    let mut ways = Vec::new();
    for transition in table::ALL {
        if *transition == table::CREATE {
            ways.push((transition, Code::N, Code::R0));
        }
        for from in Code::EXISTING {
            if let Some(to) = landing_of(transition.name, from) {
                ways.push((transition, from, to));
            }
        }
    }
    ways
}

fn diagram() -> String {
    let mut arrows: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (transition, from, to) in ways() {
        let (from, to) = (group(from), group(to));
        let names = arrows.entry((from, to)).or_default();
        if from != to && !names.contains(&transition.name) {
            names.push(transition.name);
        }
    }
    let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
    for ((from, to), names) in arrows {
        if !names.is_empty() {
            writeln!(text, "    {from} --> {to}: {}", names.join("<br/>")).unwrap();
        }
    }
    text + "```\n"
}

fn transitions() -> String {
    let mut text = "| transition | from → to |\n|---|---|\n".to_owned();
    for transition in table::ALL {
        let ways: Vec<String> = ways()
            .into_iter()
            .filter(|(other, ..)| *other == transition)
            .map(|(_, from, to)| format!("{from:?} → {to:?}"))
            .collect();
        let ways = if *transition == table::RECONCILE {
            "invalid → E0, invalid with a queue → E1".to_owned()
        } else {
            ways.join(", ")
        };
        writeln!(text, "| {} | {ways} |", transition.name).unwrap();
    }
    text
}
