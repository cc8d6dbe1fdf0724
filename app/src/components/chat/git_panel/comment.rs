//! A comment in the diff, and the box that one is written in.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use sdk::parts::{DiffComment, DiffSide};

use super::review::{Review, Shown, Source};
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::diff::anchor::Placement;
use crate::diff::selection::LineRange;
use crate::view;

/// A comment with its state.
pub fn comment_card(review: Review, shown: &Shown, placement: Placement) -> AnyView {
    let comment = &shown.comment;
    let own = words_of(comment.side, comment.start_line, comment.end_line);
    let lines = match placement {
        Placement::Moved(LineRange { side, start, end }) => {
            let now = words_of(side, start.into(), end.into());
            format!(
                "{now}, was {}",
                numbers(comment.start_line, comment.end_line)
            )
        }
        Placement::Here(_) | Placement::Outdated => own,
    };
    let outdated = (placement == Placement::Outdated).then(|| {
        view! { <span class="badge badge-amber">"outdated"</span> }
    });
    let (state, action) = match shown.source {
        Source::Draft(key) => {
            let label = format!("Remove the comment on {}", comment.place());
            let remove = view! {
                <button type="button" class="icon-button icon-button-small" aria-label=label title="Remove" on:click=move |_| review.remove(key)>
                    {icon_with_class(Icon::X, "icon icon-small")}
                </button>
            };
            (
                view! { <span class="badge badge-accent">"not sent yet"</span> },
                remove,
            )
        }
        Source::Queued(..) => (
            view! { <span class="badge badge-accent">"in the queue"</span> },
            ().into_any(),
        ),
        Source::Sent(message, _) => {
            let link = view! { <a class="comment-link" href=format!("#message-{message}") rel="external">"in the chat"</a> };
            (view! { <span class="badge">"sent"</span> }, link)
        }
    };
    let quoted = (placement == Placement::Outdated).then(|| quoted(comment));
    let text = comment.content.clone();
    view! {
        <article class="comment" id=shown.element_id() tabindex="-1" aria-label=format!("Comment on {}", comment.place())>
            <p class="comment-head">
                {icon_with_class(Icon::MessageSquare, "icon icon-small")} <span>{lines}</span> {state} {outdated}
                <span class="spacer"></span> {action}
            </p>
            {quoted}
            <p class="comment-text">{text}</p>
        </article>
    }
}

/// The lines as they were when they were commented on.
fn quoted(comment: &DiffComment) -> Option<AnyView> {
    let lines = comment.quoted_lines()?.join("\n");
    Some(view! { <pre class="quote-code"><code>{lines}</code></pre> })
}

fn numbers(start: i64, end: i64) -> String {
    if end > start {
        format!("{start}–{end}")
    } else {
        start.to_string()
    }
}

fn words_of(side: DiffSide, start: i64, end: i64) -> String {
    let noun = if end > start { "Lines" } else { "Line" };
    let before = match side {
        DiffSide::Old => " before the change",
        DiffSide::New => "",
    };
    format!("{noun} {}{before}", numbers(start, end))
}

/// The box. `on_close` puts the focus where it belongs before the box goes.
pub fn comment_box(review: Review, on_close: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let place = move || {
        let open = review.open.get();
        open.map(|comment| comment.place()).unwrap_or_default()
    };
    let is_blank = move || review.text.with(|text| text.trim().is_empty());
    let submit = move || {
        if !untrack(is_blank) && review.error.with_untracked(Option::is_none) {
            on_close();
            review.submit();
        }
    };
    let cancel = move || {
        on_close();
        review.close();
    };
    let on_key = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "Enter" if !event.shift_key() => {
                event.prevent_default();
                submit();
            }
            "Escape" => {
                event.prevent_default();
                cancel();
            }
            _ => {}
        }
    };
    let error = move || {
        let error = review.error.get()?;
        Some(
            view! { <p class="field-error" role="alert">{icon(Icon::CircleAlert)}<span>{error}</span></p> },
        )
    };
    view! {
        <form class="comment-box" on:submit=move |event| {
            event.prevent_default();
            submit();
        }>
            <textarea class="comment-field" rows="2" aria-label=move || format!("Comment on {}", place()) placeholder="Comment on these lines"
                prop:value=move || review.text.get() on:keydown=on_key
                on:focus=move |_| review.is_writing.set_value(true)
                on:blur=move |event| if event.related_target().is_some() { review.is_writing.set_value(false) }
                on:input=move |event| review.text.set(event_target_value(&event))></textarea>
            {error}
            <div class="comment-bar">
                <span class="comment-hint">"Enter adds it to the message"</span>
                <span class="spacer"></span>
                <button type="button" class="button button-quiet button-small" on:click=move |_| cancel()>"Cancel"</button>
                <button type="submit" class="button button-primary button-small" disabled=move || is_blank() || review.error.with(Option::is_some)>
                    "Add comment"
                </button>
            </div>
        </form>
    }
}

/// Comments that have no place in what is shown, folded.
pub fn outdated(review: Review, lost: Vec<Shown>, words: String) -> Option<AnyView> {
    let cards = lost
        .iter()
        .map(|shown| comment_card(review, shown, Placement::Outdated))
        .collect_view();
    (!lost.is_empty()).then(|| {
        view! {
            <details class="outdated">
                <summary>{icon_with_class(Icon::ChevronRight, "icon icon-small chevron")} <span>{words}</span></summary>
                <div class="outdated-comments">{cards}</div>
            </details>
        }
    })
}
