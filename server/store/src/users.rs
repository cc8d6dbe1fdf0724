//! Queries of users.
