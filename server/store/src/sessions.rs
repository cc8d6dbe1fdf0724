//! Queries of sessions.
