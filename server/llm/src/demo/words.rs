//! Cuts text into deltas, makes filler, guesses token counts.

use std::borrow::Cow;

use crate::{Content, Request};

const FILLER: &[&str] = &[
    "a ",
    "switchyard ",
    "sorts ",
    "cars ",
    "into ",
    "trains ",
    "by ",
    "rolling ",
    "them ",
    "over ",
    "a ",
    "hump ",
    "and ",
    "setting ",
    "the ",
    "points ",
    "in ",
    "time, ",
    "so ",
    "that ",
    "each ",
    "finds ",
    "its ",
    "own ",
    "track. ",
];

/// Longest piece of arguments in one delta, in characters.
const ARGUMENT_PIECE: usize = 16;

/// Text cut after each white space: what is joined again is what was cut.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Cow<'static, str>> {
    text.split_inclusive(char::is_whitespace)
        .map(|piece| Cow::Owned(piece.to_owned()))
}

/// So many words, always the same.
pub(super) fn filler(count: usize) -> impl Iterator<Item = Cow<'static, str>> {
    FILLER
        .iter()
        .cycle()
        .take(count)
        .map(|word| Cow::Borrowed(*word))
}

/// Arguments cut every few characters.
pub(super) fn argument_pieces(arguments: &str) -> Vec<String> {
    let characters: Vec<char> = arguments.chars().collect();
    characters
        .chunks(ARGUMENT_PIECE)
        .map(|piece| piece.iter().collect())
        .collect()
}

/// A guess at the tokens of a prompt: four bytes each.
pub(super) fn prompt_tokens(request: &Request) -> u64 {
    let system: usize = request.system.iter().map(|block| block.text.len()).sum();
    let tools: usize = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len())
        .sum();
    let content = request.messages.iter().flat_map(|message| &message.content);
    let conversation: usize = content.map(Content::size_bytes).sum();
    u64::try_from((system + tools + conversation).div_ceil(4)).unwrap_or(u64::MAX)
}
