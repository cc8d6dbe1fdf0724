//! Keeps the tokens that git was handed out of what commands print, so that no model, page or file of output has them.
//!
//! It finds a token as it is and as git sends it (`name:token` in base64). A command that turns it into something else
//! first is not held back by this.

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem;

use crate::git_askpass::GitCredential;

const REPLACEMENT: &[u8] = b"[REDACTED]";
/// More than a workspace's chats have git hosts; the oldest are forgotten.
const MOST_SECRETS: usize = 128;

/// What was handed out; a cheap clone.
#[derive(Clone, Default)]
pub struct HandedOut(Arc<RwLock<Vec<Arc<[u8]>>>>);

impl HandedOut {
    /// Remembers a credential.
    pub fn add(&self, credential: &GitCredential) {
        let GitCredential { username, token } = credential;
        let sent = STANDARD.encode(format!("{username}:{token}"));
        // Its end depends on padding alone.
        let sent = sent.trim_end_matches('=').to_owned();
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for secret in [token.clone().into_bytes(), sent.into_bytes()] {
            if !secret.is_empty() && !secrets.iter().any(|known| **known == *secret) {
                secrets.push(secret.into());
            }
        }
        let surplus = secrets.len().saturating_sub(MOST_SECRETS);
        secrets.drain(..surplus);
    }

    fn all(&self) -> Vec<Arc<[u8]>> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        secrets.clone()
    }
}

/// Reads one output in pieces.
pub struct Redactor {
    handed_out: HandedOut,
    /// The end of the last piece, as long as it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Redactor {
    /// For an output that begins.
    pub fn new(handed_out: HandedOut) -> Self {
        Self {
            handed_out,
            held: Vec::new(),
        }
    }

    /// Whether something waits for the next piece or the end.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// The next piece without secrets; its end may be held back.
    pub fn push<'a>(&mut self, piece: &'a [u8]) -> Cow<'a, [u8]> {
        let secrets = self.handed_out.all();
        if secrets.is_empty() {
            return Cow::Borrowed(piece);
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(piece);
        let mut text = without(&text, &secrets);
        let held = longest_beginning(&text, &secrets);
        self.held = text.split_off(text.len() - held);
        Cow::Owned(text)
    }

    /// What was held back, once nothing comes that could make it a secret.
    pub fn flush(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

fn without(text: &[u8], secrets: &[Arc<[u8]>]) -> Vec<u8> {
    let mut text = text.to_vec();
    for secret in secrets {
        let finder = memmem::Finder::new(&**secret);
        if finder.find(&text).is_none() {
            continue;
        }
        let mut clean = Vec::with_capacity(text.len());
        let mut rest = &text[..];
        while let Some(at) = finder.find(rest) {
            let (before, from) = rest.split_at(at);
            clean.extend_from_slice(before);
            clean.extend_from_slice(REPLACEMENT);
            rest = from.get(secret.len()..).unwrap_or_default();
        }
        clean.extend_from_slice(rest);
        text = clean;
    }
    text
}

/// How many bytes at the end may be the beginning of a secret.
fn longest_beginning(text: &[u8], secrets: &[Arc<[u8]>]) -> usize {
    let of = |secret: &Arc<[u8]>| {
        let longest = secret.len().saturating_sub(1).min(text.len());
        (1..=longest)
            .rev()
            .find(|length| text.ends_with(secret.get(..*length).unwrap_or_default()))
    };
    secrets.iter().filter_map(of).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "aab-token-aab-secret";

    fn handed_out() -> HandedOut {
        let handed_out = HandedOut::default();
        handed_out.add(&GitCredential {
            username: "me".into(),
            token: TOKEN.into(),
        });
        handed_out
    }

    fn read(redactor: &mut Redactor, pieces: &[&[u8]]) -> String {
        let mut all = Vec::new();
        for piece in pieces {
            all.extend_from_slice(&redactor.push(piece));
        }
        all.extend(redactor.flush());
        String::from_utf8_lossy(&all).into_owned()
    }

    #[test]
    fn a_token_that_was_handed_out_is_not_printed_in_either_form() {
        let mut redactor = Redactor::new(handed_out());
        let sent = STANDARD.encode(format!("me:{TOKEN}"));
        let text = format!("a {TOKEN} b\nAuthorization: Basic {sent}\n");
        let read = read(&mut redactor, &[text.as_bytes()]);
        assert!(
            read.starts_with("a [REDACTED] b\nAuthorization: Basic [REDACTED]"),
            "{read}"
        );
        assert!(!read.contains(sent.trim_end_matches('=')));
    }

    #[test]
    fn nothing_is_held_before_a_token_was_handed_out_and_no_more_than_may_begin_one() {
        let handed = HandedOut::default();
        let mut redactor = Redactor::new(handed.clone());
        assert_eq!(&*redactor.push(b"ends with aab"), b"ends with aab");
        assert!(!redactor.is_holding());
        let mut redactor = Redactor::new(handed_out());
        assert_eq!(&*redactor.push(b"ends with aab"), b"ends with ");
        assert!(redactor.is_holding());
        assert_eq!(&*redactor.push(b"c"), b"aabc");
        assert!(!redactor.is_holding());
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_token_through(before in "[ab -]{0,12}", after in "[ab -]{0,12}", cuts in proptest::collection::vec(0_usize..60, 0..6)) {
            let text = format!("{before}{TOKEN}{after}");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let mut redactor = Redactor::new(handed_out());
            prop_assert_eq!(read(&mut redactor, &pieces), format!("{before}[REDACTED]{after}"));
        }
    }
}
