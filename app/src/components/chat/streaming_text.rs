//! The text part that is being streamed: light Markdown as elements. Only blocks that changed are drawn again, so
//! what stands above never moves.

use leptos::prelude::*;

use super::light_markdown::{Block, Inline, Item, parse};
use crate::components::control_flow::For;
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
        Block::Paragraph(text) => view! { <p>{inlines(text)}</p> },
        Block::Heading(1, text) => view! { <h1>{inlines(text)}</h1> },
        Block::Heading(2, text) => view! { <h2>{inlines(text)}</h2> },
        Block::Heading(3, text) => view! { <h3>{inlines(text)}</h3> },
        Block::Heading(_, text) => view! { <h4>{inlines(text)}</h4> },
        Block::Code(_, code) => view! { <pre tabindex="0"><code>{code}</code></pre> },
        Block::List(true, rows) => view! { <ol>{items(rows)}</ol> },
        Block::List(false, rows) => view! { <ul>{items(rows)}</ul> },
        Block::Quote(text) => view! { <blockquote>{inlines(text)}</blockquote> },
        Block::Rule => view! { <hr/> },
    }
}

fn items(rows: Vec<Item>) -> impl IntoView {
    rows.into_iter()
        .map(|item| {
            view! { <li class=format!("depth-{}", item.depth)>{inlines(item.text)}</li> }
        })
        .collect_view()
}

fn inlines(pieces: Vec<Inline>) -> Vec<AnyView> {
    pieces
        .into_iter()
        .map(|piece| match piece {
            Inline::Text(text) => text.into_any(),
            Inline::Code(text) => view! { <code>{text}</code> },
            Inline::Strong(text) => view! { <strong>{text}</strong> },
            Inline::Emphasis(text) => view! { <em>{text}</em> },
        })
        .collect()
}
