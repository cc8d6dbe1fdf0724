//! Reading again and again, one question at a time: what was read stays until the next answer is there.

use futures::future::LocalBoxFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::error::AppError;

/// What was read last, and why it could not be read anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// The last good answer.
    pub value: Option<T>,
    /// Why there is no newer one.
    pub error: Option<AppError>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            value: None,
            error: None,
        }
    }
}

type Ask<T> = Box<dyn Fn() -> LocalBoxFuture<'static, Result<T, AppError>> + Send + Sync>;

/// Something that is read from the server. Cheap to copy.
pub(super) struct Reading<T: 'static> {
    pub(super) seen: RwSignal<Seen<T>>,
    ask: StoredValue<Ask<T>>,
    is_under_way: StoredValue<bool>,
    is_due_again: StoredValue<bool>,
}

impl<T: 'static> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for Reading<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Reading<T> {
    /// Nothing is read yet.
    pub(super) fn new(
        ask: impl Fn() -> LocalBoxFuture<'static, Result<T, AppError>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            seen: RwSignal::default(),
            ask: StoredValue::new(Box::new(ask)),
            is_under_way: StoredValue::new(false),
            is_due_again: StoredValue::new(false),
        }
    }

    /// Reads; once more afterwards when it is being read already, because that answer may be too old.
    pub(super) fn look(self) {
        if self.is_under_way.try_get_value() == Some(true) {
            self.is_due_again.set_value(true);
            return;
        }
        let Some(answer) = self.ask.try_with_value(|ask| ask()) else {
            return;
        };
        self.is_under_way.set_value(true);
        spawn_local(async move {
            let answer = answer.await;
            // Who asked may be gone by now.
            let Some(is_due) = self.is_due_again.try_get_value() else {
                return;
            };
            self.take(answer);
            self.is_under_way.set_value(false);
            self.is_due_again.set_value(false);
            if is_due {
                self.look();
            }
        });
    }

    fn take(self, answer: Result<T, AppError>) {
        let mut next = self.seen.get_untracked();
        match answer {
            Ok(value) => {
                next.value = Some(value);
                next.error = None;
            }
            Err(error) => next.error = Some(error),
        }
        if self.seen.with_untracked(|seen| *seen != next) {
            self.seen.set(next);
        }
    }
}
