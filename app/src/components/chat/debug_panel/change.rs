//! What of a request is as in the call before, which is what a provider's cache can give back.

use leptos::prelude::*;
use sdk::debug::{DebugChange, DebugDifference};

use super::words;
use crate::api::debug::DebugStepView;
use crate::components::chat::words::count;
use crate::view;

/// The section; `cached` are tokens that came out of the provider's cache.
pub(super) fn change(view: &DebugStepView, cached: i64) -> AnyView {
    let step = &view.detail.step;
    let Some(change) = &view.detail.change else {
        return view! { <p class="debug-note">"Nothing is recorded of a call before this one."</p> };
    };
    let before = if change.previous_run_id == step.run_id {
        format!("step {}", change.previous_step_number)
    } else {
        format!("step {} of the turn before", change.previous_step_number)
    };
    let kept = permille(change);
    let cache = match (cached > 0, view.cache_saving.is_empty()) {
        (true, true) => format!(
            "{} tokens came out of the provider’s cache.",
            words::number(cached)
        ),
        (true, false) => format!(
            "{} tokens came out of the provider’s cache, which saved {}.",
            words::number(cached),
            view.cache_saving
        ),
        (false, _) => "Nothing came out of the provider’s cache.".to_owned(),
    };
    let options = change.changed_options.iter().map(|name| words::key(name));
    let options = options.collect::<Vec<_>>().join(", ");
    view! {
        <p class="debug-change">
            <strong>{format!("{} % kept", kept / 10)}</strong>
            <span>{format!(" since {before}: {}.", kept_messages(change))}</span>
        </p>
        <svg class="debug-kept" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="debug-bar-space" x="0" y="0" width="1000" height="6"></rect>
            <rect class="debug-bar-kept" x="0" y="0" width=kept.to_string() height="6"></rect>
        </svg>
        {change.first_difference.as_ref().map(difference)}
        {(!options.is_empty()).then(|| view! { <p class="debug-note">{format!("Options that changed: {options}.")}</p> })}
        <p class="debug-note">{cache}</p>
    }
}

/// Characters that are the same from the first, in thousandths of the request.
fn permille(change: &DebugChange) -> u64 {
    (change.kept_characters * 1000)
        .checked_div(change.characters)
        .unwrap_or(1000)
}

fn kept_messages(change: &DebugChange) -> String {
    let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let added = change
        .message_count
        .saturating_sub(change.kept_message_count);
    format!(
        "{} of {} are the same, {} new or changed",
        change.kept_message_count,
        count(number(change.message_count), "message", "messages"),
        added
    )
}

fn difference(difference: &DebugDifference) -> AnyView {
    let DebugDifference {
        place,
        number,
        name,
        character,
        before,
        after,
    } = difference;
    let place = words::key(place);
    let place = format!(
        "{place} {number} ({name}) differs first, after {} characters.",
        words::number(i64::try_from(*character).unwrap_or(i64::MAX))
    );
    let side = |label: &'static str, text: &String| {
        let (class, text) = if text.is_empty() {
            ("debug-nothing", "nothing".to_owned())
        } else {
            ("", text.clone())
        };
        view! { <div><dt>{label}</dt><dd class=class>{text}</dd></div> }
    };
    view! {
        <p class="debug-note">{place}</p>
        <dl class="debug-sides">{side("Before", before)}{side("Now", after)}</dl>
    }
}

#[cfg(test)]
mod tests {
    use sdk::ids::DebugRunId;

    use super::*;

    #[test]
    fn an_empty_request_is_kept_whole() {
        let mut change = DebugChange {
            previous_run_id: DebugRunId::generate(),
            previous_step_number: 1,
            kept_message_count: 0,
            previous_message_count: 0,
            message_count: 0,
            kept_characters: 0,
            characters: 0,
            first_difference: None,
            changed_options: Vec::new(),
        };
        assert_eq!(permille(&change), 1000);
        (change.kept_characters, change.characters) = (1, 3);
        assert_eq!(permille(&change), 333);
    }
}
