//! Every named statement of this crate, so that a test can prepare each of them on both databases.
//!
//! A file lists its constants with `statements!` or in a `STATEMENTS` of its own; `tests`
//! gathers the lists and fails on a constant that stands in none.

#[cfg(test)]
mod tests;

/// A named SQL text.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "only the test reads the lists"))]
pub struct Statement {
    /// The constant's name.
    pub(crate) name: &'static str,
    /// On SQLite.
    pub(crate) sqlite: &'static str,
    /// On PostgreSQL.
    pub(crate) postgres: &'static str,
}

impl Statement {
    /// A text that runs on both databases.
    pub const fn same(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            sqlite: text,
            postgres: text,
        }
    }

    /// Two texts for one purpose.
    pub const fn split(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self {
            name,
            sqlite,
            postgres,
        }
    }
}

/// Lists constants of the calling file: `statements![GET, LIST; GET => GET_LOCKED]` becomes its `STATEMENTS`; a pair is
/// what one purpose runs on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! statements {
    ($($name:ident),* $(,)? $(; $($sqlite:ident => $postgres:ident),+ $(,)?)?) => {
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[$crate::statements::Statement] = &[
            $($crate::statements::Statement::same(stringify!($name), $name),)*
            $($($crate::statements::Statement::split(
                concat!(stringify!($sqlite), " ", stringify!($postgres)),
                $sqlite,
                $postgres,
            ),)+)?
        ];
    };
}
