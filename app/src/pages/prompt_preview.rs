//! What the next call of a chat would send to its model, for owners: the parts of the prompt with their tokens. A part of
//! its own (`pages::parts`).

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::prompt_preview::{BlockGroup, PromptPage, ShownBlock, ShownPrompt, preview_prompt};
use crate::components::copy_button::CopyButton;
use crate::components::feedback::{EmptyState, Notice, NoticeKind};
use crate::components::field::SelectField;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::page_header::PageHeader;
use crate::pages::settings::places;
use crate::view;

/// The page.
#[component]
pub fn PromptPreviewPage() -> impl IntoView {
    let query = use_query_map();
    let chat = Memo::new(move |_| query.with(|query| query.get("chat").unwrap_or_default()));
    let page = Resource::new(move || chat.get(), preview_prompt);
    let focus = StoredValue::new(String::new());
    view! {
        <PageHeader title=places::PROMPT.title lead=places::PROMPT.lead/>
        {loaded(page, focus, move |page| content(page, focus))}
    }
}

fn content(page: PromptPage, focus: StoredValue<String>) -> AnyView {
    let PromptPage {
        chats,
        chosen,
        shown,
        unavailable,
    } = page;
    if chats.is_empty() {
        return view! {
            <div class="card">
                <EmptyState name=Icon::MessageSquare title="There is no chat yet" text="Start one; then you see here what its model is sent."/>
            </div>
        };
    }
    let navigate = use_navigate();
    let on_choose = move |id: String| {
        focus.set_value("field-chat".to_owned());
        let path = format!("{}?chat={id}", places::PROMPT.path);
        navigate(
            &path,
            NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    };
    let chat = format!("/agents/{chosen}");
    view! {
        <form method="get" action=places::PROMPT.path>
            <div class="prompt-choice">
                <SelectField label="Chat" name="chat" options=chats value=chosen on_choose=Callback::new(on_choose)/>
                <div class="form-actions">
                    <button class="button until-hydrated">"Show"</button>
                    <a class="button" href=chat>"Open the chat"</a>
                </div>
            </div>
        </form>
        {(!unavailable.is_empty()).then(|| view! { <Notice kind=NoticeKind::Warning title="This prompt cannot be put together now"><p>{unavailable}</p></Notice> })}
        {shown.map(prompt)}
    }
}

/// The prompt.
pub fn prompt(shown: ShownPrompt) -> AnyView {
    let ShownPrompt {
        size,
        last_call,
        notes,
        groups,
        download,
    } = shown;
    let texts: Vec<String> = groups
        .iter()
        .flat_map(|group| &group.blocks)
        .map(|block| block.text.clone())
        .collect();
    let all = StoredValue::new(texts);
    let everything = Signal::derive(move || all.with_value(|texts| texts.join("\n\n")));
    view! {
        <div class="prompt-head">
            <p><strong>{size}</strong></p>
            <CopyButton text=everything label="Copy all that is shown"/>
            <a class="button button-small" href=download download="prompt.json" rel="external">{icon(Icon::Download)} "Download all"</a>
        </div>
        <p class="field-help">
            "Counted with one token for four bytes of text; providers count with tokenizers of their own. "
            {last_call}
        </p>
        {notes.into_iter().map(|note| view! { <Notice title=note/> }).collect_view()}
        {groups.into_iter().map(group).collect_view()}
    }
}

fn group(group: BlockGroup) -> AnyView {
    let BlockGroup {
        title,
        size,
        left_out,
        blocks,
    } = group;
    view! {
        <section class="settings-section">
            <h2 class="settings-section-title prompt-title">{title} <span class="prompt-size">{size}</span></h2>
            <div class="card">
                {(!left_out.is_empty()).then(|| view! { <p class="card-part card-note">{left_out}</p> })}
                {blocks.into_iter().map(block).collect_view()}
            </div>
        </section>
    }
}

fn block(block: ShownBlock) -> AnyView {
    let ShownBlock {
        title,
        size,
        text,
        is_cut,
    } = block;
    let label = format!("Copy {title}");
    let copied = text.clone();
    view! {
        <details class="prompt-block">
            <summary>
                {icon(Icon::ChevronRight)}
                <span class="prompt-name">{title}</span>
                <span class="prompt-size">{size}</span>
            </summary>
            <div class="prompt-text">
                <CopyButton text=Signal::stored(copied) label=label/>
                <pre tabindex="0">{text}</pre>
                {is_cut.then(|| view! { <p class="field-help">"Only the beginning is shown. “Download all” has the rest."</p> })}
            </div>
        </details>
    }
}
