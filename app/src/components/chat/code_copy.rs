//! Copy buttons of code blocks. Blocks come as HTML from the server; their buttons are added in the browser, and one
//! listener at the timeline serves them all.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use crate::components::copy_button::copy;

const MARK_SHOWN_FOR: std::time::Duration = std::time::Duration::from_secs(2);

/// Gives every block below `root` that has none yet its button. Browser only.
pub fn add_buttons(root: &Element) {
    let Ok(blocks) = root.query_selector_all(".code-block:not([data-copy])") else {
        return;
    };
    for position in 0..blocks.length() {
        let block = blocks
            .item(position)
            .and_then(|node| node.dyn_into::<Element>().ok());
        if let Some(block) = block {
            add_button(&block);
        }
    }
}

fn add_button(block: &Element) {
    let _ = block.set_attribute("data-copy", "");
    // A block that scrolls sideways must be reachable without a mouse.
    if let Ok(Some(pre)) = block.query_selector("pre") {
        let _ = pre.set_attribute("tabindex", "0");
    }
    let Ok(button) = document().create_element("button") else {
        return;
    };
    let _ = button.set_attribute("type", "button");
    button.set_class_name("copy-code");
    button.set_text_content(Some("Copy"));
    let _ = block.append_child(&button);
}

/// Copies the code of the block whose button was pressed.
pub fn on_click(event: &MouseEvent) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|element| element.closest(".copy-code").ok().flatten())
    else {
        return;
    };
    let code = button
        .closest(".code-block")
        .ok()
        .flatten()
        .and_then(|block| block.query_selector("pre").ok().flatten());
    let Some(code) = code.and_then(|code| code.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    copy(
        code.text_content()
            .unwrap_or_default()
            .trim_end_matches('\n'),
    );
    button.set_text_content(Some("Copied"));
    set_timeout(
        move || button.set_text_content(Some("Copy")),
        MARK_SHOWN_FOR,
    );
}
