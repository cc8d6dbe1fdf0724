//! The text part that is being streamed: light Markdown as elements. Only blocks that changed are drawn again, so
//! what stands above never moves.

use leptos::prelude::*;

use super::light_markdown::{Block, Inline, Item, parse};
use crate::components::control_flow::For;
use crate::components::plain::plain;
use crate::view;

/// Draws text that grows.
#[component]
pub fn StreamingText(
    /// The text so far.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let blocks = Memo::new(move |_| text.with(|text| parse(text)));
    let count = Memo::new(move |_| blocks.with(Vec::len));
    view! {
        <div class="prose prose-live">
            <For each=move || (0..count.get()).collect() key=|position| *position let(position)>
                {
                    let block = Memo::new(move |_| blocks.with(|blocks| blocks.get(position).cloned()));
                    move || block.get().map(draw)
                }
            </For>
        </div>
    }
}

fn draw(block: Block) -> AnyView {
    match block {
        Block::Paragraph(text) => plain("p", inlines(text)),
        Block::Heading(1, text) => plain("h1", inlines(text)),
        Block::Heading(2, text) => plain("h2", inlines(text)),
        Block::Heading(3, text) => plain("h3", inlines(text)),
        Block::Heading(_, text) => plain("h4", inlines(text)),
        Block::Code(_, code) => {
            view! { <pre tabindex="0">{plain("code", code)}</pre> }
        }
        Block::List(true, rows) => plain("ol", items(rows)),
        Block::List(false, rows) => plain("ul", items(rows)),
        Block::Quote(text) => plain("blockquote", inlines(text)),
        Block::Rule => view! { <hr/> },
    }
}

fn items(rows: Vec<Item>) -> Vec<AnyView> {
    rows.into_iter()
        .map(|item| {
            view! { <li class=format!("depth-{}", item.depth)>{inlines(item.text)}</li> }
        })
        .collect()
}

fn inlines(pieces: Vec<Inline>) -> Vec<AnyView> {
    pieces
        .into_iter()
        .map(|piece| match piece {
            Inline::Text(text) => text.into_any(),
            Inline::Code(text) => plain("code", text),
            Inline::Strong(text) => plain("strong", text),
            Inline::Emphasis(text) => plain("em", text),
        })
        .collect()
}
