//! Queries of tokens.
