//! What calls to models cost: the reader's own, and for owners everybody's. Links and plain forms, so that all of it works
//! without a script.

pub mod chart;
pub mod tables;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use sdk::permissions::Permission;

use self::chart::chart;
use self::tables::{CHATS, MODELS, PEOPLE, cost_table};
use crate::api::costs::{Analytics, Card, CostQuery, Everyone, get_analytics, list_user_costs};
use crate::components::feedback::{EmptyState, Notice, NoticeKind};
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::page_header::PageHeader;
use crate::pages::settings::places;
use crate::session::use_session;
use crate::view;

const PAGE: &str = "/settings/analytics";
const PRESETS: [(&str, &str); 4] = [
    ("days=7", "7 days"),
    ("days=30", "30 days"),
    ("days=90", "90 days"),
    ("days=365", "1 year"),
];

/// The page.
#[component]
pub fn AnalyticsPage() -> impl IntoView {
    let sees_all = use_session().with_untracked(|session| session.may(Permission::ReadCosts));
    let map = use_query_map();
    let query = Memo::new(move |_| {
        map.with(|map| {
            let of = |name: &str| map.get(name).unwrap_or_default();
            CostQuery {
                days: of("days"),
                from: of("from"),
                to: of("to"),
                user: of("user"),
                is_everyone: sees_all && map.get("people").is_some(),
                name: of("name"),
                page: of("page"),
            }
        })
    });
    let is_everyone = Memo::new(move |_| query.with(|query| query.is_everyone));
    let focus = StoredValue::new(String::new());
    let costs = Resource::new(
        move || query.get(),
        |query| async move {
            Ok::<_, crate::error::AppError>(if query.is_everyone {
                (None, Some(list_user_costs(query).await?))
            } else {
                (Some(get_analytics(query).await?), None)
            })
        },
    );
    let show = move |shown: (Option<Analytics>, Option<Everyone>)| match shown {
        (Some(analytics), _) => summary(analytics),
        (None, Some(everyone)) => people(everyone),
        (None, None) => ().into_any(),
    };
    view! {
        <PageHeader title=places::ANALYTICS.title lead=places::ANALYTICS.lead/>
        {sees_all.then(|| whose(is_everyone))}
        {loaded(costs, focus, show)}
    }
}

/// Between the reader's own costs and everybody's.
fn whose(is_everyone: Memo<bool>) -> AnyView {
    let current = move |is_it: bool| move || (is_everyone.get() == is_it).then_some("page");
    view! {
        <nav class="cost-views" aria-label="Whose costs">
            <a class="cost-view" href=PAGE aria-current=current(false)>"Your chats"</a>
            <a class="cost-view" href=format!("{PAGE}?people=1") aria-current=current(true)>"Everybody"</a>
        </nav>
    }
    .into_any()
}

/// One person's costs.
pub fn summary(analytics: Analytics) -> AnyView {
    let Analytics {
        from,
        to,
        range,
        range_query,
        person,
        person_query,
        cards,
        unpriced,
        chart: title,
        bars,
        models,
        chats,
        more_chats,
        downloads,
    } = analytics;
    let is_empty = models.is_empty();
    let user = person_query.replacen("&user=", "", 1);
    let back = (!person.is_empty()).then(|| {
        view! {
            <p class="cost-person">
                <A href=format!("{PAGE}?people=1&{range_query}") attr:class="button">{icon(Icon::ArrowLeft)} "Everybody"</A>
                <strong>{person}</strong>
            </p>
        }
    });
    let links = downloads
        .into_iter()
        .map(|(words, href)| view! { <a class="button" href=href download="" rel="external">{words}</a> })
        .collect_view();
    let body = if is_empty {
        view! {
            <div class="card">
                <EmptyState name=Icon::List title="Nothing was spent" text="No model was called in these days. Choose others, or start a chat."/>
            </div>
        }
        .into_any()
    } else {
        view! {
            {chart(title, bars)}
            {cost_table("By model", MODELS, models)}
            {cost_table("By chat", CHATS, chats)}
            {(!more_chats.is_empty()).then(|| view! { <p class="cost-note">{more_chats}</p> })}
            <p class="cost-downloads"><span>"Download as CSV"</span>{links}</p>
        }
        .into_any()
    };
    view! {
        {back}
        {range_form(&from, &to, &range_query, &person_query, vec![("user", user)])}
        <p class="cost-range">{range}</p>
        {card_list(cards)}
        {(!unpriced.is_empty()).then(|| view! { <Notice kind=NoticeKind::Warning title=unpriced/> })}
        {body}
    }
    .into_any()
}

fn card_list(cards: Vec<Card>) -> AnyView {
    let cards = cards
        .into_iter()
        .map(|card| {
            view! {
                <div class="cost-card">
                    <dt>{card.label}</dt>
                    <dd title=card.exact>{card.value}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="cost-cards">{cards}</dl> }.into_any()
}

/// Everybody's costs.
pub fn people(everyone: Everyone) -> AnyView {
    let Everyone {
        from,
        to,
        range,
        range_query,
        name,
        count,
        people,
        previous,
        next,
    } = everyone;
    let hidden = vec![("people", "1".to_owned()), ("name", name.clone())];
    let is_searched = !name.is_empty();
    let list = if people.is_empty() {
        let (title, text) = if is_searched {
            (
                "Nobody by that name",
                "Nobody whose name holds these letters spent anything in these days.",
            )
        } else {
            ("Nothing was spent", "Nobody called a model in these days.")
        };
        view! { <div class="card"><EmptyState name=Icon::Users title=title text=text/></div> }
            .into_any()
    } else {
        cost_table("By person", PEOPLE, people)
    };
    let page = |href: String, words: &'static str| {
        (!href.is_empty()).then(|| view! { <A href=href attr:class="button">{words}</A> })
    };
    let pager = (!previous.is_empty() || !next.is_empty()).then(|| {
        view! { <nav class="pager" aria-label="Pages of people">{page(previous, "Previous page")}{page(next, "Next page")}</nav> }
    });
    let dates = range_query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some(view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> })
    });
    let dates = dates.collect_view();
    view! {
        {range_form(&from, &to, &range_query, "&people=1", hidden)}
        <form class="cost-search" method="get" action=PAGE>
            <input type="hidden" name="people" value="1"/>
            {dates}
            <input class="input" type="search" name="name" value=name aria-label="Name of a person" placeholder="Find a person"/>
            <button class="button">{icon(Icon::Search)} "Find"</button>
        </form>
        <p class="cost-range">{format!("{range} · {count}")}</p>
        {list}
        {pager}
    }
    .into_any()
}

/// Presets, and days of one's own.
fn range_form(
    from: &str,
    to: &str,
    range_query: &str,
    person_query: &str,
    hidden: Vec<(&'static str, String)>,
) -> AnyView {
    let presets = PRESETS
        .map(|(query, words)| {
            let current = (query == range_query).then_some("true");
            let href = format!("{PAGE}?{query}{person_query}");
            view! { <a class="cost-preset" href=href aria-current=current>{words}</a> }
        })
        .collect_view();
    let hidden = hidden
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <div class="cost-ranges">
            <div class="cost-presets" role="group" aria-label="Range of days">{presets}</div>
            <form class="cost-days" method="get" action=PAGE>
                {hidden}
                <label>"From "<input class="input" type="date" name="from" value=from.to_owned() required=true/></label>
                <label>"To "<input class="input" type="date" name="to" value=to.to_owned() required=true/></label>
                <button class="button">"Show"</button>
            </form>
        </div>
    }
    .into_any()
}
