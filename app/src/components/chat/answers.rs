//! What stands over the composer when the agent turned to the person: a plan to agree to, or questions with choices.
//! The words in it are the model's, so they are shown as plain text.

use std::fmt::Write as _;

use leptos::prelude::*;
use serde_json::Value;

use super::composer::Composer;
use super::planning::Asked;
use crate::components::icons::{Icon, icon};
use crate::session::use_hydrated;
use crate::view;

const IMPLEMENT: &str = "Implement the plan.";

/// The way to answer.
#[component]
pub fn Answers(
    /// What says it.
    composer: Composer,
    /// What was asked.
    asked: Asked,
) -> impl IntoView {
    match asked {
        Asked::Plan => plan(composer),
        Asked::Questions(questions) => {
            form(composer, questions.iter().map(Question::read).collect())
        }
    }
}

fn plan(composer: Composer) -> AnyView {
    let agree = move |_| {
        composer.plans.set(false);
        composer.say(IMPLEMENT.to_owned());
    };
    view! {
        <section class="asked asked-plan" aria-label="The proposed plan">
            {icon(Icon::List)} <p>"The plan is ready. Have it implemented, or write what should be different."</p>
            <button type="button" class="button button-primary button-small" disabled=blocked(composer) on:click=agree>
                "Implement plan"
            </button>
        </section>
    }
}

/// Until the page is alive, and while something is on its way.
fn blocked(composer: Composer) -> Signal<bool> {
    let is_hydrated = use_hydrated();
    Signal::derive(move || !is_hydrated.get() || composer.is_sending.get())
}

/// A question and what was chosen.
#[derive(Clone)]
struct Question {
    header: String,
    words: String,
    options: Vec<(String, String)>,
    /// Its place among the options; behind the last one it is the person's own answer.
    chosen: RwSignal<Option<usize>>,
    own: RwSignal<String>,
}

impl Question {
    fn read(value: &Value) -> Self {
        let text = |value: &Value, name| {
            let text = value.get(name).and_then(Value::as_str);
            text.unwrap_or_default().trim().to_owned()
        };
        let options = value.get("options").and_then(Value::as_array);
        let options = options.map(Vec::as_slice).unwrap_or_default().iter();
        let options = options.map(|option| (text(option, "label"), text(option, "description")));
        // The way to answer otherwise is always there.
        let options = options.filter(|(label, _)| !label.eq_ignore_ascii_case("other"));
        Self {
            header: text(value, "header"),
            words: text(value, "question"),
            options: options.collect(),
            chosen: RwSignal::new(None),
            own: RwSignal::new(String::new()),
        }
    }

    /// The answer, once there is one.
    fn answer(&self) -> Option<String> {
        let chosen = self.chosen.get()?;
        if let Some((label, _)) = self.options.get(chosen) {
            return Some(label.clone());
        }
        let own = self.own.with(|own| own.trim().to_owned());
        (!own.is_empty()).then_some(own)
    }
}

fn form(composer: Composer, questions: Vec<Question>) -> AnyView {
    let fields = questions.iter().enumerate();
    let fields = fields.map(|(number, question)| field(number, question.clone()));
    let fields = fields.collect_view();
    let answers = Memo::new(move |_| {
        let mut text = String::new();
        for question in &questions {
            let _ = write!(text, "{}\n→ {}\n\n", question.words, question.answer()?);
        }
        Some(text)
    });
    let is_blocked = blocked(composer);
    view! {
        <form class="asked" aria-label="The agent’s questions" on:submit=move |event| {
            event.prevent_default();
            if let Some(text) = answers.get_untracked() {
                composer.say(text);
            }
        }>
            {fields}
            <div class="asked-end">
                <span class="field-help">"Or write your answer below."</span>
                <button type="submit" class="button button-primary button-small"
                    disabled=move || is_blocked.get() || answers.with(Option::is_none)>
                    "Answer"
                </button>
            </div>
        </form>
    }
}

fn field(number: usize, question: Question) -> AnyView {
    let Question {
        header,
        words,
        options,
        chosen,
        own,
    } = question;
    let last = options.len();
    let name = format!("question-{number}");
    let own_name = name.clone();
    let options = options.into_iter().enumerate();
    let options = options
        .map(|(place, (label, description))| {
            view! {
                <label class="asked-option">
                    <input type="radio" name=name.clone() on:change=move |_| chosen.set(Some(place))/>
                    <span>{label} {(!description.is_empty()).then(|| view! { <small>{description}</small> })}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset>
            <legend>{(!header.is_empty()).then(|| view! { <small>{header}</small> })} {words}</legend>
            {options}
            <label class="asked-option">
                <input type="radio" name=own_name aria-label="The answer of your own" prop:checked=move || chosen.get() == Some(last) on:change=move |_| chosen.set(Some(last))/>
                <input type="text" class="input" aria-label="Another answer" placeholder="Another answer" autocomplete="off"
                    prop:value=move || own.get()
                    on:input=move |event| {
                        own.set(event_target_value(&event));
                        chosen.set(Some(last));
                    }/>
            </label>
        </fieldset>
    }
}
