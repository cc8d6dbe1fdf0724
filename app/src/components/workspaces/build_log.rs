//! The log of a build: follows its end while it grows, until the reader scrolls up. As much as a page can hold is kept.

use leptos::prelude::*;

use crate::api::workspaces::LogPiece;
use crate::components::button::{ButtonKind, button_class};
use crate::components::chat::scroll::Follow;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon};
use crate::view;

/// As much text as is kept; beyond it the oldest goes.
const MAX_SHOWN_BYTES: usize = 256 * 1024;

/// A log on the screen.
#[derive(Clone, Copy)]
pub struct ShownLog {
    /// Pieces as they came, each with where it ends.
    pieces: RwSignal<Vec<(u64, String)>>,
    is_cut: RwSignal<bool>,
    is_finished: RwSignal<bool>,
    next_offset: StoredValue<u64>,
}

impl ShownLog {
    /// A log that begins with a piece.
    pub fn new(piece: LogPiece) -> Self {
        let log = Self {
            pieces: RwSignal::new(Vec::new()),
            is_cut: RwSignal::new(false),
            is_finished: RwSignal::new(false),
            next_offset: StoredValue::new(0),
        };
        log.add(piece);
        log
    }

    /// Adds what came since.
    pub fn add(self, piece: LogPiece) {
        self.next_offset.set_value(piece.next_offset);
        if self.is_finished.get_untracked() != piece.is_finished {
            self.is_finished.set(piece.is_finished);
        }
        if piece.text.is_empty() {
            return;
        }
        let mut is_cut = piece.is_cut;
        self.pieces.update(|pieces| {
            pieces.push((piece.next_offset, piece.text));
            is_cut |= drop_oldest(pieces);
        });
        if is_cut {
            self.is_cut.set(true);
        }
    }

    /// Makes room for another build's log.
    pub fn begin_anew(self) {
        self.next_offset.set_value(0);
        self.pieces.set(Vec::new());
        self.is_cut.set(false);
        self.is_finished.set(false);
    }

    /// Where to ask for more.
    pub fn next_offset(self) -> u64 {
        self.next_offset.try_get_value().unwrap_or_default()
    }

    /// Whether no more will come; not tracked.
    pub fn is_finished(self) -> bool {
        self.is_finished.try_get_untracked().unwrap_or(true)
    }
}

fn drop_oldest(pieces: &mut Vec<(u64, String)>) -> bool {
    let mut bytes: usize = pieces.iter().map(|(_, text)| text.len()).sum();
    let mut dropped = 0;
    for (_, text) in pieces.iter() {
        if bytes <= MAX_SHOWN_BYTES || dropped + 1 == pieces.len() {
            break;
        }
        bytes -= text.len();
        dropped += 1;
    }
    pieces.drain(..dropped);
    dropped > 0
}

/// The log, in a frame of its own that scrolls.
#[component]
pub fn BuildLogView(
    /// The log.
    log: ShownLog,
    /// What it is the log of.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let follow = Follow::new(RwSignal::new(false));
    follow.start();
    let note = move || {
        let is_empty = log.pieces.with(Vec::is_empty);
        match (is_empty, log.is_finished.get()) {
            (true, true) => Some("Nothing was written to this log."),
            (true, false) => Some("Nothing was written yet."),
            _ => None,
        }
    };
    let is_behind = move || !follow.is_at_end.get();
    view! {
        <div class="log">
            <div class="log-frame" role="region" tabindex="0" aria-label=move || label.get() node_ref=follow.container
                on:scroll=move |_| follow.on_scroll()>
                <div class="log-text" node_ref=follow.column>
                    <Show when=move || log.is_cut.get()>
                        <p class="log-note">"Earlier lines are left out."</p>
                    </Show>
                    <For each=move || log.pieces.get() key=|(end, _)| *end children=|(_, text)| view! { <span>{text}</span> }/>
                    {move || note().map(|note| view! { <p class="log-note">{note}</p> })}
                </div>
            </div>
            <Show when=is_behind>
                <button type="button" class=format!("{} log-jump", button_class(ButtonKind::Plain, true)) on:click=move |_| follow.jump()>
                    {icon(Icon::ArrowDown)} "To the end"
                </button>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_the_oldest_go_but_never_the_newest() {
        let large = "x".repeat(MAX_SHOWN_BYTES / 2);
        let mut pieces = vec![(1, large.clone()), (2, large.clone())];
        assert!(!drop_oldest(&mut pieces));
        pieces.push((3, "end".to_owned()));
        assert!(drop_oldest(&mut pieces));
        let ends: Vec<u64> = pieces.iter().map(|(end, _)| *end).collect();
        assert_eq!(ends, [2, 3]);
        let mut alone = vec![(4, large.repeat(3))];
        assert!(!drop_oldest(&mut alone));
        assert_eq!(alone.len(), 1);
    }
}
