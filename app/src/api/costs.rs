//! What calls to models cost, as the analytics page shows it. The server writes the words and numbers; the browser only
//! lays them out.

#[cfg(feature = "ssr")]
mod range;
#[cfg(feature = "ssr")]
pub(crate) mod words;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
use crate::error::AppError;

/// What the address of the page asks for; empty fields are not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CostQuery {
    /// The last so many days, today included.
    pub days: String,
    /// First day, `2026-03-01`, in UTC.
    pub from: String,
    /// Last day, in UTC.
    pub to: String,
    /// Another person's user name or id, for owners.
    pub user: String,
    /// Whether everybody is listed, for owners.
    pub is_everyone: bool,
    /// Part of a name, in the list of everybody.
    pub name: String,
    /// Page of that list, from 1 on.
    pub page: String,
}

/// Costs in a range of days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analytics {
    /// First day, `2026-03-01`.
    pub from: String,
    /// Last day.
    pub to: String,
    /// The range in words.
    pub range: String,
    /// The range as it is asked for in an address, `days=30` or `from=…&to=…`.
    pub range_query: String,
    /// The other person that it is about; empty = the reader.
    pub person: String,
    /// That person in an address, `&user=…`; empty = the reader.
    pub person_query: String,
    /// The sums: what, and how much.
    pub cards: Vec<Card>,
    /// How many calls have no price; empty = all have one.
    pub unpriced: String,
    /// What the bars stand for, and the highest of them.
    pub chart: String,
    /// One for each day or month.
    pub bars: Vec<Bar>,
    /// By model.
    pub models: Vec<CostRow>,
    /// By chat.
    pub chats: Vec<CostRow>,
    /// How many more chats there are than listed; empty = none.
    pub more_chats: String,
    /// Where the tables are downloaded: words and address.
    pub downloads: Vec<(String, String)>,
}

/// A sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What.
    pub label: String,
    /// How much, short.
    pub value: String,
    /// How much exactly.
    pub exact: String,
}

/// A day or a month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Which.
    pub label: String,
    /// What it cost.
    pub cost: String,
    /// Calls.
    pub messages: String,
    /// Of the highest bar, 0 to 1000.
    pub per_mille: u32,
}

/// A line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRow {
    /// A model, a chat, a person.
    pub name: String,
    /// What else is known of it.
    pub note: String,
    /// Where it leads; empty = nowhere.
    pub href: String,
    /// Cost, input, output, cache read, cache write, messages.
    pub cells: Vec<String>,
}

/// A page of everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everyone {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// The range in words.
    pub range: String,
    /// The range in an address.
    pub range_query: String,
    /// Part of a name that was asked for.
    pub name: String,
    /// How many people there are, in words.
    pub count: String,
    /// The people of this page.
    pub people: Vec<CostRow>,
    /// Address of the page before; empty = none.
    pub previous: String,
    /// Address of the next page; empty = none.
    pub next: String,
}

/// The reader's costs, or for owners another person's.
#[server(name = GetAnalytics, prefix = "/api/page", endpoint = "get_analytics", protocol = Page)]
pub async fn get_analytics(query: CostQuery) -> Result<Analytics, AppError> {
    let (platform, actor) = super::signed_in()?;
    let days = days_of(&query)?;
    let who = match query.user.trim() {
        "" => "me",
        user => user,
    };
    let user = platform.get_user(&actor, who).await;
    let user = user.map_err(super::failed)?;
    let summary = platform
        .get_cost_summary(&actor, who, days.range())
        .await
        .map_err(super::failed)?;
    let other = (user.id != actor.user_id).then_some(&user);
    Ok(words::analytics(&days, other, &summary))
}

/// What each person's chats cost, for owners.
#[server(name = ListUserCosts, prefix = "/api/page", endpoint = "list_user_costs", protocol = Page)]
pub async fn list_user_costs(query: CostQuery) -> Result<Everyone, AppError> {
    const PEOPLE_PER_PAGE: i64 = 25;

    let (platform, actor) = super::signed_in()?;
    let days = days_of(&query)?;
    let page = query.page.parse::<i32>().unwrap_or(1).max(1);
    let offset = (i64::from(page) - 1) * PEOPLE_PER_PAGE;
    let range = days.range();
    let wanted = sdk::costs::ListUserCosts {
        start_date: range.start_date,
        end_date: range.end_date,
        username: Some(query.name.trim().to_owned()),
        limit: Some(PEOPLE_PER_PAGE),
        offset: Some(offset.min(i64::from(i32::MAX))),
    };
    let found = platform
        .list_user_costs(&actor, wanted)
        .await
        .map_err(super::failed)?;
    let has_more = offset + PEOPLE_PER_PAGE < found.count;
    Ok(words::everyone(
        &days,
        query.name.trim(),
        page,
        has_more,
        &found,
    ))
}

#[cfg(feature = "ssr")]
fn days_of(query: &CostQuery) -> Result<range::Days, AppError> {
    let today = chrono::Utc::now().date_naive();
    range::Days::parse(query, today).map_err(|refused| AppError {
        detail: Some(refused.detail.clone()),
        ..super::refused(vec![refused])
    })
}
