//! An agent that a chat started, in the card of the call that started it or waits for it: what it does, what it said last and
//! what it has cost. Looked at anew when its row of the list changes, and every few seconds while it works.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::ChatId;

use super::chat_rows::{status_icon, status_words};
use super::context::Agents;
use crate::api::chats::{AgentNews, agent_news};
use crate::error::AppError;
use crate::view;

/// What it says between two steps is no news of its row.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The agent.
#[component]
pub fn AgentCard(
    /// Its chat.
    id: ChatId,
) -> impl IntoView {
    let agents = Agents::expect();
    // What was known stays when a look fails: the next one may not.
    let news = RwSignal::new(None::<AgentNews>);
    let failure = RwSignal::new(None::<AppError>);
    let asked = StoredValue::new(0_u32);
    let look = move || {
        asked.update_value(|asked| *asked += 1);
        let number = asked.get_value();
        spawn_local(async move {
            let looked = agent_news(id).await;
            // Only the newest question's answer counts.
            if asked.try_get_value() != Some(number) {
                return;
            }
            failure.set(looked.as_ref().err().cloned());
            if let Ok(looked) = looked {
                news.set(Some(looked));
            }
        });
    };
    let changed = Memo::new(move |_| agents.row(id).map(|row| (row.status, row.updated_at)));
    Effect::new(move |_| {
        changed.track();
        look();
    });
    let is_busy = Memo::new(move |_| {
        news.with(|news| news.as_ref().is_none_or(|news| news.status.is_busy()))
    });
    Effect::new(move |_| {
        if !is_busy.get() {
            return;
        }
        let clock = set_interval_with_handle(
            move || {
                if !document().hidden() {
                    look();
                }
            },
            LOOK_EVERY,
        );
        if let Ok(clock) = clock {
            on_cleanup(move || clock.clear());
        }
    });
    view! {
        <div class="agent-card">
            {move || news.with(|news| news.as_ref().map(told))}
            {move || match failure.get() {
                Some(error) => Some(error.message),
                None => news.with(Option::is_none).then(|| "Looking at what it does…".to_owned()),
            }.map(|words| view! { <p class="agent-line">{words}</p> })}
            <p><a class="link" href=format!("/agents/{id}")>"Open its chat"</a></p>
        </div>
    }
}

/// What is known of the agent.
pub fn told(news: &AgentNews) -> AnyView {
    let line = if news.last_line.is_empty() {
        "Nothing was said yet.".to_owned()
    } else {
        news.last_line.clone()
    };
    view! {
        <p class="agent-head">
            {status_icon(news.status)} <strong>{news.title.clone()}</strong>
            <span class="agent-state" aria-hidden="true">{status_words(news.status)}</span>
            <span class="agent-cost">{news.cost.clone()}</span>
        </p>
        <p class="agent-line">{line}</p>
    }
}
