//! Queries of organizations.
