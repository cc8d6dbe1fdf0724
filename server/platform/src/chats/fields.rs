//! What a chat's fields must look like.

use chatd::prompt::visible;
use std::collections::{BTreeMap, BTreeSet};

use sdk::ids::{McpServerId, OrganizationId};

use super::ChatFailure;
use crate::Actor;

const MAX_TITLE_CHARACTERS: usize = 200;
const MAX_SYSTEM_PROMPT_BYTES: usize = 10_000;
const MAX_LABELS: usize = 50;
const MAX_KEY_BYTES: usize = 64;
const MAX_VALUE_BYTES: usize = 256;

pub(super) fn check_title(title: &str) -> Result<String, ChatFailure> {
    let title = title.trim();
    if title.is_empty() {
        return Err(ChatFailure::field("title", "Enter a title."));
    }
    refuse_nul("title", title)?;
    if title.chars().count() > MAX_TITLE_CHARACTERS {
        return Err(ChatFailure::field("title", "Use at most 200 characters."));
    }
    Ok(title.to_owned())
}

pub(super) fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), ChatFailure> {
    if labels.len() > MAX_LABELS {
        return Err(ChatFailure::field("labels", "Use at most 50 labels."));
    }
    for (key, value) in labels {
        let is_key = (1..=MAX_KEY_BYTES).contains(&key.len())
            && key.starts_with(|first: char| first.is_ascii_alphanumeric())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
        if !is_key {
            let detail =
                "Use keys of 1 to 64 letters, digits or . _ / - that begin with a letter or digit.";
            return Err(ChatFailure::field("labels", detail));
        }
        if !(1..=MAX_VALUE_BYTES).contains(&value.len()) {
            return Err(ChatFailure::field(
                "labels",
                "Use values of 1 to 256 bytes.",
            ));
        }
        refuse_nul("labels", value)?;
    }
    Ok(())
}

/// The organization that a chat is to belong to is the caller's; left out, it is meant.
pub(super) fn check_organization(
    actor: &Actor,
    wanted: Option<OrganizationId>,
) -> Result<(), ChatFailure> {
    match wanted {
        Some(id) if id.is_zero() => Err(ChatFailure::field(
            "organization_id",
            "Name an organization, or leave it out to mean yours.",
        )),
        Some(id) if id != actor.organization_id => Err(ChatFailure::ForeignOrganization),
        _ => Ok(()),
    }
}

/// Each server must exist. Nobody can connect one yet, so any that is named is unknown.
pub(crate) fn check_mcp_servers(wanted: &[McpServerId]) -> Result<(), ChatFailure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let missing: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
    let detail = format!("There are no MCP servers with these ids: {missing}. Leave them out.");
    Err(ChatFailure::field("mcp_server_ids", &detail))
}

/// Without invisible characters; `None` when nothing is left.
pub(super) fn check_system_prompt(prompt: Option<&str>) -> Result<Option<String>, ChatFailure> {
    let Some(prompt) = prompt else {
        return Ok(None);
    };
    refuse_nul("system_prompt", prompt)?;
    if prompt.len() > MAX_SYSTEM_PROMPT_BYTES {
        return Err(ChatFailure::field(
            "system_prompt",
            "Use at most 10,000 bytes.",
        ));
    }
    let text = visible::clean(prompt);
    Ok((!text.is_empty()).then_some(text))
}

/// Databases cannot hold the character everywhere, and no text needs it.
pub(super) fn refuse_nul(field: &str, text: &str) -> Result<(), ChatFailure> {
    if text.contains('\0') {
        return Err(ChatFailure::field(field, "Remove the NUL characters."));
    }
    Ok(())
}
