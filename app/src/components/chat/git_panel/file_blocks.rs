//! The files of a diff in blocks, of which those near the reader are drawn.

use leptos::html::Div;
use leptos::prelude::*;

use super::file::{FileSection, LARGE_FILE_LINES};
use super::files::Files;
use super::highlights::Highlights;
use super::reading::{BLOCK_FILES, Reading};
use super::windows::{HEAD_PX, LINE_PX, keep_height};
use crate::components::control_flow::For;
use crate::view;

/// The files.
pub fn file_blocks(
    files: Memo<Files>,
    highlights: Highlights,
    reading: Reading,
    root: Option<String>,
) -> AnyView {
    let root = StoredValue::new(root);
    let blocks = Memo::new(move |_| files.with(Files::block_count));
    Effect::new(move |_| {
        files.track();
        reading.windows.look_soon();
    });
    view! {
        <For each=move || (0..blocks.get()).collect() key=|block| *block let(block)>
            {file_block(files, highlights, reading, root, block)}
        </For>
    }
}

fn file_block(
    files: Memo<Files>,
    highlights: Highlights,
    reading: Reading,
    root: StoredValue<Option<String>>,
    block: usize,
) -> AnyView {
    let windows = reading.windows;
    let element = NodeRef::<Div>::new();
    let part = windows.part(block == 0, move || element.get().map(Into::into));
    let is_wanted = Memo::new(move |_| {
        files.with(|files| {
            let is_here = |path: &str| {
                files
                    .position(path)
                    .is_some_and(|at| at / BLOCK_FILES == block)
            };
            root.with_value(|root| windows.wants_path(root.as_deref(), is_here))
        })
    });
    let is_drawn = Memo::new(move |_| part.is_near.get() || is_wanted.get());
    Effect::new(move |_| {
        is_drawn.track();
        windows.look_soon();
    });
    let paths = Memo::new(move |_| {
        files.with(|files| {
            let own = files.block(block).iter();
            own.map(|file| file.path().to_owned()).collect::<Vec<_>>()
        })
    });
    let likely_px = move || {
        files.with(|files| {
            let lines = files.block(block).iter().map(|file| match file.line_count {
                lines if lines > LARGE_FILE_LINES => HEAD_PX,
                lines => HEAD_PX + lines * LINE_PX,
            });
            lines.sum()
        })
    };
    let height_px = move || (!is_drawn.get()).then(|| part.height_px(0, likely_px()));
    keep_height(move || element.get().map(Into::into), height_px);
    let content = move || {
        is_drawn.get().then(|| {
            view! {
                <For each=move || paths.get() key=String::clone let(path)>
                    <FileSection highlights files path reading root=root.get_value()/>
                </For>
            }
        })
    };
    view! { <div class="file-block" node_ref=element>{move || content()}</div> }
}
