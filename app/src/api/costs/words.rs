//! Costs in words and numbers, as the page shows them.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use sdk::costs::{ChatTotals, CostSummary, CostTable, CostTotals, UserCosts};
use sdk::users::User;

use super::range::Days;
use super::{Analytics, Bar, Card, CostRow, Everyone};

const PAGE: &str = "/settings/analytics";
/// More bars than these are months.
const MOST_DAY_BARS: i64 = 92;

/// Dollars, rounded to cents; to hundredths of a cent below one cent, so that little is told from nothing.
pub(crate) fn money(micros: i64) -> String {
    let micros = micros.max(0);
    if (50..10_000).contains(&micros) {
        let ten_thousandths = (micros + 50) / 100;
        return format!("$0.{ten_thousandths:04}");
    }
    let cents = micros.saturating_add(5000) / 10_000;
    format!("${}.{:02}", number(cents / 100), cents % 100)
}

/// Dollars to the last micro-dollar.
pub(crate) fn exact_money(micros: i64) -> String {
    let micros = micros.max(0);
    format!("${}.{:06}", number(micros / 1_000_000), micros % 1_000_000)
}

/// `1,234,567`.
pub(crate) fn number(number: i64) -> String {
    let digits = number.max(0).to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn count(amount: i64, one: &str, many: &str) -> String {
    let word = if amount == 1 { one } else { many };
    format!("{} {word}", number(amount))
}

/// What calls cost: nothing is known of those without a price.
fn cost(totals: &CostTotals) -> String {
    match totals.unpriced_message_count {
        0 => money(totals.total_cost_micros),
        unpriced if unpriced == totals.message_count => "No price".to_owned(),
        unpriced => format!(
            "{} + {} without a price",
            money(totals.total_cost_micros),
            number(unpriced)
        ),
    }
}

/// What a chat has cost so far; empty when no model was called.
pub(crate) fn of_chat(cost: &ChatTotals) -> String {
    if cost.message_count == 0 {
        return String::new();
    }
    let totals = self::cost(&cost.totals());
    if cost.subagents_cost_micros == 0 {
        return totals;
    }
    let subagents = money(cost.subagents_cost_micros);
    format!("{totals}, {subagents} of it by subagents")
}

fn day(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

fn range(days: &Days) -> String {
    if days.first == days.last {
        return format!("{} (UTC)", day(days.first));
    }
    format!("{} to {} (UTC)", day(days.first), day(days.last))
}

fn row(name: &str, note: String, href: String, totals: &CostTotals) -> CostRow {
    CostRow {
        name: name.to_owned(),
        note,
        href,
        cells: vec![
            cost(totals),
            number(totals.total_input_tokens),
            number(totals.total_output_tokens),
            number(totals.total_cache_read_tokens),
            number(totals.total_cache_creation_tokens),
            number(totals.message_count),
        ],
    }
}

/// A summary of the reader, or of another person.
pub(super) fn analytics(days: &Days, other: Option<&User>, summary: &CostSummary) -> Analytics {
    let person = other.map(|user| user.display_name().to_owned());
    let who = other.map_or_else(|| "me".to_owned(), |user| user.id.to_string());
    let models = summary.by_model.iter().map(|model| {
        let (name, note) = match model.display_name.as_str() {
            "" => ("A model that was deleted", String::new()),
            name if name == model.model => (name, String::new()),
            name => (name, model.model.clone()),
        };
        row(name, note, String::new(), &model.totals())
    });
    let chats = summary.by_chat.iter().map(|chat| {
        let (name, href) = match chat.chat_title.as_str() {
            "" => ("A chat that was deleted", String::new()),
            // Whose chat is another person's stays theirs.
            title if other.is_some() => (title, String::new()),
            title => (title, format!("/agents/{}", chat.root_chat_id)),
        };
        row(name, String::new(), href, &chat.totals())
    });
    let listed = i64::try_from(summary.by_chat.len()).unwrap_or(i64::MAX);
    let more_chats = match summary.chat_count - listed {
        ..=0 => String::new(),
        more => format!("{} more are not listed.", count(more, "chat", "chats")),
    };
    let (chart, bars) = bars(days, summary);
    Analytics {
        from: days.first.to_string(),
        to: days.last.to_string(),
        range: range(days),
        range_query: days.query.clone(),
        person: person.unwrap_or_default(),
        person_query: other.map_or_else(String::new, |user| format!("&user={}", user.id)),
        cards: cards(summary),
        unpriced: unpriced(summary),
        chart,
        bars,
        models: models.collect(),
        chats: chats.collect(),
        more_chats,
        downloads: downloads(days, &who),
    }
}

fn cards(summary: &CostSummary) -> Vec<Card> {
    let card = |label: &str, value: String, exact: String| Card {
        label: label.to_owned(),
        value,
        exact,
    };
    let tokens = |label: &str, tokens: i64| {
        let exact = count(tokens, "token", "tokens");
        card(label, number(tokens), exact)
    };
    let messages = summary.priced_message_count + summary.unpriced_message_count;
    let micros = summary.total_cost_micros;
    vec![
        card("Total cost", money(micros), exact_money(micros)),
        tokens("Input tokens", summary.total_input_tokens),
        tokens("Output tokens", summary.total_output_tokens),
        tokens("Cache read", summary.total_cache_read_tokens),
        tokens("Cache write", summary.total_cache_creation_tokens),
        card(
            "Messages",
            number(messages),
            count(messages, "call of a model", "calls of models"),
        ),
    ]
}

fn unpriced(summary: &CostSummary) -> String {
    match summary.unpriced_message_count {
        0 => String::new(),
        1 => "1 message was answered by a model without a price. It is not in the cost.".to_owned(),
        many => format!(
            "{} messages were answered by models without a price. They are not in the cost.",
            number(many)
        ),
    }
}

fn downloads(days: &Days, who: &str) -> Vec<(String, String)> {
    let range = days.range();
    let times = [
        ("start_date", range.start_date),
        ("end_date", range.end_date),
    ]
    .into_iter()
    .filter_map(|(name, time)| Some(format!("{name}={}", time?.format("%Y-%m-%dT%H:%M:%SZ"))))
    .collect::<Vec<_>>()
    .join("&");
    [
        ("By day", CostTable::Day),
        ("By model", CostTable::Model),
        ("By chat", CostTable::Chat),
    ]
    .map(|(words, table)| {
        let by = table.as_str();
        let href = format!("/api/v2/users/{who}/costs.csv?by={by}&{times}");
        (words.to_owned(), href)
    })
    .into()
}

/// The first day of each bar: every day, or every month of a long range.
fn bars(days: &Days, summary: &CostSummary) -> (String, Vec<Bar>) {
    let length = days.last.signed_duration_since(days.first).num_days() + 1;
    let is_by_day = length <= MOST_DAY_BARS;
    let begins = |date: NaiveDate| {
        if is_by_day {
            date
        } else {
            date.with_day(1).unwrap_or(date)
        }
    };
    let mut sums: BTreeMap<NaiveDate, CostTotals> = days
        .first
        .iter_days()
        .take_while(|date| *date <= days.last)
        .map(|date| (begins(date), CostTotals::default()))
        .collect();
    for day in &summary.by_day {
        sums.entry(begins(day.date)).or_default().add(&day.totals());
    }
    let highest = sums.values().map(|sum| sum.total_cost_micros).max();
    let highest = highest.unwrap_or(0);
    let bar = |(date, sum): (&NaiveDate, &CostTotals)| Bar {
        label: if is_by_day {
            day(*date)
        } else {
            date.format("%b %Y").to_string()
        },
        cost: cost(sum),
        messages: number(sum.message_count),
        per_mille: share(sum.total_cost_micros, highest),
    };
    let each = if is_by_day { "day" } else { "month" };
    let chart = format!("Cost by {each}, {} at most", money(highest));
    (chart, sums.iter().map(bar).collect())
}

/// What is not nothing can be seen.
fn share(part: i64, highest: i64) -> u32 {
    if part <= 0 || highest <= 0 {
        return 0;
    }
    let share = i128::from(part) * 1000 / i128::from(highest);
    u32::try_from(share).unwrap_or(1000).clamp(15, 1000)
}

/// A page of everybody.
pub(super) fn everyone(
    days: &Days,
    name: &str,
    page: i32,
    has_more: bool,
    found: &UserCosts,
) -> Everyone {
    let people = found.users.iter().map(|user| {
        let (shown, note, href) = if user.username.is_empty() {
            ("An account that was deleted", String::new(), String::new())
        } else {
            let href = format!("{PAGE}?{}&user={}", days.query, user.user_id);
            let shown = if user.name.is_empty() {
                user.username.as_str()
            } else {
                user.name.as_str()
            };
            (shown, user.username.clone(), href)
        };
        let chats = count(user.chat_count, "chat", "chats");
        let note = if note.is_empty() || note == shown {
            chats
        } else {
            format!("{note} · {chats}")
        };
        row(shown, note, href, &user.totals())
    });
    let encoded: String = url_encoded(name);
    let address = |page: i32| {
        let named = if encoded.is_empty() {
            String::new()
        } else {
            format!("&name={encoded}")
        };
        format!("{PAGE}?people=1&{}{named}&page={page}", days.query)
    };
    Everyone {
        from: days.first.to_string(),
        to: days.last.to_string(),
        range: range(days),
        range_query: days.query.clone(),
        name: name.to_owned(),
        count: count(found.count, "person", "people"),
        people: people.collect(),
        previous: if page > 1 {
            address(page - 1)
        } else {
            String::new()
        },
        next: if has_more {
            address(page.saturating_add(1))
        } else {
            String::new()
        },
    }
}

fn url_encoded(text: &str) -> String {
    leptos_router::location::Url::escape(text)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn money_has_cents_and_little_money_has_more() {
        for (micros, shown) in [
            (0, "$0.00"),
            (49, "$0.00"),
            (50, "$0.0001"),
            (1234, "$0.0012"),
            (9_999, "$0.0100"),
            (10_000, "$0.01"),
            (14_999, "$0.01"),
            (15_000, "$0.02"),
            (1_234_567_890_000, "$1,234,567.89"),
            (-5, "$0.00"),
        ] {
            assert_eq!(money(micros), shown, "{micros}");
        }
        assert_eq!(exact_money(1_234_000_001), "$1,234.000001");
    }

    #[test]
    fn a_missing_price_is_said() {
        let totals = |cost, messages, unpriced| CostTotals {
            total_cost_micros: cost,
            message_count: messages,
            unpriced_message_count: unpriced,
            ..CostTotals::default()
        };
        assert_eq!(cost(&totals(0, 3, 0)), "$0.00");
        assert_eq!(cost(&totals(0, 3, 3)), "No price");
        assert_eq!(cost(&totals(20_000, 3, 1)), "$0.02 + 1 without a price");
    }

    #[test]
    fn every_bar_that_is_not_nothing_can_be_seen() {
        assert_eq!(share(0, 100), 0);
        assert_eq!(share(1, 1_000_000), 15);
        assert_eq!(share(50, 100), 500);
        assert_eq!(share(i64::MAX, i64::MAX), 1000);
    }
}
