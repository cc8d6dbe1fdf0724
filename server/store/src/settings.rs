//! Queries of settings.
