//! A chat's labels, one a line.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::{Chat, UpdateChat};

use super::{Asked, finish};
use crate::api::chats::update_chat;
use crate::components::button::{Button, ButtonKind};
use crate::components::chat::context::Agents;
use crate::components::dialog::{self, CancelButton, Dialog};
use crate::components::feedback::FormError;
use crate::error::{AppError, ErrorCode};
use crate::view;

const DIALOG: &str = "chat-labels";

/// The question.
#[component]
pub fn Labels() -> impl IntoView {
    let agents = Agents::expect();
    let chat = RwSignal::new(None::<Chat>);
    let lines = RwSignal::new(String::new());
    let pending = RwSignal::new(false);
    let error = RwSignal::new(None::<AppError>);
    Effect::new(move |_| {
        if let Some(Asked::Labels(asked)) = agents.asked.get() {
            error.set(None);
            lines.set(write(&asked.labels));
            chat.set(Some(asked));
            dialog::show(DIALOG);
        }
    });
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        let labels = match lines.with_untracked(|lines| read(lines)) {
            Ok(labels) => labels,
            Err(refused) => return error.set(Some(refused)),
        };
        spawn_local(async move {
            let request = UpdateChat {
                labels: Some(labels.clone()),
                ..UpdateChat::default()
            };
            let work = update_chat(chat.id, request).boxed_local();
            if finish(DIALOG, work, pending, error).await {
                agents.update_row(chat.id, |row| row.labels = labels);
            }
        });
    };
    view! {
        <Dialog id=DIALOG title="Labels">
            <form class="form" on:submit=on_submit>
                <label class="field">
                    <span class="field-label">"One label a line, as key=value"</span>
                    <textarea class="input" name="labels" rows="5" placeholder="team=web" spellcheck="false"
                        prop:value=move || lines.get() on:input=move |event| lines.set(event_target_value(&event))></textarea>
                    <span class="field-help">"Find chats by them with label:team or label:team=web."</span>
                </label>
                <FormError error=error/>
                <div class="dialog-actions">
                    <CancelButton dialog=DIALOG/>
                    <Button kind=ButtonKind::Primary disabled=pending attr:r#type="submit">"Save"</Button>
                </div>
            </form>
        </Dialog>
    }
}

fn write(labels: &BTreeMap<String, String>) -> String {
    let mut lines = String::new();
    for (key, value) in labels {
        lines.push_str(key);
        lines.push('=');
        lines.push_str(value);
        lines.push('\n');
    }
    lines
}

fn read(lines: &str) -> Result<BTreeMap<String, String>, AppError> {
    let mut labels = BTreeMap::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            return Err(AppError::new(
                ErrorCode::Invalid,
                format!("“{line}” is no label. Write it as key=value."),
            ));
        };
        labels.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn labels_are_read_as_they_were_written() {
        let labels = BTreeMap::from([
            ("team".to_owned(), "web".to_owned()),
            ("equation".to_owned(), "a=b".to_owned()),
        ]);
        assert_eq!(read(&write(&labels)).unwrap(), labels);
        assert_eq!(read(" \n team = web \n").unwrap().len(), 1);
        assert_eq!(read("").unwrap().len(), 0);
        assert!(read("team").unwrap_err().message.contains("“team”"));
    }
}
