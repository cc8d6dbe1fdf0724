//! The isomorphic page.
