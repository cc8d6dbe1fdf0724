//! Linking with a device code: the code, where it is entered, and what became of it, without a reload.

use std::time::Duration;

use leptos::prelude::*;
use sdk::external_auth::{ExternalAuthDevice, ExternalAuthFlow, ExternalAuthFlowStatus};
use sdk::ids::ExternalAuthFlowId;

use super::notice::outcome;
use crate::api::external_auth::{PollDevice, StartDevice};
use crate::components::button::{ButtonKind, button_class};
use crate::components::copy_button::CopyButton;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::components::form::{error_of, on_answer};
use crate::view;

const DIALOG: &str = "device-code";
/// After an answer that did not come.
const PAUSE: Duration = Duration::from_secs(5);

/// A code that waits to be entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The code.
    pub device: ExternalAuthDevice,
    /// What is known of it.
    pub flow: Option<ExternalAuthFlow>,
}

/// The dialog and what is behind it.
#[derive(Clone, Copy)]
pub(super) struct Device {
    start: ServerAction<StartDevice>,
    entry: RwSignal<Option<Entry>>,
}

impl Device {
    /// `linked` is moved when there is a link.
    pub(super) fn new(linked: RwSignal<u32>) -> Self {
        let start = ServerAction::<StartDevice>::new();
        let poll = ServerAction::<PollDevice>::new();
        let entry = RwSignal::new(None::<Entry>);
        on_answer(start, DIALOG, move |device: &ExternalAuthDevice| {
            entry.set(Some(Entry {
                device: device.clone(),
                flow: None,
            }));
            ask_later(
                poll,
                entry,
                device.flow_id,
                seconds(device.interval_seconds),
            );
        });
        Effect::new(move |_| {
            if poll.version().get() == 0 {
                return;
            }
            let Some(answer) = poll.value().get_untracked() else {
                return;
            };
            let asked = entry.with_untracked(|entry| entry.as_ref().map(|it| it.device.flow_id));
            let Some(asked) = asked else { return };
            match answer {
                Ok(flow) if flow.id == asked => {
                    let (status, interval) = (flow.status, seconds(flow.interval_seconds));
                    entry.update(|entry| {
                        if let Some(entry) = entry {
                            entry.flow = Some(flow);
                        }
                    });
                    match status {
                        ExternalAuthFlowStatus::Pending => ask_later(poll, entry, asked, interval),
                        ExternalAuthFlowStatus::Linked => linked.update(|times| *times += 1),
                        ExternalAuthFlowStatus::Failed => {}
                    }
                }
                Ok(_) => {}
                Err(_) => ask_later(poll, entry, asked, PAUSE),
            }
        });
        Self { start, entry }
    }

    /// Asks for a code and shows it.
    pub(super) fn start(self, config: String) {
        self.start.clear();
        self.entry.set(None);
        dialog::show(DIALOG);
        self.start.dispatch(StartDevice { config });
    }

    pub(super) fn dialog(self) -> AnyView {
        let Self { start, entry } = self;
        let content = move || match entry.get() {
            Some(entry) => code(&entry),
            None => ().into_any(),
        };
        let is_waiting = move || start.pending().get();
        // Who closes it no longer waits.
        let on_close = move |_| entry.set(None);
        view! {
            <Dialog id=DIALOG title="Link with a code".to_owned() on:close=on_close>
                <div class="form">
                    <FormError error=error_of(start)/>
                    <p class="dialog-text" hidden=move || !is_waiting()>"Asking the host for a code…"</p>
                    {content}
                    <div class="dialog-actions">
                        <CancelButton dialog=DIALOG/>
                    </div>
                </div>
            </Dialog>
        }
    }
}

/// The code with the way to where it is entered, or what became of it.
pub fn code(entry: &Entry) -> AnyView {
    let Entry { device, flow } = entry;
    let is_over = flow
        .as_ref()
        .filter(|flow| flow.status != ExternalAuthFlowStatus::Pending);
    if let Some(flow) = is_over {
        return outcome(Some(flow));
    }
    let page = device.verification_uri.clone();
    let user_code = device.user_code.clone();
    view! {
        <p class="dialog-text">"Enter this code at your git host. This page goes on by itself when you have."</p>
        <div class="inline-form">
            <output class="input input-mono" aria-label="Code">{user_code.clone()}</output>
            <CopyButton text=Signal::stored(user_code) label="Copy code"/>
            <a class=button_class(ButtonKind::Primary, false) href=page target="_blank" rel="noopener noreferrer">
                "Open the page"
            </a>
        </div>
        <p class="field-help" role="status">"Waiting for the code to be entered."</p>
    }
}

fn ask_later(
    poll: ServerAction<PollDevice>,
    entry: RwSignal<Option<Entry>>,
    flow: ExternalAuthFlowId,
    wait: Duration,
) {
    let ask = move || {
        let is_wanted = entry
            .try_with_untracked(|entry| entry.as_ref().is_some_and(|it| it.device.flow_id == flow));
        if is_wanted == Some(true) {
            poll.dispatch(PollDevice { flow });
        }
    };
    set_timeout(ask, wait);
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default().clamp(1, 300))
}
