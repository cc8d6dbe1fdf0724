//! The computer of Anthropic's: a tool behind a header, or a toolset of which each action is a tool.

use axum::http::HeaderMap;
use serde_json::Value;

use super::searches;
use crate::refusal::Refusal;

pub(super) const TOOLSET: &str = "computer_toolset_20260801";
pub(super) const NAME: &str = "computer";
/// Each type with the header that it needs.
const TOOLS: [(&str, &str); 2] = [
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
];
pub(super) const MEMBERS: [&str; 17] = [
    "cursor_position",
    "double_click",
    "hold_key",
    "key",
    "left_click",
    "left_click_drag",
    "left_mouse_down",
    "left_mouse_up",
    "middle_click",
    "mouse_move",
    "right_click",
    "screenshot",
    "scroll",
    "triple_click",
    "type",
    "wait",
    "zoom",
];

/// Refuses a tool of a type that is unknown, that lacks its header, or that does not say how large the screen is.
pub(super) fn check(tool: &Value, headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or("custom");
    match kind {
        "custom" | TOOLSET => return Ok(()),
        searches::TOOL => return searches::check_tool(tool),
        _ => {}
    }
    let betas = headers
        .get("anthropic-beta")
        .and_then(|value| value.to_str().ok());
    let betas = betas.unwrap_or_default();
    let is_known = TOOLS
        .iter()
        .any(|(name, beta)| *name == kind && betas.split(',').any(|one| one.trim() == *beta));
    if !is_known {
        return Err(Refusal::bad(format!(
            "tools.0: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom'"
        )));
    }
    for field in ["display_width_px", "display_height_px"] {
        if tool
            .get(field)
            .and_then(Value::as_u64)
            .is_none_or(|pixels| pixels == 0)
        {
            return Err(Refusal::bad(format!(
                "tools.0.{kind}.{field}: Field required"
            )));
        }
    }
    Ok(())
}

/// Whether a request offers the toolset.
pub(super) fn has_toolset(body: &Value) -> bool {
    let tools = body.get("tools").and_then(Value::as_array);
    tools.is_some_and(|tools| {
        tools
            .iter()
            .any(|tool| tool.get("type").is_some_and(|kind| kind == TOOLSET))
    })
}
