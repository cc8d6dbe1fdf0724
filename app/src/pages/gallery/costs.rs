//! Analytics: costs of a month, a month without any, and everybody's.

use leptos::prelude::*;

use super::part;
use crate::api::costs::{Analytics, Bar, Card, CostRow, Everyone};
use crate::pages::analytics::{people, summary};
use crate::view;

/// The page's content in its states.
pub fn pages() -> impl IntoView {
    let nothing = Analytics {
        cards: cards(["$0.00", "0", "0", "0", "0", "0"]),
        range: "1 Mar 2026 (UTC)".to_owned(),
        ..frame()
    };
    let nobody = Everyone {
        name: "zed".to_owned(),
        people: Vec::new(),
        count: "0 people".to_owned(),
        next: String::new(),
        ..everyone()
    };
    part(
        "Analytics",
        view! {
            <div class="settings-column">{summary(month())}</div>
            <div class="settings-column">{summary(nothing)}</div>
            <div class="settings-column">{people(everyone())}</div>
            <div class="settings-column">{people(nobody)}</div>
        },
    )
}

fn frame() -> Analytics {
    Analytics {
        from: "2026-03-01".to_owned(),
        to: "2026-03-30".to_owned(),
        range: "1 Mar 2026 to 30 Mar 2026 (UTC)".to_owned(),
        range_query: "days=30".to_owned(),
        ..Analytics::default()
    }
}

fn month() -> Analytics {
    let bar = |day: u32| Bar {
        label: format!("{day} Mar 2026"),
        cost: format!("${day}.00"),
        messages: (day * 3).to_string(),
        per_mille: if day.is_multiple_of(7) {
            0
        } else {
            day * 61 % 1000
        },
    };
    Analytics {
        person: "Ada Lovelace".to_owned(),
        person_query: "&user=ada".to_owned(),
        cards: cards([
            "$1,234.56",
            "98,765,432",
            "1,234,567",
            "45,000,000",
            "3,210,000",
            "4,321",
        ]),
        unpriced: "12 messages were answered by models without a price. They are not in the cost."
            .to_owned(),
        chart: "Cost by day, $96.20 at most".to_owned(),
        bars: (1..=30).map(bar).collect(),
        models: vec![
            row("Claude Sonnet 4.5", "claude-sonnet-4-5", "", "$1,200.06"),
            row(
                "a-model-with-an-uncommonly-long-identifier-2026-03-01-preview",
                "",
                "",
                "No price",
            ),
        ],
        chats: vec![
            row("Fix the login form", "", "/dev/gallery", "$34.50"),
            row(
                "A chat that was deleted",
                "",
                "",
                "$0.0012 + 2 without a price",
            ),
        ],
        more_chats: "1,200 chats more are not listed.".to_owned(),
        downloads: vec![("By day".to_owned(), "/dev/gallery".to_owned())],
        ..frame()
    }
}

fn cards(values: [&str; 6]) -> Vec<Card> {
    let labels = [
        "Total cost",
        "Input tokens",
        "Output tokens",
        "Cache read",
        "Cache write",
        "Messages",
    ];
    labels
        .into_iter()
        .zip(values)
        .map(|(label, value)| Card {
            label: label.to_owned(),
            value: value.to_owned(),
            exact: value.to_owned(),
        })
        .collect()
}

fn row(name: &str, note: &str, href: &str, cost: &str) -> CostRow {
    let cells = [cost, "12,345,678", "456,789", "9,876,543", "12,000", "321"];
    CostRow {
        name: name.to_owned(),
        note: note.to_owned(),
        href: href.to_owned(),
        cells: cells.map(str::to_owned).into(),
    }
}

fn everyone() -> Everyone {
    Everyone {
        from: "2026-03-01".to_owned(),
        to: "2026-03-30".to_owned(),
        range: "1 Mar 2026 to 30 Mar 2026 (UTC)".to_owned(),
        range_query: "days=30".to_owned(),
        count: "27 people".to_owned(),
        people: vec![
            row("Ada Lovelace", "ada · 31 chats", "/dev/gallery", "$812.40"),
            row("An account that was deleted", "1 chat", "", "$0.02"),
        ],
        next: "/dev/gallery".to_owned(),
        ..Everyone::default()
    }
}
