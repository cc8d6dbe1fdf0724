//! How full the model's context is: a ring with the share of tokens that the last answer's call used, and behind it what
//! else the model is told (`context_card`, a part of its own).

use leptos::prelude::*;
use sdk::messages::{Message, MessageUsage};
use sdk::parts::{CHAT_CLEARED, CHAT_SUMMARIZED, Part};

use super::words;
use crate::live::chat::OpenChat;
use crate::pages::parts::context_card;
use crate::view;

/// Length of the ring's line in its own units, so that a dash is a share in percent.
const RING: i64 = 100;

/// Tokens that were used, and those that there are.
pub type Share = Memo<Option<(i64, i64)>>;

/// The ring.
#[component]
pub fn ContextRing(
    /// The chat.
    chat: OpenChat,
    /// The chosen model's limit, for chats whose usage does not name one.
    #[prop(into)]
    limit: Signal<Option<i64>>,
) -> impl IntoView {
    let usage = Memo::new(move |before: Option<&Option<MessageUsage>>| {
        if chat.has_newer.get() {
            // The newest answer is not loaded while the reader is far above it.
            return before.copied().flatten();
        }
        chat.messages.with(|messages| {
            // What was counted before a summary says nothing of what the next call starts from.
            messages
                .iter()
                .rev()
                .take_while(|message| !begins_anew(message))
                .find_map(|message| message.usage.filter(|usage| used(usage) > 0))
        })
    });
    let share: Share = Memo::new(move |_| {
        let usage = usage.get()?;
        let limit = limit
            .get()
            .or(usage.context_limit)
            .filter(|limit| *limit > 0)?;
        Some((used(&usage), limit))
    });
    let card_id = format!("context-card-{}", chat.id);
    let opens = card_id.clone();
    let drawn = move || {
        share.get().map(|(used, limit)| {
            let percent = percent(used, limit);
            let words = format!("{percent} % of the context used: {} of {} tokens", words::tokens(used), words::tokens(limit));
            let class = if percent >= 80 { "context-ring full" } else { "context-ring" };
            view! {
                <button type="button" class=class popovertarget=opens.clone() aria-haspopup="dialog" aria-label=words.clone() title=words>
                    <svg viewBox="0 0 20 20" aria-hidden="true">
                        <circle class="context-ring-rest" cx="10" cy="10" r="7" pathLength="100"></circle>
                        <circle class="context-ring-used" cx="10" cy="10" r="7" pathLength="100" stroke-dasharray=format!("{percent} 100")></circle>
                    </svg>
                    <span class="context-ring-words">{format!("{percent} %")}</span>
                </button>
            }
        })
    };
    // How often the card was opened: each time it looks anew.
    let openings = RwSignal::new(0);
    let card = NodeRef::<leptos::html::Div>::new();
    let on_toggle = move |_| {
        let card = card.try_get_untracked().flatten();
        if card.is_some_and(|card| card.matches(":popover-open").unwrap_or(false)) {
            openings.update(|openings| *openings += 1);
        }
    };
    view! {
        {move || drawn()}
        <div class="menu context-card" id=card_id popover="auto" role="dialog" aria-label="What the model is told" node_ref=card on:toggle=on_toggle>
            {context_card(chat.id, share, openings)}
        </div>
    }
}

/// The used share of a limit, which is not zero, in whole percent.
pub fn percent(used: i64, limit: i64) -> i64 {
    (used * RING / limit).clamp(0, RING)
}

fn begins_anew(message: &Message) -> bool {
    message.content.iter().any(|part| {
        matches!(part, Part::ToolResult(result)
            if !result.is_error && matches!(result.tool_name.as_str(), CHAT_SUMMARIZED | CHAT_CLEARED))
    })
}

/// Tokens that the next call starts from: all of the last call's input and what it wrote.
fn used(usage: &MessageUsage) -> i64 {
    let parts = [
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_creation_tokens,
        usage.output_tokens,
    ];
    parts.into_iter().flatten().sum()
}
