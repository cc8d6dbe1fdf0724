//! Which terminals a workspace has on this browser.
//!
//! Kept for all windows of the browser: two that are open at once look at the same terminals.

use std::fmt::Write as _;

use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use uuid::Uuid;

use crate::components::tabs;

/// A terminal's tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Its name's number; it stays when others are closed.
    pub number: u32,
    /// The terminal.
    pub id: Uuid,
}

/// The tabs of a workspace.
#[derive(Clone, Copy)]
pub struct Kept {
    workspace: WorkspaceId,
    /// In order.
    pub tabs: RwSignal<Vec<Tab>>,
}

impl Kept {
    /// None are known before [`Kept::load`].
    pub fn of(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            tabs: RwSignal::new(Vec::new()),
        }
    }

    /// Reads what is kept, at least one; the number of the first. Browser only.
    pub fn load(self) -> u32 {
        let kept = storage().and_then(|storage| storage.get_item(&self.name()).ok()?);
        let tabs = read(&kept.unwrap_or_default());
        let first = tabs.first().map(|tab| tab.number);
        self.tabs.set(tabs);
        first.unwrap_or_else(|| self.add())
    }

    /// A new one; its number.
    pub fn add(self) -> u32 {
        let number = self.tabs.with_untracked(|tabs| next_number(tabs));
        self.tabs.update(|tabs| {
            tabs.push(Tab {
                number,
                id: Uuid::now_v7(),
            });
        });
        self.save();
        number
    }

    /// Takes one away; the number of the one that stands in its place, which is a new one after the last.
    pub fn remove(self, number: u32) -> u32 {
        let mut next = None;
        self.tabs.update(|tabs| {
            let place = tabs.iter().position(|tab| tab.number == number);
            if let Some(place) = place {
                tabs.remove(place);
                next = tabs.get(place).or_else(|| tabs.last()).copied();
            }
        });
        self.save();
        next.map_or_else(|| self.add(), |tab| tab.number)
    }

    /// Gives a tab a new terminal.
    pub fn renew(self, number: u32) -> Uuid {
        let id = Uuid::now_v7();
        self.tabs.update(|tabs| {
            if let Some(tab) = tabs.iter_mut().find(|tab| tab.number == number) {
                tab.id = id;
            }
        });
        self.save();
        id
    }

    /// Where a key leads from a tab.
    pub fn neighbour(self, number: u32, key: &str) -> Option<u32> {
        self.tabs
            .with_untracked(|tabs| neighbour(tabs, number, key))
    }

    fn save(self) {
        let text = self.tabs.with_untracked(|tabs| write(tabs));
        if let Some(storage) = storage() {
            // A browser that keeps nothing shows terminals all the same.
            let _ = storage.set_item(&self.name(), &text);
        }
    }

    fn name(self) -> String {
        format!("terminals-{}", self.workspace)
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn next_number(tabs: &[Tab]) -> u32 {
    let largest = tabs.iter().map(|tab| tab.number).max();
    largest.unwrap_or(0).saturating_add(1)
}

fn neighbour(tabs: &[Tab], number: u32, key: &str) -> Option<u32> {
    let numbers: Vec<u32> = tabs.iter().map(|tab| tab.number).collect();
    tabs::neighbour(&numbers, &number, key)
}

fn write(tabs: &[Tab]) -> String {
    tabs.iter().fold(String::new(), |mut text, tab| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}={} ", tab.number, tab.id);
        text
    })
}

/// What is not understood is left out.
fn read(text: &str) -> Vec<Tab> {
    let mut tabs: Vec<Tab> = Vec::new();
    for word in text.split_whitespace() {
        let tab = word.split_once('=').and_then(|(number, id)| {
            Some(Tab {
                number: number.parse().ok()?,
                id: Uuid::parse_str(id).ok()?,
            })
        });
        let is_known = |tab: &Tab| tabs.iter().any(|known| known.number == tab.number);
        if let Some(tab) = tab.filter(|tab| !is_known(tab)) {
            tabs.push(tab);
        }
    }
    tabs
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

    use super::*;

    fn tab(number: u32) -> Tab {
        Tab {
            number,
            id: Uuid::from_u128(u128::from(number)),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else() {
        let tabs = [tab(1), tab(3)];
        assert_eq!(read(&write(&tabs)), tabs);
        let odd = format!("{} x=y 1 {} =", write(&tabs), write(&tabs[..1]));
        assert_eq!(read(&odd), tabs);
        assert!(read("").is_empty());
    }

    #[test]
    fn numbers_stay_and_new_ones_come_after_them() {
        assert_eq!(next_number(&[]), 1);
        assert_eq!(next_number(&[tab(1), tab(3)]), 4);
    }

    #[test]
    fn arrow_keys_walk_around_the_ends() {
        let tabs = [tab(1), tab(3), tab(4)];
        assert_eq!(neighbour(&tabs, 4, "ArrowRight"), Some(1));
        assert_eq!(neighbour(&tabs, 1, "ArrowLeft"), Some(4));
        assert_eq!(neighbour(&tabs, 1, "End"), Some(4));
        assert_eq!(neighbour(&tabs, 1, "x"), None);
    }
}
