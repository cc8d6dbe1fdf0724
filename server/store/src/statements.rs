//! Every named statement of this crate, so that a test can prepare each of them on both databases.
//!
//! A file lists its constants in `pub(crate) const STATEMENTS: &[Statement]`; this module gathers the lists. A
//! constant that stands in no list fails a test.

/// A named SQL text.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// The constant's name.
    pub name: &'static str,
    /// On SQLite.
    pub sqlite: &'static str,
    /// On PostgreSQL.
    pub postgres: &'static str,
}

impl Statement {
    /// A text that runs on both databases.
    pub const fn same(name: &'static str, text: &'static str) -> Self {
        Self { name, sqlite: text, postgres: text }
    }

    /// Two texts for one purpose.
    pub const fn split(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite, postgres }
    }
}

/// Lists constants of the calling file: `statements![GET_USER, LIST_USERS]` becomes its `STATEMENTS`.
#[macro_export]
macro_rules! statements {
    ($($name:ident),* $(,)?) => {
        /// The statements of this file, for the test that prepares them.
        pub(crate) const STATEMENTS: &[$crate::statements::Statement] =
            &[$($crate::statements::Statement::same(stringify!($name), $name)),*];
    };
}

/// The lists of all files.
#[cfg(test)]
pub(crate) fn all() -> Vec<Statement> {
    let lists: &[&[Statement]] = &[];
    lists.iter().flat_map(|list| list.iter().copied()).collect()
}
